"""Predictions of every expert of a pool for the examples of a data source: a gate's training data."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from newsmoe.article import Article, estimate_tokens
from newsmoe.datasets.sources import LabelledArticle, LabelSource, SummarySource
from newsmoe.errors import InputError
from newsmoe.evaluation.cache import TimedPredictions, cached_predictions
from newsmoe.evaluation.predictions import (
    ScoredPredictions,
    Table,
    Target,
    label_predictions,
    summary_predictions,
    unknown_labels,
)
from newsmoe.evaluation.progress import Progress
from newsmoe.orchestrator.dispatcher import Dispatcher
from newsmoe.orchestrator.loaded import LoadedExperts
from newsmoe.output.run_report import ExpertStats
from newsmoe.prediction import Labels, Prediction, Summary
from newsmoe.record import ItemError
from newsmoe.registry.device import Device
from newsmoe.registry.registry import ExpertInfo, Registry
from newsmoe.settings.model import Settings

Kind = TypeVar("Kind", Labels, Summary)


@dataclass(frozen=True)
class PoolPredictions:
    """The predictions of a pool for one data source."""

    title: str
    weight: float  # of the source
    articles: tuple[Article, ...]
    experts: tuple[str, ...]
    predictions: ScoredPredictions
    tokens: Table  # read by each expert, shape (articles, experts)
    seconds: NDArray[np.float64]  # per article, shape (experts,); the first expert also splits sentences


def predict_pool(
    experts: Sequence[str],
    sources: Iterable[LabelSource | SummarySource],
    root: Path,
    registry: Registry,
    report: Progress,
    device: Device | None = None,
    target: Target | None = None,
) -> list[PoolPredictions]:
    """Run every expert on every example, as experts are served; predictions are cached."""
    limits = Settings()
    loaded = LoadedExperts(registry, device or Device(), None)
    predict = partial(_predict, Dispatcher(loaded, limits.batch_tokens, limits.batch_articles))
    pool = []
    for source in sources:
        examples: list[Any] = list(source.examples(root))
        if not examples:
            raise InputError(f"{source.title}: there are no examples in it")
        articles = tuple(example.article for example in examples)
        columns = {}
        for number, name in enumerate(experts, start=1):
            columns[name] = cached_predictions(registry.info(name), articles, predict)
            report(f"running {name} on {source.title}", number, len(experts))
        pool.append(
            PoolPredictions(
                title=source.title,
                weight=source.weight,
                articles=articles,
                experts=tuple(experts),
                predictions=_scored(source, examples, columns, target),
                tokens=np.array(
                    [[*map(_tokens, articles, column.predictions)] for column in columns.values()]
                ).T,
                seconds=np.array([column.seconds for column in columns.values()]) / len(articles),
            )
        )
    return pool


def source_weights(pool: Sequence[PoolPredictions]) -> NDArray[np.float64]:
    """Return the weights of the sources, scaled to sum to 1."""
    total = sum(source.weight for source in pool)
    return np.array([source.weight / total for source in pool])


def windows_of(count: int) -> list[slice]:
    """Return the windows in which a run processes so many articles."""
    size = Settings().window_articles
    return [slice(start, start + size) for start in range(0, count, size)]


def _predict(dispatcher: Dispatcher, info: ExpertInfo, articles: Sequence[Article]) -> TimedPredictions:
    """Run an expert, a window of articles at a time."""
    stats, predictions = ExpertStats(), list[Prediction]()
    started = perf_counter()
    for window in windows_of(len(articles)):
        outcomes = dispatcher.run(info.name, info.task, articles[window], stats)
        for article, outcome in zip(articles[window], outcomes, strict=True):
            if isinstance(outcome, ItemError):
                text = (article.headline or article.content)[:60]
                raise InputError(f"{info.name} fails on {text!r}: {outcome.message}")
            predictions.append(outcome)
    return TimedPredictions(predictions, perf_counter() - started - stats.load_seconds)


def _scored(
    source: LabelSource | SummarySource,
    examples: Sequence[Any],
    columns: Mapping[str, TimedPredictions],
    target: Target | None,
) -> ScoredPredictions:
    if isinstance(source, SummarySource):
        return summary_predictions(examples, _rows(Summary, columns), target or "rouge")
    scores = [[labels.scores for labels in row] for row in _rows(Labels, columns)]
    _check_labels(source.title, examples, {label for row in scores for column in row for label in column})
    return label_predictions(examples, scores, target or "probability", closed=source.closed)


def _rows(kind: type[Kind], columns: Mapping[str, TimedPredictions]) -> list[tuple[Kind, ...]]:
    """Return the predictions by article, then by expert."""
    checked: list[list[Kind]] = []
    for name, column in columns.items():
        checked.append([])
        for prediction in column.predictions:
            if not isinstance(prediction, kind):
                raise InputError(
                    f"{name} predicts {type(prediction).__name__}; these examples have {kind.__name__}"
                )
            checked[-1].append(prediction)
    return list(zip(*checked, strict=True))


def _check_labels(title: str, examples: Sequence[LabelledArticle], labels: set[str]) -> None:
    """Raise if the label of an example is a label of no expert."""
    unknown = unknown_labels(examples, labels)
    for example in examples:
        if unknown.issuperset(example.accepted):
            raise InputError(
                f"{title}: {example.label!r} is no label of these experts, whose labels are"
                f" {', '.join(sorted(labels))}; map it to one of these in the recipe's 'labels'"
            )


def _tokens(article: Article, prediction: Prediction) -> float:
    """Return the tokens that an expert read, estimated if it does not say."""
    if prediction.input_stats is not None:
        return float(prediction.input_stats.tokens)
    return float(estimate_tokens(article.headline) + estimate_tokens(article.content))
