"""Experts and gates measured on texts with right answers, as they are served."""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from newsmoe.article import Article
from newsmoe.datasets.sources import Labelled, LabelSource, Summarized, SummarySource
from newsmoe.errors import InputError
from newsmoe.evaluation.metrics import LabelQuality, classification_figures, label_quality
from newsmoe.gating.rules import RulesGate
from newsmoe.orchestrator.session import Session
from newsmoe.output.run_report import RunStats
from newsmoe.record import Record
from newsmoe.registry.registry import Registry
from newsmoe.settings.conditions import Rule
from newsmoe.settings.model import Settings
from newsmoe.validation import Strict

_logger = logging.getLogger(__name__)


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
    answers: dict[str, int] = {}


def session_of_one(expert: str, settings: Settings, registry: Registry) -> Session:
    """Return a session in which one expert answers everything."""
    task = registry.info(expert).task
    gate = RulesGate([Rule(use={task: (expert,)})], {task: registry.pool(task)})
    settings = settings.model_copy(update={"tasks": (task,), "journal": None})
    return Session(settings, registry=registry, gate=gate)


def measure(
    session: Session,
    task: str,
    source: LabelSource | SummarySource,
    root: Path,
    known: Sequence[str] | None = None,
) -> Evaluation:
    """Measure who answers a task on a file of examples."""
    if isinstance(source, LabelSource):
        labelled = list(source.examples(root, known))
        return measure_labels(session, task, source.title, labelled, closed=source.closed)
    return measure_summaries(session, task, source.title, list(source.examples(root)))


def measure_labels(
    session: Session, task: str, data: str, examples: Sequence[Labelled], *, closed: bool = False
) -> Evaluation:
    """Measure how well the session answers a task of labels."""
    run = _Run(session, task, data, [example.article for example in examples])
    scores = run.answered("scores", "label")
    _check_labels(data, examples, set().union(*scores.values()))
    truth = [examples[number].label for number in scores]
    wider = {label: one.label for one in examples for label in one.accepted}
    merged = [by_data_label(one, wider) for one in scores.values()]
    labels = sorted(set(truth) if closed else set(truth).union(*merged))
    table = np.array([[one.get(label, 0.0) for label in labels] for one in merged])
    table /= np.maximum(table.sum(axis=1, keepdims=True), 1e-12)
    right = np.array([labels.index(label) for label in truth])
    by_label, confusion = label_quality(table.argmax(axis=1), right, labels)
    return run.evaluation(classification_figures(table, right), labels=by_label, confusion=confusion)


def _check_labels(data: str, examples: Sequence[Labelled], answers: Collection[str]) -> None:
    """See that the right labels are ones that answers have."""
    unknown = {label for one in examples for label in one.accepted}.difference(answers)
    if not unknown:
        return
    said = (
        f"{data}: no answer has the label {', '.join(map(repr, sorted(unknown)))}; the answers are"
        f" {', '.join(sorted(answers))}; say with --map, or in the recipe's 'labels', which stands for which"
    )
    if all(unknown.issuperset(one.accepted) for one in examples):
        raise InputError(said)
    _logger.warning("%s", said)


def by_data_label(scores: Mapping[str, float], wider: Mapping[str, str]) -> dict[str, float]:
    """Return the scores by label of the data, each label's own or of all those that it takes in."""
    merged: defaultdict[str, float] = defaultdict(float)
    for label, score in scores.items():
        merged[wider.get(label, label)] += score
    return dict(merged)


def measure_summaries(session: Session, task: str, data: str, examples: Sequence[Summarized]) -> Evaluation:
    """Measure summaries by ROUGE, beside the first three sentences and the greedy oracle's."""
    from newsmoe.evaluation.rouge import rivals, rouge
    from newsmoe.text.sentences import split_sentences

    run = _Run(session, task, data, [example.article for example in examples])
    scores: defaultdict[str, list[float]] = defaultdict(list)
    for number, summary in run.answered("summary", "summary").items():
        article, reference = examples[number]
        others = rivals(split_sentences(article.content, article.language), reference)
        texts = {"": "\n".join(split_sentences(summary, article.language))}
        texts |= {f"{system}: ": text for system, text in others.items()}
        for prefix, text in texts.items():
            for metric, value in rouge(reference, text).items():
                scores[prefix + metric].append(value)
            scores[prefix + "words"].append(len(text.split()))
    return run.evaluation({name: float(np.mean(values)) for name, values in scores.items()})


class _Run:
    """One run over the data, and what came out."""

    def __init__(self, session: Session, task: str, data: str, articles: Sequence[Article]) -> None:
        self.data = data
        self.items = len(articles)
        self.figures = RunStats()
        started = perf_counter()
        self.analyses = list(session.analyze(articles, self.figures))
        loading = sum(one.load_seconds for one in self.figures.experts.values())
        self.seconds = perf_counter() - started - loading
        self.answers = dict(_answers(self.analyses, task))

    def answered(self, key: str, what: str) -> dict[int, Any]:
        """Return what stands under `key` in the answers, by number of the article."""
        found = {number: answer[key] for number, answer in self.answers.items() if key in answer}
        if not found:
            raise InputError(f"{self.data}: no {what} for any of {self.items} articles{self._first_error()}")
        return found

    def _first_error(self) -> str:
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


def _answers(analyses: Iterable[Record], task: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, record in enumerate(analyses):
        if task in record.analyses:
            yield number, record.analyses[task]
