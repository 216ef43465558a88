"""Predictions of a pool's experts for the same articles, scored against labels or reference summaries."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from newsmoe.datasets.label_maps import merge_scores
from newsmoe.datasets.sources import LabelledArticle, LabelSource, SummarizedArticle, SummarySource
from newsmoe.errors import InputError
from newsmoe.evaluation.metrics import LabelQuality, classifier_figures, label_quality, most_probable
from newsmoe.prediction import Labels, Prediction, Summary
from newsmoe.text.sentences import split_sentences

Kind = TypeVar("Kind", Labels, Summary)

Vector = NDArray[np.float64]
Table = NDArray[np.float64]
"""One row per article, and mostly one column per expert."""

Target = Literal["probability", "correct", "rouge", "rouge2"]
"""An expert's success. With labels: the probability of the right one, or whether it is predicted; with
summaries: the mean of ROUGE-1 and -2, or ROUGE-2."""

BOTH = "ROUGE-1/2"
"""The mean of ROUGE-1 and -2."""


@dataclass(frozen=True)
class LabelPredictions:
    """Distributions over labels, and how good they are.

    Weights are of shape (articles, experts); an article with all weights 0 has no prediction and quality 0.
    """

    labels: tuple[str, ...]
    scores: NDArray[np.float64]  # shape (articles, experts, labels); sums are below 1 if closed
    truth: NDArray[np.int64]  # index of the right label, shape (articles,)
    target: Target = "probability"
    metric = "accuracy"  # the name of the quality

    @property
    def success(self) -> Table:
        """What a gate learns: the probability of the right label, or 1 where it is predicted, else 0."""
        return self.correct() if self.target == "correct" else self.likelihood()

    def likelihood(self) -> Table:
        """Return the probability of the right label, shape (articles, experts)."""
        return normalized(self.scores)[np.arange(len(self.truth)), :, self.truth]

    def correct(self) -> Table:
        """Return 1 where an expert predicts the right label, else 0; shape (articles, experts)."""
        return np.asarray(most_probable(self.scores) == self.truth[:, None], dtype=np.float64)

    def quality(self, weights: Table) -> Vector:
        """Return 1 where the weighted mean of the distributions predicts the right label, else 0."""
        return np.asarray(most_probable(self._mixture(weights)) == self.truth, dtype=np.float64)

    def figures(self, weights: Table) -> dict[str, float]:
        """Return accuracy, macro-F1 and calibration error."""
        return classifier_figures(self._mixture(weights), self.truth)

    def by_label(self, weights: Table) -> tuple[dict[str, LabelQuality], dict[str, dict[str, int]]]:
        """Return the quality of each label, and the confusion counts."""
        return label_quality(most_probable(self._mixture(weights)), self.truth, self.labels)

    def confidence(self) -> Table:
        """Return the probability of the label that each expert predicts."""
        return np.asarray(normalized(self.scores).max(axis=2))

    def _mixture(self, weights: Table) -> Vector:
        """Return probabilities, shape (articles, labels)."""
        return normalized(np.einsum("ae,ael->al", weights, self.scores))


@dataclass(frozen=True)
class SummaryPredictions:
    """Summaries; texts cannot be averaged, so the one with the largest weight is taken."""

    scores: Mapping[str, Table]  # by metric, from 0 to 1, shape (articles, experts); the first is the success

    @property
    def metric(self) -> str:
        """The ROUGE metric that is the success."""
        return next(iter(self.scores))

    @property
    def success(self) -> Table:
        """The ROUGE score of each expert's summary."""
        return self.scores[self.metric]

    def quality(self, weights: Table) -> Vector:
        """Return the ROUGE score of the summary with the largest weight."""
        return _of_largest(self.success, weights)

    def figures(self, weights: Table) -> dict[str, float]:
        """Return the mean of every ROUGE metric."""
        return {metric: float(_of_largest(table, weights).mean()) for metric, table in self.scores.items()}

    def confidence(self) -> None:
        """Return None: a summary has no probability."""


ScoredPredictions = LabelPredictions | SummaryPredictions


def score(
    source: LabelSource | SummarySource,
    examples: Sequence[Any],
    columns: Mapping[str, Sequence[Prediction]],
    target: Target | None,
) -> ScoredPredictions:
    """Score the predictions of experts, by name, for the examples of a source."""
    if isinstance(source, SummarySource):
        return _summary_predictions(examples, _rows(Summary, columns), target or "rouge")
    scores = [[labels.scores for labels in row] for row in _rows(Labels, columns)]
    labels = {label for row in scores for column in row for label in column}
    unknown = unknown_labels(examples, labels)
    for example in examples:
        if unknown.issuperset(example.accepted):
            raise InputError(
                f"{source.title}: {example.label!r} is no label of these experts, whose labels are"
                f" {', '.join(sorted(labels))}; map it to one of these in the recipe's 'labels'"
            )
    return label_predictions(examples, scores, target or "probability", closed=source.closed)


def _rows(kind: type[Kind], columns: Mapping[str, Sequence[Prediction]]) -> list[tuple[Kind, ...]]:
    """Return the predictions by article, then by expert."""
    for name, column in columns.items():
        for prediction in column:
            if not isinstance(prediction, kind):
                wrong = type(prediction).__name__
                raise InputError(f"{name} predicts {wrong}; these examples have {kind.__name__}")
    return cast(list[tuple[Kind, ...]], list(zip(*columns.values(), strict=True)))


def unknown_labels(examples: Iterable[LabelledArticle], labels: Collection[str]) -> set[str]:
    """Return the accepted labels that are not among `labels`."""
    return {label for example in examples for label in example.accepted}.difference(labels)


def label_predictions(
    examples: Sequence[LabelledArticle],
    scores: Sequence[Sequence[Mapping[str, float]]],
    target: Target = "probability",
    *,
    closed: bool = False,
) -> LabelPredictions:
    """Score label distributions, one row per example and one column per expert.

    An empty row leaves its example out. If `closed`, only labels that occur in the data count.
    """
    wider = {label: example.label for example in examples for label in example.accepted}
    merged = [[merge_scores(column, wider) for column in row] for row in scores if row]
    truth = [example.label for example, row in zip(examples, scores, strict=True) if row]
    predicted = () if closed else (label for row in merged for column in row for label in column)
    labels = tuple(sorted({*truth, *predicted}))
    return LabelPredictions(
        labels=labels,
        scores=np.array([[[column.get(label, 0.0) for label in labels] for column in row] for row in merged]),
        truth=np.array([labels.index(label) for label in truth]),
        target=target,
    )


def _summary_predictions(
    examples: Sequence[SummarizedArticle], rows: Sequence[Sequence[Summary]], target: Target
) -> SummaryPredictions:
    scores = [[_rouge(example, summary.text) for summary in row] for example, row in zip(examples, rows, strict=True)]
    first = "ROUGE-2" if target == "rouge2" else BOTH
    metrics = sorted(scores[0][0], key=lambda metric: metric != first)
    return SummaryPredictions({name: np.array([[cell[name] for cell in row] for row in scores]) for name in metrics})


def _rouge(example: SummarizedArticle, summary: str) -> dict[str, float]:
    from newsmoe.evaluation.rouge import rouge  # loads nltk, which labels do not need

    scores = rouge(example.summary, "\n".join(split_sentences(summary, example.article.language)))
    return {BOTH: (scores["ROUGE-1"] + scores["ROUGE-2"]) / 2, **scores}


def normalized(scores: NDArray[np.float64]) -> Vector:
    """Scale scores to sum to 1 over the last axis, unless all are 0."""
    return np.asarray(scores / np.maximum(scores.sum(axis=-1, keepdims=True), 1e-12))


def _of_largest(values: Table, weights: Table) -> Vector:
    """Return the value in the column of each row's largest weight; 0 if all weights are 0."""
    best = values[np.arange(len(values)), weights.argmax(axis=1)]
    return np.where(weights.any(axis=1), best, 0.0)
