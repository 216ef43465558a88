"""What users are told of where the articles were in a document, or that there were none."""

from collections.abc import Iterator, Mapping
from typing import Any

from newsmoe.errors import NoArticlesError
from newsmoe.ingest.fields import some_keys
from newsmoe.ingest.location import Location
from newsmoe.ingest.places import MAX_SHOWN, Steps, listed, shown
from newsmoe.ingest.survey import Node

_KINDS = {"rows": " (rows)", "header": " (rows)", "columns": " (columns)", "texts": " (by their names)"}
_JSON_IN_TEXT = " (JSON in text)"


def refuse(name: str, root: Node, items: str | None, element: Any) -> None:
    """Raise for a document without articles, or with nothing at the place that the user named."""
    arrays = dict(root.paths())
    if items and any(shown(steps).removesuffix("[]") == items.strip().removesuffix("[]") for steps in arrays):
        return  # an empty array
    objects = [f"{shown(steps)} ({node.seen})" for steps, node in arrays.items()]
    there = f"there are {', '.join(objects[:MAX_SHOWN]) or 'no arrays'}"
    if items:
        raise NoArticlesError(f"{name}: no articles at {items!r} (--items); {there}")
    raise NoArticlesError(f"{name}: an object with no articles in it (keys: {some_keys(element)}); {there}")


def unread(location: Location | None) -> Iterator[str]:
    """Yield what a document was read as that is no JSON, and which articles in it were left out."""
    if location is not None and location.place.is_code:
        yield "no JSON, so it was read as JavaScript or Python writes arrays and objects, without what code computes"
    if location is not None and location.place.outlets:
        names = some_keys(location.place.outlets)
        yield f"the names under which the articles stand were read as their sources: {names}"
    if location is not None and location.unread:
        yield f"what looks like articles at {listed(location.unread)} was not read; --items reads them instead"


def read_from(location: Location | None, count: int, stored: Mapping[Steps, int]) -> Iterator[str]:
    """Yield where articles were read from, unless people expect them there; `stored` counts those in texts by path."""
    if location is not None and not location.is_usual:
        wrapper = ".".join(location.wrapper)
        is_top = location.place.paths == ((),) and wrapper
        where = wrapper if is_top else f"{location.place}.{wrapper}".removesuffix(".")
        is_json = location.stored or location.wrapper in stored
        yield _read_from(count, where, _KINDS.get(location.place.layout, _JSON_IN_TEXT if is_json else ""))
        stored = {path: number for path, number in stored.items() if path not in ((), location.wrapper)}
    for path, number in stored.items():
        yield _read_from(number, shown(path), _JSON_IN_TEXT)


def _read_from(count: int, where: str, kind: str) -> str:
    return f"{count} article{'s' * (count != 1)} read from {where}{kind}"
