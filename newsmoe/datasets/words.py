"""Texts that come as lists of words."""

from collections.abc import Sequence

CLOSING = frozenset(".,;:!?)]}%…’”")
"""Signs that stand after a word without a space."""

OPENING = frozenset("([{‘“$£€#")
BETWEEN_SENTENCES = "\n\n"


def text_of(words: Sequence[str], text: str) -> tuple[str, list[int]]:
    """Return a text with words added as they would be printed, and where each ends."""
    ends = list[int]()
    glued = True
    for word in words:
        is_closing = word[:1] in CLOSING or word.startswith(("'", "n't"))
        text += word if glued or is_closing else f" {word}"
        glued = word in OPENING
        ends.append(len(text))
    return text, ends
