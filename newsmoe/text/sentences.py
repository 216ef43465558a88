"""Sentences of a text, kept to the character."""

import re

import sentencex

LONGEST = 1200
"""Characters after which a sentence without an end is cut at white space; long sentences in news have 400."""

_PIECE = re.compile(rf"\S(?:.{{0,{LONGEST - 2}}}\S)?(?=\s|$)|\S{{1,{LONGEST}}}", re.DOTALL)
_WORD = re.compile(r"\w")
_HEADING_END = re.compile(r"(\A|\n\n)(.{1,60}[^\s.,;:–—-])\n(?=[^\sa-z])")
"""A short first line of a paragraph without a mark at its end, before one that does not start in lower case:
a heading, not a line of text that was wrapped at some width."""
_TITLE = re.compile(r"\b(?:Ms|Mx|Ft|Amb|Atty|approx|Ph\.D)\.\s*$")
_HOUR = re.compile(r"\b[ap]\.m\.\s*$")
_AFTER_HOUR = re.compile(r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|[A-Z]{2,4}T|GMT|BST|local)\b")


def split_sentences(text: str, language: str | None) -> list[str]:
    """Return the sentences of `text` in order, each as it stands there, white space around it left off.

    Marks without a letter or digit are no sentences. Text that goes on without an end, such as a
    transcript, is cut at white space.
    """
    paragraphs = _HEADING_END.sub(r"\1\2\n\n", text).split("\n\n")
    segments = (
        segment.strip() for paragraph in paragraphs for segment in _segments(paragraph, language or "en")
    )
    return [piece for segment in segments for piece in _pieces(segment) if _WORD.search(piece)]


def _segments(paragraph: str, language: str) -> list[str]:
    """Segment a paragraph, and mend the cuts that sentencex makes after abbreviations it does not know."""
    segments: list[str] = []
    for segment in sentencex.segment(language, paragraph):
        if segments and _goes_on(segments[-1], segment):
            segments[-1] += segment
        else:
            segments.append(segment)
    return segments


def _goes_on(before: str, after: str) -> bool:
    return bool(_TITLE.search(before) or (_HOUR.search(before) and _AFTER_HOUR.match(after)))


def _pieces(segment: str) -> list[str]:
    return [segment] if len(segment) <= LONGEST else _PIECE.findall(segment)
