"""Predictions of every expert of a pool for the examples of a data source: a gate's training data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from newsmoe.article import Article, estimate_article_tokens
from newsmoe.datasets.sources import LabelSource, SummarySource
from newsmoe.errors import InputError
from newsmoe.evaluation.cache import TimedPredictions, cached_predictions
from newsmoe.evaluation.predictions import ScoredPredictions, Table, Target, Vector, score
from newsmoe.evaluation.progress import Progress
from newsmoe.orchestrator.dispatcher import Dispatcher
from newsmoe.orchestrator.loaded import LoadedExperts
from newsmoe.output.run_report import ExpertStats
from newsmoe.prediction import Prediction
from newsmoe.record import ItemError
from newsmoe.registry.device import Device
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings


@dataclass(frozen=True)
class PoolPredictions:
    """The predictions of a pool for one data source."""

    title: str
    weight: float  # of the source
    articles: tuple[Article, ...]
    experts: tuple[str, ...]
    predictions: ScoredPredictions
    tokens: Table  # read by each expert, shape (articles, experts)
    seconds: Vector  # per article, shape (experts,); the first expert also splits sentences


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
    loaded = LoadedExperts(registry, device or Device(), None)
    predict = partial(_predict, Dispatcher(loaded, Settings().batch_articles))
    pool = []
    for source in sources:
        examples: list[Any] = [
            example for example in source.examples(root) if example.article.headline or example.article.content
        ]
        if not examples:
            raise InputError(f"{source.title}: there are no examples in it")
        articles = tuple(example.article for example in examples)
        columns = {}
        tokens, seconds = [], []
        for number, name in enumerate(experts, start=1):
            timed = cached_predictions(registry.info(name), articles, predict)
            columns[name] = timed.predictions
            tokens.append(list(map(_tokens, articles, timed.predictions)))
            seconds.append(timed.seconds / len(articles))
            report(f"running {name} on {source.title}", number, len(experts))
        scored = score(source, examples, columns, target)
        cost = np.array(tokens).T, np.array(seconds)
        pool.append(PoolPredictions(source.title, source.weight, articles, tuple(experts), scored, *cost))
    return pool


def source_weights(pool: Sequence[PoolPredictions]) -> Vector:
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


def _tokens(article: Article, prediction: Prediction) -> float:
    """Return the tokens that an expert read, estimated if it does not say."""
    if prediction.input_stats is not None:
        return float(prediction.input_stats.tokens)
    return float(estimate_article_tokens(article))
