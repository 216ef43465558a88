"""Figures of a classifier on labelled data."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, f1_score

__all__ = ["expected_calibration_error", "figures"]

BINS = 15


def expected_calibration_error(probabilities: NDArray[np.floating], truth: NDArray[np.integer]) -> float:
    """Return the expected calibration error in 15 bins of equal width (Guo et al. 2017).

    Args:
        probabilities: shape (items, labels).
        truth: index of the right label, shape (items,).
    """
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gaps = [
        abs(right[bins == number].mean() - confidence[bins == number].mean()) * (bins == number).mean()
        for number in np.unique(bins)
    ]
    return float(sum(gaps))


def figures(probabilities: NDArray[np.floating], truth: NDArray[np.integer]) -> dict[str, float]:
    """Return accuracy, macro-F1 over the labels that occur, and calibration error, all from 0 to 1."""
    predicted = probabilities.argmax(axis=1)
    return {
        "accuracy": float(accuracy_score(truth, predicted)),
        "macro-F1": float(
            f1_score(truth, predicted, labels=np.unique(truth), average="macro", zero_division=0)
        ),
        "ECE": expected_calibration_error(probabilities, truth),
    }
