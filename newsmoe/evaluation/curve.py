"""Quality against cost: what a gate makes of every budget, from the cheap expert to the dear one.

The measures are RouteLLM's (Ong et al. 2024, arXiv 2406.18665). PGR, the performance gap recovered, is 0 at
the quality of the cheap expert and 1 at that of the dear one. APGR is its mean over the cost: the area below
the curve, 0.5 for random choice. CPT(x %) is the cost at which PGR reaches x %. RouteLLM counts calls of the
dear model; here the cost is tokens read, including those that the gate reads itself.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from newsmoe.evaluation.gate_metrics import GateReading, mean_and_margin
from newsmoe.evaluation.pool import PoolPredictions, source_weights, windows_of
from newsmoe.evaluation.predictions import Table, Vector
from newsmoe.gating.limits import select_top_k, select_within_budget
from newsmoe.validation import Strict

STEPS = 20  # budgets between cheap and dear, evenly spaced
LEVELS = (0.5, 0.8, 0.95, 0.98)
EQUAL_COST = 1.1  # experts cost the same if the dearest costs less than this many times the cheapest
ALL_EXPERTS = "all experts"
MIN_WEIGHT = 1e-9  # of an expert that runs, whatever its score
GRID = 401  # costs at which a curve is interpolated for its mean


class CurvePoint(Strict):
    """The result of one budget."""

    cost: float  # tokens that experts and gate read, relative to the dear expert on every article
    seconds: float  # per article, including those of the gate
    quality: float


class Curve(Strict):
    """The results of one system for every budget."""

    system: str
    apgr: float | None  # None: the dear expert is no better than the cheap one
    lead: float  # mean quality above random choice at equal cost
    margin: float  # half the 95 % confidence interval of the lead, over the articles
    cost_at: dict[str, float | None]  # lowest cost, on these data, that reaches so many per cent of the gain
    points: tuple[CurvePoint, ...]  # from cheap to dear


class QualityCost(Strict):
    """The curves of the gate, of random choice and of the oracle: weighted means over the sources."""

    metric: str
    cheap: str  # the expert with the lowest cost
    dear: str  # the expert with the highest cost, or all experts where costs are equal
    gain: float  # quality of the dear expert minus that of the cheap one
    margin: float  # half the 95 % confidence interval of the gain, from paired differences
    curves: tuple[Curve, ...]


def quality_cost(
    costs: Sequence[float], dev: Sequence[PoolPredictions], readings: Sequence[GateReading]
) -> QualityCost:
    """Return the curves; `costs` are those of the experts on the gate's card."""
    prices = np.asarray(costs)
    equal = bool(prices.max() <= EQUAL_COST * prices.min())
    budgets = np.linspace(prices.min(), prices.sum() if equal else prices.max(), STEPS + 1).tolist()
    top_k = len(prices) if equal else 1

    def spend(scores: Sequence[Table], budgets: Sequence[float], *, reads: bool = False) -> list[_Spent]:
        return [
            _spent(source, _routed(table, reading, prices, budgets, top_k), reading if reads else None)
            for source, table, reading in zip(dev, scores, readings, strict=True)
        ]

    no_scores = [np.zeros_like(reading.probabilities) for reading in readings]
    ends = _Ends(spend(no_scores, [budgets[0], budgets[-1]]), source_weights(dev))
    learned = spend([reading.probabilities for reading in readings], budgets, reads=True)
    oracle = spend([source.predictions.success for source in dev], budgets)
    curves = ends.curve("learned", learned), ends.curve("random", ends.spent), ends.curve("oracle", oracle)
    names = dev[0].experts
    return QualityCost(
        metric=dev[0].predictions.metric,
        cheap=names[int(prices.argmin())],
        dear=ALL_EXPERTS if equal else names[int(prices.argmax())],
        gain=ends.gain,
        margin=ends.margin,
        curves=curves,
    )


class _Spent(NamedTuple):
    """The results for one source under some budgets; tokens and seconds are means per article."""

    quality: Table  # shape (budgets, articles)
    tokens: Vector  # shape (budgets,)
    seconds: Vector  # shape (budgets,)


def _spent(source: PoolPredictions, weights: Sequence[Table], reading: GateReading | None) -> _Spent:
    """Return the results of weights, one table per budget; `reading` where the gate reads for them."""
    runs = np.array(weights) > 0
    tokens, seconds = (source.tokens * runs).sum(axis=2).mean(axis=1), runs.mean(axis=1) @ source.seconds
    if reading:
        tokens, seconds = tokens + reading.extra_tokens(runs).mean(axis=1), seconds + reading.seconds
    return _Spent(np.array([source.predictions.quality(table) for table in weights]), tokens, seconds)


def _routed(scores: Table, reading: GateReading, prices: Vector, budgets: Sequence[float], top_k: int) -> list[Table]:
    """Return the weights under each budget, a window at a time; every article wants the dearest expert."""
    eligible = reading.eligible
    wanted = select_top_k(np.broadcast_to(prices, eligible.shape), eligible, top_k)
    routed = []
    for budget in budgets:
        weights = np.zeros(scores.shape)
        for window in windows_of(len(wanted)):
            tables = wanted[window], scores[window], eligible[window]
            selections = select_within_budget(*tables, prices.tolist(), budget)
            for row, selection in enumerate(selections, start=window.start):
                chosen = list(selection.experts)
                weights[row, chosen] = np.maximum(scores[row, chosen], MIN_WEIGHT)
        routed.append(weights / np.maximum(weights.sum(axis=1, keepdims=True), MIN_WEIGHT))
    return routed


class _Ends:
    """The cheap and the dear expert on every article, between which every curve lies."""

    def __init__(self, spent: Sequence[_Spent], weights: Vector) -> None:
        self.spent = spent
        self.weights = weights  # of the sources
        self.gain, self.margin = mean_and_margin([dear - cheap for (cheap, dear), *_ in spent], weights)
        self.cheap_quality = float(weights @ [source.quality[0].mean() for source in spent])
        self.cheap_cost = float(self._costs(spent)[0])

    def curve(self, system: str, spent: Sequence[_Spent]) -> Curve:
        """Return the curve of a system."""
        costs = self._costs(spent)
        quality = self._mean([source.quality.mean(axis=1) for source in spent])
        seconds = self._mean([source.seconds for source in spent])
        parts = self._parts(costs)
        leads = [
            parts @ np.vstack([ends.quality[0], source.quality]) - ends.quality.mean(axis=0)
            for source, ends in zip(spent, self.spent, strict=True)
        ]
        lead, margin = mean_and_margin(leads, self.weights)
        points = zip(costs, seconds, quality, strict=True)
        return Curve(
            system=system,
            apgr=0.5 + lead / self.gain if self.gain > 0 else None,
            lead=lead,
            margin=margin,
            cost_at={f"{level:.0%}": self._cost_at(costs, quality, level) for level in LEVELS},
            points=tuple(CurvePoint(cost=cost, seconds=time, quality=value) for cost, time, value in points),
        )

    def _mean(self, values: Sequence[Any]) -> Vector:
        """Return the weighted mean over the sources."""
        return np.asarray(np.average(np.array(values), axis=0, weights=self.weights))

    def _costs(self, spent: Sequence[_Spent]) -> Vector:
        """Return the cost of each budget, relative to the dear expert on every article."""
        pairs = zip(spent, self.spent, strict=True)
        return self._mean([source.tokens / max(float(ends.tokens[1]), 1e-9) for source, ends in pairs])

    def _parts(self, costs: Vector) -> Vector:
        """Return the weights of the cheap expert and of each point in the mean over the cost, by trapezoids.

        A gate that reads itself costs more than the cheap expert before it spends anything; up to its first
        point, the choice between the two is random.
        """
        places = np.concatenate([[0.0], (costs - self.cheap_cost) / max(1.0 - self.cheap_cost, 1e-9)])
        grid = np.linspace(0.0, 1.0, GRID)
        interpolated = np.stack([np.interp(grid, places, unit) for unit in np.eye(len(places))])
        trapezoids = np.full(GRID, 1.0 / (GRID - 1))
        trapezoids[[0, -1]] /= 2
        return np.asarray(interpolated @ trapezoids)

    def _cost_at(self, costs: Vector, quality: Vector, level: float) -> float | None:
        """Return the cost at which a curve first reaches a share of the gain, if it does."""
        if self.gain <= 0:
            return None
        target = self.cheap_quality + level * self.gain
        points = zip([self.cheap_cost, *costs], [self.cheap_quality, *quality], strict=True)
        for (before, low), (after, high) in pairwise(points):
            if high >= target:
                return float(before + (after - before) * max(target - low, 0.0) / max(high - low, 1e-12))
        return None
