"""Experts and pools measured on labelled texts, as they are served."""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from newsmoe.article import Article
from newsmoe.datasets.sources import (
    ChosenSource,
    LabelledArticle,
    LabelSource,
    ReadArticle,
    SummarizedArticle,
    SummarySource,
)
from newsmoe.datasets.tagged import Span, TaggedArticle, TaggedSource
from newsmoe.datasets.targets import TargetedArticle, TargetSource
from newsmoe.errors import InputError
from newsmoe.evaluation.metrics import LabelQuality
from newsmoe.evaluation.predictions import LabelPredictions, label_predictions, unknown_labels
from newsmoe.evaluation.spans import SpanCounts
from newsmoe.gating.rules import RulesGate
from newsmoe.orchestrator.session import Session
from newsmoe.output.run_report import RunStats
from newsmoe.registry.kinds.target_classifier import TargetClassifier
from newsmoe.registry.registry import Registry
from newsmoe.settings.conditions import Rule
from newsmoe.settings.model import Settings
from newsmoe.text.references import opens_with_reference
from newsmoe.text.sentences import aligned, split_sentences
from newsmoe.validation import Strict

_logger = logging.getLogger(__name__)


class Evaluation(Strict):
    """The result on one data source."""

    data: str
    items: int
    answered: int  # articles with a prediction; the figures are over these
    seconds: float  # of the run, loading not included
    items_per_second: float
    tokens_per_second: float  # each article's tokens count once
    figures: dict[str, float]  # by metric, from 0 to 1; of summaries also those of lead-3 and the oracle
    labels: dict[str, LabelQuality] = {}
    confusion: dict[str, dict[str, int]] = {}  # by true label, then by predicted label
    predictions: dict[str, int] = {}  # articles by expert


def single_expert_session(expert: str, settings: Settings, registry: Registry) -> Session:
    """Return a session that runs one expert on every article."""
    task = registry.info(expert).task
    gate = RulesGate([Rule(use={task: (expert,)})], {task: registry.pool(task)})
    settings = settings.model_copy(update={"tasks": (task,), "journal": None})
    return Session(settings, registry=registry, gate=gate)


MeasuredSource = LabelSource | SummarySource | ChosenSource | TaggedSource | TargetSource


def measure(
    session: Session, task: str, source: MeasuredSource, root: Path, labels: Sequence[str] | None = None
) -> Evaluation:
    """Measure a session on one task and data source; `labels` are those that the source may have."""
    if isinstance(source, LabelSource):
        labelled = list(source.examples(root, labels))
        return measure_labels(session, task, source.title, labelled, closed=source.closed)
    if isinstance(source, ChosenSource):
        return measure_choices(session, task, source.title, list(source.examples(root)))
    if isinstance(source, TargetSource):
        return measure_targets(session, task, source.title, list(source.examples(root)))
    if isinstance(source, TaggedSource):
        return measure_entities(session, task, source.title, list(source.examples(root)))
    return measure_summaries(session, task, source.title, list(source.examples(root)))


def measure_labels(
    session: Session, task: str, data: str, examples: Sequence[LabelledArticle], *, closed: bool = False
) -> Evaluation:
    """Measure a session on a task with labels, beside `majority`, the accuracy of always the most common label."""
    scores, evaluation = _run(session, task, data, [example.article for example in examples], "scores")
    _check_labels(data, examples, set().union(*scores.values()))
    rows = [[scores[number]] if number in scores else [] for number in range(len(examples))]
    predictions = label_predictions(examples, rows, closed=closed)
    return evaluation(**_qualities(predictions))


def _qualities(predictions: LabelPredictions) -> dict[str, Any]:
    """Return what an evaluation says of one expert's labels: the figures, those by label, and the confusion."""
    weights = np.ones((len(predictions.truth), 1))
    labels, confusion = predictions.by_label(weights)
    majority = float(np.bincount(predictions.truth).max() / len(predictions.truth))
    figures = {**predictions.figures(weights), "majority": majority}
    return {"figures": figures, "labels": labels, "confusion": confusion}


def _check_labels(data: str, examples: Sequence[LabelledArticle], predicted: Collection[str]) -> None:
    """Warn of labels that are never predicted; raise if there are no others."""
    unknown = unknown_labels(examples, predicted)
    if not unknown:
        return
    message = (
        f"{data}: no prediction has the label {', '.join(map(repr, sorted(unknown)))}; predicted labels are"
        f" {', '.join(sorted(predicted))}; map labels with --map, or in the recipe's 'labels'"
    )
    if all(unknown.issuperset(example.accepted) for example in examples):
        raise InputError(message)
    _logger.warning("%s", message)


def measure_summaries(session: Session, task: str, data: str, examples: Sequence[SummarizedArticle]) -> Evaluation:
    """Measure summaries by ROUGE, beside the first three sentences and the greedy oracle's."""
    from newsmoe.evaluation.rouge import baselines, rouge

    articles = [example.article for example in examples]
    summaries, evaluation = _run(session, task, data, articles, "summary")
    scores: defaultdict[str, list[float]] = defaultdict(list)
    for number, summary in summaries.items():
        article, reference = examples[number]
        others = baselines(split_sentences(article.content, article.language), reference)
        texts = {"": "\n".join(split_sentences(summary, article.language))}
        texts |= {f"{system}: ": text for system, text in others.items()}
        for prefix, text in texts.items():
            for metric, value in rouge(reference, text).items():
                scores[prefix + metric].append(value)
            scores[prefix + "words"].append(len(text.split()))
    return evaluation(figures={name: float(np.mean(values)) for name, values in scores.items()})


def measure_choices(session: Session, task: str, data: str, examples: Sequence[ReadArticle]) -> Evaluation:
    """Measure summaries by the sentences that a reader chose, beside the reader's first two sentences.

    Of a summary's sentences, precision, recall and F1 are those that the reader chose too; `junk` is the share of
    summaries with a sentence that is no part of the article, `open references` that of those whose first sentence
    points back.
    """
    summaries, evaluation = _run(session, task, data, [example.article for example in examples], "summary")
    scores: defaultdict[str, list[float]] = defaultdict(list)
    for number, summary in summaries.items():
        example = examples[number]
        sentences = split_sentences(summary, example.article.language)
        systems = {"": sentences, "lead-2: ": example.sentences[:2]}
        for prefix, texts in systems.items():
            numbers = set(aligned(texts, example.sentences))
            right = len(numbers & example.chosen)
            scores[prefix + "precision"].append(right / max(1, len(numbers)))
            scores[prefix + "recall"].append(right / len(example.chosen))
            scores[prefix + "F1"].append(2 * right / (len(numbers) + len(example.chosen)))
            scores[prefix + "junk"].append(bool(numbers & example.junk))
            scores[prefix + "open references"].append(any(map(opens_with_reference, texts[:1])))
            scores[prefix + "words"].append(sum(len(text.split()) for text in texts))
    return evaluation(figures={name: float(np.mean(values)) for name, values in scores.items()})


def measure_entities(session: Session, task: str, data: str, examples: Sequence[TaggedArticle]) -> Evaluation:
    """Measure entities by their exact place and type; those of types that the data lacks do not count."""
    analyses, evaluation = _run(session, task, data, [example.article for example in examples])
    counts = SpanCounts({entity.type for example in examples for entity in example.entities})
    for number, entities in analyses.items():
        mentions = [(mention, entity["type"]) for entity in entities for mention in entity["mentions"]]
        spans = [Span(mention["start"], mention["end"], type) for mention, type in mentions]
        counts.add(examples[number].entities, spans)
    total = counts.total()
    figures = {"precision": total.precision, "recall": total.recall, "F1": total.f1}
    return evaluation(figures=figures, labels=counts.by_type())


def measure_targets(session: Session, task: str, data: str, examples: Sequence[TargetedArticle]) -> Evaluation:
    """Measure the tone towards targets that the data names; how well they are found in an article is left aside."""
    if not examples:
        raise InputError(f"{data}: no text names its target")
    (decision,) = session.gate.route([examples[0].article])[0]
    expert = session.registry.build(next(iter(decision.weights)))
    if not isinstance(expert, TargetClassifier):
        raise InputError(f"{data}: {expert.name} cannot be asked for the {task} of a target")
    expert.load(session.device)
    started = perf_counter()
    predicted = expert.labels((example.article, example.mentions) for example in examples)
    seconds = perf_counter() - started
    labelled = [LabelledArticle(example.article, example.label, (example.label,)) for example in examples]
    predictions = label_predictions(labelled, [[labels.scores] if labels else [] for labels in predicted])
    return Evaluation(
        data=data,
        items=len(examples),
        answered=len(predictions.truth),
        seconds=seconds,
        items_per_second=len(examples) / seconds,
        tokens_per_second=sum(expert.lengths([example.article for example in examples])) / seconds,
        **_qualities(predictions),
    )


def _run(
    session: Session, task: str, data: str, articles: Sequence[Article], key: str | None = None
) -> tuple[dict[int, Any], Callable[..., Evaluation]]:
    """Analyze articles; return what stands under `key` by number, or all of it, and what makes an evaluation."""
    stats = RunStats()
    started = perf_counter()
    records = list(session.analyze(articles, stats))
    seconds = perf_counter() - started - sum(expert.load_seconds for expert in stats.experts.values())
    analyses: dict[int, Any] = {
        number: record.analyses[task] for number, record in enumerate(records) if task in record.analyses
    }
    values = analyses if key is None else {number: each[key] for number, each in analyses.items() if key in each}
    if not values:
        errors = (error.message for record in records for error in record.errors)
        reasons = (entry.reason for record in records for entry in record.route if entry.expert is None)
        reason = next(errors, None) or next(reasons, None)
        why = f": {reason}" if reason else ""
        raise InputError(f"{data}: no {key or task} predicted for any of {len(records)} articles{why}")
    return values, partial(
        Evaluation,
        data=data,
        items=len(records),
        answered=len(analyses),
        seconds=seconds,
        items_per_second=len(records) / seconds,
        tokens_per_second=stats.tokens / seconds,
        predictions={name: expert.items for name, expert in stats.experts.items()},
    )
