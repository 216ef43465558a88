"""An article cut into the windows that a model reads."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, NamedTuple, Self

import numpy as np
from pydantic import Field, model_validator
from tokenizers import Tokenizer

from newsmoe.article import Article
from newsmoe.text.sentences import split_sentences
from newsmoe.validation import Authored

LongInput = Literal["head", "head+tail", "windows", "sentences"]
"""What is read of an article: its first window, the first and the last, all of them, or the headline and the
first `LEAD_SENTENCES` sentences, each by itself, for experts that were trained on single sentences. A text of
at most `SHORT` tokens is one window under every policy."""

WINDOW_TOKENS = 254
"""Tokens in a window, special ones not counted, unless an expert says otherwise. The small backbone was trained on
texts of 128 tokens and is published with a limit of 256."""

WindowTokens = Annotated[int, Field(ge=16, le=510)]
"""Both backbones have positions for 512, the tokens that open and close a window among them."""

HEADLINE = -1
"""Number of the headline among the sentences of a reading."""

LEAD_SENTENCES = 4
"""On 300 BBC articles four sentences agree as well with the headline's tone as all of the first window do
(correlation 0.62, `tests.benchmarks.long_input`), and are half as many tokens."""

BEGINNING = (0.6, 0.25, 0.15)
"""Weights of the first windows, where an expert that was trained on the first one reads on."""

SHORT = 64
"""Tokens of one or two sentences. Read as one window, the items of NewsMTSC that have two gain 0.7 points."""

MAX_CHARACTERS = 100_000
"""An article is read up to here: some 20,000 words, ten times a long-read."""


class ReadOn(Authored):
    """When an expert that reads the `head` of an article reads on, and what."""

    read_on_below: float | None = Field(None, gt=0, le=1)
    """Best score below which the next windows are read too, if there are any."""
    read_on_tokens: WindowTokens | None = None
    """Tokens of a longer first window, which is then read instead."""

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if self.read_on_tokens is not None and self.read_on_below is None:
            raise ValueError("`read_on_tokens` requires `read_on_below`, the best score below which they are read")
        return self


class Span(NamedTuple):
    """Token positions of a sentence, or a part of one, in a window, without special tokens."""

    sentence: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """A run of whole sentences that fits the model.

    Attributes:
        ids: token ids as int32 in native byte order, without special tokens.
        spans: the sentences in it.
    """

    ids: bytes
    spans: tuple[Span, ...]

    def __len__(self) -> int:
        return len(self.ids) // 4

    def sentence(self, span: Span) -> "Window":
        """Return one of its sentences as a window by itself."""
        ids = self.ids[4 * span.start : 4 * span.end]
        return Window(ids, (Span(span.sentence, 0, span.end - span.start),))


class Extract(NamedTuple):
    """What an expert reads of an article.

    Attributes:
        windows: in order.
        weights: of each window in the article's prediction, not normalised.
        whole: whether they are the whole article.
    """

    windows: tuple[Window, ...]
    weights: tuple[float, ...]
    whole: bool

    @property
    def tokens(self) -> int:
        """Tokens in all windows, special ones not counted."""
        return sum(map(len, self.windows))


@dataclass(frozen=True, slots=True)
class Reading:
    """An article as a model reads it.

    Attributes:
        sentences: of the content.
        lengths: tokens of each sentence.
        windows: of headline and content; empty where there is neither.
        truncated: whether the article is longer than what was read.
    """

    sentences: tuple[str, ...]
    lengths: tuple[int, ...]
    windows: tuple[Window, ...]
    truncated: bool

    def extract(self, policy: LongInput) -> Extract:
        """Return what `policy` reads."""
        windows = self.windows
        if policy == "sentences" and sum(map(len, windows)) > SHORT:
            return self._sentences()
        if policy == "head":
            windows = windows[:1]
        elif policy == "head+tail" and len(windows) > 1:
            windows = (windows[0], windows[-1])
        return Extract(windows, tuple(float(len(window)) for window in windows), self._are_whole(windows))

    def beginning(self) -> Extract:
        """Return the first windows, the first of which weighs most."""
        windows = self.windows[: len(BEGINNING)]
        return Extract(windows, BEGINNING[: len(windows)], self._are_whole(windows))

    def cut(self, max_tokens: int) -> Self:
        """Return the same article in windows of at most `max_tokens` tokens."""
        ids = np.frombuffer(b"".join(window.ids for window in self.windows), dtype=np.int32)
        starts = len(ids) - sum(self.lengths) + np.cumsum([0, *self.lengths[:-1]])  # of sentences, after the headline
        return replace(self, windows=tuple(_pack(np.split(ids, starts) if self.lengths else [ids], max_tokens)))

    def _are_whole(self, windows: tuple[Window, ...]) -> bool:
        return not self.truncated and len(windows) == len(self.windows)

    def _sentences(self) -> Extract:
        """Return headline and lead, a sentence a window; the weight falls with the position."""
        spans = [span for span in self.windows[0].spans if span.sentence < LEAD_SENTENCES]
        return Extract(
            tuple(map(self.windows[0].sentence, spans)),
            tuple(1.0 / (1.0 + max(span.sentence, 0)) for span in spans),
            not self.truncated and len(self.windows) == 1 and len(spans) == len(self.windows[0].spans),
        )


def read_article(article: Article, tokenizer: Tokenizer, max_tokens: int) -> Reading:
    """Cut headline and content into windows of at most `max_tokens` tokens, at sentence ends if possible."""
    text = article.content[:MAX_CHARACTERS]
    sentences = split_sentences(text, article.language)
    encoded = tokenizer.encode_batch_fast([article.headline, *sentences], add_special_tokens=False)
    ids = [np.array(sentence.ids, dtype=np.int32) for sentence in encoded]
    return Reading(
        sentences=tuple(sentences),
        lengths=tuple(map(len, ids[1:])),
        windows=tuple(_pack(ids, max_tokens)),
        truncated=len(text) < len(article.content),
    )


def _pack(ids: Sequence[np.ndarray], max_tokens: int) -> Iterator[Window]:
    """Fill windows with whole sentences in order; only one that is longer than a window is cut."""
    parts: list[np.ndarray] = []
    spans: list[Span] = []
    filled = 0
    for number, sentence in enumerate(ids, start=HEADLINE):
        start = 0
        while start < len(sentence):
            is_too_long = filled + len(sentence) > max_tokens >= len(sentence)
            if filled == max_tokens or (filled and is_too_long):
                yield Window(np.concatenate(parts).tobytes(), tuple(spans))
                parts, spans, filled = [], [], 0
            part = sentence[start : start + max_tokens - filled]
            parts.append(part)
            spans.append(Span(number, filled, filled + len(part)))
            start, filled = start + len(part), filled + len(part)
    if parts:
        yield Window(np.concatenate(parts).tobytes(), tuple(spans))
