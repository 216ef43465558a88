"""Figures of classifiers on labelled data."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, precision_recall_fscore_support

from newsmoe.validation import Strict

BINS = 15
EQUAL = 1e-9
NO_LABEL = -1


class LabelQuality(Strict):
    """How good one label is found.

    Attributes:
        precision: share of the articles that were given the label that have it.
        recall: share of the articles that have the label that were given it.
        f1: harmonic mean of the two.
        support: articles that have the label.
    """

    precision: float
    recall: float
    f1: float
    support: int = Field(ge=0)


def expected_calibration_error(probabilities: NDArray[np.floating], truth: NDArray[np.integer]) -> float:
    """Return the expected calibration error in 15 bins of equal width (Guo et al. 2017)."""
    return calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == truth)


def best_shares(success: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 for the best of each row, shared among equals, else 0; shape as that of `success`."""
    best = (success >= success.max(axis=1, keepdims=True) - EQUAL).astype(np.float64)
    probabilities: NDArray[np.float64] = best / best.sum(axis=1, keepdims=True)
    return probabilities


def calibration_error(confidence: NDArray[np.floating], right: NDArray[np.generic]) -> float:
    """Return the mean distance of confidence from success, in 15 bins of equal width (Guo et al. 2017)."""
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(right[bins == number].mean() - confidence[bins == number].mean()) * (bins == number).mean()
        for number in np.unique(bins)
    ]
    return float(sum(gaps))


def classification_figures(
    probabilities: NDArray[np.floating], truth: NDArray[np.integer]
) -> dict[str, float]:
    """Return accuracy, macro-F1 over the labels that occur, and calibration error, all from 0 to 1."""
    predicted = np.where(probabilities.any(axis=1), probabilities.argmax(axis=1), NO_LABEL)
    return {
        "accuracy": float(accuracy_score(truth, predicted)),
        "macro-F1": float(
            f1_score(truth, predicted, labels=np.unique(truth), average="macro", zero_division=0)
        ),
        "ECE": expected_calibration_error(probabilities, truth),
    }


def label_quality(
    predicted: NDArray[np.integer], truth: NDArray[np.integer], labels: Sequence[str]
) -> tuple[dict[str, LabelQuality], dict[str, dict[str, int]]]:
    """Return figures by label, and the confusion counts by right label and given label."""
    numbers = range(len(labels))
    rows = zip(
        *precision_recall_fscore_support(truth, predicted, labels=numbers, zero_division=0), strict=True
    )
    by_label = {
        label: LabelQuality(precision=precision, recall=recall, f1=f1, support=int(support))
        for label, (precision, recall, f1, support) in zip(labels, rows, strict=True)
    }
    counts = confusion_matrix(truth, predicted, labels=numbers).tolist()
    confusion = {
        label: dict(zip(labels, row, strict=True)) for label, row in zip(labels, counts, strict=True)
    }
    return by_label, confusion
