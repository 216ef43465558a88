"""Agglomerative clustering of articles in the order of time, without a matrix of all pairs.

The similarity of two clusters is the dot product of their mean vectors, divided by the geometric mean of the lengths of
these: half way between average linkage, which breaks long stories up, and centroid linkage, which joins stories of one
topic. Only clusters that some pair of articles above the threshold links are compared. All clusters that are each
other's nearest are merged at a time.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from newsmoe.stories.features import Vectors

Flags = NDArray[np.bool_]
Numbers = NDArray[np.int64]
Floats = NDArray[np.float64]

THRESHOLD = 0.52
"""Similarity from which two clusters are one story. Less of it finds more of the reports of an event, and joins more
articles that have the topic only in common; `tests.benchmarks.stories events --among` measures both."""

WINDOW = 365.0
"""Days between two clusters after which they are no story."""

FREE_DAYS, PENALTY = 7.0, 0.03
"""What time takes from a similarity: nothing for some days, then so much for each doubling."""

MAX_NEIGHBOURS = 64  # later articles that an article is linked with: those that are the most similar
ROWS, COLUMNS = 1024, 8192  # of a block of similarities
GATHERED = 20_000  # pairs of vectors multiplied at a time
MAX_WORKERS = 4  # threads, each with a block in memory


class Nodes(NamedTuple):
    """Clusters of articles.

    Attributes:
        sums: of their articles' vectors, shape (nodes, width).
        counts: their articles.
        days: the sums of their articles' days.
        dated: how many have a day.
    """

    sums: Vectors
    counts: Numbers
    days: Floats
    dated: Numbers

    @classmethod
    def of_articles(cls, vectors: Vectors, days: Floats) -> Self:
        """Return a cluster for each article."""
        dated = ~np.isnan(days)
        return cls(vectors, np.ones(len(days), dtype=np.int64), np.where(dated, days, 0.0), dated.astype(np.int64))

    def merge(self, into: Numbers, gone: Numbers) -> None:
        """Add nodes to others; no node may be in `into` twice."""
        for array in self:
            array[into] += array[gone]

    def scales(self, numbers: Numbers) -> Vectors:
        """Return what the sums of some nodes are multiplied by, so that dot products are similarities."""
        lengths = np.linalg.norm(self.sums[numbers], axis=1)
        scales: Vectors = (np.maximum(lengths * self.counts[numbers], 1e-12) ** -0.5).astype(np.float32)
        return scales

    @property
    def mean_days(self) -> Floats:
        """Mean days; NaN where no article has one."""
        means = np.full(len(self.days), np.nan)
        np.divide(self.days, self.dated, out=means, where=self.dated > 0)
        return means


class Pairs(NamedTuple):
    """Pairs of nodes with their similarities, the smaller number left."""

    left: Numbers
    right: Numbers
    scores: NDArray[np.float32]

    def at(self, places: Numbers | Flags) -> "Pairs":
        """Return some of the pairs."""
        return Pairs(self.left[places], self.right[places], self.scores[places])


def _joined(parts: Sequence[Pairs]) -> Pairs:
    left, right, scores = zip(*parts, strict=True)
    return Pairs(np.concatenate(left), np.concatenate(right), np.concatenate(scores))


_NO_PAIRS = Pairs(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32))


def cluster(nodes: Nodes, is_fixed: Flags) -> Numbers:
    """Return for each node the smallest number of a node in its cluster; two fixed nodes never share one.

    The nodes are changed: with their vectors copied, much more memory would be needed.
    """
    numbers = np.arange(len(nodes.counts))
    roots, scales, is_fixed = numbers, np.ones(len(numbers), dtype=np.float32), is_fixed.copy()
    if len(several := np.flatnonzero(nodes.counts > 1)):
        scales[several] = nodes.scales(several)
    pairs = _similar_pairs(nodes, scales, is_fixed)
    while len((nearest := _nearest(pairs, len(roots))).left):
        nodes.merge(nearest.left, nearest.right)
        scales[nearest.left] = nodes.scales(nearest.left)
        is_fixed[nearest.left] |= is_fixed[nearest.right]
        target = numbers.copy()
        target[nearest.right] = nearest.left
        roots = target[roots]
        pairs = _after_merge(nodes, scales, pairs, target, is_fixed)
    return roots


def _nearest(pairs: Pairs, count: int) -> Pairs:
    """Return the pairs of nodes each of which is the nearest to the other; no node is in two of them."""
    best = np.full(count, -np.inf, dtype=np.float32)
    np.maximum.at(best, pairs.left, pairs.scores)
    np.maximum.at(best, pairs.right, pairs.scores)
    mutual = np.flatnonzero((pairs.scores == best[pairs.left]) & (pairs.scores == best[pairs.right]))
    is_taken = np.zeros(count, dtype=bool)
    chosen = []
    order = np.lexsort((pairs.right[mutual], pairs.left[mutual]))  # where several are as near, the first of them
    for pair, left, right in zip(mutual[order], pairs.left[mutual[order]], pairs.right[mutual[order]], strict=True):
        if not (is_taken[left] or is_taken[right]):
            is_taken[[left, right]] = True
            chosen.append(pair)
    return pairs.at(np.array(chosen, dtype=np.int64))


def _after_merge(nodes: Nodes, scales: Vectors, pairs: Pairs, target: Numbers, is_fixed: Flags) -> Pairs:
    """Return the pairs of clusters after each node went into its target; those that changed have new scores."""
    is_changed = np.zeros(len(target), dtype=bool)
    is_changed[target[target != np.arange(len(target))]] = True
    left, right = target[pairs.left], target[pairs.right]
    is_same = ~(is_changed[left] | is_changed[right])
    same = Pairs(left, right, pairs.scores).at(is_same)
    left, right = left[~is_same], right[~is_same]
    apart = (left != right) & ~(is_fixed[left] & is_fixed[right])
    left, right = left[apart], right[apart]
    codes = np.unique(np.minimum(left, right) * len(target) + np.maximum(left, right))
    changed = _scored(nodes, scales, codes // len(target), codes % len(target))
    return _joined([same, changed])


def _scored(nodes: Nodes, scales: Vectors, left: Numbers, right: Numbers) -> Pairs:
    """Return those of the pairs that are similar enough."""
    dots = np.empty(len(left), dtype=np.float32)
    for start in range(0, len(left), GATHERED):
        part = slice(start, start + GATHERED)
        np.einsum("ij,ij->i", nodes.sums[left[part]], nodes.sums[right[part]], out=dots[part])
    days = nodes.mean_days
    scores = dots * scales[left] * scales[right] - penalty(days[left], days[right])
    return Pairs(left, right, scores.astype(np.float32)).at(scores >= THRESHOLD)


def penalty(days: Floats, others: Floats) -> Floats:
    """Return what the time between articles takes from their similarity; nothing where a day is not known."""
    apart = np.abs(days - others)
    lost = PENALTY * np.log2(np.maximum(apart, FREE_DAYS) / FREE_DAYS)
    return np.where(np.isnan(apart), 0.0, np.where(apart > WINDOW, np.inf, lost))


def _similar_pairs(nodes: Nodes, scales: Vectors, is_fixed: Flags) -> Pairs:
    """Return the pairs of nodes, at least one of them not fixed, that are similar enough."""
    days = nodes.mean_days
    order = np.argsort(days, kind="stable")  # nodes without a day come last
    vectors, in_order = nodes.sums[order], days[order]
    vectors *= scales[order, None]
    free, fixed_in_order = np.flatnonzero(~is_fixed[order]), is_fixed[order]
    undated = int(np.count_nonzero(~np.isnan(in_order)))
    blocks = [free[start : start + ROWS] for start in range(0, len(free), ROWS)]
    workers = ThreadPoolExecutor(min(MAX_WORKERS, os.cpu_count() or 1))
    try:  # while numpy multiplies in one thread, others run
        rows = list(workers.map(lambda block: _row_pairs(vectors, in_order, fixed_in_order, block, undated), blocks))
    finally:
        workers.shutdown(cancel_futures=True)
    pairs = _joined([_NO_PAIRS, *rows])
    left, right = order[pairs.left], order[pairs.right]
    return Pairs(np.minimum(left, right), np.maximum(left, right), pairs.scores)


def _row_pairs(vectors: Vectors, days: Floats, is_fixed: Flags, block: Numbers, undated: int) -> Pairs:
    """Return the pairs of the nodes of a block with those that are fixed or come later, the nearest of many.

    Nodes are in the order of time, those without a day from the number `undated` on.
    """
    parts = []
    for columns in _columns(days, block, undated):
        if columns.stop <= block[0] and not is_fixed[columns].any():
            continue  # these nodes were the rows of an earlier block
        scores = vectors[block] @ vectors[columns].T
        row, column = np.nonzero(scores >= THRESHOLD)
        other = columns.start + column
        similarity = scores[row, column] - penalty(days[block[row]], days[other])
        is_pair = (similarity >= THRESHOLD) & (is_fixed[other] | (other > block[row]))
        parts.append(Pairs(row, other, similarity.astype(np.float32)).at(is_pair))
    pairs = _joined([_NO_PAIRS, *parts])
    pairs = pairs.at(np.lexsort((pairs.right, -pairs.scores, pairs.left)))
    place = np.arange(len(pairs.left)) - np.searchsorted(pairs.left, pairs.left)
    nearest = pairs.at(place < MAX_NEIGHBOURS)
    return nearest._replace(left=block[nearest.left])


def _columns(days: Floats, block: Numbers, undated: int) -> Iterator[slice]:
    """Yield which nodes may be in a story with those of a block, a block of them at a time."""
    first, last = days[block[0]], days[block[-1]]
    start = 0 if np.isnan(last) else int(np.searchsorted(days[:undated], first - WINDOW))
    end = undated if np.isnan(last) else int(np.searchsorted(days[:undated], last + WINDOW, side="right"))
    for low, high in ((start, end), (undated, len(days))):
        for place in range(low, high, COLUMNS):
            yield slice(place, min(place + COLUMNS, high))
