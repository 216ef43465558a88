"""SQLite files, which others may have made: nothing in them runs, and a signal ends a query."""

import sqlite3
from pathlib import Path
from typing import Any

from newsmoe.errors import NewsmoeError

SIGNATURE = b"SQLite format 3\0"
"""How a database begins."""

_APPLICATION_ID = slice(68, 72)  # of a database, where its header has it

STEPS_BETWEEN_SIGNALS = 100_000  # of SQLite's virtual machine, some milliseconds

_SWITCHES = {"DEFENSIVE": True, "ENABLE_TRIGGER": False, "ENABLE_VIEW": False}


def connect(path: Path | str, **options: Any) -> sqlite3.Connection:
    """Open a database; functions that its schema calls are not trusted, and long queries heed signals.

    A text is a URI, as `sqlite3` takes it. A query that a signal ends raises `sqlite3.OperationalError`, see
    `is_interrupted`.
    """
    base: sqlite3.Connection = sqlite3.connect(path, **options)
    base.execute("pragma trusted_schema = off")
    base.execute("pragma cell_size_check = on")
    if set_config := getattr(base, "setconfig", None):  # from Python 3.12 on
        for name, value in _SWITCHES.items():
            set_config(getattr(sqlite3, f"SQLITE_DBCONFIG_{name}"), value)
    base.set_progress_handler(lambda: 0, STEPS_BETWEEN_SIGNALS)  # Python runs a signal's handler in it
    return base


def application_id(path: Path) -> int:
    """Return the number by which a program marks its databases, read without opening the file as one; 0: none."""
    with path.open("rb") as file:
        header = file.read(_APPLICATION_ID.stop)
    return int.from_bytes(header[_APPLICATION_ID], "big") if header.startswith(SIGNATURE) else 0


def is_interrupted(error: sqlite3.Error) -> bool:
    """Tell whether a signal ended a query."""
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT


def check_schema(base: sqlite3.Connection, tables: frozenset[str], *, alone: bool) -> None:
    """See that tables, where they exist, are tables, and that no trigger is on them.

    With `alone` there is to be no more in the database.

    Raises:
        UnsafeSchemaError: says what is there.
    """
    for kind, name, table in base.execute("select type, name, tbl_name from sqlite_master"):
        if kind == "trigger" and (alone or table in tables):
            raise UnsafeSchemaError(f"has a trigger, {name!r}, which could change or delete what is written")
        if name in tables and kind != "table":
            raise UnsafeSchemaError(f"has a {kind} in the place of the table {name}")
        if alone and kind != "index" and name not in tables and not name.startswith("sqlite_"):
            raise UnsafeSchemaError(f"has a {kind} that newsmoe did not make, {name!r}")


class UnsafeSchemaError(NewsmoeError):
    """A database whose schema newsmoe did not make, or in which something would run."""
