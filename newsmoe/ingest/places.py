"""Where in a document the articles are: a path such as `hits.hits[]` or `articles.*`."""

import json
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import chain, zip_longest
from typing import Any, Literal, NamedTuple

from newsmoe.ingest.blocks import LOCALE
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.json_buffer import Buffer
from newsmoe.ingest.stored import stored_value
from newsmoe.ingest.surroundings import Surroundings, of_key, of_object, with_surroundings
from newsmoe.text.language_codes import language_code

ARRAY, ANY_KEY = "[]", "*"
MAX_SHOWN = 8  # paths in a message
AT_END = "[]?"  # the elements of an array, or what is no array itself

Steps = tuple[str, ...]
"""Keys, and `[]` for every element of an array or `*` for every value of an object."""

_STEP = re.compile(r"\[\d*\]|[^.\[\]]+")


class AbsentElement(BadElement):
    """An element of an array, or a line, that has nothing at the place."""


@dataclass(frozen=True)
class Place:
    """Where the elements of a document are.

    Attributes:
        paths: to the elements; several where more than one array holds articles of the same shape.
        layout: what is at their end: objects; rows of values, whose names are `columns`, or the first row; a table
            with a list or object of values for each column; or an object of texts by their URLs or titles.
        columns: names for rows.
        has_others: whether objects that say that they are no articles are left out.
        is_code: whether the document is what a program has of arrays and objects, and no JSON.
        is_flattened: whether the elements hold several articles, under keys such as `articles.0.title`.
        is_grouped: whether some of the elements are groups of articles, which are read instead.
        around: what the objects around a single array say of all elements.
        outlets: the keys on the way to the elements that are the names of their outlets.
    """

    paths: tuple[Steps, ...] = ((),)
    layout: Literal["objects", "rows", "header", "columns", "texts"] = "objects"
    columns: tuple[str, ...] = ()
    has_others: bool = False
    is_code: bool = False
    is_flattened: bool = False
    is_grouped: bool = False
    around: tuple[tuple[str, str], ...] = ()
    outlets: tuple[str, ...] = ()

    @property
    def is_read_whole(self) -> bool:
        """Whether all articles are in memory at once."""
        return self.layout in ("columns", "texts")

    def __str__(self) -> str:
        return listed(self.paths)


LINES_OF_CELLS = Place(layout="header")
"""JSON Lines of arrays, of which the first names the columns."""


def parse_place(text: str) -> Place:
    """Return the place that a user names: `response.docs`, `hits.hits[]._source`, `articles.*`."""
    steps = tuple(ARRAY if step.startswith("[") else step for step in _STEP.findall(text))
    return Place(((*steps, AT_END),))


def listed(paths: Sequence[Steps]) -> str:
    """Return the first of some paths for a message."""
    more = f" and {len(paths) - MAX_SHOWN} more" if len(paths) > MAX_SHOWN else ""
    return ", ".join(map(shown, paths[:MAX_SHOWN])) + more


def shown(steps: Steps) -> str:
    """Return a path as it is written in settings and messages."""
    text = "".join(step if step == ARRAY else f".{step}" for step in steps if step != AT_END)
    return text.removeprefix(".") or "the top level"


def elements_at(buffer: Buffer, place: Place, *, inside: bool = False) -> Iterator[Any]:
    """Yield the elements of the value that starts here, which may be `inside` of what holds one for each article."""
    if place.is_read_whole:
        for value in _walk(buffer, place.paths, _Around({})):
            yield from _transposed(value) if place.layout == "columns" else _named(value)
        return
    elements = _walk(buffer, place.paths, _Around(dict(place.around), place.outlets), inside=inside)
    if place.layout != "objects":
        yield from as_objects(elements, place.columns)
    else:
        yield from elements


class _Around(NamedTuple):
    """What is known of the elements below a value: what the objects around it say, and which keys are outlets."""

    says: Surroundings
    outlets: Collection[str] = ()


def _walk(
    buffer: Buffer, paths: tuple[Steps, ...], around: _Around, key: str = "", *, inside: bool = False
) -> Iterator[Any]:
    """Yield what is at the end of the paths, in the order of the document; `key` is that of the value that starts."""
    opening = buffer.peek()
    if () in paths:
        yield with_surroundings(buffer.value(), around.says)
    elif opening == "[":
        rest = tuple(path[1:] if path[0] in (ARRAY, AT_END) else path for path in paths)
        if rest == ((),):
            elements = buffer.elements()
            says = around.says
            yield from (with_surroundings(element, says) for element in elements) if says else elements
        else:
            for _ in buffer.items():
                yield from _walk(buffer, rest, around, f"{key}{ARRAY}", inside=True)
    elif opening == '"':
        yield from _walk_text(buffer.value(), buffer.limit, paths, around, inside)
    elif _may_be_lone(paths):
        yield with_surroundings(buffer.value(), around.says)
    elif opening == "{":
        yield from _walk_members(buffer, paths, around, key, inside)
    else:
        buffer.skip()
        yield from _absent(paths, inside)


def _walk_text(text: str, limit: int, paths: tuple[Steps, ...], around: _Around, inside: bool) -> Iterator[Any]:
    """Yield what is at the end of the paths in a text that is JSON."""
    value = stored_value(text)
    if isinstance(value, dict | list):
        yield from _walk(Buffer(StringIO(), limit, text=json.dumps(value)), paths, around, inside=inside)
    elif _may_be_lone(paths):
        yield value
    else:
        yield from _absent(paths, inside)


def _may_be_lone(paths: tuple[Steps, ...]) -> bool:
    """Tell whether a single element may stand where there might be an array of them."""
    return any(path[0] == AT_END or path == (ARRAY,) for path in paths)


def _walk_members(buffer: Buffer, paths: tuple[Steps, ...], around: _Around, outer: str, inside: bool) -> Iterator[Any]:
    matched = False
    says = {**around.says, **of_object(buffer.small_object(), outer, inside=inside)}
    for key in buffer.members():
        rest = tuple(path[1:] for path in paths if path[0] in (key, ANY_KEY))
        if not rest:
            buffer.skip()
        elif (ANY_KEY,) in paths:
            if buffer.peek() == "{":
                named = {**says, **({"source": key} if key in around.outlets else {})}
                yield with_surroundings(_with_id(key, buffer.value()), named)
            else:
                buffer.skip()
        elif any(path[0] == ANY_KEY for path in paths) and buffer.peek() not in ("[", "{"):
            matched = True  # by a date, a count or the like beside the arrays
            value = buffer.value()
            if isinstance(value, str) and isinstance(stored_value(value), dict | list):
                yield from _walk_text(value, buffer.limit, rest, around._replace(says=says), inside)
        else:
            matched = True
            inner = around._replace(says={**says, **of_key(key, outer, around.outlets)})
            yield from _walk(buffer, rest, inner, key, inside=inside)
    if not matched:
        yield from _absent(paths, inside)


def _absent(paths: tuple[Steps, ...], inside: bool) -> Iterator[AbsentElement]:
    """Yield what stands for an element, of an array or a line, that has nothing at the paths to a single value."""
    if inside and all(ARRAY not in path and ANY_KEY not in path for path in paths):
        yield AbsentElement(f"no value under {' or '.join(map(shown, paths))!r}")


def _with_id(key: str, element: Any) -> Any:
    """Return an object with the key under which it stands as its id or URL, or as its language."""
    name = "url" if "://" in key else "language" if LOCALE.fullmatch(key) and language_code(key) else "id"
    if not isinstance(element, dict) or any(name in element for name in (name, f"_{name}")):
        return element
    return {name: key, **element}


def as_objects(rows: Iterator[Any], columns: tuple[str, ...] = ()) -> Iterator[Any]:
    """Yield a row as an object; without `columns` the first row names them. Empty cells at the end may be missing."""
    if not columns:
        first = next(rows, None)
        columns = tuple(map(str, first)) if isinstance(first, list) else ()
    for row in rows:
        if not isinstance(row, list):
            yield row
        elif len(row) > len(columns):
            yield BadElement(f"{len(row)} values, where there are {len(columns)} columns")
        else:
            yield dict(zip_longest(columns, map(_cell, row)))


def _cell(value: Any) -> Any:
    """Return what is in the cell of a table of Google's, or BigQuery's, which may have it as it is shown beside it."""
    return value["v"] if isinstance(value, dict) and "v" in value else value


def _named(texts: Any) -> Iterator[dict[str, Any]]:
    """Yield an element for each text under its URL or title; they are in memory as a whole."""
    for name, text in texts.items():
        yield {"url" if "://" in name else "headline": name, "content": text}


def _transposed(table: Any) -> Iterator[Any]:
    """Yield the rows of a table of columns, each a list or an object; the table is in memory as a whole."""
    columns = {name: column for name, column in table.items() if isinstance(column, list | dict)}
    lists = [name for name, column in columns.items() if column and all(isinstance(cell, list) for cell in column)]
    if "documents" in lists:  # Chroma answers several queries
        columns |= {name: [*chain.from_iterable(columns[name])] for name in lists}
    keys = dict.fromkeys(chain.from_iterable(column for column in columns.values() if isinstance(column, dict)))
    for key in keys:
        yield {name: column.get(key) for name, column in columns.items() if isinstance(column, dict)}
    if not keys:
        for number in range(max(map(len, columns.values()), default=0)):
            yield {name: column[number] if number < len(column) else None for name, column in columns.items()}
