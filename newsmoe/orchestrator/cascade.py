"""The cascade: a second expert reads what the first one is least sure of."""

from collections.abc import Sequence
from heapq import nlargest, nsmallest

from newsmoe.prediction import Labels, Prediction

SURE = 0.5
"""Difference of the two best scores from which no second expert is asked, where no budget says how many."""


def margin(prediction: Prediction | None) -> float:
    """Return the difference of the two best scores; 1 where there are none to compare."""
    if not isinstance(prediction, Labels) or len(prediction.scores) < 2:
        return 1.0
    best, second = nlargest(2, prediction.scores.values())
    return best - second


def least_sure(margins: Sequence[float], budget: float | None) -> list[int]:
    """Return the numbers of the articles that are read again, given the least margin of each article's predictions.

    With a budget that is so large a share of them, else those whose margin is below `SURE`.
    """
    if budget is None:
        return [number for number, least in enumerate(margins) if least < SURE]
    limit = int(budget * len(margins) + 1e-9)
    return sorted(nsmallest(limit, range(len(margins)), key=margins.__getitem__))
