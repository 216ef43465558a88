"""A gate compared with every other way of choosing experts, on held-out data."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from newsmoe.evaluation.curve import QualityCost, quality_cost
from newsmoe.evaluation.gate_metrics import GateReading, System, SystemFigures, figures_of, mean_of
from newsmoe.evaluation.metrics import best_weights, calibration_error
from newsmoe.evaluation.pool import PoolPredictions, source_weights, windows_of
from newsmoe.evaluation.predictions import Table
from newsmoe.gating.gate import Route
from newsmoe.gating.gate_card import GateCard, GateSettings
from newsmoe.gating.learned import LearnedGate
from newsmoe.gating.rules import DEFAULT_RULES, RulesGate, named_experts, read_rules
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
from newsmoe.validation import Strict

NEIGHBOURS = 15
DRAWS = 20  # of random choices, whose mean is reported


class GateComparison(Strict):
    """The systems as they would be served, the curves over all budgets, and the gate's calibration error.

    All are measured on so many `items`.
    """

    items: int
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
) -> GateComparison:
    """Return the table: each expert alone, all, the rules, nearest neighbours, the gate, the oracle.

    `ruled` are predictions for `dev` of the experts that rules choose from; default: the gate's experts.
    """
    pool = registry.pool(card.task)
    backbone = partial(registry.backbones.backbone, Device())
    gate = LearnedGate(card, pool, backbone, GateSettings())
    readings = [GateReading.of(gate, source) for source in dev]
    learned = []
    for name, settings in variants(card).items():
        decided = partial(_decided, LearnedGate(card, pool, backbone, settings))
        learned.append(System(name, dev, list(map(decided, dev, readings)), reads_features=True))
    route, ruled = RulesGate(read_rules(DEFAULT_RULES), {card.task: pool}).route, ruled or dev
    rules = System("rules", ruled, [weights_of(route(source.articles), source.experts) for source in ruled])
    systems = [*_alone(dev), *_alone(ruled, without=card.names), *_all_experts(dev), rules]
    if train:
        neighbours = _neighbours(gate, dev, train)
        systems.append(System("nearest neighbours", dev, neighbours, reads_features=True))
    oracle = System("oracle", dev, [_one_hot(source.predictions.success) for source in dev])
    figures = partial(figures_of, rules=rules, dev=dev, readings=readings)
    draws = [figures(System("", dev, weights)) for weights in _shuffled(learned[0].weights, seed)]
    means = mean_of([draw.model_dump(exclude={"system"}) for draw in draws])
    random = SystemFigures(system="random at equal cost", **means)
    return GateComparison(
        items=sum(len(source.articles) for source in dev),
        systems=(*map(figures, (*systems, *learned)), random, figures(oracle)),
        curve=quality_cost([expert.cost for expert in card.experts], dev, readings),
        gate_ece=_gate_ece(readings, dev),
    )


def _gate_ece(readings: Sequence[GateReading], dev: Sequence[PoolPredictions]) -> float:
    """Return the calibration error of each article's highest score, the mean over the sources."""
    errors = []
    for reading, source in zip(readings, dev, strict=True):
        best = best_weights(source.predictions.success)
        correct = best[np.arange(len(best)), reading.probabilities.argmax(axis=1)]
        errors.append(calibration_error(reading.probabilities.max(axis=1), correct))
    return float(source_weights(dev) @ errors)


def variants(card: GateCard) -> Mapping[str, GateSettings]:
    """Return the settings with which a gate is evaluated, its own among them, top 1 first."""
    settings = {"learned, top 1": GateSettings(top_k=1), "learned, top 2": GateSettings(top_k=2)}
    if card.settings not in settings.values():
        changes = card.settings.model_dump(mode="json", exclude_defaults=True)
        words = ", ".join(f"{key} {_in_words(value)}" for key, value in changes.items())
        settings[f"learned, as set: {words}"] = card.settings
    return settings


def _in_words(value: object) -> str:
    return " and ".join(map(str, value)) if isinstance(value, list) else str(value)


def experts_of_rules(task: str, registry: Registry) -> tuple[str, ...]:
    """Return the experts that the built-in rules name and whose models are on this machine."""
    available = [info.name for info in registry.pool(task) if not info.missing]
    uses = [rule.use[task] for rule in read_rules(DEFAULT_RULES) if task in rule.use]
    named = dict.fromkeys(name for use in uses for name in named_experts(use))
    return tuple(name for name in named if name in available) or tuple(available[:1])


def _alone(pool: Sequence[PoolPredictions], without: Sequence[str] = ()) -> Iterator[System]:
    """Yield each expert as a system."""
    for number, name in enumerate(pool[0].experts):
        if name not in without:
            column = np.eye(len(pool[0].experts))[number]
            yield System(name, pool, [np.tile(column, (len(source.articles), 1)) for source in pool])


def _all_experts(dev: Sequence[PoolPredictions]) -> Iterator[System]:
    """Yield the systems that run all experts on every article."""
    equal = [np.full((len(source.articles), len(source.experts)), 1 / len(source.experts)) for source in dev]
    yield System("all experts, equal weights", dev, equal)
    confidences = [source.predictions.confidence() for source in dev]
    most_confident = [_one_hot(confidence) for confidence in confidences if confidence is not None]
    if most_confident:
        yield System("all experts, the most confident", dev, most_confident, runs_all=True)


def weights_of(routes: Iterable[Route], experts: Sequence[str]) -> Table:
    """Return the weights in the routes of a gate with one task."""
    return np.array([[decision.weights.get(name, 0.0) for name in experts] for (decision,) in routes])


def _decided(gate: LearnedGate, source: PoolPredictions, reading: GateReading) -> Table:
    """Return the weights that a gate decides on, a window at a time, as in a run."""
    windows = windows_of(len(source.articles))
    routes = (gate.decide(source.articles[window], reading.probabilities[window]) for window in windows)
    return weights_of(chain.from_iterable(routes), source.experts)


def _shuffled(weights: Sequence[Table], seed: int) -> Iterator[list[Table]]:
    """Yield the same choices for random other articles of any source, which keeps the load."""
    generator = np.random.default_rng(seed)
    ends = np.cumsum([len(table) for table in weights])[:-1]
    for _ in range(DRAWS):
        yield np.split(generator.permutation(np.concatenate(weights)), ends)


def _one_hot(values: Table) -> Table:
    """Return 1 for the largest value of each row, else 0."""
    return np.asarray(np.eye(values.shape[1])[values.argmax(axis=1)])


def _neighbours(gate: LearnedGate, dev: Sequence[PoolPredictions], train: Sequence[PoolPredictions]) -> list[Table]:
    """Return the expert that was best on the nearest training articles, by cosine of the features."""
    features = _unit(np.concatenate([gate.reader(source.articles) for source in train]))
    success = np.concatenate([source.predictions.success for source in train])
    weights = []
    for source in dev:
        distances = -_unit(gate.reader(source.articles)) @ features.T
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :NEIGHBOURS]
        weights.append(_one_hot(success[nearest].mean(axis=1)))
    return weights


def _unit(rows: NDArray[np.floating]) -> Table:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12))
