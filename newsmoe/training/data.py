"""Articles as training sees them: cut into windows, with labels and weights."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_sample_weight

from newsmoe.article import Article
from newsmoe.datasets.sources import LabelSource, TextSource, UnlabelledSource
from newsmoe.evaluation.progress import Progress
from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.backbone.reading import Extract, Window
from newsmoe.registry.kinds.scores import Probabilities, softmax
from newsmoe.training.recipe import ClassifierRecipe
from newsmoe.training.teachers import Teachers


class TrainingRun(NamedTuple):
    """What the training of an expert reads from, writes to and reports to."""

    data: Path  # folder that the sources' paths start from
    work: Path  # folder of adapters and checkpoints
    backbone: Backbone
    report: Progress
    teachers: Teachers

    def extract(self, article: Article, recipe: ClassifierRecipe) -> Extract:
        """Return what is read of an article."""
        return self.backbone.read(article, recipe.window_tokens).extract(recipe.long_input)


class Head(NamedTuple):
    """A linear head."""

    weight: Vectors  # shape (labels, width)
    bias: Vectors  # shape (labels,)

    def logits(self, vectors: Vectors) -> Vectors:
        """Return logits of shape (windows, labels) for vectors of shape (windows, width)."""
        return np.asarray(vectors @ self.weight.T + self.bias)


@dataclass(frozen=True)
class WindowSet:
    """Labelled articles, cut into windows."""

    windows: Sequence[Window]
    articles: NDArray[np.int64]  # index of the article of each window
    parts: NDArray[np.float64]  # weight of each window in its article, with a sum of 1 per article
    accepted: NDArray[np.bool_]  # correct labels, mostly one per article, shape (articles, labels)
    weights: NDArray[np.float64]  # of each article
    others: NDArray[np.float64]  # part of the target that other labels get, shape (articles, labels)

    @cached_property
    def window_weights(self) -> NDArray[np.float64]:
        """The weight of each window: its part of the article's weight."""
        return np.asarray(self.weights[self.articles] * self.parts)

    @property
    def unambiguous(self) -> NDArray[np.bool_]:
        """Whether an article has exactly one correct label."""
        return np.asarray(self.accepted.sum(axis=1) == 1)

    def subset(self, articles: Sequence[int], accepted: NDArray[np.bool_]) -> "WindowSet":
        """Return these articles, in rising order, with other labels: `accepted` is for all articles."""
        rows = np.flatnonzero(np.isin(self.articles, articles))
        return WindowSet(
            [self.windows[row] for row in rows.tolist()],
            np.searchsorted(articles, self.articles[rows]),
            self.parts[rows],
            accepted[articles],
            self.weights[articles],
            self.others[articles],
        )

    def truth(self, probabilities: Probabilities) -> NDArray[np.int64]:
        """Return the correct label of each article; of several the most probable one."""
        return np.asarray(np.where(self.accepted, probabilities, -1.0).argmax(axis=1))

    def likelihood(self, probabilities: Probabilities) -> Probabilities:
        """Return the probability of each article's correct labels together."""
        return np.asarray(np.where(self.accepted, probabilities, 0.0).sum(axis=1))

    def probabilities(self, logits: NDArray[np.floating]) -> Probabilities:
        """Return probabilities of shape (articles, labels) for logits of shape (windows, labels).

        They are the weighted mean over an article's windows, as an expert predicts.
        """
        sums: Probabilities = np.zeros((len(self.accepted), logits.shape[1]))
        np.add.at(sums, self.articles, softmax(logits) * self.parts[:, None])
        return sums


class Unlabelled(NamedTuple):
    """Articles without labels, and the short texts about each as windows of one article."""

    source: UnlabelledSource
    texts: WindowSet
    parts: WindowSet

    def labelled(self, probabilities: Probabilities) -> WindowSet:
        """Return the articles with the highest probability of a label, given probabilities of their parts.

        Each label is ranked separately: a model is most certain of the label that it has seen most.
        """
        labels, scores = probabilities.argmax(axis=1), probabilities.max(axis=1)
        chosen: list[int] = []
        for label in np.unique(labels):
            ranked = sorted(np.flatnonzero(labels == label).tolist(), key=lambda article: -scores[article])
            chosen += ranked[: min(self.source.max_per_label, round(self.source.share * len(ranked)))]
        return self.texts.subset(sorted(chosen), np.eye(probabilities.shape[1], dtype=bool)[labels])


def read_source(
    source: LabelSource, recipe: ClassifierRecipe, run: TrainingRun, teacher: Path | None = None
) -> WindowSet:
    """Read a source in windows, as the recipe's `long_input` says; a teacher's probabilities are part of the target.

    Examples without a text are left out.
    """
    pairs = [(example, run.extract(example.article, recipe)) for example in source.examples(run.data, recipe.labels)]
    pairs = [(example, extract) for example, extract in pairs if extract.windows]
    shares = np.array([_shares(example.others, recipe) for example, _ in pairs]).reshape(-1, len(recipe.labels))
    taught_share = recipe.teacher_share if source.teacher_share is None else source.teacher_share
    if teacher and taught_share:
        articles = [example.article for example, _ in pairs]
        taught = run.teachers.probabilities(teacher, recipe.labels, articles, run.report)
        shares = (1 - taught_share) * shares + taught_share * taught
    rows = (
        ([extract], [label in example.accepted for label in recipe.labels], row)
        for (example, extract), row in zip(pairs, shares.tolist(), strict=True)
    )
    return _window_set(rows, source.weight, len(recipe.labels))


def read_taught(
    source: TextSource, recipe: ClassifierRecipe, run: TrainingRun, teacher: Path, measured_on: Set[Window]
) -> WindowSet:
    """Read a source without labels; the whole target is what the teacher predicts.

    Texts that the expert is measured on are left out, and those without a word.
    """
    read = [(article, run.extract(article, recipe)) for article in source.examples(run.data)]
    pairs = [pair for pair in read if pair[1].windows and measured_on.isdisjoint(pair[1].windows)]
    articles = [article for article, _ in pairs]
    taught = run.teachers.probabilities(teacher, recipe.labels, articles, run.report)
    every = [True] * len(recipe.labels)
    rows = (([extract], every, row) for (_, extract), row in zip(pairs, taught.tolist(), strict=True))
    return _window_set(rows, source.weight, len(recipe.labels))


def _shares(others: Sequence[str], recipe: ClassifierRecipe) -> list[float]:
    """Return the part of the target that each label gets for being one that a second reader could have given."""
    return [recipe.others_share / len(others) if label in others else 0.0 for label in recipe.labels]


def read_unlabelled(source: UnlabelledSource, recipe: ClassifierRecipe, run: TrainingRun) -> Unlabelled:
    """Read a source without labels; articles that are empty, or without short texts, are left out."""
    every, none = [True] * len(recipe.labels), [0.0] * len(recipe.labels)
    texts, parts = [], []
    for article, short in source.examples(run.data):
        extract, *extracts = (run.extract(text, recipe) for text in (article, *short))
        if extract.windows and any(part.windows for part in extracts):
            texts.append(([extract], every, none))
            parts.append((extracts, every, none))
    return Unlabelled(source, *(_window_set(rows, source.weight, len(every)) for rows in (texts, parts)))


def _window_set(
    rows: Iterable[tuple[Sequence[Extract], Sequence[bool], Sequence[float]]], weight: float, labels: int
) -> WindowSet:
    """Return articles in windows, given what is read of each, which labels are correct, and the parts of others."""
    windows: list[Window] = []
    articles: list[int] = []
    parts: list[float] = []
    accepted: list[Sequence[bool]] = []
    others: list[Sequence[float]] = []
    for extracts, correct, shares in rows:
        weights = [part for extract in extracts for part in extract.weights]
        if weights:
            windows += [window for extract in extracts for window in extract.windows]
            articles += [len(accepted)] * len(weights)
            parts += [part / sum(weights) for part in weights]
            accepted.append(correct)
            others.append(shares)
    return WindowSet(
        windows,
        np.array(articles, dtype=np.int64),
        np.array(parts, dtype=np.float64),
        np.array(accepted, dtype=bool).reshape(-1, labels),
        np.full(len(accepted), weight),
        np.array(others, dtype=np.float64).reshape(-1, labels),
    )


def joined(sets: Sequence[WindowSet], recipe: ClassifierRecipe) -> WindowSet:
    """Return all sets as one, with a mean weight of 1; in a balanced recipe rare labels weigh more."""
    starts = np.cumsum([0, *(len(part.accepted) for part in sets)])
    accepted = np.concatenate([part.accepted for part in sets])
    weights = np.concatenate([part.weights for part in sets])
    if recipe.balanced:
        unambiguous = accepted.sum(axis=1) == 1
        weights[unambiguous] *= compute_sample_weight("balanced", accepted[unambiguous].argmax(axis=1))
    return WindowSet(
        [window for part in sets for window in part.windows],
        np.concatenate([part.articles + start for part, start in zip(sets, starts, strict=False)]),
        np.concatenate([part.parts for part in sets]),
        accepted,
        weights / weights.mean(),
        np.concatenate([part.others for part in sets]),
    )
