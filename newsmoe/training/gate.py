"""Training of a gate: predictions of every expert, soft targets, a linear model, its files."""

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from newsmoe.errors import ConfigError
from newsmoe.evaluation.metrics import best_weights
from newsmoe.evaluation.pool import PoolPredictions, predict_pool
from newsmoe.evaluation.predictions import Table, Vector
from newsmoe.evaluation.progress import Progress, in_blocks
from newsmoe.gating.features import FeatureReader, Features
from newsmoe.gating.gate_card import GATE_FILE, WEIGHTS_FILE, GateCard, GateExpert, GateTraining
from newsmoe.gating.learned import gate_adapter
from newsmoe.output.atomic import write_bytes
from newsmoe.registry.device import Device
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.registry.registry import Registry
from newsmoe.training.calibration import fit_temperature
from newsmoe.training.data import Head
from newsmoe.training.folder import copy_recipe, data_option, data_used, write_toml
from newsmoe.training.recipe import GateRecipe

BLOCK = 256  # articles whose features are read between two reports of progress
MAX_STEPS = 1000


def train_gate(
    path: Path, recipe: GateRecipe, data: Path, folder: Path, registry: Registry, device: Device, report: Progress
) -> None:
    """Train a gate and write its folder."""
    device = device.resolve()
    experts = experts_of(recipe, registry)
    names = [info.name for info in experts]
    pool = predict_pool(names, recipe.train, data, registry, report, device, recipe.target)
    costs = _costs(pool, recipe)
    command = f"newsmoe gate train {path.as_posix()}{data_option(data)}"
    card = GateCard(
        **recipe.model_dump(include={"task", "when", "features", "embedding", "settings"}),
        experts=tuple(
            GateExpert(name=info.name, fingerprint=info.fingerprint(), cost=round(cost, 6))
            for info, cost in zip(experts, costs.tolist(), strict=True)
        ),
        training=GateTraining(data=tuple(data_used(recipe.train)), command=command),
        folder=folder,
    )
    reader = FeatureReader(card.features, registry.backbones.backbone(device), gate_adapter(card, experts))
    rows: list[Features] = []
    for source in pool:
        rows += map(reader, in_blocks(source.articles, BLOCK, f"reading {source.title}", report))
    features = np.concatenate(rows).astype(np.float64)
    success = np.concatenate([source.predictions.success for source in pool])
    weights = np.concatenate([np.full(len(source.articles), source.weight) for source in pool])
    fitted = fit_gate(features, success - recipe.cost_weight * costs, weights, recipe, report)
    chosen = {"regularization": fitted.strength, "temperature": fitted.temperature}
    write_gate(card.model_copy(update=chosen), fitted.head)
    copy_recipe(path, folder)


def experts_of(recipe: GateRecipe, registry: Registry) -> list[ExpertInfo]:
    """Return the recipe's experts; default: those of the task whose models are on this machine."""
    pool = {info.name: info for info in registry.pool(recipe.task)}
    _require(recipe.experts, pool, recipe.task)
    chosen = [pool[name] for name in recipe.experts] or [info for info in pool.values() if not info.missing]
    if missing := next((info.missing for info in chosen if info.missing), None):
        raise ConfigError(missing)
    named = (*recipe.settings.shared, *filter(None, [recipe.embedding]))
    _require(named, [info.name for info in chosen], recipe.task)
    if len(chosen) < 2:
        raise ConfigError(f"a gate needs two experts to choose from; {recipe.task!r} has {len(chosen)}")
    return chosen


def _require(names: Iterable[str], experts: Collection[str], task: str) -> None:
    for name in names:
        if name not in experts:
            raise ConfigError(f"{name!r} is none of the experts for {task!r}: {', '.join(experts)}")


def soft_targets(utility: Table, temperature: float) -> Table:
    """Return what the gate learns: a distribution over experts for each article, higher for useful ones.

    It is uniform where the experts are equally good, so that the article teaches no preference.
    """
    return np.asarray(softmax(utility / temperature, axis=1))


class Fitted(NamedTuple):
    """A gate's weights, calibrated if there is a temperature, and what was chosen on held-out folds."""

    head: Head
    strength: float  # inverse regularization
    temperature: float | None


def fit_gate(features: Table, utility: Table, weights: Vector, recipe: GateRecipe, report: Progress) -> Fitted:
    """Fit a gate to the utility of each expert, of shape (articles, experts).

    Regularization is chosen on held-out folds by the utility of the expert with the highest score; of equals
    the strongest is taken. Features are standardised for the fit; the weights are for raw features.
    """
    mean, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    scaled = np.hstack([(features - mean) / scale, np.ones((len(features), 1))])
    targets = soft_targets(utility, recipe.temperature)
    folds = np.random.default_rng(recipe.seed).permutation(len(features)) % recipe.folds

    def held_out(fit: Callable[[Table, Table, NDArray[np.float64]], Table]) -> Table:
        """Return the scores of each article from a fit without its fold."""
        scores = np.empty_like(utility)
        for fold in range(recipe.folds):
            held = folds == fold
            scores[held] = scaled[held] @ fit(scaled[~held], targets[~held], weights[~held]).T
        return scores

    scores: dict[float, Table] = {}
    strengths = sorted(recipe.regularization)
    for number, strength in enumerate(strengths if len(strengths) > 1 else (), start=1):
        scores[strength] = held_out(partial(_fit, strength=strength))
        report("cross-validating the gate", number, len(strengths))
    reached = {
        strength: round(float(weights @ utility[np.arange(len(utility)), table.argmax(axis=1)]), 9)
        for strength, table in scores.items()
    }
    strength = max(strengths, key=lambda each: (reached.get(each, 0.0), -each))
    fit = partial(_fit_balanced, strength=strength, recipe=recipe)
    temperature = None
    if recipe.calibrate:
        reusable = strength in scores and recipe.balance is None
        logits = scores[strength] if reusable else held_out(fit)
        temperature = fit_temperature(logits, best_weights(utility), weights)
        report("calibrating the gate", 1, 1)
    rows = fit(scaled, targets, weights) / (temperature or 1.0)
    weight = rows[:, :-1] / scale
    bias = rows[:, -1] - weight @ mean
    return Fitted(Head(weight.astype(np.float32), bias.astype(np.float32)), strength, temperature)


def _fit_balanced(features: Table, targets: Table, weights: Vector, strength: float, recipe: GateRecipe) -> Table:
    """Fit the rows, with balanced load if the recipe says so."""
    rows = _fit(features, targets, weights, strength)
    if recipe.balance is None:
        return rows
    from newsmoe.training.balance import balanced  # loads torch, which a linear fit does not need

    return balanced(rows, features, targets, weights, recipe)


def _fit(features: Table, targets: Table, weights: Vector, strength: float) -> Table:
    """Fit a multinomial logistic regression to soft targets; return a row of weights per expert.

    Minimises the weighted cross-entropy plus |rows|^2 / (2 C), with a mean weight of 1; the last column, the
    bias, is not regularized.
    """
    shape = targets.shape[1], features.shape[1]
    counts = (weights / weights.mean())[:, None]
    penalty = np.append(np.full(shape[1] - 1, 1 / strength), 0.0)

    def loss(flat: Table) -> tuple[float, Table]:
        rows = flat.reshape(shape)
        logits = features @ rows.T
        entropy = -(counts * targets * log_softmax(logits, axis=1)).sum()
        slope = (counts * (softmax(logits, axis=1) - targets)).T @ features + penalty * rows
        return float(entropy + (penalty * rows**2).sum() / 2), slope.ravel()

    start = np.zeros(shape).ravel()
    rows = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MAX_STEPS}).x
    return np.asarray(rows).reshape(shape)


def _costs(pool: Sequence[PoolPredictions], recipe: GateRecipe) -> NDArray[np.float64]:
    """Return the mean cost of an article at each expert, relative to that at all experts."""
    tokens = np.concatenate([source.tokens for source in pool]).mean(axis=0)
    costs = tokens * np.array([recipe.token_costs.get(name, 1.0) for name in pool[0].experts])
    return np.asarray(costs / max(float(costs.sum()), 1e-9))


def write_gate(card: GateCard, head: Head | None = None) -> None:
    """Write a gate's folder, with weights if there are new ones."""
    card.folder.mkdir(parents=True, exist_ok=True)
    if head is not None:
        write_bytes(card.folder / WEIGHTS_FILE, save(head._asdict()))
    values = {"kind": card.kind, **card.model_dump(mode="json", exclude_defaults=True)}
    write_toml(card.folder / GATE_FILE, values, "newsmoe gate")
