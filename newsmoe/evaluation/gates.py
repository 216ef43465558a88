"""A gate beside everything that it has to beat, on held-out data."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from newsmoe.evaluation.curve import QualityCost, quality_cost
from newsmoe.evaluation.gate_metrics import GateReading, System, SystemFigures, figures_of, read_at_gate
from newsmoe.evaluation.metrics import best_shares, calibration_error
from newsmoe.evaluation.pool import PoolPredictions
from newsmoe.evaluation.predictions import Table
from newsmoe.gating.gate import Route
from newsmoe.gating.gate_card import GateCard, GateSettings
from newsmoe.gating.learned import LearnedGate
from newsmoe.gating.rules import DEFAULT_RULES, RulesGate, named_experts, read_rules
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings
from newsmoe.validation import Strict

NEIGHBOURS = 15
DRAWS = 20
"""Times that chance chooses; the mean is what it is worth."""


class Comparison(Strict):
    """A gate beside its rivals: each as it would be served, and what each makes of a budget."""

    systems: tuple[SystemFigures, ...]
    curve: QualityCost
    gate_ece: float


def compare_gates(
    card: GateCard,
    registry: Registry,
    dev: Sequence[PoolPredictions],
    train: Sequence[PoolPredictions] = (),
    ruled: Sequence[PoolPredictions] = (),
    *,
    seed: int = 0,
) -> Comparison:
    """Return the table: each expert alone, all, the rules, nearest neighbours, the gate, the oracle."""
    pool = registry.pool(card.task)
    backbone = partial(registry.backbones.backbone, Device())
    gate = LearnedGate(card, pool, backbone, GateSettings())
    readings = [read_at_gate(gate, one) for one in dev]
    gates = {name: LearnedGate(card, pool, backbone, settings) for name, settings in variants(card).items()}
    learned = [
        System(name, dev, list(map(partial(_decided, one), dev, readings)), reads=True)
        for name, one in gates.items()
    ]
    gate_of_rules, ruled = RulesGate(read_rules(DEFAULT_RULES), {card.task: pool}), ruled or dev
    rules = System(
        "rules", ruled, [_weights(gate_of_rules.route(one.articles), one.experts) for one in ruled]
    )
    figures = partial(figures_of, rules=rules, dev=dev, readings=readings)
    systems = [*_alone(dev), *_alone(ruled, without=card.names), *_everybody(dev), rules]
    if train:
        systems.append(System("nearest neighbours", dev, _neighbours(gate, dev, train), reads=True))
    chance = [
        figures(System("random at equal cost", dev, one)) for one in _shuffled(learned[0].weights, seed)
    ]
    oracle = System("oracle", dev, [_one_hot(one.answers.success) for one in dev])
    return Comparison(
        systems=(*map(figures, (*systems, *learned)), _mean_of(chance), figures(oracle)),
        curve=quality_cost([expert.cost for expert in card.experts], dev, readings),
        gate_ece=_gate_ece(readings, dev),
    )


def _gate_ece(readings: Sequence[GateReading], dev: Sequence[PoolPredictions]) -> float:
    """Return the calibration error of the best score of each article, the mean over the sources."""
    errors = []
    for reading, answers in zip(readings, dev, strict=True):
        best = best_shares(answers.answers.success)
        right = best[np.arange(len(best)), reading.probabilities.argmax(axis=1)]
        errors.append(calibration_error(reading.probabilities.max(axis=1), right))
    return float(np.average(errors, weights=[one.weight for one in dev]))


def variants(card: GateCard) -> Mapping[str, GateSettings]:
    """Return the settings with which a gate is measured, its own among them, the plain choice first."""
    asked = {"learned, top 1": GateSettings(top_k=1), "learned, top 2": GateSettings(top_k=2)}
    if card.settings not in asked.values():
        changed = card.settings.model_dump(mode="json", exclude_defaults=True)
        words = ", ".join(f"{key} {_in_words(value)}" for key, value in changed.items())
        asked[f"learned, as set: {words}"] = card.settings
    return asked


def _in_words(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)


def experts_of_rules(task: str, registry: Registry) -> tuple[str, ...]:
    """Return the experts that the built-in rules may ask, as far as they have a model on this machine."""
    here = [info.name for info in registry.pool(task) if not info.missing]
    uses = [rule.use[task] for rule in read_rules(DEFAULT_RULES) if task in rule.use]
    named = dict.fromkeys(name for use in uses for name in named_experts(use))
    return tuple(name for name in named if name in here) or tuple(here[:1])


def _alone(pool: Sequence[PoolPredictions], without: Sequence[str] = ()) -> Iterator[System]:
    """Yield each expert as a system of its own."""
    for number, name in enumerate(pool[0].experts):
        if name not in without:
            yield System(name, pool, [_columns(one, number) for one in pool])


def _everybody(dev: Sequence[PoolPredictions]) -> Iterator[System]:
    """Yield the systems that ask everybody about everything."""
    equal = [np.full((len(one.articles), len(one.experts)), 1 / len(one.experts)) for one in dev]
    yield System("everybody, equal weights", dev, equal)
    confident = [sure for one in dev if (sure := one.answers.confidence()) is not None]
    if confident:
        yield System("everybody, the most confident", dev, list(map(_one_hot, confident)), asks_all=True)


def _columns(answers: PoolPredictions, number: int) -> Table:
    weights = np.zeros((len(answers.articles), len(answers.experts)))
    weights[:, number] = 1.0
    return weights


def _weights(routes: Sequence[Route], experts: Sequence[str]) -> Table:
    """Return the weights that a gate of one task gives to these experts."""
    return np.array([[decision.weights.get(name, 0.0) for name in experts] for (decision,) in routes])


def _decided(gate: LearnedGate, answers: PoolPredictions, reading: GateReading) -> Table:
    """Return what a gate decides, given its scores, a window at a time, as in a run."""
    size = Settings().window_articles
    windows = [slice(start, start + size) for start in range(0, len(reading.probabilities), size)]
    routes = [
        route for one in windows for route in gate.decide(answers.articles[one], reading.probabilities[one])
    ]
    return _weights(routes, answers.experts)


def _shuffled(weights: Sequence[Table], seed: int) -> Iterator[list[Table]]:
    """Yield the same choices for other articles, of any source: the same load, and nothing known."""
    chance = np.random.default_rng(seed)
    ends = np.cumsum([len(one) for one in weights])[:-1]
    for _ in range(DRAWS):
        yield np.split(chance.permutation(np.concatenate(weights)), ends)


def _mean_of(draws: Sequence[SystemFigures]) -> SystemFigures:
    """Return the mean of every figure."""

    def mean(values: Sequence[float | dict[str, float]]) -> float | dict[str, float]:
        if isinstance(first := values[0], dict):
            return {
                name: float(np.mean([one[name] for one in values if isinstance(one, dict)])) for name in first
            }
        return float(np.mean([one for one in values if not isinstance(one, dict)]))

    rows = [draw.model_dump(exclude={"system"}) for draw in draws]
    means = {name: mean([row[name] for row in rows]) for name in rows[0]}
    return SystemFigures.model_validate({"system": draws[0].system, **means})


def _one_hot(values: Table) -> Table:
    """Return 1 for the largest of each row, else 0."""
    weights = np.zeros_like(values)
    weights[np.arange(len(values)), values.argmax(axis=1)] = 1.0
    return weights


def _neighbours(
    gate: LearnedGate, dev: Sequence[PoolPredictions], train: Sequence[PoolPredictions]
) -> list[Table]:
    """Return the expert that did best on the nearest training articles, by the cosine of the features."""
    known = _unit(np.concatenate([gate.reader(one.articles) for one in train]))
    success = np.concatenate([one.answers.success for one in train])
    weights = []
    for one in dev:
        near = np.argsort(-_unit(gate.reader(one.articles)) @ known.T, axis=1, kind="stable")[:, :NEIGHBOURS]
        weights.append(_one_hot(success[near].mean(axis=1)))
    return weights


def _unit(rows: NDArray[np.floating]) -> Table:
    scaled: Table = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return scaled
