"""An article cut into the windows in which a model reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from tokenizers import Tokenizer

from newsmoe.article import Article
from newsmoe.text.sentences import split_sentences

LongInput = Literal["head", "head+tail", "windows", "sentences"]
"""What is read of an article: its first window, the first and the last, all of them, or the headline and the
first `LEAD_SENTENCES` sentences, each by itself, as a model does best that has learnt from single sentences.
A text that is as short as those (`SHORT` tokens) is one window under every policy."""

HEADLINE = -1
"""Number of the headline among the sentences of a reading."""

LEAD_SENTENCES = 4
"""Sentences; on 300 BBC articles four agree as well with the headline's tone as all of the first window do
(correlation 0.62, `tests.benchmarks.long_input`), and are half as many tokens."""

SHORT = 64
"""Tokens of one or two sentences. Read as one window, the items of NewsMTSC that have two gain 0.7 points."""

MAX_CHARACTERS = 100_000
"""An article is read up to here: some 20,000 words, ten times a long-read."""


class Span(NamedTuple):
    """Where a sentence, or a piece of one, stands in a window: token positions without special tokens."""

    sentence: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """A run of whole sentences that fits the model.

    Attributes:
        ids: token ids as int32 in native byte order, special tokens left off.
        spans: the sentences in it.
    """

    ids: bytes
    spans: tuple[Span, ...]

    def __len__(self) -> int:
        return len(self.ids) // 4


class Extract(NamedTuple):
    """What an expert reads of an article.

    Attributes:
        windows: the pieces.
        weights: how much each counts in the answer for the article; not normalised.
        whole: whether they are all that there is.
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
        sentences: of the content, as they stand there.
        lengths: tokens of each sentence.
        windows: of headline and content; empty where there is neither.
        truncated: whether the article goes on where the reading ends.
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
        whole = not self.truncated and len(windows) == len(self.windows)
        return Extract(windows, tuple(float(len(window)) for window in windows), whole)

    def _sentences(self) -> Extract:
        """Return headline and lead, a sentence a window; the further down, the less they count."""
        spans = [span for span in self.windows[0].spans if span.sentence < LEAD_SENTENCES]
        return Extract(
            tuple(_cut(self.windows[0], span) for span in spans),
            tuple(1.0 / (1.0 + max(span.sentence, 0)) for span in spans),
            not self.truncated and len(self.windows) == 1 and len(spans) == len(self.windows[0].spans),
        )


def read_article(article: Article, tokenizer: Tokenizer, max_tokens: int) -> Reading:
    """Cut headline and content into windows of at most `most_tokens` tokens, at sentence ends if possible."""
    text = article.content[:MAX_CHARACTERS]
    sentences = split_sentences(text, article.language)
    encoded = tokenizer.encode_batch_fast([article.headline, *sentences], add_special_tokens=False)
    ids = [np.array(one.ids, dtype=np.int32) for one in encoded]
    return Reading(
        sentences=tuple(sentences),
        lengths=tuple(map(len, ids[1:])),
        windows=tuple(_pack(ids, max_tokens)),
        truncated=len(text) < len(article.content),
    )


def _cut(window: Window, span: Span) -> Window:
    """Return a sentence of a window as a window of its own."""
    ids = window.ids[4 * span.start : 4 * span.end]
    return Window(ids, (Span(span.sentence, 0, span.end - span.start),))


def _pack(ids: Sequence[np.ndarray], most: int) -> Iterator[Window]:
    """Fill windows with whole sentences in order; only one that is longer than a window is cut."""
    parts: list[np.ndarray] = []
    spans: list[Span] = []
    filled = 0
    for number, sentence in enumerate(ids, start=HEADLINE):
        start = 0
        while start < len(sentence):
            if filled == most or (filled and filled + len(sentence) > most >= len(sentence)):
                yield Window(np.concatenate(parts).tobytes(), tuple(spans))
                parts, spans, filled = [], [], 0
            piece = sentence[start : start + most - filled]
            parts.append(piece)
            spans.append(Span(number, filled, filled + len(piece)))
            start, filled = start + len(piece), filled + len(piece)
    if parts:
        yield Window(np.concatenate(parts).tobytes(), tuple(spans))
