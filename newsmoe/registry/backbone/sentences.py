"""Sentences of a text, kept to the character."""

import re

import sentencex

__all__ = ["split_sentences"]

LONGEST = 1200
"""Characters after which a sentence without an end is cut at white space; long sentences in news have 400."""

_PIECE = re.compile(rf"\S(?:.{{0,{LONGEST - 2}}}\S)?(?=\s|$)|\S{{1,{LONGEST}}}", re.DOTALL)
_WORD = re.compile(r"\w")
_HEADING_END = re.compile(r"(\A|\n\n)(.{1,60}[^\s.,;:–—-])\n(?=[^\sa-z])")
"""A short first line of a paragraph without a mark at its end, before one that does not start in lower case:
a heading, not a line of text that was wrapped at some width."""


def split_sentences(text: str, language: str | None) -> list[str]:
    """Return the sentences of `text` in order, each as it stands there, white space around it left off.

    Marks without a letter or digit are no sentences. Text that goes on without an end, such as a
    transcript, is cut at white space.
    """
    paragraphs = _HEADING_END.sub(r"\1\2\n\n", text).split("\n\n")
    segments = (
        segment.strip() for part in paragraphs for segment in sentencex.segment(language or "en", part)
    )
    return [piece for segment in segments for piece in _pieces(segment) if _WORD.search(piece)]


def _pieces(segment: str) -> list[str]:
    return [segment] if len(segment) <= LONGEST else _PIECE.findall(segment)
