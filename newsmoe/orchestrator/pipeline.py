"""The way of an article: gate, dispatcher, combiner; a window of articles at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter

from newsmoe.article import Article, InvalidItem
from newsmoe.gating.deferred import resolve_deferred
from newsmoe.gating.gate import Decision, Gate
from newsmoe.orchestrator.combiners import combine
from newsmoe.orchestrator.dispatcher import Dispatcher
from newsmoe.orchestrator.stats import RunStats
from newsmoe.prediction import InputStats, Prediction
from newsmoe.record import ItemError, Record, RouteEntry


@dataclass
class TaskState:
    """One task of one article on its way: who was asked, who answered, who failed."""

    article: Article
    decision: Decision
    entries: list[RouteEntry] = field(default_factory=list)
    predictions: dict[str, Prediction] = field(default_factory=dict)
    errors: list[ItemError] = field(default_factory=list)

    def settle(self, tasks: Sequence["TaskState"]) -> None:
        """Hold the choice against the answers to the article's other `tasks`, where it waits for them."""
        if self.decision.depends_on:
            predictions = {other.decision.task: other.combined() for other in tasks if other is not self}
            self.decision = resolve_deferred(self.decision, predictions)

    def next_experts(self) -> list[str]:
        """Return whom to ask now: at first those that the gate chose, then one reserve at a time."""
        if not self.entries:
            self.entries = list(self.decision.entries)
            return list(self.decision.weights)
        used = len(self.errors) - len(self.decision.weights)
        if self.predictions or used >= len(self.decision.fallbacks):
            return []
        fallback = self.decision.fallbacks[used]
        failed = self.errors[-1].expert
        self.entries.append(
            RouteEntry(
                task=self.decision.task, expert=fallback, weight=0.0, reason=f"in reserve: {failed} failed"
            )
        )
        return [fallback]

    def combined(self) -> Prediction | None:
        """Return the mixture's answer, or None where nobody answered."""
        if not self.predictions:
            return None
        weights = {entry.expert: entry.weight for entry in self.entries if entry.expert}
        return combine(self.predictions, weights)


class Pipeline:
    """Turns articles into records, as many as come in and in their order."""

    def __init__(self, gate: Gate, dispatcher: Dispatcher, window_articles: int) -> None:
        self.gate = gate
        self.dispatcher = dispatcher
        self.window_articles = window_articles

    def run(self, items: Iterable[Article | InvalidItem], figures: RunStats) -> Iterator[Record]:
        """Yield one record for each item, in order, and count it in `figures`."""
        stream = iter(items)
        while window := list(islice(stream, self.window_articles)):
            for record in self._window(window, figures):
                figures.count(record)
                yield record

    def _window(self, items: Sequence[Article | InvalidItem], figures: RunStats) -> Iterator[Record]:
        articles = [item for item in items if isinstance(item, Article)]
        started = perf_counter()
        routes = self.gate.route(articles)
        figures.gate_seconds += perf_counter() - started
        routed = zip(articles, routes, strict=True)
        task_states = [[TaskState(article, decision) for decision in route] for article, route in routed]
        for wave in _waves([(task, tasks) for tasks in task_states for task in tasks]):
            for task, tasks in wave:
                task.settle(tasks)
                figures.limited(task.decision)
            self._prediction([task for task, _ in wave], figures)
        finished = iter(task_states)
        for item in items:
            yield _record(item, next(finished)) if isinstance(item, Article) else _unreadable(item)

    def _prediction(self, tasks: Sequence[TaskState], figures: RunStats) -> None:
        """Ask the chosen experts, then the reserves of those that failed, until nobody is left to ask."""
        while True:
            asked: defaultdict[tuple[str, str], list[TaskState]] = defaultdict(list)
            for task in tasks:
                for expert in task.next_experts():
                    asked[expert, task.decision.task].append(task)
            if not asked:
                return
            for (expert, name), group in asked.items():
                articles = [task.article for task in group]
                outcomes = self.dispatcher.run(expert, name, articles, figures.expert(expert))
                for task, outcome in zip(group, outcomes, strict=True):
                    if isinstance(outcome, ItemError):
                        task.errors.append(outcome)
                    else:
                        task.predictions[expert] = outcome
            tasks = [task for task in tasks if not task.predictions]


_WithOthers = tuple[TaskState, Sequence[TaskState]]
"""A task, and all tasks of its article; a task that knew these would stay until Python looks for cycles."""


def _waves(tasks: Sequence[_WithOthers]) -> Iterator[list[_WithOthers]]:
    """Yield the tasks in waves: those that wait for no other first, then those that waited for these.

    Where tasks wait for each other, none of them is ever known, and they come all at once.
    """
    by_name: defaultdict[str, list[_WithOthers]] = defaultdict(list)
    for task, others in tasks:
        by_name[task.decision.task].append((task, others))
    waits = {
        name: set[str]().union(*(task.decision.depends_on for task, _ in group))
        for name, group in by_name.items()
    }
    while by_name:
        ready = [name for name in by_name if not waits[name] & by_name.keys()] or list(by_name)
        yield [task for name in ready for task in by_name.pop(name)]


def _record(article: Article, tasks: Sequence[TaskState]) -> Record:
    predictions = {
        task.decision.task: prediction for task in tasks if (prediction := task.combined()) is not None
    }
    errors = [error for task in tasks for error in task.errors]
    uses = [
        prediction.input_stats
        for task in tasks
        for prediction in task.predictions.values()
        if prediction.input_stats
    ]
    status = "ok" if not errors else "partial" if predictions else "failed"
    return Record(
        id=article.id,
        headline=article.headline,
        url=article.url,
        status=status,
        analyses={task: prediction.fields() for task, prediction in predictions.items()},
        route=[entry for task in tasks for entry in task.entries],
        errors=errors,
        input=InputStats(
            tokens=max((use.tokens for use in uses), default=0),
            truncated=article.truncated or bool(uses and all(use.truncated for use in uses)),
            windows=max((use.windows for use in uses), default=0),
        ),
    )


def _unreadable(item: InvalidItem) -> Record:
    return Record(
        id=item.id,
        headline=item.headline,
        url=item.url,
        status="failed",
        analyses={},
        route=[],
        errors=[ItemError(type=item.type, message=item.message, stage="read")],
        input=InputStats(),
    )
