"""A journal in a SQLite file, for one machine."""

import logging
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from newsmoe.errors import JournalError, reason_of
from newsmoe.journal.sql import COLUMNS, SqlStore
from newsmoe.journal.store import WAIT_SECONDS, Row
from newsmoe.sqlite import UnsafeSchemaError, application_id, check_schema, connect, is_interrupted
from newsmoe.text.cleaning import one_line

APPLICATION = 0x6E6D6F65
"""Marks the file as a journal of ours ("nmoe"), in SQLite's header."""

SCHEMA_VERSION = 1
LOG_SUFFIXES = ("-wal", "-shm")
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_logger = logging.getLogger(__name__)


class SqliteStore(SqlStore):
    """Rows in a file; see `Store`."""

    table = "answers"
    run_table = "runs"
    identity = "integer"
    options = "without rowid"
    size = "(select page_count * page_size from pragma_page_count, pragma_page_size)"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        _make_private(path)
        # threads may share it, one at a time: `Journal` has a lock
        self._database = connect(path, timeout=WAIT_SECONDS, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def rows(self) -> Iterator[Row]:
        """Check the file, then yield every row."""
        with self._translate_errors():
            (result,) = self._database.execute("pragma integrity_check(1)").fetchone()
            if result != "ok":
                raise sqlite3.DatabaseError(one_line(result))
            yield from map(Row._make, self._database.execute(f"select {COLUMNS} from answers"))

    def delete_until(self, time: int) -> int:
        """Delete old rows, and shrink the file."""
        deleted = super().delete_until(time)
        self._query("vacuum")
        return deleted

    def close(self) -> None:
        """Close the file."""
        with suppress(sqlite3.Error):
            self._database.close()

    def _prepare(self) -> None:
        """Check that the tables are ours, or create them."""
        execute = self._database.execute
        execute("begin")  # else a journal that another process is making may be seen by half
        ((application, version, tables),) = execute(
            "select *, (select count(*) from sqlite_master) from pragma_application_id, pragma_user_version"
        )
        if tables and application != APPLICATION:
            raise sqlite3.DatabaseError("it is no journal of newsmoe")
        if version != SCHEMA_VERSION and (tables or version):
            raise sqlite3.DatabaseError(f"it is of version {version}, this newsmoe writes {SCHEMA_VERSION}")
        try:
            check_schema(self._database, frozenset([self.table, self.run_table]), alone=True)
        except UnsafeSchemaError as error:
            raise sqlite3.DatabaseError(f"it {error}") from None
        self._database.rollback()
        if not tables:
            header = f"pragma application_id = {APPLICATION}; pragma user_version = {SCHEMA_VERSION};"
            self._database.executescript(f"begin immediate; {header} {self.schema()} commit;")
        with suppress(sqlite3.OperationalError):  # another process is at it
            execute("pragma journal_mode = wal")
        execute("pragma synchronous = normal")
        execute("select * from answers limit 1").fetchone()

    def _query(self, statement: str, *values: Any, in_run: bool = False) -> list[Any]:
        with self._translate_errors(in_run=in_run):
            return self._database.execute(statement, values).fetchall()

    def _change(self, statement: str, rows: Sequence[Sequence[Any]], *, in_run: bool = False) -> int:
        with self._translate_errors(in_run=in_run), self._database:
            return self._database.executemany(statement, rows).rowcount

    @contextmanager
    def _translate_errors(self, *, in_run: bool = False) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if is_interrupted(error):
                raise KeyboardInterrupt from None
            if not _is_damage(error):
                raise JournalError(f"{self.path}: cannot be used now: {error}; try again later") from None
            help = "remove it, and a new journal is created"
            if in_run:
                self.close()
                with suppress(OSError):
                    help = f"it was set aside as {_set_aside(self.path).name}"
            raise JournalError(f"{self.path}: is damaged: {error}; {help}") from None


def open_sqlite(path: Path, *, create: bool) -> SqliteStore:
    """Open the journal at `path`; with `create`, one that is damaged is set aside first.

    What is no journal is left as it is. A new one can be read by its user only, for it quotes articles.
    """
    if not create and not path.is_file():
        raise JournalError(f"{path}: there is no journal yet; 'newsmoe analyze' creates one")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return SqliteStore(path)
        except sqlite3.Error as error:
            if not (create and _is_damage(error)):
                raise
            if application_id(path) != APPLICATION:
                raise JournalError(
                    f"{path}: is no journal of newsmoe, and is left as it is; name another with --journal"
                ) from None
            aside = _set_aside(path)
            _logger.warning("%s: %s; it was set aside as %s, and a new one created", path, error, aside.name)
            return SqliteStore(path)
    except (OSError, sqlite3.Error) as error:
        help = "" if create else "; if it was a journal, remove it, and a new journal is created"
        raise JournalError(f"{path}: cannot be used: {reason_of(error)}{help}") from None


def _make_private(path: Path) -> None:
    """Make an empty file that others cannot read, if there is none."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _set_aside(path: Path) -> Path:
    """Rename a file that cannot be used, with its write-ahead log, which may hold more."""
    number = 1
    while (aside := path.with_name(f"{path.name}.{number}.aside")).exists():
        number += 1
    path.replace(aside)
    for suffix in LOG_SUFFIXES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    return aside


def _is_damage(error: sqlite3.Error) -> bool:
    """Tell whether the file is damaged or no journal, rather than in use."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by this module
        return type(error) is sqlite3.DatabaseError
    return code & 0xFF in DAMAGED
