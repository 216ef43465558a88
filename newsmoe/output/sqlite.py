"""SQLite out: one table, a row an article."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from newsmoe.errors import OutputError
from newsmoe.output.atomic import atomic_write, translate_errors
from newsmoe.output.table import TaskColumns, Write, Writer, as_json, columns, is_number, row
from newsmoe.record import Record

TABLE = "analyses"
IDENTITY = "key, ifnull(id, ''), ifnull(url, '')"
"""What makes an article one: its hash and where it comes from; a text under two addresses is two articles."""
MIN_BYTES = 512  # of a database that is not empty
PATIENCE = 60  # seconds to wait for another program's transaction to end


@contextmanager
def sqlite_writer(path: Path, predictions: TaskColumns) -> Iterator[Write]:
    """Give a function that writes rows into the table `analyses` of a new file.

    An article that comes twice has the row that came last.
    """
    with atomic_write(path) as written, _filling(written, path, predictions) as write:
        yield write


@contextmanager
def append_sqlite(path: Path, predictions: TaskColumns) -> Iterator[Writer]:
    """Give a writer that adds rows to those in `path`, in the place of those of the same articles."""
    with _filling(path, path, predictions) if path.exists() else sqlite_writer(path, predictions) as write:
        yield Writer(write)


@contextmanager
def _filling(file: Path, path: Path, predictions: TaskColumns) -> Iterator[Write]:
    """Give a function that writes rows into `file`; messages call it `path`.

    Rows lie in a temporary table and are moved at the end in one transaction, so that others can read and
    write the file during a long run.
    """
    names = ["key", *columns(predictions), "record"]
    with closing(_open(file, path)) as base:
        with translate_errors(path, sqlite3.Error):
            _check(base, path)
            base.execute(f"CREATE TEMP TABLE new ({_listed(names)})")
        insert = f"INSERT INTO temp.new VALUES ({', '.join('?' * len(names))})"

        def write(record: Record, key: str) -> None:
            with translate_errors(path, sqlite3.Error):
                base.execute(insert, [key, *row(record, predictions), as_json(record)])

        yield write
        with translate_errors(path, sqlite3.Error):
            _merge(base, names)


def _open(file: Path, path: Path) -> sqlite3.Connection:
    with translate_errors(path, sqlite3.Error):
        if file.is_file() and 0 < file.stat().st_size < MIN_BYTES:  # SQLite would take it for an empty one
            raise OutputError(f"{path}: cannot be written: file is not a database")
        return sqlite3.connect(file, timeout=PATIENCE, isolation_level=None)


def _check(base: sqlite3.Connection, path: Path) -> None:
    """See whether the table can be written, before anybody works for it."""
    found = _columns_of(base)
    if found and not {"key", "id", "url", "record"} <= found:
        raise OutputError(f"{path}: has a table {TABLE} that is not of newsmoe; name another output with -o")
    base.execute("BEGIN IMMEDIATE")
    base.execute("ROLLBACK")


def _merge(base: sqlite3.Connection, names: Sequence[str]) -> None:
    base.execute("BEGIN IMMEDIATE")
    definitions = [f"{_quoted(name)} {'REAL' if is_number(name) else 'TEXT'}" for name in names]
    base.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} ({', '.join(definitions)})")
    found = _columns_of(base)
    for name, definition in zip(names, definitions, strict=True):
        if name not in found:  # a task that earlier runs did not have
            base.execute(f"ALTER TABLE {TABLE} ADD COLUMN {definition}")
    base.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {TABLE}_article ON {TABLE} ({IDENTITY})")
    base.execute(
        f"INSERT OR REPLACE INTO main.{TABLE} ({_listed(names)})"
        f" SELECT {_listed(names)} FROM temp.new ORDER BY rowid"
    )
    base.execute("COMMIT")


def _columns_of(base: sqlite3.Connection) -> set[str]:
    return {name for (name,) in base.execute("SELECT name FROM pragma_table_info(?)", [TABLE])}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
