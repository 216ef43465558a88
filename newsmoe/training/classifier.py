"""A classifier on the backbone: reading, fitting a head, tuning an adapter, calibrating."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from newsmoe.errors import ConfigError, InputError
from newsmoe.registry.backbone.adapter import ADAPTER_FILE, Adapter, load_adapter
from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.cards import read_card
from newsmoe.registry.kinds.classifier import head_shapes
from newsmoe.registry.kinds.embedded import load_head
from newsmoe.training.data import Head, WindowSet, joined, read_source, read_unlabelled
from newsmoe.training.folder import TrainedExpert
from newsmoe.training.recipe import ClassifierRecipe
from newsmoe.training.report import Report

BLOCK = 512  # windows that are encoded between two reports of progress
MAX_STEPS = 2000
ENOUGH_TO_START = 10_000
"""Windows that the head is fitted on where an adapter is trained along with it afterwards."""


def train_classifier(
    recipe: ClassifierRecipe, home: Path, root: Path, backbone: Backbone, work: Path, report: Report
) -> TrainedExpert:
    """Train what the recipe says; an adapter is written below `work`, with what training goes on from.

    A multinomial logistic regression on the frozen backbone's window vectors comes first; it is the head, or
    what the head starts from where an adapter is trained. Where there are texts without labels, adapter and
    head are trained for a second round, on these too. The temperature is fitted on the dev sources.
    """
    labelled = [read_source(source, recipe, root, backbone) for source in recipe.train]
    unlabelled = [read_unlabelled(source, recipe, root, backbone) for source in recipe.unlabelled]
    dev = {source.title: read_source(source, recipe, root, backbone) for source in recipe.dev}
    _require_enough(labelled, list(dev.values()))
    train = joined(labelled, recipe)
    start = _start(recipe, home)
    head = _head_of(start, recipe, backbone.width) if start else None
    if head is None:
        head = _fit(recipe, train, backbone, load_adapter(start) if start else None, report)
    made = None
    if recipe.adapter is not None:
        from newsmoe.training.finetune import adapted_encoder, finetune

        encoder = adapted_encoder(recipe.adapter, backbone, start)
        tune = partial(finetune, dev=dev, backbone=backbone, encoder=encoder, report=report)
        made = work / "first"
        head = tune(recipe.adapter, train, start=head, folder=made)
        if unlabelled:
            first = load_adapter(made)
            for one in unlabelled:
                probabilities = one.parts.probabilities(_logits(one.parts, head, backbone, first, report))
                labelled.append(one.labelled(probabilities))
            made, train = work / "second", joined(labelled, recipe)
            epochs = recipe.second_epochs or recipe.adapter.epochs
            again = recipe.adapter.model_copy(update={"epochs": epochs})
            head = tune(again, train, start=head, folder=made)
    adapter = load_adapter(made) if made else None
    logits = {name: _logits(one, head, backbone, adapter, report) for name, one in dev.items()}
    head, temperature = _calibrated(head, train, dev, logits)
    settings = {"labels": list(recipe.labels), "long_input": recipe.long_input, "temperature": temperature}
    return TrainedExpert("classifier", settings, {"weight": head.weight, "bias": head.bias}, made)


def _require_enough(train: Sequence[WindowSet], dev: Sequence[WindowSet]) -> None:
    """See that there is something to tell apart, and something to measure on."""
    labels = {label for one in train for label in one.accepted[one.clear].argmax(axis=1).tolist()}
    if len(labels) < 2 or not any(len(one.windows) for one in dev):
        raise InputError(
            f"too few examples: {sum(len(one.accepted) for one in train)} to learn from, of {len(labels)}"
            f" labels, and {sum(len(one.accepted) for one in dev)} to measure on, of a file a fifth"
        )


def _start(recipe: ClassifierRecipe, home: Path) -> Path | None:
    """Return the folder of the expert whose adapter training starts from."""
    if recipe.adapter is None or recipe.adapter.start is None:
        return None
    folder = home / recipe.adapter.start
    if not (folder / ADAPTER_FILE).is_file():
        raise ConfigError(f"{folder / ADAPTER_FILE}: not there; the recipe's training starts from it")
    return folder


def _head_of(start: Path, recipe: ClassifierRecipe, width: int) -> Head | None:
    """Return the head of the expert in `start`, if it answers with the same labels."""
    if read_card(start).settings.get("labels") != list(recipe.labels):
        return None
    return Head(**load_head(start, head_shapes(recipe.labels, width)))


def _encode(
    windows: Sequence[Window], backbone: Backbone, adapter: Adapter | None, report: Report
) -> Vectors:
    """Return the vectors of windows, shape (windows, width)."""
    rows = []
    for start in range(0, len(windows), BLOCK):
        rows += [one.window for one in backbone.encode(windows[start : start + BLOCK], adapter)]
        report("reading", min(start + BLOCK, len(windows)), len(windows))
    return np.stack(rows)


def _fit(
    recipe: ClassifierRecipe, train: WindowSet, backbone: Backbone, adapter: Adapter | None, report: Report
) -> Head:
    """Fit a head by logistic regression on the vectors of all windows; on some where it is only a start."""
    chosen = np.flatnonzero(train.clear[train.articles])
    if recipe.adapter is not None:
        shuffled = np.random.default_rng(recipe.adapter.seed).permutation(chosen)
        chosen = shuffled[:ENOUGH_TO_START]
    vectors = _encode([train.windows[index] for index in chosen.tolist()], backbone, adapter, report)
    report("fitting the head", 0, 1)
    model = LogisticRegression(C=recipe.regularization, max_iter=MAX_STEPS)
    labels = train.accepted.argmax(axis=1)[train.articles[chosen]]
    model.fit(vectors, labels, sample_weight=train.window_weights[chosen])
    weight = np.zeros((len(recipe.labels), vectors.shape[1]), dtype=np.float32)
    bias = np.full(len(recipe.labels), -100.0, dtype=np.float32)  # a label that the data lacks never wins
    if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
        weight[model.classes_] = np.vstack([-model.coef_, model.coef_]) / 2
        bias[model.classes_] = np.concatenate([-model.intercept_, model.intercept_]) / 2
    else:
        weight[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return Head(weight, bias)


def _logits(
    data: WindowSet, head: Head, backbone: Backbone, adapter: Adapter | None, report: Report
) -> NDArray[np.floating]:
    """Return logits of shape (windows, labels)."""
    vectors = _encode(data.windows, backbone, adapter, report)
    logits: NDArray[np.floating] = vectors @ head.weight.T + head.bias
    return logits


def _calibrated(
    head: Head, train: WindowSet, dev: Mapping[str, WindowSet], logits: Mapping[str, NDArray[np.floating]]
) -> tuple[Head, float]:
    """Return head and temperature of least negative log-likelihood on dev data (Guo et al. 2017).

    The temperature's logarithm is held to be near 0, with a standard deviation of 1: a few texts that are all
    told apart would else make the expert certain of everything.

    A label that the training data lacks and the dev data has gets one logit for everything, fitted along
    with the temperature: it is then the answer wherever the others are about as likely as each other. So a
    model of positive and negative comes by a neutral band.
    """
    weights = np.concatenate([one.weights for one in dev.values()])
    wanted = np.any([one.accepted[one.clear].any(axis=0) for one in dev.values()], axis=0)
    banded = np.flatnonzero(wanted & ~train.accepted.any(axis=0))

    def loss(values: NDArray[np.floating]) -> float:
        likelihoods = []
        for name, one in dev.items():
            moved = logits[name] / np.exp(values[0])
            moved[:, banded] = values[1:]
            likelihoods.append(one.likelihood(one.probabilities(moved)))
        likelihood = np.average(np.log(np.maximum(np.concatenate(likelihoods), 1e-12)), weights=weights)
        return float(values[0] ** 2 / 2 / len(weights) - likelihood)

    found = minimize(loss, np.zeros(1 + len(banded)), method="Nelder-Mead")
    temperature = round(float(np.exp(found.x[0])), 4)
    weight, bias = head.weight.copy(), head.bias.copy()
    weight[banded], bias[banded] = 0.0, found.x[1:] * temperature
    return Head(weight, bias), temperature
