"""How good the answers of a pool are: labels against the right ones, summaries against people's."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from newsmoe.datasets.sources import Labelled, Summarized, Target
from newsmoe.evaluation.measure import by_data_label
from newsmoe.evaluation.metrics import classification_figures
from newsmoe.prediction import Labels, Summary
from newsmoe.text.sentences import split_sentences

Table = NDArray[np.float64]
"""One row an article, and mostly one column an expert."""

BOTH = "ROUGE-1/2"
"""The mean of ROUGE-1 and -2."""


class Answers(ABC):
    """What every expert of a pool answered to the same articles, and how good that is.

    Weights, of shape (articles, experts), say what each expert counts for each article; where all are 0,
    nobody answers, which is worth nothing.
    """

    @property
    @abstractmethod
    def metric(self) -> str:
        """What quality is called."""

    @property
    @abstractmethod
    def success(self) -> Table:
        """How good each expert's answer is, from 0 to 1: what a gate learns; shape (articles, experts)."""

    @abstractmethod
    def quality(self, weights: Table) -> NDArray[np.float64]:
        """Return how good the experts' common answers are, from 0 to 1, shape (articles,)."""

    @abstractmethod
    def figures(self, weights: Table) -> dict[str, float]:
        """Return means over all articles by metric, that of `quality` first."""

    def confidence(self) -> Table | None:
        """Return how sure each expert is, shape (articles, experts); None where they do not say."""
        return None


@dataclass(frozen=True)
class LabelPredictions(Answers):
    """Distributions over labels.

    Attributes:
        labels: what can be answered.
        scores: probabilities, shape (articles, experts, labels); where only the source's own labels count,
            the others are left out, and a row sums to less than 1.
        truth: index of the right label, shape (articles,).
        target: what success is.
    """

    labels: tuple[str, ...]
    scores: NDArray[np.float64]
    truth: NDArray[np.int64]
    target: Target = "probability"
    metric = "accuracy"

    @property
    def success(self) -> Table:
        """The probability that each expert gives the right label, or 1 where its answer is right, else 0."""
        return self.correct() if self.target == "correct" else self.likelihood()

    def likelihood(self) -> Table:
        """Return the probability that each expert gives the right label, shape (articles, experts)."""
        return _scaled(self.scores)[np.arange(len(self.truth)), :, self.truth]

    def correct(self) -> Table:
        """Return 1 where an expert's answer is right, else 0; shape (articles, experts)."""
        right: NDArray[np.bool_] = self.scores.argmax(axis=2) == self.truth[:, None]
        return right.astype(np.float64)

    def quality(self, weights: Table) -> NDArray[np.float64]:
        """Return 1 where the mean of the experts' distributions has the right label in front, else 0."""
        mixed = self._mixture(weights)
        right: NDArray[np.bool_] = (mixed.argmax(axis=1) == self.truth) & mixed.any(axis=1)
        return right.astype(np.float64)

    def figures(self, weights: Table) -> dict[str, float]:
        """Return accuracy, macro-F1 and calibration error."""
        return classification_figures(self._mixture(weights), self.truth)

    def confidence(self) -> Table:
        """Return the probability of the label that each expert answers."""
        sure: Table = _scaled(self.scores).max(axis=2)
        return sure

    def _mixture(self, weights: Table) -> NDArray[np.float64]:
        """Return probabilities, shape (articles, labels)."""
        return _scaled(np.einsum("ae,ael->al", weights, self.scores))


@dataclass(frozen=True)
class SummaryPredictions(Answers):
    """Summaries, of which the one with the greatest weight is taken, as texts cannot be averaged.

    Attributes:
        scores: by metric, from 0 to 1, each of shape (articles, experts); the first is what success is.
    """

    scores: Mapping[str, Table]

    @property
    def metric(self) -> str:
        """Which ROUGE success is."""
        return next(iter(self.scores))

    @property
    def success(self) -> Table:
        """The ROUGE of each expert's summary."""
        return self.scores[self.metric]

    def quality(self, weights: Table) -> NDArray[np.float64]:
        """Return the ROUGE of the summary that is taken."""
        return _taken(self.success, weights)

    def figures(self, weights: Table) -> dict[str, float]:
        """Return the means of every ROUGE."""
        return {metric: float(_taken(one, weights).mean()) for metric, one in self.scores.items()}


def label_predictions(
    examples: Sequence[Labelled],
    answers: Sequence[Sequence[Labels]],
    target: Target = "probability",
    *,
    closed: bool = False,
) -> LabelPredictions:
    """Judge labels."""
    wider = {label: one.label for one in examples for label in one.accepted}
    merged = [[by_data_label(one.scores, wider) for one in row] for row in answers]
    truth = [example.label for example in examples]
    known = set(truth) if closed else set(truth).union(*(one for row in merged for one in row))
    labels = tuple(sorted(known))
    return LabelPredictions(
        labels=labels,
        scores=np.array([[[one.get(label, 0.0) for label in labels] for one in row] for row in merged]),
        truth=np.array([labels.index(label) for label in truth]),
        target=target,
    )


def summary_predictions(
    examples: Sequence[Summarized], answers: Sequence[Sequence[Summary]], target: Target = "rouge"
) -> SummaryPredictions:
    """Judge summaries by ROUGE."""
    found = [
        [_rouge(example, one.text) for one in row] for example, row in zip(examples, answers, strict=True)
    ]
    first = "ROUGE-2" if target == "rouge2" else BOTH
    metrics = sorted(found[0][0], key=lambda metric: metric != first)
    return SummaryPredictions(
        {metric: np.array([[one[metric] for one in row] for row in found]) for metric in metrics}
    )


def _rouge(example: Summarized, summary: str) -> dict[str, float]:
    from newsmoe.evaluation.rouge import rouge  # loads nltk, which labels do without

    found = rouge(example.summary, "\n".join(split_sentences(summary, example.article.language)))
    return {BOTH: (found["ROUGE-1"] + found["ROUGE-2"]) / 2, **found}


def _scaled(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale scores to sum to 1 over the labels, the last axis."""
    scaled: NDArray[np.float64] = scores / np.maximum(scores.sum(axis=-1, keepdims=True), 1e-12)
    return scaled


def _taken(values: Table, weights: Table) -> NDArray[np.float64]:
    """Return the value of the expert with the greatest weight, the first of equals; 0 where there is none."""
    best = values[np.arange(len(values)), weights.argmax(axis=1)]
    taken: NDArray[np.float64] = np.where(weights.any(axis=1), best, 0.0)
    return taken
