"""Articles as training sees them, and the head that it makes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_sample_weight

from newsmoe.datasets.sources import LabelSource, UnlabelledSource
from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.backbone.reading import Extract, Window
from newsmoe.registry.kinds.scores import Probabilities, softmax
from newsmoe.training.recipe import ClassifierRecipe


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
        probabilities: NDArray[np.float64] = self.weights[self.articles] * self.parts
        return probabilities

    @property
    def clear(self) -> NDArray[np.bool_]:
        """Return for which articles there is one right label."""
        alone: NDArray[np.bool_] = self.accepted.sum(axis=1) == 1
        return alone

    def of(self, articles: Sequence[int], accepted: NDArray[np.bool_]) -> "WindowSet":
        """Return these articles alone, in rising order, with other labels: `accepted` is for all articles."""
        kept = np.isin(self.articles, articles)
        return WindowSet(
            [window for window, stays in zip(self.windows, kept, strict=True) if stays],
            np.searchsorted(articles, self.articles[kept]),
            self.parts[kept],
            accepted[articles],
            self.weights[articles],
        )

    def right(self, probabilities: Probabilities) -> NDArray[np.int64]:
        """Return the right label of each article; of several the likeliest in (articles, labels) `shares`."""
        right: NDArray[np.int64] = np.where(self.accepted, probabilities, -1.0).argmax(axis=1)
        return right

    def likelihood(self, probabilities: Probabilities) -> Probabilities:
        """Return the probability of the right labels of each article, given `shares`, (articles, labels)."""
        summed: Probabilities = np.where(self.accepted, probabilities, 0.0).sum(axis=1)
        return summed

    def probabilities(self, logits: NDArray[np.floating]) -> Probabilities:
        """Return probabilities of shape (articles, labels) for logits of shape (windows, labels).

        They are the weighted mean over an article's windows, as an expert answers.
        """
        sums: Probabilities = np.zeros((len(self.accepted), logits.shape[1]))
        np.add.at(sums, self.articles, softmax(logits) * self.parts[:, None])
        return sums


def read_source(source: LabelSource, recipe: ClassifierRecipe, root: Path, backbone: Backbone) -> WindowSet:
    """Read a source, cut into the windows that the recipe's policy reads."""
    read = (
        ([backbone.read(article).extract(recipe.long_input)], [label in right for label in recipe.labels])
        for article, _, right in source.examples(root, recipe.labels)
    )
    return _window_set(read, source.weight, len(recipe.labels))


@dataclass(frozen=True)
class Unlabelled:
    """Articles whose labels are yet to be found.

    Attributes:
        source: where they are from.
        texts: the articles themselves, all labels being as right as any other.
        parts: what is said of each in short, as windows of one article.
    """

    source: UnlabelledSource
    texts: WindowSet
    parts: WindowSet

    def labelled(self, probabilities: Probabilities) -> WindowSet:
        """Return the articles whose labels are the surest, given `shares` of their parts, (articles, labels).

        Those of each label are ranked apart: a model is the surest of what it has seen most of.
        """
        found, score = probabilities.argmax(axis=1), probabilities.max(axis=1)
        chosen: list[int] = []
        for label in np.unique(found):
            ranked = sorted(np.flatnonzero(found == label).tolist(), key=lambda one: -score[one])
            chosen += ranked[: min(self.source.most, round(self.source.share * len(ranked)))]
        return self.texts.of(sorted(chosen), np.eye(probabilities.shape[1], dtype=bool)[found])


def read_unlabelled(
    source: UnlabelledSource, recipe: ClassifierRecipe, root: Path, backbone: Backbone
) -> Unlabelled:
    """Read a source without labels; articles of which nothing can be read, or is said, are left out."""
    every = [True] * len(recipe.labels)
    texts, parts = [], []
    for article, short in source.examples(root):
        extract = backbone.read(article).extract(recipe.long_input)
        said = [backbone.read(one).extract(recipe.long_input) for one in short]
        if extract.windows and any(one.windows for one in said):
            texts.append(([extract], every))
            parts.append((said, every))
    both = (_window_set(read, source.weight, len(every)) for read in (texts, parts))
    return Unlabelled(source, *both)


def _window_set(
    read: Iterable[tuple[Sequence[Extract], Sequence[bool]]], weight: float, labels: int
) -> WindowSet:
    """Return articles as windows, given what is read of each, and which of the labels are right for it."""
    windows: list[Window] = []
    articles: list[int] = []
    parts: list[float] = []
    accepted: list[Sequence[bool]] = []
    for extracts, right in read:
        own = [
            (window, one) for each in extracts for window, one in zip(each.windows, each.weights, strict=True)
        ]
        if own:
            total = sum(one for _, one in own)
            windows += [window for window, _ in own]
            articles += [len(accepted)] * len(own)
            parts += [one / total for _, one in own]
            accepted.append(right)
    return WindowSet(
        windows,
        np.array(articles, dtype=np.int64),
        np.array(parts, dtype=np.float64),
        np.array(accepted, dtype=bool).reshape(-1, labels),
        np.full(len(accepted), weight),
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
