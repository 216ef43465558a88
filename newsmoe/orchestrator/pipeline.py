"""The way of an article: gate, dispatcher, combiner; a window of articles at a time."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter
from types import MappingProxyType

from newsmoe.article import Article, InvalidItem
from newsmoe.gating.deferred import resolve_deferred
from newsmoe.gating.gate import Decision, Gate, routes_of
from newsmoe.orchestrator.cascade import least_sure, margin
from newsmoe.orchestrator.combiners import Combiner, combine, mean
from newsmoe.orchestrator.dispatcher import Dispatcher
from newsmoe.orchestrator.progress import WindowProgress
from newsmoe.output.run_report import RunStats
from newsmoe.prediction import InputStats, Prediction, checked_prediction, record_key
from newsmoe.record import ItemError, Record, RouteEntry


@dataclass
class TaskState:
    """One task of one article on its way: which experts were called, what they predicted, which failed."""

    article: Article
    decision: Decision
    combiner: Combiner
    entries: list[RouteEntry] = field(default_factory=list)
    predictions: dict[str, Prediction] = field(default_factory=dict)
    errors: list[ItemError] = field(default_factory=list)
    fallbacks: deque[str] = field(default_factory=deque)
    combined: Prediction | None = None

    def resolve(self, tasks: Sequence["TaskState"]) -> None:
        """Resolve a deferred decision by the predictions of the article's other `tasks`."""
        if self.decision.depends_on:
            combined = {other.decision.task: other.combined for other in tasks if other is not self}
            self.decision = resolve_deferred(self.decision, combined)
        self.entries = list(self.decision.entries)
        self.fallbacks = deque(self.decision.fallbacks)

    def next_fallback(self) -> list[str]:
        """Return the fallback to call now; none where there is a prediction, or no fallback left."""
        if self.predictions or not self.errors or not self.fallbacks:
            return []
        expert, failed = self.fallbacks.popleft(), self.errors[-1].expert
        reason = f"fallback: {failed} failed"
        self.entries.append(RouteEntry(task=self.decision.task, expert=expert, weight=0.0, reason=reason))
        return [expert]

    def second_expert(self) -> list[str]:
        """Return the expert that reads the article again, if there is one."""
        return [self.decision.second.name] if self.decision.second else []

    def read_again(self) -> None:
        """Combine the second expert's prediction with the others, if there is one."""
        second = self.decision.second
        if second and second.name in self.predictions:
            reason = f"not sure: {margin(self.combined):.2f} between the two best labels"
            again = RouteEntry(task=self.decision.task, expert=second.name, weight=second.weight, reason=reason)
            self.entries = [*(_scaled(entry, 1 - second.weight) for entry in self.entries), again]
            self.combine()

    def combine(self) -> None:
        """Combine the predictions; a combiner that fails is an error of this article."""
        if not self.predictions:
            return
        weights = {entry.expert: entry.weight for entry in self.entries if entry.expert}
        try:
            combined = combine(self.predictions, weights, self.combiner)
            self.combined = checked_prediction(combined) if len(self.predictions) > 1 else combined
        except Exception as error:  # noqa: BLE001  # the item boundary of other people's combiners
            self.errors.append(ItemError.of(self.decision.task, None, error, "combine"))


class Pipeline:
    """Turns articles into records, as many as come in and in their order, `window_articles` at a time.

    A window holds `lock` while it is with gate and experts, so that pipelines can share them. With `details`
    records have each expert's own prediction too. `budget` is the share of the articles that second experts read again;
    None: those of which the first ones are not sure.
    """

    def __init__(
        self,
        gate: Gate,
        dispatcher: Dispatcher,
        window_articles: int,
        combiners: Mapping[str, Combiner] = MappingProxyType({}),
        lock: AbstractContextManager[object] | None = None,
        *,
        details: bool = False,
        budget: float | None = None,
    ) -> None:
        self.budget = budget
        self.gate = gate
        self.dispatcher = dispatcher
        self.window_articles = window_articles
        self.combiners = combiners
        self.lock = lock or nullcontext()
        self.details = details

    def run(self, items: Iterable[Article | InvalidItem], stats: RunStats) -> Iterator[Record]:
        """Yield one record for each item, in order, and count it."""
        stream = iter(items)
        while window := list(islice(stream, self.window_articles)):
            with self.lock:
                records = self._run_window(window, stats)
            for left, record in zip(range(len(records) - 1, -1, -1), records, strict=True):
                stats.count(record)
                stats.underway = left
                yield record

    def _run_window(self, items: Sequence[Article | InvalidItem], stats: RunStats) -> list[Record]:
        """Return one record for each item, in order."""
        articles = [item for item in items if isinstance(item, Article)]
        progress = WindowProgress(stats, len(items), len(self.gate.tasks))
        started = perf_counter()
        with progress.gate():
            routes = routes_of(self.gate, articles)
        stats.gate_seconds += perf_counter() - started
        progress.expect(sum(len(decision.weights) for route in routes for decision in route))
        states = [
            [TaskState(article, decision, self.combiners.get(decision.task, mean)) for decision in route]
            for article, route in zip(articles, routes, strict=True)
        ]
        for wave in _waves([(task, tasks) for tasks in states for task in tasks]):
            for task, tasks in wave:
                task.resolve(tasks)
                _count_limits(task.decision, stats)
            self._predict([task for task, _ in wave], stats, progress)
            self._read_again(wave, stats, progress)
        finished = iter(states)
        return [
            _record(item, next(finished), details=self.details)
            if isinstance(item, Article)
            else _invalid_record(item, details=self.details)
            for item in items
        ]

    def _predict(self, tasks: Sequence[TaskState], stats: RunStats, progress: WindowProgress) -> None:
        """Call the chosen experts, then the fallbacks of those that failed, and combine."""
        self._call(tasks, lambda task: list(task.decision.weights), stats, progress)
        remaining = [task for task in tasks if task.errors]
        while self._call(remaining, TaskState.next_fallback, stats, progress):
            pass
        for task in tasks:
            task.combine()

    def _read_again(self, wave: Sequence["_WithOthers"], stats: RunStats, progress: WindowProgress) -> None:
        """Have second experts read the articles of which the first ones are least sure, for all tasks at once."""
        articles: defaultdict[int, list[TaskState]] = defaultdict(list)
        for task, others in wave:
            if task.decision.second and task.combined is not None:
                articles[id(others)].append(task)
        groups = list(articles.values())
        margins = [min(margin(task.combined) for task in tasks) for tasks in groups]
        chosen = [task for number in least_sure(margins, self.budget) for task in groups[number]]
        if self._call(chosen, TaskState.second_expert, stats, progress):
            for task in chosen:
                task.read_again()

    def _call(
        self,
        tasks: Sequence[TaskState],
        experts_of: Callable[[TaskState], list[str]],
        stats: RunStats,
        progress: WindowProgress,
    ) -> bool:
        """Call experts, each on all its articles at once; return whether there were any."""
        calls: defaultdict[tuple[str, str], list[TaskState]] = defaultdict(list)
        for task in tasks:
            for expert in experts_of(task):
                calls[expert, task.decision.task].append(task)
        for (expert, name), group in calls.items():
            articles = [task.article for task in group]
            outcomes = self.dispatcher.run(expert, name, articles, stats.expert(expert), progress.advance)
            for task, outcome in zip(group, outcomes, strict=True):
                if isinstance(outcome, ItemError):
                    task.errors.append(outcome)
                else:
                    task.predictions[expert] = outcome
        return bool(calls)


_WithOthers = tuple[TaskState, Sequence[TaskState]]
"""A task, and all tasks of its article; as an attribute these would be a reference cycle."""


def _waves(tasks: Sequence[_WithOthers]) -> Iterator[list[_WithOthers]]:
    """Yield the tasks in waves: those that depend on no other first, then those that depend on these.

    Where tasks depend on each other, they come all at once, and none has a prediction of another.
    """
    by_name: defaultdict[str, list[_WithOthers]] = defaultdict(list)
    for task, others in tasks:
        by_name[task.decision.task].append((task, others))
    waits = {
        name: set[str]().union(*(task.decision.depends_on for task, _ in group)) for name, group in by_name.items()
    }
    while by_name:
        ready = [name for name in by_name if not waits[name] & by_name.keys()] or list(by_name)
        yield [task for name in ready for task in by_name.pop(name)]


def _scaled(entry: RouteEntry, factor: float) -> RouteEntry:
    return entry.model_copy(update={"weight": round(factor * entry.weight, 6)})


def _count_limits(decision: Decision, stats: RunStats) -> None:
    for name in decision.over_capacity:
        stats.expert(name).overflow += 1
    for name in decision.weights if decision.downgraded else ():
        stats.expert(name).budgeted += 1


def _record(article: Article, tasks: Sequence[TaskState], *, details: bool) -> Record:
    combined = {task.decision.task: task.combined for task in tasks if task.combined is not None}
    errors = [error for task in tasks for error in task.errors]
    inputs = [
        prediction.input_stats for task in tasks for prediction in task.predictions.values() if prediction.input_stats
    ]
    return Record(
        id=article.id,
        headline=article.headline,
        url=article.url,
        publication_date=article.publication_date,
        source=article.source,
        author=article.author,
        language=article.language,
        status="ok" if not errors else "partial" if combined else "failed",
        analyses={record_key(task): prediction.fields() for task, prediction in combined.items()},
        route=[entry for task in tasks for entry in task.entries],
        errors=errors,
        input=InputStats(
            tokens=max((stats.tokens for stats in inputs), default=0),
            truncated=article.truncated or bool(inputs and all(stats.truncated for stats in inputs)),
            windows=max((stats.windows for stats in inputs), default=0),
        ),
        predictions={
            record_key(task.decision.task): {
                expert: prediction.fields() for expert, prediction in task.predictions.items()
            }
            for task in tasks
        }
        if details
        else None,
    )


def _invalid_record(item: InvalidItem, *, details: bool) -> Record:
    return Record(
        id=item.id,
        headline=item.headline,
        url=item.url,
        status="failed",
        analyses={},
        route=[],
        errors=[ItemError(type=item.type, message=item.message, stage="read")],
        input=InputStats(),
        predictions={} if details else None,
    )
