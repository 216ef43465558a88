"""A gate beside everything that it has to beat, on held-out data."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from newsmoe.config import Settings
from newsmoe.evaluation.metrics import best_shares, calibration_error, classification_figures
from newsmoe.evaluation.pool import PoolAnswers
from newsmoe.gating.artefact import GateCard, GateSettings
from newsmoe.gating.gate import Route
from newsmoe.gating.learned import LearnedGate
from newsmoe.gating.rules import DEFAULT_RULES, RulesGate, read_rules
from newsmoe.registry.backbone.adapter import ADAPTER_FILE
from newsmoe.registry.expert import Device
from newsmoe.registry.registry import ExpertInfo, Registry
from newsmoe.validation import Strict

__all__ = ["SystemFigures", "compare_gates"]

Weights = NDArray[np.float64]
"""What each expert counts for each article, shape (articles, experts); 0: it is not asked."""

NEIGHBOURS = 15
RULES = "rules"


class SystemFigures(Strict):
    """How good one way of choosing experts is: means over the sources, each by its weight.

    Attributes:
        system: what it is called.
        accuracy: share of right answers.
        gain: accuracy above that of the rules.
        margin: half the width of the gain's interval of 95 %, from the paired differences; a gain that is
            smaller may be chance.
        macro_f1: mean over the labels.
        ece: expected calibration error.
        cost: tokens that experts read, relative to asking everybody.
        gate_cost: tokens that the gate itself reads and no expert that it asks, relative to the same.
        sources: accuracy on each source.
        load: share of the articles that each expert is asked about.
        gate_ece: expected calibration error of a learned gate's best score, as the probability that this
            expert is the one likeliest to be right; None where no gate scores.
    """

    system: str
    accuracy: float
    gain: float
    margin: float
    macro_f1: float
    ece: float
    cost: float
    gate_cost: float
    sources: dict[str, float]
    load: dict[str, float]
    gate_ece: float | None = None


@dataclass(frozen=True)
class _System:
    """A way of choosing.

    Attributes:
        name: what it is called.
        weights: for each source.
        reads: whether it needs the gate's features.
        asks_all: whether it asks everybody before it chooses.
    """

    name: str
    weights: Sequence[Weights]
    reads: bool = False
    asks_all: bool = False


def compare_gates(
    card: GateCard,
    registry: Registry,
    dev: Sequence[PoolAnswers],
    train: Sequence[PoolAnswers] = (),
    *,
    seed: int = 0,
) -> list[SystemFigures]:
    """Return the whole table: each expert alone, everybody, rules, nearest neighbours, the gate, the oracle.

    Args:
        card: of the gate.
        registry: has its experts.
        dev: what they answer to held-out data.
        train: what they answer to its training data, for the nearest neighbours; empty: leave them out.
        seed: of the random choice.

    Raises:
        ConfigError: the gate was trained for other experts.
    """
    pool = registry.pool(card.task)
    backbone = partial(registry.workshop.backbone, Device())
    gate = LearnedGate(card, pool, backbone, GateSettings())
    systems = list(_without_gate(card, pool, dev))
    shares = [gate.shares(one.articles) for one in dev]
    if train:
        systems.append(_System("nearest neighbours", _neighbours(gate, dev, train), reads=True))
    asked = {"learned, top 1": GateSettings(top_k=1), "learned, top 2": GateSettings(top_k=2)}
    if card.settings not in asked.values():
        asked[f"learned, as set: {_in_words(card.settings)}"] = card.settings
    for name, settings in asked.items():
        learned = LearnedGate(card, pool, backbone, settings)
        systems.append(_System(name, list(map(partial(_decided, learned), dev, shares)), reads=True))
    best = next(one for one in systems if one.name == "learned, top 1")
    systems.append(_System("random, same load", _shuffled(best.weights, seed)))
    systems.append(_System("oracle", [_one_hot(one.likelihood()) for one in dev]))
    gate_tokens = [np.array(gate.reader.tokens(one.articles), dtype=np.float64) for one in dev]
    sharing = np.array([_reads_alike(card, info) for info in gate.experts])
    rules = next(one for one in systems if one.name == RULES)
    figures = [_figures(system, rules, dev, gate_tokens, sharing) for system in systems]
    gate_ece = _gate_ece(shares, dev)
    return [
        row.model_copy(update={"gate_ece": gate_ece}) if row.system.startswith("learned") else row
        for row in figures
    ]


def _gate_ece(shares: Sequence[NDArray[np.float64]], dev: Sequence[PoolAnswers]) -> float:
    """Return the calibration error of the best score of each article, the mean over the sources."""
    errors = []
    for scores, answers in zip(shares, dev, strict=True):
        best = best_shares(answers.likelihood())
        right = best[np.arange(len(best)), scores.argmax(axis=1)]
        errors.append(calibration_error(scores.max(axis=1), right))
    return float(np.average(errors, weights=[one.weight for one in dev]))


def _without_gate(
    card: GateCard, pool: Sequence[ExpertInfo], dev: Sequence[PoolAnswers]
) -> Iterator[_System]:
    """Yield the systems that need no gate of their own."""
    count = len(card.experts)
    for number, name in enumerate(card.names):
        yield _System(name, [_columns(one, number) for one in dev])
    yield _System("everybody, equal weights", [np.full((len(one.articles), count), 1 / count) for one in dev])
    confident = [one.scaled().max(axis=2) for one in dev]
    yield _System("everybody, the most confident", [_one_hot(one) for one in confident], asks_all=True)
    rules = RulesGate(read_rules(DEFAULT_RULES), {card.task: pool})
    yield _System(RULES, [_weights(rules.route(one.articles), one.experts) for one in dev])


def _columns(answers: PoolAnswers, number: int) -> Weights:
    weights = np.zeros((len(answers.articles), len(answers.experts)))
    weights[:, number] = 1.0
    return weights


def _weights(routes: Sequence[Route], experts: Sequence[str]) -> Weights:
    """Return the weights that a gate of one task gives; what it gives to other experts is lost."""
    return np.array([[choice.weights.get(name, 0.0) for name in experts] for (choice,) in routes])


def _decided(gate: LearnedGate, answers: PoolAnswers, shares: NDArray[np.float64]) -> Weights:
    """Return what a gate decides, given its scores, a window at a time, as in a run."""
    size = Settings().window_articles
    windows = [slice(start, start + size) for start in range(0, len(shares), size)]
    routes = [route for one in windows for route in gate.decide(answers.articles[one], shares[one])]
    return _weights(routes, answers.experts)


def _shuffled(weights: Sequence[Weights], seed: int) -> list[Weights]:
    """Return the same choices for other articles, of any source: the same load, and nothing known."""
    mixed = np.random.default_rng(seed).permutation(np.concatenate(weights))
    return np.split(mixed, np.cumsum([len(one) for one in weights])[:-1])


def _one_hot(values: NDArray[np.float64]) -> Weights:
    """Return 1 for the largest of each row, else 0."""
    weights = np.zeros_like(values)
    weights[np.arange(len(values)), values.argmax(axis=1)] = 1.0
    return weights


def _neighbours(gate: LearnedGate, dev: Sequence[PoolAnswers], train: Sequence[PoolAnswers]) -> list[Weights]:
    """Return the expert that did best on the nearest training articles, by the cosine of the features."""
    known = _unit(np.concatenate([gate.reader(one.articles) for one in train]))
    success = np.concatenate([one.likelihood() for one in train])
    weights = []
    for one in dev:
        near = np.argsort(-_unit(gate.reader(one.articles)) @ known.T, axis=1, kind="stable")[:, :NEIGHBOURS]
        weights.append(_one_hot(success[near].mean(axis=1)))
    return weights


def _unit(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    scaled: NDArray[np.float64] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return scaled


def _reads_alike(card: GateCard, info: ExpertInfo) -> bool:
    """Tell whether an expert has the very vectors computed that the gate reads."""
    if info.card is None or info.card.settings.get("long_input") != "sentences":
        return False
    return info.name == card.embedding or (
        not card.embedding and not (info.card.folder / ADAPTER_FILE).exists()
    )


def _figures(
    system: _System,
    rules: _System,
    dev: Sequence[PoolAnswers],
    gate_tokens: Sequence[Weights],
    sharing: NDArray[np.bool_],
) -> SystemFigures:
    """Return the figures of a system."""
    shares = np.array([one.weight for one in dev]) / sum(one.weight for one in dev)
    found: list[dict[str, float]] = []
    asked = []
    for answers, weights, before, own in zip(dev, system.weights, rules.weights, gate_tokens, strict=True):
        runs = (weights > 0) | system.asks_all
        everybody = float(answers.tokens.sum())
        alone = ~runs[:, sharing].any(axis=1) if system.reads else np.zeros(len(runs), dtype=bool)
        found.append(
            {
                **classification_figures(answers.mixture(weights), answers.truth),
                **_gain(answers, weights, before),
                "cost": float((answers.tokens * runs).sum()) / everybody,
                "gate": float(own[alone].sum()) / everybody,
            }
        )
        asked.append(runs.mean(axis=0))

    def mean(metric: str) -> float:
        return float(sum(share * one[metric] for share, one in zip(shares, found, strict=True)))

    spread = sum(share**2 * one["variance"] for share, one in zip(shares, found, strict=True))
    load = np.average(np.array(asked), axis=0, weights=shares)
    return SystemFigures(
        system=system.name,
        accuracy=mean("accuracy"),
        gain=mean("gain"),
        margin=1.96 * float(np.sqrt(spread)),
        macro_f1=mean("macro-F1"),
        ece=mean("ECE"),
        cost=mean("cost"),
        gate_cost=mean("gate"),
        sources={answers.title: one["accuracy"] for answers, one in zip(dev, found, strict=True)},
        load=dict(zip(dev[0].experts, map(float, load), strict=True)),
    )


def _gain(answers: PoolAnswers, weights: Weights, before: Weights) -> dict[str, float]:
    """Return how much more often one choice is right than another, and the variance of that mean."""
    right, was = (answers.mixture(one).argmax(axis=1) == answers.truth for one in (weights, before))
    differences = right.astype(np.float64) - was
    return {"gain": float(differences.mean()), "variance": float(differences.var() / len(differences))}


def _in_words(settings: GateSettings) -> str:
    return ", ".join(f"{key} {value}" for key, value in settings.model_dump(exclude_defaults=True).items())
