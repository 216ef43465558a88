"""Metrics of classifiers on labelled data."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from newsmoe.validation import Strict

BINS = 15
TIE = 1e-9
NO_LABEL = -1


class LabelQuality(Strict):
    """Precision, recall and F1 of one label, and the number of articles that have it."""

    precision: float
    recall: float
    f1: float
    support: int = Field(ge=0)


def best_weights(success: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 for the best of each row, divided among equals, else 0; the shape is that of `success`."""
    best = (success >= success.max(axis=1, keepdims=True) - TIE).astype(np.float64)
    return np.asarray(best / best.sum(axis=1, keepdims=True))


def calibration_error(confidence: NDArray[np.floating], correct: NDArray[np.generic]) -> float:
    """Return the expected calibration error in 15 bins of equal width (Guo et al. 2017)."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(correct[bins == number].mean() - confidence[bins == number].mean()) * (bins == number).mean()
        for number in np.unique(bins)
    ]
    return float(sum(gaps))


def classifier_figures(probabilities: NDArray[np.floating], truth: NDArray[np.integer]) -> dict[str, float]:
    """Return accuracy, macro-F1 over the labels that occur, and calibration error, all from 0 to 1."""
    predicted = most_probable(probabilities)
    macro_f1 = f1_score(truth, predicted, labels=np.unique(truth), average="macro", zero_division=0)
    return {
        "accuracy": float(accuracy_score(truth, predicted)),
        "macro-F1": float(macro_f1),
        "ECE": calibration_error(probabilities.max(axis=1), predicted == truth),
    }


def most_probable(probabilities: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the numbers of the best labels, `NO_LABEL` where nothing is predicted; labels are the last axis."""
    return np.where(probabilities.any(axis=-1), probabilities.argmax(axis=-1), NO_LABEL)


def label_quality(
    predicted: NDArray[np.integer], truth: NDArray[np.integer], labels: Sequence[str]
) -> tuple[dict[str, LabelQuality], dict[str, dict[str, int]]]:
    """Return the quality of each label, and the confusion counts by true label, then predicted label."""
    numbers = range(len(labels))
    columns = precision_recall_fscore_support(truth, predicted, labels=numbers, zero_division=0)
    by_label = {
        label: LabelQuality(precision=precision, recall=recall, f1=f1, support=int(support))
        for label, precision, recall, f1, support in zip(labels, *columns, strict=True)
    }
    counts = confusion_matrix(truth, predicted, labels=numbers).tolist()
    confusion = {label: dict(zip(labels, row, strict=True)) for label, row in zip(labels, counts, strict=True)}
    return by_label, confusion
