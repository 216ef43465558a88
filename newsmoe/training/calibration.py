"""Calibration of a gate's scores."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from newsmoe.evaluation.predictions import Table

MAX_TEMPERATURE = 20.0
"""Temperatures are searched from 1 / 20 to 20; beyond, scores are practically certain, or uniform."""


def fit_temperature(logits: Table, targets: Table, weights: NDArray[np.float64]) -> float:
    """Return the temperature with the lowest cross-entropy between scores and targets (Guo et al. 2017).

    The targets are smoothed by one article on which all experts are equally good (after Platt 1999), lest the
    scores be practically certain where few articles are all separable.
    """
    count, experts = targets.shape
    smoothed = (count * targets + 1 / experts) / (count + 1)

    def loss(power: float) -> float:
        likelihoods = (smoothed * log_softmax(logits / np.exp(power), axis=1)).sum(axis=1)
        return float(-np.average(likelihoods, weights=weights))

    bound = float(np.log(MAX_TEMPERATURE))
    power = minimize_scalar(loss, bounds=(-bound, bound), method="bounded").x
    return round(float(np.exp(power)), 4)
