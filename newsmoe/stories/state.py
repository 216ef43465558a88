"""What is needed of earlier articles so that later ones can join their stories: a SQLite file beside the output.

It is not in the journal: that holds predictions, which it may forget at any time, for any number of outputs. The
stories of one output are of that output only, and must not be forgotten as long as it grows.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from newsmoe.errors import OutputError
from newsmoe.output.atomic import check_link
from newsmoe.paths import beside
from newsmoe.sqlite import UnsafeSchemaError, application_id, check_schema, connect, is_interrupted
from newsmoe.stories.build import Element
from newsmoe.stories.features import StoryFeatures
from newsmoe.stories.grouping import Member

APPLICATION = 0x6E6D7374
"""Marks the file as a state of ours ("nmst"), in SQLite's header."""

VERSION = 1
"""Of the table and of the features: vectors of different versions cannot be compared."""

TABLE = "elements"
COLUMNS = ("fields", "story", "original", "vector", "sketch", "shingles", "day")
FIELDS = ("key", "id", "headline", "url", "source", "outlet", "publication_date", "mood", "error")


def state_of(output: Path) -> Path:
    """Return where the state of an output is: `stories.state.sqlite3` beside `stories.json`."""
    return beside(output, ".state.sqlite3")


def load_state(path: Path) -> list[Element]:
    """Return the elements of earlier runs, in order; none where there is no state.

    Raises:
        OutputError: the file is no state, or that of another version.
    """
    if not path.exists():
        return []
    with _open(path) as base:
        _check(base, path)
        rows = base.execute(f"SELECT {', '.join(COLUMNS)} FROM {TABLE} ORDER BY number").fetchall()
        elements = [_element(row) for row in rows]
        for element, (_, _, original, *_) in zip(elements, rows, strict=True):
            if element.member is not None and original is not None:
                element.member.original = elements[original].member
        return elements


def save_state(path: Path, elements: Sequence[Element], old: int) -> None:
    """Add the elements from the number `old` on, all or none, to those in the state."""
    check_link(path)
    numbers = {id(element.member): number for number, element in enumerate(elements) if element.member}
    with _open(path) as base:
        if not old:
            base.execute("BEGIN IMMEDIATE")
            base.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} (number INTEGER PRIMARY KEY, {', '.join(COLUMNS)})")
            base.execute(f"PRAGMA application_id = {APPLICATION}")
            base.execute(f"PRAGMA user_version = {VERSION}")
            base.execute("COMMIT")
        _check(base, path)
        base.execute("BEGIN IMMEDIATE")
        insert = f"INSERT INTO {TABLE} VALUES ({', '.join('?' * (1 + len(COLUMNS)))})"
        base.executemany(insert, (_row(number, elements[number], numbers) for number in range(old, len(elements))))
        base.execute("COMMIT")


def remove_state(path: Path) -> None:
    """Remove a state; another file of its name stays."""
    with suppress(FileNotFoundError):
        if application_id(path) == APPLICATION:
            path.unlink()


def _row(number: int, element: Element, numbers: dict[int, int]) -> tuple[Any, ...]:
    fields = json.dumps([getattr(element, name) for name in FIELDS])
    member = element.member
    if member is None:
        return number, fields, *[None] * (len(COLUMNS) - 1)
    features, original = member.features, member.original
    vector, sketch = features.vector.astype("<f2").tobytes(), features.sketch.astype("<u4").tobytes()
    place = None if original is None else numbers[id(original)]
    day = None if np.isnan(features.day) else features.day
    return number, fields, member.story, place, vector, sketch, features.shingles, day


def _element(row: tuple[Any, ...]) -> Element:
    fields, story, _, vector, sketch, shingles, day = row
    element = Element(**dict(zip(FIELDS, json.loads(fields), strict=True)))
    if story is not None:
        day = np.nan if day is None else day
        features = StoryFeatures(np.frombuffer(vector, "<f2"), np.frombuffer(sketch, "<u4"), shingles, day)
        element.member = Member(element.key, features, element.origin, story=story)
    return element


@contextmanager
def _open(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        with closing(connect(path, isolation_level=None)) as base:
            yield base
    except (sqlite3.Error, ValueError, TypeError, IndexError) as error:
        if isinstance(error, sqlite3.Error) and is_interrupted(error):
            raise KeyboardInterrupt from None
        raise OutputError(f"{path}: the state of the stories cannot be used: {error}; {_REMEDY}") from None


def _check(base: sqlite3.Connection, path: Path) -> None:
    """See that a file is a state, and that nothing in it runs."""
    ((application, version),) = base.execute("SELECT * FROM pragma_application_id, pragma_user_version")
    if (application, version) != (APPLICATION, VERSION):
        raise OutputError(f"{path}: is no state of stories that this newsmoe can add to; {_REMEDY}")
    try:
        check_schema(base, frozenset([TABLE]), alone=True)
    except UnsafeSchemaError as error:
        raise OutputError(f"{path}: {error}; {_REMEDY}") from None


_REMEDY = "remove it, and run the command on all articles again"
