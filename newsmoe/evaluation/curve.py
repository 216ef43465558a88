"""Quality against cost: what a gate makes of a budget, from all cheap to all dear.

The measures are RouteLLM's (Ong et al. 2024, arXiv 2406.18665). PGR, the performance gap recovered, is 0 for
the quality of the cheap expert alone and 1 for that of the dear one. APGR is its mean over the cost, from the
cheap one's to the dear one's: the area below the curve, 0.5 by chance. CPT(x %) is the cost at which PGR
reaches x %. RouteLLM counts calls of the dear model; here cost is what was spent, the gate's own reading too.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from newsmoe.evaluation.gate_metrics import GateReading, spread_of
from newsmoe.evaluation.pool import PoolPredictions
from newsmoe.evaluation.predictions import Table
from newsmoe.gating.limits import select_top_k, select_within_budget
from newsmoe.settings.model import Settings
from newsmoe.validation import Strict

STEPS = 20
"""Budgets between all cheap and all dear, evenly spaced."""

LEVELS = (0.5, 0.8, 0.95, 0.98)
ALIKE = 1.1
"""Experts of which the dearest costs less than this many times the cheapest cost the same."""
EVERYBODY = "everybody"
LEAST = 1e-9
"""Weight of an expert that is asked, whatever its score."""
GRID = 401
"""Costs at which a curve is looked up for its mean."""


class CurvePoint(Strict):
    """What comes of one budget.

    Attributes:
        cost: tokens that experts and gate read, as a share of what all dear costs.
        seconds: of an article, on average, the gate's included.
        quality: from 0 to 1.
    """

    cost: float
    seconds: float
    quality: float


class Curve(Strict):
    """What one way of spending a budget is worth.

    Attributes:
        system: what it is called.
        apgr: average performance gap recovered; None where the dear one is no better than the cheap one.
        lead: quality above chance at equal cost, the mean over all costs.
        margin: half the width of its interval of 95 %, over the articles.
        cost_at: least cost at which so much of the gain from cheap to dear is reached, by per cent, on these
            very data; None where it never is, or there is no gain.
        points: from all cheap to all dear.
    """

    system: str
    apgr: float | None
    lead: float
    margin: float
    cost_at: dict[str, float | None]
    points: tuple[CurvePoint, ...]


class QualityCost(Strict):
    """The curves of a gate, of chance and of the oracle, means over the sources by their weights.

    Attributes:
        metric: what quality is.
        cheap: the expert that costs least.
        dear: the one that costs most; everybody together where all cost alike.
        gain: quality of all dear above that of all cheap.
        margin: half the width of its interval of 95 %, from the paired differences.
        curves: learned, random, oracle.
    """

    metric: str
    cheap: str
    dear: str
    gain: float
    margin: float
    curves: tuple[Curve, ...]


def quality_cost(
    costs: Sequence[float], dev: Sequence[PoolPredictions], readings: Sequence[GateReading]
) -> QualityCost:
    """Return the curves."""
    price = np.asarray(costs)
    alike = bool(price.max() <= ALIKE * price.min())
    budgets = np.linspace(price.min(), price.sum() if alike else price.max(), STEPS + 1).tolist()
    top_k = len(price) if alike else 1

    def spend(scores: Sequence[Table], at: Sequence[float], *, reads: bool = False) -> list[_Spent]:
        return [
            _spent(one, _routed(own, reading.eligible, price, at, top_k), reading if reads else None)
            for one, own, reading in zip(dev, scores, readings, strict=True)
        ]

    ends = _Ends(
        spend([np.zeros_like(one.probabilities) for one in readings], [budgets[0], budgets[-1]]),
        np.array([one.weight for one in dev]) / sum(one.weight for one in dev),
    )
    names = dev[0].experts
    return QualityCost(
        metric=dev[0].answers.metric,
        cheap=names[int(price.argmin())],
        dear=EVERYBODY if alike else names[int(price.argmax())],
        gain=ends.gain,
        margin=ends.margin,
        curves=(
            ends.curve("learned", spend([one.probabilities for one in readings], budgets, reads=True)),
            ends.curve("random", ends.spent),
            ends.curve("oracle", spend([one.answers.success for one in dev], budgets)),
        ),
    )


class _Spent(NamedTuple):
    """What became of the articles of one source under some budgets.

    Attributes:
        quality: of every answer, shape (budgets, articles).
        tokens: that were read of an article on average, shape (budgets,).
        seconds: that an article took on average, shape (budgets,).
    """

    quality: Table
    tokens: NDArray[np.float64]
    seconds: NDArray[np.float64]


def _spent(answers: PoolPredictions, weights: Sequence[Table], reading: GateReading | None) -> _Spent:
    """Return what choices cost and bring; `reading` where the gate has to read for them."""
    rows = []
    for one in weights:
        runs = one > 0
        own = reading.own_tokens(runs).mean() if reading else 0.0
        tokens = float((answers.tokens * runs).sum(axis=1).mean() + own)
        rows.append(
            (tokens, float(runs.mean(axis=0) @ answers.seconds) + (reading.seconds if reading else 0.0))
        )
    tokens, seconds = np.array(rows).T
    return _Spent(np.array([answers.answers.quality(one) for one in weights]), tokens, seconds)


def _routed(
    scores: Table,
    eligible: NDArray[np.bool_],
    price: NDArray[np.float64],
    budgets: Sequence[float],
    top_k: int,
) -> list[Table]:
    """Return the weights under each budget, a window at a time, as in a run; all may have the dearest."""
    wishes = select_top_k(np.broadcast_to(price, eligible.shape), eligible, top_k)
    size = Settings().window_articles
    windows = [slice(start, start + size) for start in range(0, len(wishes), size)]
    routed = []
    for budget in budgets:
        selections = [
            selection
            for one in windows
            for selection in select_within_budget(
                wishes[one], scores[one], eligible[one], price.tolist(), budget
            )
        ]
        weights = np.zeros(scores.shape)
        for row, selection in enumerate(selections):
            chosen = list(selection.experts)
            heard = np.maximum(scores[row, chosen], LEAST)
            weights[row, chosen] = heard / heard.sum()
        routed.append(weights)
    return routed


class _Ends:
    """All cheap and all dear: what every curve lies between."""

    def __init__(self, spent: Sequence[_Spent], probabilities: NDArray[np.float64]) -> None:
        self.spent = spent
        self.probabilities = probabilities
        self.gain, self.margin = spread_of([dear - cheap for (cheap, dear), *_ in spent], probabilities)
        self.cheap = self._mean([one.quality[0].mean() for one in spent])
        self.least = float(self._costs(spent)[0])

    def curve(self, system: str, spent: Sequence[_Spent]) -> Curve:
        """Return the curve of what was spent."""
        costs = self._costs(spent)
        quality = self._mean([one.quality.mean(axis=1) for one in spent])
        parts = self._parts(costs)
        leads = [
            parts @ np.vstack([ends.quality[0], one.quality]) - ends.quality.mean(axis=0)
            for one, ends in zip(spent, self.spent, strict=True)
        ]
        lead, margin = spread_of(leads, self.probabilities)
        return Curve(
            system=system,
            apgr=0.5 + lead / self.gain if self.gain > 0 else None,
            lead=lead,
            margin=margin,
            cost_at={f"{level:.0%}": self._cost_at(costs, quality, level) for level in LEVELS},
            points=tuple(
                CurvePoint(cost=cost, seconds=seconds, quality=value)
                for cost, seconds, value in zip(
                    costs, self._mean([one.seconds for one in spent]), quality, strict=True
                )
            ),
        )

    def _mean(self, values: Sequence[Any]) -> Any:
        """Return the mean over the sources."""
        return np.average(np.array(values), axis=0, weights=self.probabilities)

    def _costs(self, spent: Sequence[_Spent]) -> NDArray[np.float64]:
        """Return what each budget cost, as a share of all dear."""
        rows = [
            one.tokens / max(float(ends.tokens[1]), 1e-9) for one, ends in zip(spent, self.spent, strict=True)
        ]
        costs: NDArray[np.float64] = self._mean(rows)
        return costs

    def _parts(self, costs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much all cheap and then each point count in the mean over the cost, by trapezoids.

        A gate that reads for itself costs something before it spends anything; between all cheap without it
        and its first point one can choose by lot.
        """
        places = np.concatenate([[0.0], (costs - self.least) / max(1.0 - self.least, 1e-9)])
        grid = np.linspace(0.0, 1.0, GRID)
        probabilities = np.stack([np.interp(grid, places, one) for one in np.eye(len(places))])
        trapezoids = np.full(GRID, 1.0 / (GRID - 1))
        trapezoids[[0, -1]] /= 2
        parts: NDArray[np.float64] = probabilities @ trapezoids
        return parts

    def _cost_at(
        self, costs: NDArray[np.float64], quality: NDArray[np.float64], level: float
    ) -> float | None:
        """Return where a curve first reaches a share of the gain; None where there is none, or never."""
        if self.gain <= 0:
            return None
        wanted = self.cheap + level * self.gain
        points = zip([self.least, *costs], [self.cheap, *quality], strict=True)
        for (before, low), (after, high) in pairwise(points):
            if high >= wanted:
                return float(before + (after - before) * max(wanted - low, 0.0) / max(high - low, 1e-12))
        return None
