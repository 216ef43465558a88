"""From scores to a selection: the top k, a capacity of each expert, a budget of each window.

Scores are probabilities: for each article they sum to 1 over the eligible experts. Everything here is
arithmetic on one window, and says in words where a limit changed a selection.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import ceil
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]
"""Shape (articles, experts)."""

Eligible = NDArray[np.bool_]
"""Which expert may read which article; shape (articles, experts)."""

ROUNDING = 1e-9
DOWNGRADED = "the cheapest, to stay within the budget", "a cheaper one, to stay within the budget"


@dataclass(frozen=True)
class Selection:
    """The experts that run on one article, by number, the one with the best score first.

    Attributes:
        experts: empty where none is eligible.
        note: what a limit changed, for a person.
        over_capacity: experts that were preferred, but had no capacity left.
        downgraded: whether a cheaper expert was taken, to stay within the budget.
    """

    experts: tuple[int, ...]
    note: str = ""
    over_capacity: tuple[int, ...] = ()
    downgraded: bool = False


def select_top_k(scores: Scores, eligible: Eligible, top_k: int, shared: Sequence[int] = ()) -> list[Selection]:
    """Return, for each article, the shared experts and the `top_k` best of the others."""
    return [
        _ranked(row, [*_eligible_of(shared, mask), *_preferred(row, mask, shared)[:top_k]])
        for row, mask in zip(scores.tolist(), eligible.tolist(), strict=True)
    ]


def select_within_capacity(
    scores: Scores, eligible: Eligible, top_k: int, shared: Sequence[int], capacity: float, names: Sequence[str]
) -> list[Selection]:
    """Return selections in which no expert, shared ones aside, has more than a share of the articles.

    All first experts are assigned before any second one. Articles with few eligible experts come first, then
    those that would lose most by their second choice. An article that finds no capacity anywhere gets its
    first choice all the same, and the note says so.
    """
    room = np.full(scores.shape[1], ceil(capacity * int(eligible.any(axis=1).sum()) - ROUNDING))
    preferred = [_preferred(row, mask, shared) for row, mask in zip(scores, eligible, strict=True)]
    taken: list[list[int]] = [_eligible_of(shared, mask) for mask in eligible]
    skipped: list[list[int]] = [[] for _ in preferred]
    order = sorted(range(len(preferred)), key=lambda article: _urgency(scores[article], preferred[article]))
    for _ in range(top_k):
        for article in order:
            candidates = [expert for expert in preferred[article] if expert not in taken[article]]
            free = next((expert for expert in candidates if room[expert] > 0), None)
            full = candidates if free is None else candidates[: candidates.index(free)]
            skipped[article] += [expert for expert in full if expert not in skipped[article]]
            if free is not None:
                room[free] -= 1
                taken[article].append(free)
            elif not taken[article] and candidates:
                taken[article].append(candidates[0])
    return [
        replace(_ranked(row, chosen), note=_capacity_note(chosen, full, names), over_capacity=tuple(full))
        for row, chosen, full in zip(scores, taken, skipped, strict=True)
    ]


def select_within_budget(
    selections: Sequence[Selection], scores: Scores, eligible: Eligible, costs: Sequence[float], budget: float
) -> list[Selection]:
    """Return selections in which a window costs at most a share of running every eligible expert.

    Every article starts with the cheapest expert, of equals the best; then, as long as the budget lasts, the
    articles that gain most score for the cost are upgraded: to a dearer expert on the way to their selection,
    or to the selection itself. Dominated steps are left out (greedy multiple-choice knapsack, Sinha and
    Zoltners 1979). Where even the cheapest are over the budget, all get the cheapest.
    """
    price = np.asarray(costs, dtype=np.float64)
    paths = [
        _upgrades(selection, row, mask, price)
        for selection, row, mask in zip(selections, scores, eligible, strict=True)
    ]
    left = budget * float((eligible * price).sum()) - sum(path[0].cost for path in paths)
    level = [0] * len(paths)
    steps = [
        (-_slope(before, after), article, number)
        for article, path in enumerate(paths)
        for number, (before, after) in enumerate(pairwise(path), start=1)
    ]
    for _, article, number in sorted(steps):
        extra = paths[article][number].cost - paths[article][level[article]].cost
        if extra <= left + ROUNDING:
            left -= extra
            level[article] = number
    return [
        selection
        if number == len(path) - 1
        else Selection(path[number].experts, DOWNGRADED[number > 0], downgraded=True)
        for selection, path, number in zip(selections, paths, level, strict=True)
    ]


class _Option(NamedTuple):
    """Experts that may run on an article, what they cost, and the sum of their scores."""

    experts: tuple[int, ...]
    cost: float
    score: float


def _upgrades(
    selection: Selection, scores: NDArray[np.floating], eligible: NDArray[np.bool_], price: NDArray[np.float64]
) -> list[_Option]:
    """Return the steps from the cheapest expert to the selection; each gains less for its cost."""
    if not selection.experts:
        return [_Option((), 0.0, 0.0)]
    chosen = list(selection.experts)
    last = _Option(selection.experts, float(price[chosen].sum()), float(scores[chosen].sum()))
    by_cost = sorted(np.flatnonzero(eligible).tolist(), key=lambda expert: (price[expert], -scores[expert], expert))
    single = [_Option((expert,), float(price[expert]), float(scores[expert])) for expert in by_cost]
    path = single[:1]
    if last.cost <= path[0].cost:
        return [last]
    for option in (*single[1:], last):
        if option is last or path[-1].cost < option.cost < last.cost:
            while len(path) > 1 and _slope(path[-2], path[-1]) <= _slope(path[-1], option):
                path.pop()
            path.append(option)
    return path


def _slope(before: _Option, after: _Option) -> float:
    return (after.score - before.score) / (after.cost - before.cost)


def _eligible_of(experts: Sequence[int], eligible: Sequence[bool]) -> list[int]:
    return [expert for expert in experts if eligible[expert]]


def _preferred(scores: Sequence[float], eligible: Sequence[bool], shared: Sequence[int]) -> list[int]:
    """Return the eligible experts but the shared ones, the best first; of equals the first."""
    free = [expert for expert, may_read in enumerate(eligible) if may_read and expert not in shared]
    return sorted(free, key=lambda expert: -scores[expert])


def _ranked(scores: Sequence[float], experts: Sequence[int]) -> Selection:
    return Selection(tuple(sorted(experts, key=lambda expert: (-scores[expert], expert))))


def _urgency(scores: NDArray[np.floating], preferred: Sequence[int]) -> tuple[int, float]:
    """Return what articles are sorted by: few eligible experts first, then a great loss by the second one."""
    loss = float(scores[preferred[0]] - scores[preferred[1]]) if len(preferred) > 1 else 0.0
    return len(preferred), -loss


def _capacity_note(chosen: Sequence[int], full: Sequence[int], names: Sequence[str]) -> str:
    note = f"no capacity left in this window: {', '.join(names[expert] for expert in full)}" if full else ""
    overflow = "; used all the same, since no eligible expert has any"
    return note + overflow if set(chosen) & set(full) else note
