"""Near-copies: articles that share most of their text, whatever their headlines and the order of their sentences."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from newsmoe.stories.features import StoryFeatures

MIN_SHARED = 0.5
"""Share of the shorter text's shingles that is in the longer one, from which both are copies."""

MIN_SIMILARITY = 0.5  # of the vectors of copies: a text that quotes another at length is no copy of it
MIN_SHINGLES = 12  # of a text that can be a copy with changes; shorter ones must be the same

LOOKED_UP = 64  # shingles of an article by which others are looked up
MIN_HITS = 2  # of these that two articles share
REACH = 16  # articles with the same shingle that are compared with each
LONG_RUN, SHORT_REACH = 256, 2  # many articles with the same shingle, such as of a notice of copyright

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def copy_pairs(articles: Sequence[StoryFeatures], is_new: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Yield pairs of articles that are copies, at least one of them new; of many copies not all pairs."""
    pairs = _candidates(articles)
    left, right = (pairs >> _HALF).astype(np.int64), (pairs & _LOW).astype(np.int64)
    wanted = is_new[left] | is_new[right]
    for first, second in zip(left[wanted].tolist(), right[wanted].tolist(), strict=True):
        if is_copy(articles[first], articles[second]):
            yield first, second


def is_copy(article: StoryFeatures, other: StoryFeatures) -> bool:
    """Tell whether two articles are near-copies."""
    if min(article.shingles, other.shingles) < MIN_SHINGLES:
        return np.array_equal(article.sketch, other.sketch)
    return article.similarity(other) >= MIN_SIMILARITY and shared(article, other) >= MIN_SHARED


def shared(article: StoryFeatures, other: StoryFeatures) -> float:
    """Return which share of the shorter text's shingles is in the longer one, as far as the sketches tell."""
    limit = min(article.limit, other.limit)
    sketch, other_sketch = (
        features.sketch[: np.searchsorted(features.sketch, limit, side="right")] for features in (article, other)
    )
    common = len(np.intersect1d(sketch, other_sketch, assume_unique=True))
    return common / max(1, min(len(sketch), len(other_sketch)))


def _candidates(articles: Sequence[StoryFeatures]) -> NDArray[np.uint64]:
    """Return pairs of articles that share some of their smallest shingles, two numbers in one, in order."""
    if not articles:
        return np.zeros(0, dtype=np.uint64)
    entries = np.concatenate(
        [
            (features.sketch[:LOOKED_UP].astype(np.uint64) << _HALF) | np.uint64(number)
            for number, features in enumerate(articles)
        ]
    )
    entries.sort()
    hashes, numbers = entries >> _HALF, entries & _LOW
    _, run, lengths = np.unique(hashes, return_inverse=True, return_counts=True)
    is_long = (lengths > LONG_RUN)[run]
    least = np.array([min(MIN_HITS, max(1, len(features.sketch))) for features in articles])
    pairs, hits = np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    for step in range(1, REACH + 1):
        is_pair = hashes[step:] == hashes[:-step]
        if step > SHORT_REACH:
            is_pair &= ~is_long[:-step]
        more, counts = np.unique((numbers[:-step] << _HALF)[is_pair] | numbers[step:][is_pair], return_counts=True)
        pairs, places = np.unique(np.concatenate([pairs, more]), return_inverse=True)
        hits = np.bincount(places, np.concatenate([hits, counts]), minlength=len(pairs)).astype(np.int64)
    left, right = (pairs >> _HALF).astype(np.int64), (pairs & _LOW).astype(np.int64)
    enough: NDArray[np.uint64] = pairs[hits >= np.minimum(least[left], least[right])]
    return enough
