"""The gate's decision, and what every gate has in common."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from newsmoe.analysis import RouteEntry
from newsmoe.article import Article
from newsmoe.registry.registry import ExpertInfo

__all__ = ["Choice", "Gate", "Route", "UniformGate", "eligible", "why_not"]


@dataclass(frozen=True)
class Choice:
    """The decision for one article and one task.

    Attributes:
        task: what is asked.
        weights: experts that answer, with weights that sum to 1; empty where the gate abstains.
        reserves: experts that answer, in this order, should all those fail.
        reason: why, for a person.
    """

    task: str
    weights: dict[str, float]
    reserves: tuple[str, ...]
    reason: str

    def entries(self) -> list[RouteEntry]:
        """Return the decision as the record shows it; reserves only show once they were needed."""
        if not self.weights:
            return [RouteEntry(task=self.task, expert=None, weight=0.0, reason=self.reason)]
        return [
            RouteEntry(task=self.task, expert=expert, weight=round(weight, 6), reason=self.reason)
            for expert, weight in self.weights.items()
        ]


Route = tuple[Choice, ...]
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
    """Sends every article to every expert that can read it, with equal weights.

    Args:
        pools: for each task that is asked for, the experts that answer it.
    """

    def __init__(self, pools: dict[str, list[ExpertInfo]]) -> None:
        self.tasks = tuple(pools)
        self.pools = pools

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""
        return [tuple(self._choice(task, article) for task in self.tasks) for article in articles]

    def _choice(self, task: str, article: Article) -> Choice:
        names = [info.name for info in eligible(self.pools[task], article)]
        if not names:
            return Choice(task, {}, (), why_not(self.pools[task], article))
        return Choice(task, dict.fromkeys(names, 1 / len(names)), (), "every expert that can read it")


def eligible(pool: Iterable[ExpertInfo], article: Article) -> list[ExpertInfo]:
    """Return the experts that are there and can read the article: its language, and what it has of text."""
    return [info for info in pool if _obstacle(info, article) is None]


def why_not(pool: Sequence[ExpertInfo], article: Article) -> str:
    """Say for a person why none of `pool` can read the article."""
    if not pool:
        return "no expert answers this task"
    obstacles = dict.fromkeys(filter(None, (_obstacle(info, article) for info in pool)))
    return "; ".join(obstacles)


def _obstacle(info: ExpertInfo, article: Article) -> str | None:
    if not article.headline and not article.content:
        return "the article has neither headline nor content"
    if info.needs_content and not article.content:
        return "the article has no content"
    if not info.reads(article.language):
        return f"the language is {article.language!r}, {info.name} reads {', '.join(info.languages)}"
    if info.missing:
        return f"the model of {info.name} is not on this machine"
    return None
