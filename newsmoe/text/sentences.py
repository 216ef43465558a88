"""Splitting a text into sentences, without changing a character."""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

import sentencex

MAX_LENGTH = 1200
"""Characters after which a sentence without an end is cut at white space; long sentences in news have 400."""

MAX_PARAGRAPH = 20_000
"""Characters that sentencex gets at a time, whose time grows with the square of some texts' length."""
END = 40  # characters in which the end of a segment is looked for

_PIECE = re.compile(rf"\S(?:.{{0,{MAX_LENGTH - 2}}}\S)?(?=\s|$)|\S{{1,{MAX_LENGTH}}}", re.DOTALL)
_WORD = re.compile(r"\w")
_HEADING_END = re.compile(r"(\A|\n\n)(.{1,60}[^\s.,;:–—-])\n(?=[^\sa-z])")
"""A heading: a short first line of a paragraph without punctuation at its end, before a line that does not
start in lower case, as wrapped text would."""
_TITLE = re.compile(r"\b(?:Ms|Mx|Ft|Amb|Atty|approx|Ph\.D)\.\s*$")
_HOUR = re.compile(r"\b[ap]\.m\.\s*$")
_AFTER_HOUR = re.compile(r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|[A-Z]{2,4}T|GMT|BST|local)\b")


def split_sentences(text: str, language: str | None) -> list[str]:
    """Return the sentences of `text` in order, without the white space around them.

    Punctuation alone is no sentence. Text without an end, such as a transcript, is cut at white space.
    """
    paragraphs = _HEADING_END.sub(r"\1\2\n\n", text).split("\n\n")
    parts = (part for paragraph in paragraphs for part in _parts(paragraph))
    segments = (segment.strip() for part in parts for segment in _segments(part, language or "en"))
    return [piece for segment in segments for piece in _pieces(segment) if _WORD.search(piece)]


def _parts(paragraph: str) -> Iterator[str]:
    """Yield a paragraph, in parts where it is as long as a chapter: each ends with a sentence, or at white space."""
    start = 0
    while len(paragraph) - start > MAX_PARAGRAPH:
        last = start + MAX_PARAGRAPH
        ends = (paragraph.rfind(mark, start + 1, last) for mark in (". ", ".\n", " "))
        end = next((end + 1 for end in ends if end > 0), last)
        yield paragraph[start:end]
        start = end
    yield paragraph[start:]


def _segments(paragraph: str, language: str) -> list[str]:
    """Segment a paragraph, and undo sentencex's cuts after abbreviations that it lacks."""
    segments: list[str] = []
    for segment in sentencex.segment(language, paragraph):
        if segments and len(segments[-1]) <= MAX_LENGTH and _continues(segments[-1][-END:], segment):
            segments[-1] += segment
        else:
            segments.append(segment)
    return segments


def _continues(before: str, after: str) -> bool:
    return bool(_TITLE.search(before) or (_HOUR.search(before) and _AFTER_HOUR.match(after)))


def _pieces(segment: str) -> list[str]:
    return [segment] if len(segment) <= MAX_LENGTH else _PIECE.findall(segment)


def aligned(sentences: Sequence[str], others: Sequence[str]) -> list[int]:
    """Return for each sentence which of the `others` most of it is, -1 for none; both are of the same text."""
    plain = ["".join(sentence.split()) for sentence in others]
    text, ends = "".join(plain), list(accumulate(map(len, plain)))
    numbers: list[int] = []
    position = 0
    for sentence in ("".join(sentence.split()) for sentence in sentences):
        start = text.find(sentence, position)
        if start < 0:
            start = text.find(sentence)
        if start < 0 or not sentence:
            numbers.append(-1)
            continue
        position = start + len(sentence)
        bounds = zip([0, *ends], ends, strict=False)
        overlaps = [min(end, position) - max(begin, start) for begin, end in bounds]
        numbers.append(overlaps.index(max(overlaps)))
    return numbers
