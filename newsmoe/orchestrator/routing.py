"""What the gate would decide, with no expert loaded."""

from collections.abc import Iterator, Sequence
from itertools import islice

from newsmoe.article import Article, InvalidItem
from newsmoe.gating.gate import Gate, Route
from newsmoe.ingest.source import open_input
from newsmoe.settings.model import Settings

Routed = tuple[Article | InvalidItem, Route]
"""An article with its route; an element that is no article has an empty one."""


def read_routes(gate: Gate, inputs: Sequence[str], settings: Settings, limit: int | None = None) -> Iterator[Routed]:
    """Yield each article of the inputs with its route."""
    left = limit
    for name in inputs:
        with open_input(name, settings) as source:
            items = source.articles()
            while window := list(islice(items, _at_most(settings.window_articles, left))):
                left = None if left is None else left - len(window)
                routes = iter(gate.route([item for item in window if isinstance(item, Article)]))
                for item in window:
                    yield item, next(routes) if isinstance(item, Article) else ()
            source.log_notices()


def _at_most(window: int, left: int | None) -> int:
    return window if left is None else min(window, left)
