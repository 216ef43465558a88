from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from newsmoe.stories import linkage
from newsmoe.stories.linkage import THRESHOLD, WINDOW, Nodes, cluster, penalty

RANDOM = np.random.default_rng(0)


def unit_vectors(count: int, width: int = 4, seed: int = 0) -> NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, width)) + 0.4
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def groups(
    vectors: NDArray[np.float32], days: NDArray[np.float64] | None = None, fixed: int = 0
) -> set[frozenset[int]]:
    """Return the clusters, those of a single node too."""
    days = np.full(len(vectors), np.nan) if days is None else days
    roots = cluster(Nodes.of_articles(vectors.copy(), days), np.arange(len(vectors)) < fixed)
    return {frozenset(np.flatnonzero(roots == root).tolist()) for root in roots}


def similarity(vectors: NDArray[np.float32], group: frozenset[int], others: frozenset[int]) -> float:
    mean, other_mean = (vectors[list(members)].astype(np.float64).mean(axis=0) for members in (group, others))
    return float(mean @ other_mean / (np.linalg.norm(mean) * np.linalg.norm(other_mean)) ** 0.5)


def by_definition(vectors: NDArray[np.float32], fixed: int = 0) -> set[frozenset[int]]:
    """Merge linked clusters that are each other's nearest, until no two are similar enough."""
    clusters = [frozenset([number]) for number in range(len(vectors))]
    linked = {frozenset(pair) for pair in combinations(clusters, 2)}
    while True:
        scores = {pair: similarity(vectors, *pair) for pair in linked if max(map(min, pair)) >= fixed}
        scores = {pair: score for pair, score in scores.items() if score >= THRESHOLD}
        best = {
            group: max(scores, key=lambda pair: scores[pair] if group in pair else 0) for group in clusters if scores
        }
        merged = [pair for pair in scores if all(best[group] == pair for group in pair)]
        if not merged:
            return set(clusters)
        into = {group: frozenset.union(*pair) for pair in merged for group in pair}
        clusters = sorted({into.get(group, group) for group in clusters}, key=min)
        linked = {frozenset(into.get(group, group) for group in pair) for pair in scores}
        linked = {pair for pair in linked if len(pair) == 2}


@pytest.mark.parametrize("fixed", [0, 6])
@pytest.mark.parametrize("seed", range(5))
def test_clusters_are_as_defined(seed: int, fixed: int) -> None:
    vectors = unit_vectors(24, seed=seed)
    made = groups(vectors, fixed=fixed)
    assert made == by_definition(vectors, fixed)
    assert 1 < len(made) < 24


@pytest.mark.parametrize("undated", [0, 7])
def test_small_blocks_make_the_same_clusters(undated: int, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, days = unit_vectors(60, seed=9), RANDOM.uniform(0, 3 * WINDOW, 60)
    days[:undated] = np.nan
    whole = groups(vectors, days, fixed=10)
    monkeypatch.setattr(linkage, "ROWS", 7)
    monkeypatch.setattr(linkage, "COLUMNS", 11)
    monkeypatch.setattr(linkage, "GATHERED", 5)
    assert groups(vectors, days, fixed=10) == whole


def test_fixed_clusters_stay_apart_however_similar_they_are() -> None:
    vectors = np.tile(unit_vectors(1), (5, 1))
    made = groups(vectors, fixed=2)
    assert len(made) == 2
    assert {min(group) for group in made} == {0, 1}


def test_time_keeps_articles_apart_and_no_date_does_not() -> None:
    vectors = np.tile(unit_vectors(1), (3, 1))
    apart = np.array([0.0, 2 * WINDOW, np.nan])
    assert groups(vectors[:2], apart[:2]) == {frozenset([0]), frozenset([1])}
    assert len(groups(vectors, apart)) == 2
    assert len(groups(vectors[1:], apart[1:])) == 1


def test_the_penalty_grows_with_time() -> None:
    days = np.array([0.0, 1, 10, 100, 2 * WINDOW, np.nan])
    lost = penalty(np.zeros(6), days)
    assert lost[0] == lost[1] == lost[5] == 0
    assert 0 < lost[2] < lost[3] < 1
    assert lost[4] == np.inf


def test_of_very_many_similar_articles_the_nearest_are_enough() -> None:
    vectors = unit_vectors(1).repeat(500, axis=0)
    assert len(groups(vectors)) == 1


def test_no_nodes_have_no_clusters() -> None:
    assert groups(np.zeros((0, 4), dtype=np.float32)) == set()
