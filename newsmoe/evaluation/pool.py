"""What every expert of a pool answers to examples: what gates learn from and are measured on."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from newsmoe.article import Article, estimate_tokens
from newsmoe.datasets.sources import Labelled, LabelSource, Source, SummarySource, Target
from newsmoe.errors import InputError
from newsmoe.evaluation.cache import TimedPredictions, cached_predictions
from newsmoe.evaluation.predictions import Answers, Table, label_predictions, summary_predictions
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
    """The answers of a pool to one source.

    Attributes:
        title: what the data is called.
        weight: how much the source counts.
        articles: the texts.
        experts: names.
        answers: how good the experts' answers are.
        tokens: what each expert read, shape (articles, experts).
        seconds: what an article took each expert on average, shape (experts,); the first that reads it also
            cuts it into sentences for all.
    """

    title: str
    weight: float
    articles: tuple[Article, ...]
    experts: tuple[str, ...]
    answers: Answers
    tokens: Table
    seconds: NDArray[np.float64]


def predict_pool(
    experts: Sequence[str],
    sources: Iterable[LabelSource | SummarySource],
    root: Path,
    registry: Registry,
    report: Callable[[str, int, int], None],
    device: Device | None = None,
    target: Target | None = None,
) -> list[PoolPredictions]:
    """Have every expert answer every text, as they are served; what was answered before is kept."""
    loaded = LoadedExperts(registry, device or Device(), None)
    dispatcher = Dispatcher(loaded, Settings().batch_articles)
    pool = _Pool(tuple(experts), registry, dispatcher, report)
    return [
        pool.labelled(source, root, target or "probability")
        if isinstance(source, LabelSource)
        else pool.summarized(source, root, target or "rouge")
        for source in sources
    ]


@dataclass(frozen=True)
class _Pool:
    """Experts that are asked about one source after the other."""

    experts: tuple[str, ...]
    registry: Registry
    dispatcher: Dispatcher
    report: Callable[[str, int, int], None]

    def labelled(self, source: LabelSource, root: Path, target: Target) -> PoolPredictions:
        examples = list(source.examples(root))
        articles = [one.article for one in examples]
        asked = self._ask(source, articles)
        labels = _rows(Labels, self.experts, asked)
        _require_known(source, examples, labels)
        return self._judged(
            source, articles, asked, label_predictions(examples, labels, target, closed=source.closed)
        )

    def summarized(self, source: SummarySource, root: Path, target: Target) -> PoolPredictions:
        examples = list(source.examples(root))
        articles = [one.article for one in examples]
        asked = self._ask(source, articles)
        summaries = _rows(Summary, self.experts, asked)
        return self._judged(source, articles, asked, summary_predictions(examples, summaries, target))

    def _ask(self, source: Source, articles: Sequence[Article]) -> list[TimedPredictions]:
        if not articles:
            raise InputError(f"{source.title}: there are no examples in it")
        asked = []
        for number, name in enumerate(self.experts, start=1):
            asked.append(
                cached_predictions(self.registry.info(name), articles, partial(_answers, self.dispatcher))
            )
            self.report(f"asking {name} about {source.title}", number, len(self.experts))
        return asked

    def _judged(
        self, source: Source, articles: Sequence[Article], asked: Sequence[TimedPredictions], answers: Answers
    ) -> PoolPredictions:
        return PoolPredictions(
            title=source.title,
            weight=source.weight,
            articles=tuple(articles),
            experts=self.experts,
            answers=answers,
            tokens=np.array([list(map(_tokens, articles, one.answers)) for one in asked]).T,
            seconds=np.array([one.seconds for one in asked]) / len(articles),
        )


def _answers(dispatcher: Dispatcher, info: ExpertInfo, articles: Sequence[Article]) -> TimedPredictions:
    """Have an expert answer, as many articles at a time as a window of a run has."""
    name, window, figures = info.name, Settings().window_articles, ExpertStats()
    blocks = [articles[start : start + window] for start in range(0, len(articles), window)]
    started = perf_counter()
    outcomes = [outcome for block in blocks for outcome in dispatcher.run(name, info.task, block, figures)]
    seconds = perf_counter() - started - figures.load_seconds
    for article, outcome in zip(articles, outcomes, strict=True):
        if isinstance(outcome, ItemError):
            shown = (article.headline or article.content)[:60]
            raise InputError(f"{name} fails on {shown!r}: {outcome.message}")
    return TimedPredictions([one for one in outcomes if not isinstance(one, ItemError)], seconds)


def _rows(kind: type[Kind], experts: Sequence[str], asked: Sequence[TimedPredictions]) -> list[list[Kind]]:
    """Return the answers by article, then by expert."""
    for name, one in zip(experts, asked, strict=True):
        for answer in one.answers:
            if not isinstance(answer, kind):
                raise InputError(
                    f"{name} answers with {type(answer).__name__}; these examples have {kind.__name__}"
                )
    rows = zip(*(one.answers for one in asked), strict=True)
    return [[answer for answer in row if isinstance(answer, kind)] for row in rows]


def _require_known(
    source: LabelSource, labelled: Sequence[Labelled], answers: Sequence[Sequence[Labels]]
) -> None:
    """See that every right label is one that some expert has."""
    known = {label for row in answers for answer in row for label in answer.scores}
    for one in labelled:
        if known.isdisjoint(one.accepted):
            raise InputError(
                f"{source.title}: {one.label!r} is no label of these experts, who answer"
                f" {', '.join(sorted(known))}; say in the recipe's 'labels' which of these it stands for"
            )


def _tokens(article: Article, answer: Prediction) -> float:
    """Return what an expert read of an article, estimated where it does not say."""
    if answer.input_stats is not None:
        return float(answer.input_stats.tokens)
    return float(estimate_tokens(article.headline) + estimate_tokens(article.content))
