"""The way of an article: gate, dispatcher, combiner; a window of articles at a time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from time import perf_counter

from newsmoe.analysis import Analysis, InputUse, ItemError, Prediction, RouteEntry
from newsmoe.article import Article, Unreadable
from newsmoe.gating.gate import Choice, Gate
from newsmoe.gating.waiting import settled
from newsmoe.orchestrator.combine import combine
from newsmoe.orchestrator.dispatch import Dispatcher
from newsmoe.orchestrator.figures import RunFigures

__all__ = ["Pipeline"]


@dataclass
class _TaskInHand:
    """One task of one article on its way: who was asked, who answered, who failed."""

    article: Article
    choice: Choice
    entries: list[RouteEntry] = field(default_factory=list)
    answers: dict[str, Prediction] = field(default_factory=dict)
    errors: list[ItemError] = field(default_factory=list)

    def settle(self, tasks: Sequence["_TaskInHand"]) -> None:
        """Hold the choice against the answers to the article's other `tasks`, where it waits for them."""
        if self.choice.awaited:
            answers = {other.choice.task: other.combined() for other in tasks if other is not self}
            self.choice = settled(self.choice, answers)

    def next_experts(self) -> list[str]:
        """Return whom to ask now: at first those that the gate chose, then one reserve at a time."""
        if not self.entries:
            self.entries = list(self.choice.entries)
            return list(self.choice.weights)
        used = len(self.errors) - len(self.choice.weights)
        if self.answers or used >= len(self.choice.reserves):
            return []
        reserve = self.choice.reserves[used]
        failed = self.errors[-1].expert
        self.entries.append(
            RouteEntry(
                task=self.choice.task, expert=reserve, weight=0.0, reason=f"in reserve: {failed} failed"
            )
        )
        return [reserve]

    def combined(self) -> Prediction | None:
        """Return the mixture's answer, or None where nobody answered."""
        if not self.answers:
            return None
        weights = {entry.expert: entry.weight for entry in self.entries if entry.expert}
        return combine(self.answers, weights)


class Pipeline:
    """Turns articles into records, as many as come in and in their order.

    Args:
        gate: decides who reads what.
        dispatcher: runs the experts.
        window_articles: articles that are held at a time.
    """

    def __init__(self, gate: Gate, dispatcher: Dispatcher, window_articles: int) -> None:
        self.gate = gate
        self.dispatcher = dispatcher
        self.window_articles = window_articles

    def run(self, items: Iterable[Article | Unreadable], figures: RunFigures) -> Iterator[Analysis]:
        """Yield one record for each item, in order, and count it in `figures`."""
        stream = iter(items)
        while window := list(islice(stream, self.window_articles)):
            for analysis in self._window(window, figures):
                figures.count(analysis)
                yield analysis

    def _window(self, items: Sequence[Article | Unreadable], figures: RunFigures) -> Iterator[Analysis]:
        articles = [item for item in items if isinstance(item, Article)]
        started = perf_counter()
        routes = self.gate.route(articles)
        figures.gate_seconds += perf_counter() - started
        routed = zip(articles, routes, strict=True)
        in_hand = [[_TaskInHand(article, choice) for choice in route] for article, route in routed]
        for wave in _waves([(task, tasks) for tasks in in_hand for task in tasks]):
            for task, tasks in wave:
                task.settle(tasks)
                figures.limited(task.choice)
            self._answer([task for task, _ in wave], figures)
        finished = iter(in_hand)
        for item in items:
            yield _record(item, next(finished)) if isinstance(item, Article) else _unreadable(item)

    def _answer(self, tasks: Sequence[_TaskInHand], figures: RunFigures) -> None:
        """Ask the chosen experts, then the reserves of those that failed, until nobody is left to ask."""
        while True:
            asked: defaultdict[tuple[str, str], list[_TaskInHand]] = defaultdict(list)
            for task in tasks:
                for expert in task.next_experts():
                    asked[expert, task.choice.task].append(task)
            if not asked:
                return
            for (expert, name), group in asked.items():
                articles = [task.article for task in group]
                outcomes = self.dispatcher.run(expert, name, articles, figures.expert(expert))
                for task, outcome in zip(group, outcomes, strict=True):
                    if isinstance(outcome, ItemError):
                        task.errors.append(outcome)
                    else:
                        task.answers[expert] = outcome
            tasks = [task for task in tasks if not task.answers]


_WithOthers = tuple[_TaskInHand, Sequence[_TaskInHand]]
"""A task, and all tasks of its article; a task that knew these would stay until Python looks for cycles."""


def _waves(tasks: Sequence[_WithOthers]) -> Iterator[list[_WithOthers]]:
    """Yield the tasks in waves: those that wait for no other first, then those that waited for these.

    Where tasks wait for each other, none of them is ever known, and they come all at once.
    """
    by_name: defaultdict[str, list[_WithOthers]] = defaultdict(list)
    for task, others in tasks:
        by_name[task.choice.task].append((task, others))
    waits = {
        name: set[str]().union(*(task.choice.awaited for task, _ in group)) for name, group in by_name.items()
    }
    while by_name:
        ready = [name for name in by_name if not waits[name] & by_name.keys()] or list(by_name)
        yield [task for name in ready for task in by_name.pop(name)]


def _record(article: Article, tasks: Sequence[_TaskInHand]) -> Analysis:
    answers = {task.choice.task: answer for task in tasks if (answer := task.combined()) is not None}
    errors = [error for task in tasks for error in task.errors]
    uses = [answer.use for task in tasks for answer in task.answers.values() if answer.use]
    status = "ok" if not errors else "partial" if answers else "failed"
    return Analysis(
        id=article.id,
        headline=article.headline,
        url=article.url,
        status=status,
        analyses={task: answer.fields() for task, answer in answers.items()},
        route=[entry for task in tasks for entry in task.entries],
        errors=errors,
        input=InputUse(
            tokens=max((use.tokens for use in uses), default=0),
            truncated=article.truncated or bool(uses and all(use.truncated for use in uses)),
            windows=max((use.windows for use in uses), default=0),
        ),
    )


def _unreadable(item: Unreadable) -> Analysis:
    return Analysis(
        id=item.id,
        headline=item.headline,
        url=item.url,
        status="failed",
        analyses={},
        route=[],
        errors=[ItemError(type=item.type, message=item.message, stage="read")],
        input=InputUse(),
    )
