"""Labelled articles as training sees them, and the head that it makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_sample_weight

from newsmoe.evaluation.labelled import LabelSource
from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.kinds.scores import Shares, softmax
from newsmoe.training.recipe import ClassifierRecipe

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
        parts: how much each window counts in its article's answer; they sum to 1 in an article.
        accepted: which labels are right for each article, shape (articles, labels); mostly one is.
        weights: how much each article counts.
    """

    windows: Sequence[Window]
    articles: NDArray[np.int64]
    parts: NDArray[np.float64]
    accepted: NDArray[np.bool_]
    weights: NDArray[np.float64]

    @cached_property
    def window_weights(self) -> NDArray[np.float64]:
        """Return how much each window counts: its article's weight, shared among the article's windows."""
        shares: NDArray[np.float64] = self.weights[self.articles] * self.parts
        return shares

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Return for which articles there is one right label."""
        alone: NDArray[np.bool_] = self.accepted.sum(axis=1) == 1
        return alone

    def right(self, shares: Shares) -> NDArray[np.int64]:
        """Return the right label of each article; of several the likeliest in (articles, labels) `shares`."""
        right: NDArray[np.int64] = np.where(self.accepted, shares, -1.0).argmax(axis=1)
        return right

    def likelihood(self, shares: Shares) -> Shares:
        """Return the probability of the right labels of each article, given `shares`, (articles, labels)."""
        summed: Shares = np.where(self.accepted, shares, 0.0).sum(axis=1)
        return summed

    def shares(self, logits: NDArray[np.floating]) -> Shares:
        """Return probabilities of shape (articles, labels) for logits of shape (windows, labels).

        They are the weighted mean over an article's windows, as an expert answers.
        """
        sums: Shares = np.zeros((len(self.accepted), logits.shape[1]))
        np.add.at(sums, self.articles, softmax(logits) * self.parts[:, None])
        return sums


def read_source(source: LabelSource, recipe: ClassifierRecipe, root: Path, backbone: Backbone) -> WindowSet:
    """Read a source, cut into the windows that the recipe's policy reads.

    Raises:
        InputError: the source cannot be read.
    """
    windows: list[Window] = []
    articles: list[int] = []
    parts: list[float] = []
    accepted: list[list[bool]] = []
    for article, _, right in source.examples(root, recipe.labels):
        extract = backbone.read(article).extract(recipe.long_input)
        if extract.windows:
            windows += extract.windows
            articles += [len(accepted)] * len(extract.windows)
            total = sum(extract.weights)
            parts += [weight / total for weight in extract.weights]
            accepted.append([label in right for label in recipe.labels])
    return WindowSet(
        windows,
        np.array(articles),
        np.array(parts),
        np.array(accepted),
        np.full(len(accepted), source.weight),
    )


def joined(sets: Sequence[WindowSet], recipe: ClassifierRecipe) -> WindowSet:
    """Return the sets as one, rare labels counting more where the recipe is balanced; mean weight 1."""
    starts = np.cumsum([0, *(len(one.accepted) for one in sets)])
    accepted = np.concatenate([one.accepted for one in sets])
    weights = np.concatenate([one.weights for one in sets])
    if recipe.balanced:
        clear = accepted.sum(axis=1) == 1
        weights[clear] *= compute_sample_weight("balanced", accepted[clear].argmax(axis=1))
    return WindowSet(
        [window for one in sets for window in one.windows],
        np.concatenate([one.articles + start for one, start in zip(sets, starts, strict=False)]),
        np.concatenate([one.parts for one in sets]),
        accepted,
        weights / weights.mean(),
    )
