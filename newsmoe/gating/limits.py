"""From scores to a choice: the top k, limits on what one expert takes, and on what a window costs.

Scores are shares: for each article they sum to 1 over the experts that can read it. Everything here is
arithmetic on one window, and says in words where a limit changed a choice.
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
"""Who can read what; shape (articles, experts)."""

ROUNDING = 1e-9
SAVED = "the cheapest, to stay within the budget", "a cheaper one, to stay within the budget"


@dataclass(frozen=True)
class Selection:
    """The experts that answer for one article, by number, the one with the best score first.

    Attributes:
        experts: whom to ask; empty where nobody can read the article.
        note: what a limit changed, for a person; empty where nothing.
        full: whom it would have had before them, had they had room.
        budgeted: whether it has a cheaper expert in place of its choice, to stay within the budget.
    """

    experts: tuple[int, ...]
    note: str = ""
    full: tuple[int, ...] = ()
    budgeted: bool = False


def select_top_k(
    scores: Scores, eligible: Eligible, top_k: int, shared: Sequence[int] = ()
) -> list[Selection]:
    """Return, for each article, the shared experts and the `top_k` best of the others."""
    return [
        _ranked(row, [*_standing(can, shared), *_preferred(row, can, shared)[:top_k]])
        for row, can in zip(scores.tolist(), eligible.tolist(), strict=True)
    ]


def select_within_capacity(
    scores: Scores,
    eligible: Eligible,
    top_k: int,
    shared: Sequence[int],
    capacity: float,
    names: Sequence[str],
) -> list[Selection]:
    """Return the choice where no expert, shared ones aside, takes more than a share of the articles.

    Everybody's first expert is settled before anybody's second. Articles that few can read come first, then
    those to which it makes the greatest difference. Who finds no room gets the next choice; an article that
    finds room nowhere gets its first choice all the same, and says so: nothing is lost.
    """
    readable = eligible.any(axis=1)
    room = np.full(scores.shape[1], ceil(capacity * int(readable.sum()) - ROUNDING))
    wishes = [_preferred(row, can, shared) for row, can in zip(scores, eligible, strict=True)]
    taken: list[list[int]] = [_standing(can, shared) for can in eligible]
    full: list[list[int]] = [[] for _ in wishes]
    order = sorted(range(len(wishes)), key=lambda article: _urgency(scores[article], wishes[article]))
    for _ in range(top_k):
        for article in order:
            open_to = [expert for expert in wishes[article] if expert not in taken[article]]
            free = next((expert for expert in open_to if room[expert] > 0), None)
            passed_over = open_to if free is None else open_to[: open_to.index(free)]
            full[article] += [expert for expert in passed_over if expert not in full[article]]
            if free is not None:
                room[free] -= 1
                taken[article].append(free)
            elif not taken[article] and open_to:
                taken[article].append(open_to[0])
    return [
        replace(_ranked(row, chosen), note=_overflow(chosen, passed_over, names), full=tuple(passed_over))
        for row, chosen, passed_over in zip(scores, taken, full, strict=True)
    ]


def select_within_budget(
    selections: Sequence[Selection], scores: Scores, eligible: Eligible, costs: Sequence[float], budget: float
) -> list[Selection]:
    """Return the choice where a window costs at most a share of asking everybody who can read each article.

    Every article gets the cheapest expert, of equals the best; then, as long as the budget lasts, those that
    gain most for what it costs go a step up: to a dearer expert on the way to their choice, or to the choice
    itself. The gain is the share of the scores that comes to be heard; steps that others dominate are left
    out (greedy multiple-choice knapsack, Sinha and Zoltners 1979). Where even the cheapest costs more than
    the budget, all get the cheapest: no article goes without an answer.
    """
    price = np.asarray(costs, dtype=np.float64)
    paths = [
        _path(selection, row, can, price)
        for selection, row, can in zip(selections, scores, eligible, strict=True)
    ]
    left = budget * float((eligible * price).sum()) - sum(path[0].cost for path in paths)
    place = [0] * len(paths)
    steps = [
        (-_slope(before, after), article, number)
        for article, path in enumerate(paths)
        for number, (before, after) in enumerate(pairwise(path), start=1)
    ]
    for _, article, number in sorted(steps):
        more = paths[article][number].cost - paths[article][place[article]].cost
        if more <= left + ROUNDING:
            left -= more
            place[article] = number
    return [
        selection
        if number == len(path) - 1
        else Selection(path[number].experts, SAVED[number > 0], budgeted=True)
        for selection, path, number in zip(selections, paths, place, strict=True)
    ]


class _Option(NamedTuple):
    """Experts that may answer for an article: what they cost, and their share of the scores."""

    experts: tuple[int, ...]
    cost: float
    heard: float


def _path(
    selection: Selection,
    scores: NDArray[np.floating],
    eligible: NDArray[np.bool_],
    price: NDArray[np.float64],
) -> list[_Option]:
    """Return the steps from the cheapest expert to the choice; each gains less for its cost than the last."""
    if not selection.experts:
        return [_Option((), 0.0, 0.0)]
    chosen = list(selection.experts)
    last = _Option(selection.experts, float(price[chosen].sum()), float(scores[chosen].sum()))
    single = [
        _Option((one,), float(price[one]), float(scores[one]))
        for one in sorted(np.flatnonzero(eligible).tolist(), key=lambda one: (price[one], -scores[one], one))
    ]
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
    return (after.heard - before.heard) / (after.cost - before.cost)


def _standing(eligible: Sequence[bool], shared: Sequence[int]) -> list[int]:
    return [expert for expert in shared if eligible[expert]]


def _preferred(scores: Sequence[float], eligible: Sequence[bool], shared: Sequence[int]) -> list[int]:
    """Return who can read the article, shared experts left out, the best first; of equals the first."""
    free = [expert for expert, can in enumerate(eligible) if can and expert not in shared]
    return sorted(free, key=lambda expert: -scores[expert])


def _ranked(scores: Sequence[float], experts: Sequence[int]) -> Selection:
    return Selection(tuple(sorted(experts, key=lambda expert: (-scores[expert], expert))))


def _urgency(scores: NDArray[np.floating], wishes: Sequence[int]) -> tuple[int, float]:
    """Return what articles are sorted by: few choices first, then a great loss by the second one."""
    loss = float(scores[wishes[0]] - scores[wishes[1]]) if len(wishes) > 1 else 0.0
    return len(wishes), -loss


def _overflow(chosen: Sequence[int], full: Sequence[int], names: Sequence[str]) -> str:
    """Say who had no room for an article, and where one was taken beyond its share all the same."""
    note = f"full for this window: {', '.join(names[expert] for expert in full)}" if full else ""
    return f"{note}; asked all the same, for nobody has room" if set(chosen) & set(full) else note
