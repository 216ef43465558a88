"""Sentences of a text, kept to the character."""

import re

import sentencex

__all__ = ["split_sentences"]

LONGEST = 1200
"""Characters after which a sentence without an end is cut at white space; long sentences in news have 400."""

_PIECE = re.compile(rf"\S(?:.{{0,{LONGEST - 2}}}\S)?(?=\s|$)|\S{{1,{LONGEST}}}", re.DOTALL)
_WORD = re.compile(r"\w")


def split_sentences(text: str, language: str | None) -> list[str]:
    """Return the sentences of `text` in order, each as it stands there, white space around it left off.

    Marks without a letter or digit are no sentences. Text that goes on without an end, such as a
    transcript, is cut at white space.
    """
    segments = (segment.strip() for segment in sentencex.segment(language or "en", text))
    return [piece for segment in segments for piece in _pieces(segment) if _WORD.search(piece)]


def _pieces(segment: str) -> list[str]:
    return [segment] if len(segment) <= LONGEST else _PIECE.findall(segment)
