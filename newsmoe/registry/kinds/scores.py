"""From logits to probabilities."""

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.floating]
"""Probabilities; the last axis, over labels, sums to 1."""


def softmax(logits: Probabilities) -> Probabilities:
    """Return the softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities: Probabilities = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities
