"""The words of a text, as far as two outlets that print the same text agree on them."""

import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from newsmoe.article import UNSPACED

Hashes = NDArray[np.uint64]

SHINGLE = 3
"""Words in a row that are compared as a unit. Copies share most of them wherever their sentences stand; articles of
the same event that were written apart share some 2 %."""

CACHED_WORDS = 200_000

_WORD = re.compile(rf"{UNSPACED}|(?:(?!{UNSPACED})[^\W_])+")
_SPELLINGS = (  # British and American; words that become equal by mistake do so in all texts
    (re.compile(r"([a-z])\1"), r"\1"),  # travelled, programme
    (re.compile(r"(?<=[a-z]{2})ou(?=r)"), "o"),  # colour
    (re.compile(r"(?<=[a-z]{2})[sz](?=(?:e|ed|es|er|ers|ing|ation|ations)$)"), "s"),  # organize, analyze
    (re.compile(r"(?<=[a-z]{2})tre(?=s|d|$)"), "ter"),  # centre
    (re.compile(r"(?<=[a-z]{2})ence(?=s|d|les|$)"), "ense"),  # defence
    (re.compile(r"(?<=[a-z]{3})ogue(?=s|$)"), "og"),  # catalogue
    (re.compile(r"[ao]e(?=[a-z]{2})"), "e"),  # paediatric
    (re.compile(r"(?<=[a-z]{2})me$"), "m"),  # programme
)
_MIX = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


def words_of(text: str) -> Iterator[re.Match[str]]:
    """Yield the words of a text; in scripts without spaces each character is one."""
    return _WORD.finditer(text)


@lru_cache(CACHED_WORDS)
def hash_word(word: str) -> int:
    """Return a number for a word in lower case, the same for its British and its American spelling."""
    for pattern, replacement in _SPELLINGS if word.isascii() and len(word) > 3 else ():
        word = pattern.sub(replacement, word)
    return int.from_bytes(blake2b(word.encode(errors="surrogatepass"), digest_size=8).digest(), "little")


def shingle(text: str) -> NDArray[np.uint32]:
    """Return the hashes of the shingles of a text, each once, in order of size."""
    hashes = np.array([hash_word(match[0]) for match in words_of(text.lower())], dtype=np.uint64)
    if len(hashes) < SHINGLE:
        return np.zeros(0, dtype=np.uint32)
    runs = np.lib.stride_tricks.sliding_window_view(hashes, SHINGLE)
    return np.unique((mixed(runs @ _MIX) >> np.uint64(32)).astype(np.uint32))


def mixed(hashes: Hashes) -> Hashes:
    """Spread hashes over all their bits."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> np.uint64(31))
