"""SQLite: one table, one article a row, the whole record as JSON in it."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from newsmoe.errors import OutputError
from newsmoe.output.atomic import atomic_write
from newsmoe.output.formats import TaskColumns, Writer
from newsmoe.output.table import IDENTITY, is_boolean, is_number, keyed_names, keyed_row
from newsmoe.record import Record
from newsmoe.sqlite import UnsafeSchemaError, check_schema, connect, is_interrupted

TABLE = "analyses"
MIN_BYTES = 512  # of a database that is not empty
WAIT_SECONDS = 60  # for another program's transaction to end

suffixes = (".db", ".sqlite3")


def errors() -> tuple[type[Exception], ...]:
    """Return what SQLite raises."""
    return (sqlite3.Error,)


@contextmanager
def open_writer(path: Path, columns: TaskColumns) -> Iterator[Writer]:
    """Yield a writer of rows of a new database; an article that comes twice has the row that came last."""
    with atomic_write(path) as temporary, _fill(temporary, path, columns) as writer:
        yield writer


@contextmanager
def open_appender(path: Path, columns: TaskColumns) -> Iterator[Writer]:
    """Yield a writer that adds rows to those in `path`, and replaces those of the same articles."""
    with _fill(path, path, columns) if path.exists() else open_writer(path, columns) as writer:
        yield writer


@contextmanager
def _fill(file: Path, path: Path, columns: TaskColumns) -> Iterator[Writer]:
    """Yield a writer of rows in `file`; messages call it `path`.

    Rows are collected in a temporary table and moved at the end in one transaction, so that others can read
    and write the file during a long run.
    """
    if file.is_file() and 0 < file.stat().st_size < MIN_BYTES:  # SQLite would take it for an empty one
        raise OutputError(f"{path}: cannot be written: file is not a database")
    names = keyed_names(columns)
    with _ended_by_signals(), closing(connect(file, timeout=WAIT_SECONDS, isolation_level=None)) as base:
        try:
            check_schema(base, frozenset([TABLE]), alone=False)
        except UnsafeSchemaError as error:
            raise OutputError(f"{path}: {error}; name another output with -o") from None
        existing = _columns_of(base)
        if existing and not {*IDENTITY, "record"} <= existing:
            raise OutputError(f"{path}: has a table {TABLE} that is not of newsmoe; name another output with -o")
        base.execute("BEGIN IMMEDIATE")  # whether it can be written is seen before experts run for it
        base.execute("ROLLBACK")
        base.execute(f"CREATE TEMP TABLE new ({_listed(names)})")
        insert = f"INSERT INTO temp.new VALUES ({', '.join('?' * len(names))})"

        def write(record: Record, key: str) -> None:
            base.execute(insert, keyed_row(record, key, columns))

        yield Writer(write)
        if lost := _merge(base, names):
            raise OutputError(f"{path}: did not keep {lost} of the records, for what its schema says; it is as it was")


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if is_interrupted(error):
            raise KeyboardInterrupt from None
        raise


def _merge(base: sqlite3.Connection, names: Sequence[str]) -> int:
    """Add the collected rows, or none if some would not be there; return how many those are."""
    base.execute("BEGIN IMMEDIATE")
    definitions = {name: f"{_quoted(name)} {_type_of(name)}" for name in names}
    base.execute(f"CREATE TABLE IF NOT EXISTS {TABLE} ({', '.join(definitions.values())})")
    existing = _columns_of(base)
    for name, definition in definitions.items():
        if name not in existing:  # of a task that earlier runs did not have
            base.execute(f"ALTER TABLE {TABLE} ADD COLUMN {definition}")
    base.execute(f"CREATE UNIQUE INDEX IF NOT EXISTS {TABLE}_article ON {TABLE} (key, ifnull(id, ''), ifnull(url, ''))")
    listed = _listed(names)
    base.execute(f"INSERT OR REPLACE INTO main.{TABLE} ({listed}) SELECT {listed} FROM temp.new ORDER BY rowid")
    same = "old.key = new.key AND ifnull(old.id, '') = ifnull(new.id, '') AND ifnull(old.url, '') = ifnull(new.url, '')"
    missing = f"SELECT count(*) FROM temp.new AS new WHERE NOT EXISTS (SELECT 1 FROM main.{TABLE} AS old WHERE {same})"
    ((lost,),) = base.execute(missing)
    base.execute("ROLLBACK" if lost else "COMMIT")
    return int(lost)


def _columns_of(base: sqlite3.Connection) -> set[str]:
    return {name for (name,) in base.execute("SELECT name FROM pragma_table_info(?)", [TABLE])}


def _type_of(column: str) -> str:
    """Return a column's type; SQLite has 0 and 1 for no and yes."""
    return "REAL" if is_number(column) else "INTEGER" if is_boolean(column) else "TEXT"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(_quoted, names))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
