"""Training of classifiers on the backbone: heads, adapter, calibration."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from newsmoe.errors import InputError
from newsmoe.evaluation.progress import in_blocks
from newsmoe.registry.backbone.adapter import Adapter, load_adapter
from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.backbone.reading import ReadOn, Window
from newsmoe.registry.cards import read_card
from newsmoe.registry.kinds.classifier import head_shapes
from newsmoe.registry.kinds.embedded import load_head
from newsmoe.training.data import Head, TrainingRun, WindowSet, joined, read_source, read_taught, read_unlabelled
from newsmoe.training.folder import TrainedExpert
from newsmoe.training.recipe import ClassifierRecipe

BLOCK = 512  # windows that are encoded between two reports of progress
MAX_STEPS = 2000
MAX_WINDOWS_TO_START = 10_000  # that the head is fitted on before an adapter is trained along with it
THRESHOLDS = np.arange(0.005, 0.505, 0.005).round(3)
MISSING_LABEL_BIAS = -100.0  # a label that the data lacks is never predicted

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelledData:
    """A classifier's recipe with what it is trained and measured on."""

    recipe: ClassifierRecipe
    labelled: Sequence[WindowSet]
    dev: Mapping[str, WindowSet]

    @cached_property
    def train(self) -> WindowSet:
        """All labelled articles."""
        return joined(self.labelled, self.recipe)

    def fit(self, adapter: Adapter | None, run: TrainingRun, *, max_windows: int | None = None, seed: int = 0) -> Head:
        """Fit a head by logistic regression on the vectors of windows with one correct label."""
        train = self.train
        chosen = np.flatnonzero(train.unambiguous[train.articles])
        if max_windows is not None:
            chosen = np.random.default_rng(seed).permutation(chosen)[:max_windows]
        vectors = _encode([train.windows[index] for index in chosen.tolist()], adapter, run)
        run.report("fitting the head", 0, 1)
        model = LogisticRegression(C=self.recipe.regularization, max_iter=MAX_STEPS)
        labels = train.accepted.argmax(axis=1)[train.articles[chosen]]
        model.fit(vectors, labels, sample_weight=train.window_weights[chosen])
        rows, biases = model.coef_, model.intercept_
        if len(model.classes_) == 2:  # scikit-learn stores one row for two classes
            rows, biases = np.vstack([-rows, rows]) / 2, np.concatenate([-biases, biases]) / 2
        weight = np.zeros((len(self.recipe.labels), vectors.shape[1]), dtype=np.float32)
        bias = np.full(len(self.recipe.labels), MISSING_LABEL_BIAS, dtype=np.float32)
        weight[model.classes_], bias[model.classes_] = rows, biases
        return Head(weight, bias)

    def expert(self, head: Head, run: TrainingRun, folder: Path | None, *, shared: Path | None = None) -> TrainedExpert:
        """Return the expert with this head and the adapter in `folder`, calibrated on the dev data.

        `shared` is where the adapter will be, if others use it too.
        """
        adapter = load_adapter(folder) if folder else None
        logits = {name: _logits(data, head, adapter, run) for name, data in self.dev.items()}
        head, temperature = calibrated(head, self.train, self.dev, logits)
        recipe = self.recipe
        settings = {"labels": list(recipe.labels), "temperature": temperature}
        what_is_read = {"long_input", "window_tokens", *ReadOn.model_fields}
        settings |= recipe.model_dump(include=what_is_read, exclude_none=True)
        if recipe.several:
            settings["threshold"] = _threshold(self.dev, logits, temperature, recipe.max_labels)
            settings["max_labels"] = recipe.max_labels
        return TrainedExpert("classifier", settings, head._asdict(), None if shared else folder, shared)


def read_data(recipe: ClassifierRecipe, home: Path, run: TrainingRun) -> LabelledData:
    """Read the sources of a classifier's recipe, which is in the folder `home`."""
    teacher = home / recipe.teacher if recipe.teacher else None
    dev = {source.title: read_source(source, recipe, run) for source in recipe.dev}
    labelled = [read_source(source, recipe, run, teacher) for source in recipe.train]
    if teacher:
        measured_on = {window for data in dev.values() for window in data.windows}
        labelled += [read_taught(source, recipe, run, teacher, measured_on) for source in recipe.taught]
    _require_enough(labelled, list(dev.values()))
    _warn_of_overlap(labelled, dev)
    return LabelledData(recipe, labelled, dev)


def train_classifier(recipe: ClassifierRecipe, home: Path, run: TrainingRun) -> TrainedExpert:
    """Train a classifier; `home` is the folder of the recipe.

    First a multinomial logistic regression is fitted on the window vectors of the frozen backbone, with the
    adapter that the expert shares if it does; it is the head, or the head's start if an adapter is trained. Texts
    without labels serve in a second round of training, with labels predicted after the first. The temperature is
    fitted on the dev sources.
    """
    data = read_data(recipe, home, run)
    unlabelled = [read_unlabelled(source, recipe, run) for source in recipe.unlabelled]
    if recipe.adapter is None:
        shared = home / recipe.shared_adapter if recipe.shared_adapter else None
        return data.expert(data.fit(load_adapter(shared) if shared else None, run), run, shared, shared=shared)
    from newsmoe.training.adapter import adapted_encoder
    from newsmoe.training.finetune import LabelObjective, finetune

    start, head = _start(recipe, home, run.backbone.width)
    if head is None:
        head = data.fit(
            load_adapter(start) if start else None, run, max_windows=MAX_WINDOWS_TO_START, seed=recipe.adapter.seed
        )
    tune = partial(finetune, encoder=adapted_encoder(recipe.adapter, run.backbone, start), run=run)
    folder = run.work / "first"
    objective = LabelObjective(head, data.train, data.dev, recipe.adapter.consistency)
    tune(recipe.adapter, [objective], folder)
    if unlabelled:
        adapter, labelled = load_adapter(folder), list(data.labelled)
        for texts in unlabelled:
            probabilities = texts.parts.probabilities(_logits(texts.parts, objective.head, adapter, run))
            labelled.append(texts.labelled(probabilities))
        folder, data = run.work / "second", replace(data, labelled=labelled)
        epochs = recipe.second_epochs or recipe.adapter.epochs
        second = recipe.adapter.model_copy(update={"epochs": epochs})
        objective = LabelObjective(objective.head, data.train, data.dev, second.consistency)
        tune(second, [objective], folder)
    return data.expert(objective.head, run, folder)


def _require_enough(train: Sequence[WindowSet], dev: Sequence[WindowSet]) -> None:
    labels = {label for data in train for label in data.accepted[data.unambiguous].argmax(axis=1).tolist()}
    if len(labels) < 2 or not any(len(data.windows) for data in dev):
        train_count, dev_count = (sum(len(data.accepted) for data in sets) for sets in (train, dev))
        raise InputError(
            f"too few examples: {train_count} with {len(labels)} labels for training, and {dev_count} for"
            " dev, which gets a fifth of a file; add examples"
        )


def _warn_of_overlap(train: Sequence[WindowSet], dev: Mapping[str, WindowSet]) -> None:
    learned = {window for data in train for window in data.windows}
    for name, data in dev.items():
        if count := len({*data.windows} & learned):
            _logger.warning("%s: %d of its texts are among the training data, so its figures flatter", name, count)


def _start(recipe: ClassifierRecipe, home: Path, width: int) -> tuple[Path | None, Head | None]:
    """Return the folder of the expert to start from, and its head if its labels are the recipe's."""
    folder = recipe.adapter.start_folder(home) if recipe.adapter else None
    if folder is None:
        return None, None
    if read_card(folder).settings.get("labels") != list(recipe.labels):
        return folder, None
    return folder, Head(**load_head(folder, head_shapes(recipe.labels, width)))


def _encode(windows: Sequence[Window], adapter: Adapter | None, run: TrainingRun) -> Vectors:
    """Return the vectors of windows, shape (windows, width)."""
    blocks = in_blocks(windows, BLOCK, "reading the texts", run.report)
    return np.stack([encoded.window for block in blocks for encoded in run.backbone.encode(block, adapter)])


def _logits(data: WindowSet, head: Head, adapter: Adapter | None, run: TrainingRun) -> Vectors:
    """Return logits of shape (windows, labels)."""
    return head.logits(_encode(data.windows, adapter, run))


def _threshold(
    dev: Mapping[str, WindowSet], logits: Mapping[str, Vectors], temperature: float, max_labels: int
) -> float:
    """Return the score from which a label holds beside the best: the one with the highest F1 of an article's labels."""
    scores = np.concatenate([data.probabilities(logits[name] / temperature) for name, data in dev.items()])
    hold = np.concatenate([data.accepted | (data.others > 0) for data in dev.values()])
    ranks = (-scores).argsort(axis=1).argsort(axis=1)

    def f1(threshold: float) -> float:
        predicted = (ranks == 0) | ((ranks < max_labels) & (scores >= threshold))
        return float(np.mean(2 * (predicted & hold).sum(axis=1) / (predicted.sum(axis=1) + hold.sum(axis=1))))

    return max(map(float, THRESHOLDS), key=f1)


def calibrated(
    head: Head, train: WindowSet, dev: Mapping[str, WindowSet], logits: Mapping[str, NDArray[np.floating]]
) -> tuple[Head, float]:
    """Return head and temperature with the lowest negative log-likelihood on dev data (Guo et al. 2017).

    The logarithm of the temperature has a normal prior with mean 0 and deviation 1: a few texts that are all
    separable would otherwise make the expert certain of everything.

    A label that the dev data has and the training data lacks gets a constant logit, fitted with the
    temperature: it is predicted where the other labels are about equally likely, as a neutral band is.
    """
    weights = np.concatenate([data.weights for data in dev.values()])
    in_dev = np.any([data.accepted[data.unambiguous].any(axis=0) for data in dev.values()], axis=0)
    banded = np.flatnonzero(in_dev & ~train.accepted.any(axis=0))

    def loss(values: NDArray[np.floating]) -> float:
        likelihoods = []
        for name, data in dev.items():
            scaled = logits[name] / np.exp(values[0])
            scaled[:, banded] = values[1:]
            likelihoods.append(data.likelihood(data.probabilities(scaled)))
        likelihood = np.average(np.log(np.maximum(np.concatenate(likelihoods), 1e-12)), weights=weights)
        return float(values[0] ** 2 / 2 / len(weights) - likelihood)

    power, *bands = minimize(loss, np.zeros(1 + len(banded)), method="Nelder-Mead").x
    temperature = round(float(np.exp(power)), 4)
    weight, bias = head.weight.copy(), head.bias.copy()
    weight[banded], bias[banded] = 0.0, np.array(bands) * temperature
    return Head(weight, bias), temperature
