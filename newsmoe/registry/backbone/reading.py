"""An article cut into the windows in which a model reads it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from tokenizers import Tokenizer

from newsmoe.article import Article
from newsmoe.registry.backbone.sentences import split_sentences

__all__ = ["HEADLINE", "LongInput", "Reading", "Span", "Window", "read_article"]

LongInput = Literal["head", "head+tail", "windows"]
"""What is read of an article of several windows: the first, the first and the last, or all of them."""

HEADLINE = -1
"""Number of the headline among the sentences of a reading."""

MOST_CHARACTERS = 100_000
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

    def chosen(self, policy: LongInput) -> tuple[Window, ...]:
        """Return the windows that `policy` reads."""
        if policy == "windows" or len(self.windows) <= 1:
            return self.windows
        return self.windows[:1] if policy == "head" else (self.windows[0], self.windows[-1])


def read_article(article: Article, tokenizer: Tokenizer, most_tokens: int) -> Reading:
    """Cut headline and content into windows of at most `most_tokens` tokens, at sentence ends if possible."""
    text = article.content[:MOST_CHARACTERS]
    sentences = split_sentences(text, article.language)
    encoded = tokenizer.encode_batch_fast([article.headline, *sentences], add_special_tokens=False)
    ids = [np.array(one.ids, dtype=np.int32) for one in encoded]
    return Reading(
        sentences=tuple(sentences),
        lengths=tuple(map(len, ids[1:])),
        windows=tuple(_pack(ids, most_tokens)),
        truncated=len(text) < len(article.content),
    )


def _pack(ids: Sequence[np.ndarray], most: int) -> Iterator[Window]:
    """Fill windows with sentences in order; one that is longer than a window goes on in the next."""
    parts: list[np.ndarray] = []
    spans: list[Span] = []
    filled = 0
    for number, sentence in enumerate(ids, start=HEADLINE):
        for start in range(0, len(sentence), most):
            piece = sentence[start : start + most]
            if filled + len(piece) > most:
                yield Window(np.concatenate(parts).tobytes(), tuple(spans))
                parts, spans, filled = [], [], 0
            parts.append(piece)
            spans.append(Span(number, filled, filled + len(piece)))
            filled += len(piece)
    if parts:
        yield Window(np.concatenate(parts).tobytes(), tuple(spans))
