"""A text cut into chunks that a model can read, at ends of sentences."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from newsmoe.text.sentences import split_sentences

MAX_CHARACTERS = 100_000
"""A text is read up to here: some 20,000 words, ten times a long-read."""

TokenCounter = Callable[[Sequence[str]], list[int]]
"""Returns the number of tokens of each text, without special ones."""


class Chunk(NamedTuple):
    """A part of a text, and an upper bound of its tokens."""

    text: str
    tokens: int


class ChunkedText(NamedTuple):
    """What a model reads of an article: chunks in order, and whether they leave something out."""

    chunks: tuple[Chunk, ...]
    truncated: bool

    def select(self, policy: str) -> "ChunkedText":
        """Return the first chunk (head), the first and the last (head+tail), or all (any other policy)."""
        places = {"head": (0,), "head+tail": (0, -1)}.get(policy)
        if places is None or len(self.chunks) == 1:
            return self
        chosen = tuple(self.chunks[place] for place in places)
        return ChunkedText(chosen, self.truncated or len(chosen) < len(self.chunks))

    def mean(self, scores: Sequence[NDArray[np.floating]]) -> NDArray[np.float64]:
        """Return the mean of the chunks' scores, each of shape (labels,), weighted by their tokens."""
        weights = [max(chunk.tokens, 1) for chunk in self.chunks]
        mean: NDArray[np.float64] = np.average(np.stack(scores), axis=0, weights=weights)
        return mean


def split_text(
    text: str, language: str | None, count: TokenCounter, max_tokens: int, size: int | None = None
) -> list[Chunk]:
    """Cut a text of more than `max_tokens` tokens into as few chunks of `size` as its sentences allow.

    A text that fits stays as it is, to the character. A sentence that is longer than a chunk is cut between
    words, a word that is longer still inside.
    """
    text = text[:MAX_CHARACTERS].strip()
    if not text:
        return []
    (tokens,) = count([text])
    if tokens <= max_tokens:
        return [Chunk(text, tokens)]
    size = size or max_tokens
    return list(_packed(text, _halved(_sentence_spans(text, language), text, count, size), size))


def _sentence_spans(text: str, language: str | None) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    end = 0
    for sentence in split_sentences(text, language):
        start = text.index(sentence, end)
        end = start + len(sentence)
        spans.append((start, end))
    return spans


def _halved(
    spans: Sequence[tuple[int, int]], text: str, count: TokenCounter, max_tokens: int
) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and tokens of each sentence, those that are too long in halves, or halves of these."""
    sizes = count([text[start:end] for start, end in spans])
    for (start, end), size in zip(spans, sizes, strict=True):
        if size <= max_tokens or end - start < 2:
            yield start, end, min(size, max_tokens)
            continue
        middle = (start + end) // 2
        cut = max(0, text.rfind(" ", start + 1, middle)) or middle
        yield from _halved([(start, cut), (cut, end)], text, count, max_tokens)


def _packed(text: str, parts: Iterator[tuple[int, int, int]], max_tokens: int) -> Iterator[Chunk]:
    """Fill chunks with parts. One token is added for each seam, where a tokenizer may need one more."""
    first, last, filled = 0, 0, 0
    for start, end, size in parts:
        if filled and filled + 1 + size > max_tokens:
            yield Chunk(text[first:last].strip(), filled)
            first, filled = start, 0
        elif not filled:
            first = start
        last, filled = end, filled + size + (1 if filled else 0)
    if filled:
        yield Chunk(text[first:last].strip(), filled)
