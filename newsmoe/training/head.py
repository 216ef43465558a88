"""A linear head on the frozen backbone: embedding, fitting, calibrating, measuring."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from newsmoe.evaluation.metrics import figures
from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.kinds.embedded import softmax
from newsmoe.training.recipe import Example, Recipe, Source

__all__ = ["Head", "train_head"]

BLOCK = 512  # examples that are embedded between two reports of progress
MOST_STEPS = 2000

Report = Callable[[str, int, int], None]
"""Told what is going on: what, how many done, of how many."""


@dataclass(frozen=True)
class Head:
    """A trained head.

    Attributes:
        weight: shape (labels, width).
        bias: shape (labels,).
        temperature: divides the logits.
        quality: figures on each dev source, by its name.
    """

    weight: Vectors
    bias: Vectors
    temperature: float
    quality: dict[str, dict[str, float]]


@dataclass(frozen=True)
class _Set:
    """Examples as the head sees them: vectors of shape (items, width), label indices, weights."""

    vectors: Vectors
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]


def train_head(recipe: Recipe, root: Path, backbone: Backbone, report: Report) -> Head:
    """Fit a multinomial logistic regression on window vectors, and its temperature on the dev sources.

    Raises:
        InputError: a source cannot be read.
    """
    train = _joined([_embedded(source, recipe, root, backbone, report) for source in recipe.train])
    dev = {source.name: _embedded(source, recipe, root, backbone, report) for source in recipe.dev}
    report("fitting", 0, 1)
    model = LogisticRegression(
        C=recipe.regularization, class_weight="balanced" if recipe.balanced else None, max_iter=MOST_STEPS
    )
    model.fit(train.vectors, train.labels, sample_weight=train.weights)
    weight, bias = _all_rows(model, len(recipe.labels))
    temperature = _temperature(_joined(list(dev.values())), weight, bias)
    report("fitting", 1, 1)
    quality = {
        name: figures(softmax((one.vectors @ weight.T + bias) / temperature), one.labels)
        for name, one in dev.items()
    }
    return Head(weight, bias, temperature, quality)


def _embedded(source: Source, recipe: Recipe, root: Path, backbone: Backbone, report: Report) -> _Set:
    examples = list(source.examples(root, recipe.labels))
    blocks = []
    for start in range(0, len(examples), BLOCK):
        report(source.path, start, len(examples))
        blocks.append(_vectors(examples[start : start + BLOCK], recipe, backbone))
    report(source.path, len(examples), len(examples))
    labels = np.array([recipe.labels.index(example.label) for example in examples])
    return _Set(np.concatenate(blocks), labels, np.full(len(examples), source.weight))


def _vectors(examples: Sequence[Example], recipe: Recipe, backbone: Backbone) -> Vectors:
    """Return one vector an example, the mean over its windows by tokens: shape (examples, width)."""
    windows = [backbone.read(example.article).chosen(recipe.long_input) for example in examples]
    encoded = iter(backbone.encode([window for chosen in windows for window in chosen]))
    rows = [
        np.average([next(encoded).window for _ in chosen], axis=0, weights=[len(window) for window in chosen])
        for chosen in windows
    ]
    return np.stack(rows).astype(np.float32)


def _joined(sets: Sequence[_Set]) -> _Set:
    return _Set(
        np.concatenate([one.vectors for one in sets]),
        np.concatenate([one.labels for one in sets]),
        np.concatenate([one.weights for one in sets]),
    )


def _all_rows(model: LogisticRegression, labels: int) -> tuple[Vectors, Vectors]:
    """Return weight and bias with a row for every label; one that the data lacks can never win."""
    weight = np.zeros((labels, model.coef_.shape[1]), dtype=np.float32)
    bias = np.full(labels, -100.0, dtype=np.float32)
    if len(model.classes_) == 2:  # scikit-learn keeps one row for two classes
        weight[model.classes_], bias[model.classes_] = np.vstack([-model.coef_, model.coef_]) / 2, 0.0
        bias[model.classes_] = np.concatenate([-model.intercept_, model.intercept_]) / 2
    else:
        weight[model.classes_], bias[model.classes_] = model.coef_, model.intercept_
    return weight, bias


def _temperature(dev: _Set, weight: Vectors, bias: Vectors) -> float:
    """Return the temperature of least negative log-likelihood on dev data (Guo et al. 2017)."""
    logits = dev.vectors @ weight.T + bias

    def loss(log_temperature: float) -> float:
        shares = softmax(logits / np.exp(log_temperature))
        return float(-np.log(np.maximum(shares[np.arange(len(shares)), dev.labels], 1e-12)).mean())

    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
    return round(float(np.exp(found.x)), 4)
