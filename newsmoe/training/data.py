"""Labelled articles as training sees them, and the head that it makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_sample_weight

from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.kinds.embedded import Shares, softmax
from newsmoe.training.recipe import Recipe, Source

__all__ = ["Head", "WindowSet", "joined", "read_source"]


@dataclass(frozen=True)
class Head:
    """A linear head: `weight` of shape (labels, width), `bias` of shape (labels,)."""

    weight: Vectors
    bias: Vectors


@dataclass(frozen=True)
class WindowSet:
    """Labelled articles, cut into windows.

    Attributes:
        windows: all windows.
        articles: index of the article of each window.
        labels: index of the right label of each article.
        weights: how much each article counts.
    """

    windows: Sequence[Window]
    articles: NDArray[np.int64]
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]

    @cached_property
    def window_weights(self) -> NDArray[np.float64]:
        """Return how much each window counts: an article's weight shared among its windows by tokens."""
        tokens = np.array([len(window) for window in self.windows], dtype=np.float64)
        totals = np.bincount(self.articles, weights=tokens)
        shares: NDArray[np.float64] = self.weights[self.articles] * tokens / totals[self.articles]
        return shares

    def shares(self, logits: NDArray[np.floating]) -> Shares:
        """Return probabilities of shape (articles, labels) for logits of shape (windows, labels).

        They are the mean over an article's windows, by tokens, as an expert answers.
        """
        tokens = np.array([len(window) for window in self.windows], dtype=np.float64)
        sums = np.zeros((len(self.labels), logits.shape[1]))
        np.add.at(sums, self.articles, softmax(logits) * tokens[:, None])
        means: Shares = sums / sums.sum(axis=1, keepdims=True)
        return means


def read_source(source: Source, recipe: Recipe, root: Path, backbone: Backbone) -> WindowSet:
    """Read a source, cut into the windows that the recipe's policy reads.

    Raises:
        InputError: the source cannot be read.
    """
    windows: list[Window] = []
    articles: list[int] = []
    labels: list[int] = []
    for article, label in source.examples(root, recipe.labels):
        if chosen := backbone.read(article).chosen(recipe.long_input):
            windows += chosen
            articles += [len(labels)] * len(chosen)
            labels.append(recipe.labels.index(label))
    return WindowSet(windows, np.array(articles), np.array(labels), np.full(len(labels), source.weight))


def joined(sets: Sequence[WindowSet], recipe: Recipe) -> WindowSet:
    """Return the sets as one, rare labels counting more where the recipe is balanced; mean weight 1."""
    starts = np.cumsum([0, *(len(one.labels) for one in sets)])
    labels = np.concatenate([one.labels for one in sets])
    weights = np.concatenate([one.weights for one in sets])
    if recipe.balanced:
        weights = weights * compute_sample_weight("balanced", labels)
    return WindowSet(
        [window for one in sets for window in one.windows],
        np.concatenate([one.articles + start for one, start in zip(sets, starts, strict=False)]),
        labels,
        weights / weights.mean(),
    )
