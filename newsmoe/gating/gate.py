"""The gate's decision, and what every gate has in common."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, Protocol, Self

from newsmoe.article import NO_TEXT, Article
from newsmoe.plugins import naming_plugin
from newsmoe.record import RouteEntry
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.settings.conditions import After, Second
from newsmoe.text.counts import plural


@dataclass(frozen=True)
class Decision:
    """The decision for one article and one task.

    Attributes:
        task: what is to be predicted.
        weights: experts that predict, with weights that sum to 1; empty where the gate abstains.
        fallbacks: experts tried in this order if all those fail.
        reason: why, for a person.
        over_capacity: experts that were preferred, but had no capacity left in this window.
        downgraded: whether a cheaper expert was taken, to stay within a budget.
        after: for deferred experts, by name, what another task's prediction must say.
        condition: what another task's prediction must say for this decision to hold; None: it holds.
        otherwise: the decision that holds where `condition` does not.
        second: who reads again what these are not sure of, and the weight of that prediction; None: nobody.
    """

    task: str
    weights: dict[str, float]
    fallbacks: tuple[str, ...]
    reason: str
    over_capacity: tuple[str, ...] = ()
    downgraded: bool = False
    after: Mapping[str, After] = field(default_factory=dict)
    condition: After | None = None
    otherwise: "Decision | None" = None
    second: Second | None = None

    @classmethod
    def abstain(cls, task: str, reason: str) -> Self:
        """Return the decision to send a task to no expert."""
        return cls(task, {}, (), reason)

    @cached_property  # a gate may make one decision for many articles
    def entries(self) -> tuple[RouteEntry, ...]:
        """The decision as the record shows it; fallbacks are added when they are used."""
        weights: list[tuple[str | None, float]] = [*self.weights.items()] or [(None, 0.0)]
        return tuple(
            RouteEntry(task=self.task, expert=expert, weight=round(weight, 6), reason=self._reason(expert))
            for expert, weight in weights
        )

    @cached_property
    def depends_on(self) -> frozenset[str]:
        """The tasks whose predictions must come first."""
        conditions = [*self.after.values(), *filter(None, [self.condition])]
        later = self.otherwise.depends_on if self.otherwise else frozenset[str]()
        return later.union(after.task for after in conditions)

    def _reason(self, expert: str | None) -> str:
        conditions = dict.fromkeys(filter(None, [self.condition, self.after.get(expert or "")]))
        parts = [self.reason, *(f"only where {condition}" for condition in conditions)]
        if self.otherwise is not None:
            parts.append(f"otherwise {', '.join(self.otherwise.weights) or 'no expert'}")
        return "; ".join(parts)


class Traits(NamedTuple):
    """What decides which experts may read an article."""

    headline: bool
    content: bool
    language: str | None

    @classmethod
    def of(cls, article: Article) -> Self:
        """Return the traits of an article."""
        return cls(bool(article.headline), bool(article.content), article.language)


Route = tuple[Decision, ...]
"""One decision for each task of the run."""


class Gate(Protocol):
    """Decides which experts read which article; no I/O, and no model but its own.

    Attributes:
        tasks: what it decides on.
    """

    tasks: tuple[str, ...]

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""


def routes_of(gate: Gate, articles: Sequence[Article]) -> list[Route]:
    """Return the route of each article; what a gate of another package does wrong is an error that names it."""
    with naming_plugin("gate", type(gate)):
        routes = gate.route(articles)
        if len(routes) != len(articles):
            raise ValueError(f"{len(routes)} routes for {plural(len(articles), 'article')}")
        if wrong := next((part for route in routes for part in _parts(route) if not isinstance(part, Decision)), None):
            raise TypeError(f"a route must be a tuple of Decision, and has {wrong!r} in it")
        for weights in (decision.weights for route in routes for decision in route):
            if not all(0 <= round(weight, 6) <= 1 for weight in weights.values()):
                raise ValueError(f"weights must be numbers from 0 to 1, and are {weights}")
    return routes


def _parts(route: object) -> Sequence[object]:
    return route if isinstance(route, tuple | list) else (route,)


class UniformGate:
    """Sends every article to every eligible expert of each task's pool, with equal weights."""

    def __init__(self, pools: Mapping[str, Sequence[ExpertInfo]]) -> None:
        self.tasks = tuple(pools)
        self.pools = pools

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""
        return [tuple(self._decide(task, article) for task in self.tasks) for article in articles]

    def _decide(self, task: str, article: Article) -> Decision:
        experts = eligible_experts(self.pools[task], article)
        if not experts:
            return Decision.abstain(task, ineligible_reason(self.pools[task], article))
        weights = dict.fromkeys([info.name for info in experts], 1 / len(experts))
        return Decision(task, weights, (), "every eligible expert", after=conditions(experts, self.tasks))


def conditions(experts: Iterable[ExpertInfo], tasks: Collection[str]) -> dict[str, After]:
    """Return what another task's prediction must say for each deferred expert.

    An expert is not deferred where that task is not among `tasks`: whoever wants to know which sport an
    article is about, and not the topic, knows that it is about sport.
    """
    return {info.name: info.after for info in experts if info.after and info.after.task in tasks}


def eligible_experts(pool: Iterable[ExpertInfo], article: Article | Traits) -> list[ExpertInfo]:
    """Return the experts that may read the article: its language, and what it has of text."""
    return [info for info in pool if _ineligibility(info, article) is None]


def ineligible_reason(pool: Sequence[ExpertInfo], article: Article | Traits) -> str:
    """Say for a person why no expert of `pool` may read the article; experts with the same reason share it."""
    if pool and not article.headline and not article.content:
        return NO_TEXT
    names: dict[str, list[str]] = {}
    for info in pool:
        if reason := _ineligibility(info, article):
            names.setdefault(reason, []).append(info.name)
    reasons = (f"{reason} ({', '.join(group)})" for reason, group in names.items())
    return "; ".join(reasons) or "no expert predicts this task"


def _ineligibility(info: ExpertInfo, article: Article | Traits) -> str | None:
    if not article.headline and not article.content:
        return NO_TEXT
    if info.needs_content and not article.content:
        return "the article has no content"
    if not info.reads(article.language):
        return f"language {article.language!r} is not supported, only {', '.join(info.languages)}"
    if info.missing:
        return "the model is not on this machine"
    return None
