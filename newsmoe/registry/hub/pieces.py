"""A text cut into pieces that a model can read, at ends of sentences."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from newsmoe.text.sentences import split_sentences

MAX_CHARACTERS = 100_000
"""A text is read up to here: some 20,000 words, ten times a long-read."""

Counter = Callable[[Sequence[str]], list[int]]
"""Returns the tokens of each text, special ones not counted."""


class Piece(NamedTuple):
    """A part of a text, as it stands there.

    Attributes:
        text: the part.
        tokens: about how many there are in it; never too few.
    """

    text: str
    tokens: int


def cut_text(
    text: str, language: str | None, count: Counter, most: int, size: int | None = None
) -> list[Piece]:
    """Cut a text of more than `most` tokens into as few pieces as its sentences allow, in order.

    A text that fits stays as it is, to the character. A sentence that is longer than a piece is cut between
    words, a word that is longer still inside.
    """
    text = text[:MAX_CHARACTERS].strip()
    if not text:
        return []
    (whole,) = count([text])
    if whole <= most:
        return [Piece(text, whole)]
    size = size or most
    return list(_packed(text, _fitting(_places(text, language), text, count, size), size))


def _places(text: str, language: str | None) -> list[tuple[int, int]]:
    """Return where each sentence starts and ends."""
    places: list[tuple[int, int]] = []
    end = 0
    for sentence in split_sentences(text, language):
        start = text.index(sentence, end)
        end = start + len(sentence)
        places.append((start, end))
    return places


def _fitting(
    places: Sequence[tuple[int, int]], text: str, count: Counter, most: int
) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and tokens of each sentence, those that are too long in halves, or halves of these."""
    sizes = count([text[start:end] for start, end in places])
    for (start, end), size in zip(places, sizes, strict=True):
        if size <= most or end - start < 2:
            yield start, end, min(size, most)
            continue
        middle = (start + end) // 2
        space = text.rfind(" ", start + 1, middle)
        cut = space if space > 0 else middle
        yield from _fitting([(start, cut), (cut, end)], text, count, most)


def _packed(text: str, parts: Iterator[tuple[int, int, int]], most: int) -> Iterator[Piece]:
    """Fill pieces with parts. One token is added for each seam, where a tokenizer may need one more."""
    first, last, filled = 0, 0, 0
    for start, end, size in parts:
        if filled and filled + 1 + size > most:
            yield Piece(text[first:last].strip(), filled)
            first, filled = start, 0
        elif not filled:
            first = start
        last, filled = end, filled + size + (1 if filled else 0)
    if filled:
        yield Piece(text[first:last].strip(), filled)
