"""The gate's decision, and what every gate has in common."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol, Self

from newsmoe.article import Article
from newsmoe.record import RouteEntry
from newsmoe.registry.registry import ExpertInfo
from newsmoe.settings.conditions import After


@dataclass(frozen=True)
class Decision:
    """The decision for one article and one task.

    Attributes:
        task: what is asked.
        weights: experts that answer, with weights that sum to 1; empty where the gate abstains.
        reserves: experts that answer, in this order, should all those fail.
        reason: why, for a person.
        full: experts that would have answered, had they had room in this window.
        budgeted: whether it is a cheaper expert, in place of another choice, to stay within a budget.
        after: what earlier answers must say for an expert to answer, by its name.
        condition: what an earlier answer must say for this choice to hold at all; None: nothing.
        otherwise: the choice that holds where that answer does not say so.
    """

    task: str
    weights: dict[str, float]
    fallbacks: tuple[str, ...]
    reason: str
    full: tuple[str, ...] = ()
    budgeted: bool = False
    after: Mapping[str, After] = field(default_factory=dict)
    condition: After | None = None
    otherwise: "Decision | None" = None

    @cached_property  # a gate may give many articles one choice
    def entries(self) -> tuple[RouteEntry, ...]:
        """The decision as the record shows it; reserves only show once they were needed."""
        probabilities: list[tuple[str | None, float]] = [*self.weights.items()] or [(None, 0.0)]
        return tuple(
            RouteEntry(task=self.task, expert=expert, weight=round(weight, 6), reason=self._reason(expert))
            for expert, weight in probabilities
        )

    @cached_property
    def depends_on(self) -> frozenset[str]:
        """The tasks that must be answered before the choice is settled."""
        conditions = [*self.after.values(), *filter(None, [self.condition])]
        later = self.otherwise.depends_on if self.otherwise else frozenset[str]()
        return later.union(after.task for after in conditions)

    def _reason(self, expert: str | None) -> str:
        """Return the reason, with what is still open about it."""
        conditions = dict.fromkeys(filter(None, [self.condition, self.after.get(expert or "")]))
        parts = [self.reason, *(f"only where {one}" for one in conditions)]
        if self.otherwise is not None:
            parts.append(f"otherwise {', '.join(self.otherwise.weights) or 'nobody'}")
        return "; ".join(parts)


class Traits(NamedTuple):
    """All of an article that decides who can read it.

    Attributes:
        headline: whether it has one.
        content: whether it has any.
        language: its code, where it is known.
    """

    headline: bool
    content: bool
    language: str | None

    @classmethod
    def of(cls, article: Article) -> Self:
        """Return those of an article."""
        return cls(bool(article.headline), bool(article.content), article.language)


Route = tuple[Decision, ...]
"""One choice for each task that was asked for."""


class Gate(Protocol):
    """Decides who reads what: pure, without I/O, and without any model but its own.

    Attributes:
        tasks: what it decides on.
    """

    tasks: tuple[str, ...]

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""


class UniformGate:
    """Sends every article to every expert that can read it, with equal weights."""

    def __init__(self, pools: dict[str, list[ExpertInfo]]) -> None:
        self.tasks = tuple(pools)
        self.pools = pools

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""
        return [tuple(self._decision(task, article) for task in self.tasks) for article in articles]

    def _decision(self, task: str, article: Article) -> Decision:
        eligible = eligible_experts(self.pools[task], article)
        if not eligible:
            return Decision(task, {}, (), ineligible_reason(self.pools[task], article))
        weights = dict.fromkeys([info.name for info in eligible], 1 / len(eligible))
        reason = "every expert that can read it"
        return Decision(task, weights, (), reason, after=conditions(eligible, self.tasks))


def conditions(experts: Iterable[ExpertInfo], tasks: Collection[str]) -> dict[str, After]:
    """Return what earlier answers must say for experts to answer, by name.

    An expert that waits for a task that is not among `tasks` waits for nothing: whoever asks which sport it
    is, and not for the topic, knows that it is sport.
    """
    return {info.name: info.after for info in experts if info.after and info.after.task in tasks}


def eligible_experts(pool: Iterable[ExpertInfo], article: Article | Traits) -> list[ExpertInfo]:
    """Return the experts that are there and can read the article: its language, and what it has of text."""
    return [info for info in pool if _ineligible_reason(info, article) is None]


def ineligible_reason(pool: Sequence[ExpertInfo], article: Article | Traits) -> str:
    """Say for a person why none of `pool` can read the article."""
    if not pool:
        return "no expert answers this task"
    reasons = dict.fromkeys(filter(None, (_ineligible_reason(info, article) for info in pool)))
    return "; ".join(reasons)


def _ineligible_reason(info: ExpertInfo, article: Article | Traits) -> str | None:
    if not article.headline and not article.content:
        return "the article has neither headline nor content"
    if info.needs_content and not article.content:
        return "the article has no content"
    if not info.reads(article.language):
        return f"the language is {article.language!r}, {info.name} reads {', '.join(info.languages)}"
    if info.missing:
        return f"the model of {info.name} is not on this machine"
    return None
