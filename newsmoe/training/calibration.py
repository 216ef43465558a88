"""Scores of a gate that mean what they say."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Table = NDArray[np.float64]
"""Shape (articles, experts)."""

WIDEST = 20.0
"""Temperatures are looked for from 1 / 20 to 20: beyond, scores are as good as certain, or even."""


def fit_temperature(logits: Table, probabilities: Table, weights: NDArray[np.float64]) -> float:
    """Return what to divide logits by for the least cross-entropy with what was right (Guo et al. 2017).

    One article more is counted of which each expert is as likely the best (after Platt 1999): on few articles
    that are all told apart, scores would else be as good as certain.
    """
    count, experts = probabilities.shape
    targets = (count * probabilities + 1 / experts) / (count + 1)

    def loss(power: float) -> float:
        likelihoods = (targets * log_softmax(logits / np.exp(power), axis=1)).sum(axis=1)
        return float(-np.average(likelihoods, weights=weights))

    widest = float(np.log(WIDEST))
    found = minimize_scalar(loss, bounds=(-widest, widest), method="bounded")
    return round(float(np.exp(found.x)), 4)
