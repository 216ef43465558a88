"""Experts and gates measured on texts with right answers, as they are served."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from pydantic import Field

from newsmoe.analysis import Analysis
from newsmoe.article import Article
from newsmoe.config import Rule, Settings
from newsmoe.errors import InputError
from newsmoe.evaluation.labelled import Labelled, LabelSource, Summarized, SummarySource
from newsmoe.evaluation.metrics import LabelQuality, classification_figures, label_quality
from newsmoe.gating.rules import RulesGate
from newsmoe.orchestrator.figures import RunFigures
from newsmoe.orchestrator.session import Session
from newsmoe.registry.registry import Registry
from newsmoe.validation import Strict

__all__ = ["Evaluation", "measure", "measure_labels", "measure_summaries", "session_of_one"]


class Evaluation(Strict):
    """What was measured on one set of data.

    Attributes:
        data: what the data is called.
        items: articles in it.
        answered: articles that got an answer; the figures are over these.
        seconds: that the run took, loading not counted.
        items_per_second: articles a second.
        tokens_per_second: tokens a second, each article's counted once.
        figures: by metric, from 0 to 1; of summaries also of the first three sentences and of the oracle.
        labels: figures by label, of classifiers.
        confusion: counts by right label, then by given label, of classifiers.
        answers: articles by the expert that answered.
    """

    data: str
    items: int
    answered: int
    seconds: float
    items_per_second: float
    tokens_per_second: float
    figures: dict[str, float]
    labels: dict[str, LabelQuality] = {}
    confusion: dict[str, dict[str, int]] = {}
    answers: dict[str, int] = Field(default_factory=dict)


def session_of_one(expert: str, settings: Settings, registry: Registry) -> Session:
    """Return a session in which one expert answers everything.

    Raises:
        UnknownExpertError: there is none of that name.
    """
    task = registry.info(expert).task
    gate = RulesGate([Rule(use={task: (expert,)})], {task: registry.pool(task)})
    return Session(settings.model_copy(update={"tasks": (task,)}), registry, gate)


def measure(
    session: Session,
    task: str,
    source: LabelSource | SummarySource,
    root: Path,
    known: Sequence[str] | None = None,
    limit: int | None = None,
) -> Evaluation:
    """Measure who answers a task on a file of examples.

    Args:
        session: expert or pool.
        task: what is asked.
        source: the file.
        root: what its path is relative to.
        known: the labels that there are; None: any.
        limit: examples to take at the most.

    Raises:
        InputError: the file cannot be read, or nothing was answered.
    """
    if isinstance(source, LabelSource):
        labelled = list(islice(source.examples(root, known), limit))
        return measure_labels(session, task, source.title, labelled, closed=source.closed)
    return measure_summaries(session, task, source.title, list(islice(source.examples(root), limit)))


def measure_labels(
    session: Session, task: str, data: str, examples: Sequence[Labelled], *, closed: bool = False
) -> Evaluation:
    """Measure how well the session answers a task of labels.

    Args:
        session: expert or pool.
        task: what is asked.
        data: what the data is called.
        examples: articles and right labels; scores of labels that a wider one takes in are summed.
        closed: only the labels that occur among the examples count as answers.

    Raises:
        InputError: nothing was answered.
    """
    run = _Run(session, task, data, [example.article for example in examples])
    scores = {number: answer["scores"] for number, answer in run.answers.items() if "scores" in answer}
    if not scores:
        raise InputError(f"{data}: no label for any of {len(examples)} articles{run.first_error()}")
    truth = [examples[number].label for number in scores]
    wider = {label: one.label for one in examples for label in one.accepted}
    given = {wider.get(label, label): None for one in scores.values() for label in one}
    labels = sorted(set(truth) if closed else {*truth, *given})
    table = np.zeros((len(scores), len(labels)))
    for row, one in zip(table, scores.values(), strict=True):
        for label, score in one.items():
            if wider.get(label, label) in labels:
                row[labels.index(wider.get(label, label))] += score
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1e-12)
    right = np.array([labels.index(label) for label in truth])
    by_label, confusion = label_quality(table.argmax(axis=1), right, labels)
    return run.evaluation(classification_figures(table, right), labels=by_label, confusion=confusion)


def measure_summaries(session: Session, task: str, data: str, examples: Sequence[Summarized]) -> Evaluation:
    """Measure summaries by ROUGE, beside the first three sentences and the greedy oracle's.

    Args:
        session: expert or pool.
        task: what is asked.
        data: what the data is called.
        examples: articles and summaries by people.

    Raises:
        InputError: nothing was answered.
    """
    from newsmoe.evaluation.rouge import LEAD, lead, oracle, rouge
    from newsmoe.registry.backbone.sentences import split_sentences

    run = _Run(session, task, data, [example.article for example in examples])
    summaries = {number: answer["summary"] for number, answer in run.answers.items() if "summary" in answer}
    if not summaries:
        raise InputError(f"{data}: no summary for any of {len(examples)} articles{run.first_error()}")
    systems: dict[str, list[dict[str, float]]] = {"": [], f"lead-{LEAD}: ": [], "oracle: ": []}
    for number, summary in summaries.items():
        example = examples[number]
        rivals = (
            "\n".join(split_sentences(summary, example.article.language)),
            lead(example, LEAD),
            oracle(example, LEAD),
        )
        for scores, rival in zip(systems.values(), rivals, strict=True):
            scores.append(rouge(example.summary, rival) | {"words": float(len(rival.split()))})
    return run.evaluation(
        {
            f"{system}{metric}": float(np.mean([one[metric] for one in scores]))
            for system, scores in systems.items()
            for metric in scores[0]
        }
    )


class _Run:
    """One run over the data, and what came out."""

    def __init__(self, session: Session, task: str, data: str, articles: Sequence[Article]) -> None:
        self.data = data
        self.items = len(articles)
        self.figures = RunFigures()
        started = perf_counter()
        self.analyses = list(session.analyze(articles, self.figures))
        loading = sum(one.load_seconds for one in self.figures.experts.values())
        self.seconds = perf_counter() - started - loading
        self.answers = dict(_answers(self.analyses, task))

    def first_error(self) -> str:
        """Return what went wrong first, to be put behind a message."""
        messages = (error.message for one in self.analyses for error in one.errors)
        reasons = (entry.reason for one in self.analyses for entry in one.route if entry.expert is None)
        found = next(messages, None) or next(reasons, None)
        return f": {found}" if found else ""

    def evaluation(
        self,
        figures: Mapping[str, float],
        labels: Mapping[str, LabelQuality] | None = None,
        confusion: Mapping[str, Mapping[str, int]] | None = None,
    ) -> Evaluation:
        """Return the figures together with how fast they were had."""
        return Evaluation(
            data=self.data,
            items=self.items,
            answered=len(self.answers),
            seconds=self.seconds,
            items_per_second=self.items / self.seconds,
            tokens_per_second=self.figures.tokens / self.seconds,
            figures=dict(figures),
            labels=dict(labels or {}),
            confusion={truth: dict(counts) for truth, counts in (confusion or {}).items()},
            answers={name: one.items for name, one in self.figures.experts.items()},
        )


def _answers(analyses: Iterable[Analysis], task: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, analysis in enumerate(analyses):
        if task in analysis.analyses:
            yield number, analysis.analyses[task]
