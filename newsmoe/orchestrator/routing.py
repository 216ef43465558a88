"""What the gate would decide, with no expert loaded."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from newsmoe.article import Article, InvalidItem
from newsmoe.gating.gate import Gate, Route, routes_of
from newsmoe.ingest.source import open_input
from newsmoe.settings.model import Settings

Routed = tuple[Article | InvalidItem, Route]
"""An article with its route; an element that is no article has an empty one."""


def read_routes(gate: Gate, inputs: Sequence[str], settings: Settings, limit: int | None = None) -> Iterator[Routed]:
    """Yield each article of the inputs with its route."""
    left = limit
    for name in inputs:
        with open_input(name, settings) as source:
            items = islice(source.articles(), left)
            while window := list(islice(items, settings.window_articles)):
                left = None if left is None else left - len(window)
                yield from routed(gate, window)
            source.log_notices()


def routed(gate: Gate, items: Sequence[Article | InvalidItem]) -> Iterator[Routed]:
    """Yield each of some items with its route."""
    routes = iter(routes_of(gate, [item for item in items if isinstance(item, Article)]))
    for item in items:
        yield item, next(routes) if isinstance(item, Article) else ()


def as_json(item: Article | InvalidItem, route: Route) -> dict[str, Any]:
    """Return what programs are told of a route: its entries, each with the fallbacks of its task."""
    return {
        "id": item.id,
        "headline": item.headline,
        "route": [
            {**entry.model_dump(), "fallbacks": list(decision.fallbacks)}
            for decision in route
            for entry in decision.entries
        ],
    }
