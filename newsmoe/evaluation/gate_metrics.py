"""How good one way of choosing experts is, and what it costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from newsmoe.evaluation.pool import PoolPredictions
from newsmoe.evaluation.predictions import Table
from newsmoe.gating.gate_card import GateCard
from newsmoe.gating.learned import LearnedGate
from newsmoe.registry.backbone.adapter import ADAPTER_FILE
from newsmoe.registry.registry import ExpertInfo
from newsmoe.validation import Strict

CONFIDENCE = 1.96
"""Standard deviations on either side that hold 95 % of a normal distribution."""


class SystemFigures(Strict):
    """How good one way of choosing experts is: means over the sources, each by its weight.

    Attributes:
        system: what it is called.
        figures: by metric, from 0 to 1; the first is the quality that the next three are about.
        gain: quality above that of the rules.
        margin: half the width of the gain's interval of 95 %, from the paired differences; a gain that is
            smaller may be chance.
        sources: quality on each source.
        cost: tokens that experts read, relative to asking all of the gate's.
        gate_cost: tokens that the gate itself reads and no expert that it asks, relative to the same.
        seconds: of an article at its experts, on average.
        gate_seconds: of an article at the gate, cutting it into sentences included, which experts then do
            without.
        abstained: share of the articles that nobody was asked about; they count as 0.
        load: share of the articles that each expert is asked about, of those that it chooses from.
    """

    system: str
    figures: dict[str, float]
    gain: float
    margin: float
    sources: dict[str, float]
    cost: float
    gate_cost: float
    seconds: float
    gate_seconds: float
    abstained: float
    load: dict[str, float]

    @property
    def quality(self) -> float:
        """The first of the figures."""
        return next(iter(self.figures.values()))


@dataclass(frozen=True)
class System:
    """A way of choosing.

    Attributes:
        name: what it is called.
        pool: the answers of those that it chooses from, for each source.
        weights: what each of them counts for each article, shape (articles, experts), for each source; 0: it
            is not asked.
        reads: whether it needs the gate's features.
        asks_all: whether it asks everybody before it chooses.
    """

    name: str
    pool: Sequence[PoolPredictions]
    weights: Sequence[Table]
    reads: bool = False
    asks_all: bool = False

    def quality(self) -> list[NDArray[np.float64]]:
        """Return how good its answers are, from 0 to 1, shape (articles,), for each source."""
        return [one.answers.quality(weights) for one, weights in zip(self.pool, self.weights, strict=True)]


@dataclass(frozen=True)
class GateReading:
    """What a gate made of the articles of one source, and what that took.

    Attributes:
        shares: its scores, shape (articles, experts).
        able: who can read what, of the same shape.
        tokens: that go into its embedding, shape (articles,).
        sharing: whether an expert has the very vectors computed that the gate reads, shape (experts,).
        seconds: an article took on average.
    """

    probabilities: Table
    eligible: NDArray[np.bool_]
    tokens: NDArray[np.float64]
    sharing: NDArray[np.bool_]
    seconds: float

    def own_tokens(self, runs: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the tokens that the gate reads and none of the experts that run, shape (articles,)."""
        own: NDArray[np.float64] = np.where(runs[:, self.sharing].any(axis=1), 0.0, self.tokens)
        return own


def read_at_gate(gate: LearnedGate, answers: PoolPredictions) -> GateReading:
    """Have a gate score the articles of a source."""
    gate.probabilities(answers.articles[:1])  # loads what the gate needs, which is not what an article takes
    started = perf_counter()
    probabilities = gate.probabilities(answers.articles)
    seconds = (perf_counter() - started) / len(answers.articles)
    return GateReading(
        probabilities=probabilities,
        eligible=gate.eligible(answers.articles),
        tokens=np.array(gate.reader.tokens(answers.articles), dtype=np.float64),
        sharing=np.array([_reads_alike(gate.card, info) for info in gate.experts]),
        seconds=seconds,
    )


def figures_of(
    system: System, rules: System, dev: Sequence[PoolPredictions], readings: Sequence[GateReading]
) -> SystemFigures:
    """Return the figures of a system."""
    probabilities = np.array([one.weight for one in dev]) / sum(one.weight for one in dev)
    gains = [after - before for after, before in zip(system.quality(), rules.quality(), strict=True)]
    costs, found, loads = [], [], []
    for gates, answers, weights, reading in zip(dev, system.pool, system.weights, readings, strict=True):
        runs = (weights > 0) | system.asks_all
        everybody = max(float(gates.tokens.sum()), 1.0)
        own = reading.own_tokens(runs).sum() if system.reads else 0.0
        found.append(answers.answers.figures(weights))
        loads.append(runs.mean(axis=0))
        costs.append(
            {
                "cost": float((answers.tokens * runs).sum()) / everybody,
                "gate_cost": float(own) / everybody,
                "seconds": float(loads[-1] @ answers.seconds),
                "gate_seconds": reading.seconds if system.reads else 0.0,
                "abstained": float((~runs.any(axis=1)).mean()),
            }
        )
    gain, margin = spread_of(gains, probabilities)
    return SystemFigures(
        system=system.name,
        figures=_mean(found, probabilities),
        gain=gain,
        margin=margin,
        sources={one.title: next(iter(figures.values())) for one, figures in zip(dev, found, strict=True)},
        load=dict(
            zip(
                system.pool[0].experts,
                map(float, np.average(loads, axis=0, weights=probabilities)),
                strict=True,
            )
        ),
        **_mean(costs, probabilities),
    )


def spread_of(
    differences: Sequence[NDArray[np.float64]], probabilities: NDArray[np.float64]
) -> tuple[float, float]:
    """Return the mean of paired differences, and half the width of its interval of 95 %."""
    mean = sum(share * float(one.mean()) for share, one in zip(probabilities, differences, strict=True))
    variance = sum(
        share**2 * float(one.var()) / len(one) for share, one in zip(probabilities, differences, strict=True)
    )
    return float(mean), CONFIDENCE * float(np.sqrt(variance))


def _mean(rows: Sequence[dict[str, float]], probabilities: NDArray[np.float64]) -> dict[str, float]:
    return {
        name: float(sum(share * row[name] for share, row in zip(probabilities, rows, strict=True)))
        for name in rows[0]
    }


def _reads_alike(card: GateCard, info: ExpertInfo) -> bool:
    """Tell whether an expert has the very vectors computed that the gate reads."""
    if info.card is None or info.card.settings.get("long_input") != "sentences":
        return False
    return info.name == card.embedding or (
        not card.embedding and not (info.card.folder / ADAPTER_FILE).exists()
    )
