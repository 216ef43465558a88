"""A classifier on the backbone: reading, fitting a head, tuning an adapter, calibrating, measuring."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

from newsmoe.errors import ConfigError
from newsmoe.evaluation.metrics import figures
from newsmoe.registry.backbone.adapter import ADAPTER_CONFIG_FILE, ADAPTER_FILE, Adapter, load_adapter
from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.backbone.reading import Window
from newsmoe.training.data import Head, WindowSet, joined, read_source
from newsmoe.training.recipe import Recipe
from newsmoe.training.report import Report

__all__ = ["Trained", "train_classifier"]

BLOCK = 512  # windows that are encoded between two reports of progress
MOST_STEPS = 2000
ENOUGH_TO_START = 10_000
"""Windows that the head is fitted on where an adapter is trained along with it afterwards."""


@dataclass(frozen=True)
class Trained:
    """What training yields beside the adapter, which lies in the expert's folder already.

    Attributes:
        head: the head.
        temperature: divides the logits.
        quality: figures on each dev source, by its name.
    """

    head: Head
    temperature: float
    quality: dict[str, dict[str, float]]


def train_classifier(
    recipe: Recipe, home: Path, root: Path, backbone: Backbone, folder: Path, report: Report
) -> Trained:
    """Train what the recipe says; an adapter is written into `folder`.

    A multinomial logistic regression on the frozen backbone's window vectors comes first; it is the head, or
    what the head starts from where an adapter is trained. The temperature is fitted on the dev sources.

    Raises:
        InputError: a source cannot be read.
    """
    train = joined([read_source(source, recipe, root, backbone) for source in recipe.train], recipe)
    dev = {source.name: read_source(source, recipe, root, backbone) for source in recipe.dev}
    start = _start(recipe, home)
    head = _fit(recipe, train, backbone, load_adapter(start) if start else None, report)
    for stale in (ADAPTER_FILE, ADAPTER_CONFIG_FILE):  # of an earlier training into this folder
        (folder / stale).unlink(missing_ok=True)
    if recipe.adapter is not None:
        from newsmoe.training.finetune import adapted_encoder, finetune

        folder.mkdir(parents=True, exist_ok=True)
        encoder = adapted_encoder(recipe.adapter, backbone, start)
        head = finetune(recipe.adapter, train, dev, head, backbone, encoder, folder, report)
    adapter = load_adapter(folder)
    logits = {name: _logits(one, head, backbone, adapter, report) for name, one in dev.items()}
    temperature = _temperature(dev, logits)
    quality = {name: figures(one.shares(logits[name] / temperature), one.labels) for name, one in dev.items()}
    return Trained(head, temperature, quality)


def _start(recipe: Recipe, home: Path) -> Path | None:
    """Return the folder of the expert whose adapter training starts from.

    Raises:
        ConfigError: it has no adapter.
    """
    if recipe.adapter is None or recipe.adapter.start is None:
        return None
    folder = home / recipe.adapter.start
    if not (folder / ADAPTER_FILE).is_file():
        raise ConfigError(f"{folder / ADAPTER_FILE}: not there; the recipe's training starts from it")
    return folder


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
    recipe: Recipe, train: WindowSet, backbone: Backbone, adapter: Adapter | None, report: Report
) -> Head:
    """Fit a head by logistic regression on the vectors of all windows; on some where it is only a start."""
    chosen = np.arange(len(train.windows))
    if recipe.adapter is not None:
        shuffled = np.random.default_rng(recipe.adapter.seed).permutation(chosen)
        chosen = shuffled[:ENOUGH_TO_START]
    vectors = _encode([train.windows[index] for index in chosen.tolist()], backbone, adapter, report)
    report("fitting the head", 0, 1)
    model = LogisticRegression(C=recipe.regularization, max_iter=MOST_STEPS)
    model.fit(vectors, train.labels[train.articles[chosen]], sample_weight=train.window_weights[chosen])
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


def _temperature(dev: Mapping[str, WindowSet], logits: Mapping[str, NDArray[np.floating]]) -> float:
    """Return the temperature of least negative log-likelihood on dev data (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        likelihoods = []
        for name, one in dev.items():
            shares = one.shares(logits[name] / np.exp(log_temperature))
            likelihoods.append(shares[np.arange(len(shares)), one.labels])
        return float(-np.log(np.maximum(np.concatenate(likelihoods), 1e-12)).mean())

    found = minimize_scalar(loss, bounds=(-3.0, 3.0), method="bounded")
    return round(float(np.exp(found.x)), 4)
