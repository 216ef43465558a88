"""Quality and cost of a system, which is one way of choosing experts."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsmoe.evaluation.pool import PoolPredictions, source_weights
from newsmoe.evaluation.predictions import Table, Vector
from newsmoe.gating.gate_card import GateCard
from newsmoe.gating.learned import LearnedGate
from newsmoe.registry.backbone.adapter import ADAPTER_FILE
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.validation import Strict

Z_95 = 1.96
"""Standard deviations on either side of the mean that hold 95 % of a normal distribution."""


class SystemFigures(Strict):
    """Figures of a system: weighted means over the sources."""

    system: str
    figures: dict[str, float]  # by metric, from 0 to 1; the first is the quality of the next three fields
    gain: float  # over the rules
    margin: float  # half the 95 % confidence interval of the gain, from paired differences
    sources: dict[str, float]  # quality by source
    cost: float  # tokens that experts read, relative to running all of the gate's experts
    gate_cost: float  # tokens that the gate reads and none of the chosen experts does, relative to the same
    seconds: float  # per article, of the experts
    gate_seconds: float  # per article, of the gate; includes splitting sentences, which experts then reuse
    abstained: float  # share of the articles without an expert; their quality is 0
    load: dict[str, float]  # share of the articles that each expert gets

    @property
    def quality(self) -> float:
        """The first of the figures."""
        return next(iter(self.figures.values()))


@dataclass(frozen=True)
class System:
    """A way of choosing experts, with its choices for each source."""

    name: str
    pool: Sequence[PoolPredictions]  # of the experts that it chooses from
    weights: Sequence[Table]  # of each expert, shape (articles, experts); 0: the expert does not run
    reads_features: bool = False  # those of the gate
    runs_all: bool = False  # before it chooses

    def quality(self) -> list[Vector]:
        """Return the quality of its predictions for each source, from 0 to 1, shape (articles,)."""
        pairs = zip(self.pool, self.weights, strict=True)
        return [source.predictions.quality(weights) for source, weights in pairs]


@dataclass(frozen=True)
class GateReading:
    """A gate's scores for the articles of one source, and what they cost."""

    probabilities: Table
    eligible: NDArray[np.bool_]  # shape (articles, experts)
    tokens: Vector  # of the embedding, shape (articles,)
    reusing: NDArray[np.bool_]  # whether an expert computes the very vectors that the gate reads
    seconds: float  # per article

    @classmethod
    def of(cls, gate: LearnedGate, source: PoolPredictions) -> "GateReading":
        """Score the articles of a source."""
        articles = source.articles
        gate.probabilities(articles[:1])  # loads the gate, which must not count as time per article
        started = perf_counter()
        probabilities = gate.probabilities(articles)
        seconds = (perf_counter() - started) / len(articles)
        tokens = np.array(gate.reader.tokens(articles), dtype=np.float64)
        reusing = np.array([_reuses_vectors(gate.card, info) for info in gate.experts])
        return cls(probabilities, gate.eligible(articles), tokens, reusing, seconds)

    def extra_tokens(self, runs: NDArray[np.bool_]) -> Vector:
        """Return the tokens that the gate reads and none of the experts that run does, per article."""
        return np.asarray(np.where(runs[..., self.reusing].any(axis=-1), 0.0, self.tokens))


def figures_of(
    system: System, rules: System, dev: Sequence[PoolPredictions], readings: Sequence[GateReading]
) -> SystemFigures:
    """Return the figures of a system; `dev` are the predictions of the gate's experts."""
    rows: list[dict[str, Any]] = []
    for gate, source, weights, reading in zip(dev, system.pool, system.weights, readings, strict=True):
        runs = (weights > 0) | system.runs_all
        load = runs.mean(axis=0)
        all_tokens = max(float(gate.tokens.sum()), 1.0)
        extra_tokens = reading.extra_tokens(runs).sum() if system.reads_features else 0.0
        rows.append(
            {
                "figures": source.predictions.figures(weights),
                "cost": float((source.tokens * runs).sum()) / all_tokens,
                "gate_cost": float(extra_tokens) / all_tokens,
                "seconds": float(load @ source.seconds),
                "gate_seconds": reading.seconds if system.reads_features else 0.0,
                "abstained": float((~runs.any(axis=1)).mean()),
                "load": dict(zip(source.experts, load.tolist(), strict=True)),
            }
        )
    gains = [after - before for after, before in zip(system.quality(), rules.quality(), strict=True)]
    gain, margin = mean_and_margin(gains, source_weights(dev))
    qualities = {gate.title: next(iter(row["figures"].values())) for gate, row in zip(dev, rows, strict=True)}
    means = mean_of(rows, source_weights(dev))
    return SystemFigures(system=system.name, gain=gain, margin=margin, sources=qualities, **means)


def mean_and_margin(differences: Sequence[Vector], weights: Vector) -> tuple[float, float]:
    """Return the mean of paired differences, by source, and half its 95 % confidence interval."""
    mean = weights @ [source.mean() for source in differences]
    variance = weights**2 @ [source.var() / len(source) for source in differences]
    return float(mean), Z_95 * float(np.sqrt(variance))


def mean_of(rows: Sequence[Any], weights: Vector | None = None) -> Any:
    """Return the mean of numbers, or of dicts, key by key."""
    if isinstance(first := rows[0], dict):
        return {key: mean_of([row[key] for row in rows], weights) for key in first}
    return float(np.average(rows, weights=weights))


def _reuses_vectors(card: GateCard, info: ExpertInfo) -> bool:
    """Return whether an expert computes the very vectors that the gate reads."""
    if info.card is None or info.card.settings.get("long_input") != "sentences":
        return False
    has_adapter = (info.card.adapter_folder / ADAPTER_FILE).exists()
    return info.name == card.embedding or not (card.embedding or has_adapter)
