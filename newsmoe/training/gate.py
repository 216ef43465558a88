"""A gate trained on what each expert gets right: answers, soft targets, a linear model, an artefact."""

import shutil
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tomli_w
from numpy.typing import NDArray
from safetensors.numpy import save
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from newsmoe.errors import ConfigError
from newsmoe.evaluation.metrics import best_shares
from newsmoe.evaluation.pool import PoolPredictions, predict_pool
from newsmoe.gating.features import FeatureReader
from newsmoe.gating.gate_card import GATE_FILE, WEIGHTS_FILE, GateCard, GateExpert, GateTraining
from newsmoe.gating.learned import gate_adapter
from newsmoe.registry.device import Device
from newsmoe.registry.registry import ExpertInfo, Registry
from newsmoe.training.calibration import fit_temperature
from newsmoe.training.data import Head
from newsmoe.training.recipe import RECIPE_FILE, GateRecipe
from newsmoe.training.report import Report

Table = NDArray[np.float64]
"""One row an article."""

BLOCK = 256  # articles whose features are read between two reports of progress
MAX_STEPS = 1000


def train_gate(
    path: Path,
    recipe: GateRecipe,
    data: Path,
    folder: Path,
    registry: Registry,
    device: Device,
    report: Report,
) -> None:
    """Train a gate and write its folder."""
    device = device.resolve()
    experts = experts_of(recipe, registry)
    names = [info.name for info in experts]
    answers = predict_pool(names, recipe.train, data, registry, report, device, recipe.target)
    costs = _costs(answers, recipe)
    command = f"newsmoe gate train {path.as_posix()}" + ("" if data == Path() else " --data DATA")
    card = _card(recipe, experts, costs, command, folder)
    reader = FeatureReader(card.features, registry.backbones.backbone(device), gate_adapter(card, experts))
    features = np.concatenate([read_features(reader, one, report) for one in answers])
    success = np.concatenate([one.answers.success for one in answers])
    weights = np.concatenate([np.full(len(one.articles), one.weight) for one in answers])
    fitted = fit_gate(features, success - recipe.cost_weight * costs, weights, recipe, report)
    chosen = {"regularization": fitted.strength, "temperature": fitted.temperature}
    write_gate(card.model_copy(update=chosen), fitted.head)
    own = folder / RECIPE_FILE
    if not (own.exists() and own.samefile(path)):
        shutil.copyfile(path, own)


def _card(
    recipe: GateRecipe, experts: Sequence[ExpertInfo], costs: NDArray[np.float64], command: str, folder: Path
) -> GateCard:
    """Return the card of a gate, nothing measured yet."""
    return GateCard(
        task=recipe.task,
        features=recipe.features,
        embedding=recipe.embedding,
        experts=tuple(
            GateExpert(
                name=info.name,
                fingerprint=info.fingerprint(),
                cost=round(float(cost), 6),
            )
            for info, cost in zip(experts, costs, strict=True)
        ),
        settings=recipe.settings,
        training=GateTraining(
            data=tuple(f"{source.title} ({source.licence})" for source in recipe.train), command=command
        ),
        folder=folder,
    )


def experts_of(recipe: GateRecipe, registry: Registry) -> list[ExpertInfo]:
    """Return the experts that the recipe names, or all of the task's pool that are on this machine."""
    pool = {info.name: info for info in registry.pool(recipe.task)}
    _require(recipe.experts, pool, recipe.task)
    chosen = [pool[name] for name in recipe.experts] or [info for info in pool.values() if not info.missing]
    if missing := next((info.missing for info in chosen if info.missing), None):
        raise ConfigError(missing)
    named = (*recipe.settings.shared, *filter(None, [recipe.embedding]))
    _require(named, [info.name for info in chosen], recipe.task)
    if len(chosen) < 2:
        raise ConfigError(f"a gate chooses between experts; for {recipe.task!r} there is only {len(chosen)}")
    return chosen


def _require(names: Iterable[str], known: Collection[str], task: str) -> None:
    for name in names:
        if name not in known:
            raise ConfigError(f"{name!r} is none of the experts for {task!r}: {', '.join(known)}")


def read_features(reader: FeatureReader, answers: PoolPredictions, report: Report) -> Table:
    """Return the features of a source's articles, shape (articles, width)."""
    rows = []
    for start in range(0, len(answers.articles), BLOCK):
        rows.append(reader(answers.articles[start : start + BLOCK]))
        report(f"reading {answers.title}", min(start + BLOCK, len(answers.articles)), len(answers.articles))
    return np.concatenate(rows).astype(np.float64)


def soft_targets(utility: Table, temperature: float) -> Table:
    """Return what the gate learns: a distribution over experts for each article, the useful ones likelier.

    Where the experts are equally good the target is uniform, and the article teaches no preference.
    """
    targets: Table = softmax(utility / temperature, axis=1)
    return targets


class Fitted(NamedTuple):
    """A gate's weights, and what was chosen on held-out folds.

    Attributes:
        head: the weights, calibrated where there is a temperature.
        strength: the inverse regularization.
        temperature: what calibration divided the scores by; None where it was not asked for.
    """

    head: Head
    strength: float
    temperature: float | None


def fit_gate(
    features: Table, utility: Table, weights: NDArray[np.float64], recipe: GateRecipe, report: Report
) -> Fitted:
    """Return the gate's weights.

    Of two regularizations that are as good on held-out folds, by the utility of the expert with the best
    score, the stronger is taken. Features are standardised for the fit, and the weights are for features as
    they come.
    """
    mean, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    scaled = (features - mean) / scale
    targets = soft_targets(utility, recipe.temperature)
    folds = np.random.default_rng(recipe.seed).permutation(len(features)) % recipe.folds

    def held_out(fit: Callable[[Table, Table, NDArray[np.float64]], Table]) -> Table:
        """Return the scores of each article by what was fitted without its fold."""
        scores = np.empty_like(utility)
        for fold in range(recipe.folds):
            held = folds == fold
            scores[held] = _scores(scaled[held], fit(scaled[~held], targets[~held], weights[~held]))
        return scores

    found: dict[float, float] = {}
    scores: dict[float, Table] = {}
    strengths = sorted(recipe.regularization)
    for number, strength in enumerate(strengths if len(strengths) > 1 else (), start=1):
        scores[strength] = held_out(partial(_fit, strength=strength))
        found[strength] = float(weights @ utility[np.arange(len(utility)), scores[strength].argmax(axis=1)])
        report("cross-validating the gate", number, len(strengths))
    strength = max(strengths, key=lambda one: (round(found.get(one, 0.0), 9), -one))
    fit = partial(_fit_balanced, strength=strength, recipe=recipe)
    temperature = None
    if recipe.calibrate:
        known = scores.get(strength) if recipe.balance is None else None
        temperature = fit_temperature(
            held_out(fit) if known is None else known, best_shares(utility), weights
        )
        report("calibrating the gate", 1, 1)
    rows = fit(scaled, targets, weights) / (temperature or 1.0)
    weight = rows[:, :-1] / scale
    bias = rows[:, -1] - weight @ mean
    return Fitted(Head(weight.astype(np.float32), bias.astype(np.float32)), strength, temperature)


def _fit_balanced(
    features: Table, targets: Table, weights: NDArray[np.float64], strength: float, recipe: GateRecipe
) -> Table:
    """Return rows of weights and a bias, by expert, trained on for an even load where the recipe says so."""
    rows = _fit(features, targets, weights, strength)
    if recipe.balance is None:
        return rows
    from newsmoe.training.balance import balanced

    return balanced(rows, features, targets, weights, recipe.balance, recipe.settings.top_k, recipe.seed)


def _fit(features: Table, targets: Table, weights: NDArray[np.float64], strength: float) -> Table:
    """Return a multinomial logistic regression on soft targets: rows of weights and a bias, by expert.

    Minimises the weighted cross-entropy plus |weights|^2 / (2 C), the mean of `weights` taken as 1.
    """
    experts, width = targets.shape[1], features.shape[1]
    counts = (weights / weights.mean())[:, None]

    def loss(flat: Table) -> tuple[float, Table]:
        rows = flat.reshape(experts, width + 1)
        logits = _scores(features, rows)
        value = (
            -(counts * targets * log_softmax(logits, axis=1)).sum() + (rows[:, :-1] ** 2).sum() / 2 / strength
        )
        errors = counts * (softmax(logits, axis=1) - targets)
        slope = np.hstack([errors.T @ features + rows[:, :-1] / strength, errors.sum(axis=0)[:, None]])
        return float(value), slope.ravel()

    start = np.zeros(experts * (width + 1))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": MAX_STEPS})
    rows: Table = found.x.reshape(experts, width + 1)
    return rows


def _scores(features: Table, rows: Table) -> Table:
    scores: Table = features @ rows[:, :-1].T + rows[:, -1]
    return scores


def _costs(answers: Sequence[PoolPredictions], recipe: GateRecipe) -> NDArray[np.float64]:
    """Return what an article costs at each expert on average, as shares of what all cost together."""
    tokens = np.concatenate([one.tokens for one in answers]).mean(axis=0)
    prices = np.array([recipe.token_costs.get(name, 1.0) for name in answers[0].experts])
    costs = tokens * prices
    probabilities: NDArray[np.float64] = costs / max(float(costs.sum()), 1e-9)
    return probabilities


def write_gate(card: GateCard, head: Head | None = None) -> None:
    """Write a gate's folder, its weights too where they are given."""
    card.folder.mkdir(parents=True, exist_ok=True)
    if head is not None:
        (card.folder / WEIGHTS_FILE).write_bytes(save({"weight": head.weight, "bias": head.bias}))
    values = {"kind": card.kind, **card.model_dump(mode="json", exclude_defaults=True)}
    text = "# Written by `newsmoe gate`; change recipe.toml and train again.\n" + tomli_w.dumps(values)
    (card.folder / GATE_FILE).write_text(text, encoding="utf-8")
