"""From logits to probabilities."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["Shares", "softmax"]

Shares = NDArray[np.floating]
"""Probabilities; the last axis, over labels, sums to 1."""


def softmax(logits: Shares) -> Shares:
    """Return the softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Shares = powers / powers.sum(axis=-1, keepdims=True)
    return shares
