"""How words are written: what a model that reads everything in lower case cannot see."""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

LOWER, TITLE, UPPER, LETTER, MIXED, NUMBER, WITH_DIGIT, SIGN = range(8)
"""Ways to write a word: house, House, HOUSE, H, McHouse, 42, B52, and what is no word."""

SHAPES = 8 * 2 * 2
"""Ways to write a word, each at its start or further in, after white space or not."""

_WORD = re.compile(r"\w+|[^\w\s]")


def token_shapes(text: str, spans: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Return a number from 0 to before `SHAPES` for each token, given where the tokens are in the text, in order.

    It is even where the token goes on with a word that another one starts.
    """
    words = [(match.end(), match.start(), _shape(match[0])) for match in _WORD.finditer(text)]
    numbers = np.zeros(len(spans), dtype=np.int64)
    place = 0
    for index, (start, _) in enumerate(spans):
        while place < len(words) and words[place][0] <= start:
            place += 1
        _, begin, shape = words[place] if place < len(words) else (0, start, SIGN)
        after_space = start == 0 or text[start - 1].isspace()
        numbers[index] = 4 * shape + 2 * after_space + (start <= begin)
    return numbers


def starts_word(shapes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which tokens start a word."""
    return np.asarray(shapes % 2 == 1)


@lru_cache(65_536)
def _shape(word: str) -> int:
    if not word[0].isalnum() and word[0] != "_":
        return SIGN
    if any(character.isdigit() for character in word):
        return NUMBER if word.isdigit() else WITH_DIGIT
    if word == word.lower():
        return LOWER
    if len(word) == 1:
        return LETTER
    if word.isupper():
        return UPPER
    return TITLE if word[1:] == word[1:].lower() else MIXED
