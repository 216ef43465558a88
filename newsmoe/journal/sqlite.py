"""A journal in a SQLite file, for one machine."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from newsmoe.errors import JournalError
from newsmoe.journal.store import COLUMNS, WAIT_SECONDS, JournalStats, Row
from newsmoe.text.cleaning import one_line

APPLICATION = 0x6E6D6F65
"""Marks the file as a journal of ours ("nmoe"), in SQLite's header."""

SCHEMA_VERSION = 1
SCHEMA = f"""
pragma application_id = {APPLICATION};
pragma user_version = {SCHEMA_VERSION};
create table if not exists answers (
    expert text not null,
    article text not null,
    answer text not null,
    mark integer not null,
    kept integer not null,
    primary key (expert, article)
) without rowid;
create table if not exists runs (id integer primary key, started text not null, report text not null);
"""

LOG_SUFFIXES = ("-wal", "-shm")
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SqliteStore:
    """Rows in a file; see `Store`."""

    path: Path
    database: sqlite3.Connection

    @property
    def place(self) -> str:
        """The file."""
        return str(self.path)

    def find(self, cache_key: str, articles: Sequence[str]) -> list[Row]:
        """Return rows."""
        places = ",".join("?" * len(articles))
        query = f"select {COLUMNS} from answers where expert = ? and article in ({places})"
        with self._translate_errors(in_run=True):
            return list(map(Row._make, self.database.execute(query, (cache_key, *articles))))

    def put(self, rows: Sequence[Row], time: int) -> None:
        """Store rows in one transaction."""
        insert = "insert or replace into answers values (?, ?, ?, ?, ?)"
        with self._translate_errors(in_run=True), self.database:
            self.database.executemany(insert, [(*row, time) for row in rows])

    def rows(self) -> Iterator[Row]:
        """Check the file, then yield every row."""
        with self._translate_errors():
            (result,) = self.database.execute("pragma integrity_check(1)").fetchone()
            if result != "ok":
                raise sqlite3.DatabaseError(one_line(result))
            yield from map(Row._make, self.database.execute(f"select {COLUMNS} from answers"))

    def delete(self, rows: Sequence[Row]) -> None:
        """Delete rows."""
        delete = "delete from answers where expert = ? and article = ?"
        with self._translate_errors(), self.database:
            self.database.executemany(delete, [row[:2] for row in rows])

    def delete_until(self, time: int) -> int:
        """Delete old rows, and shrink the file."""
        with self._translate_errors():
            with self.database:
                deleted = self.database.execute("delete from answers where kept <= ?", (time,)).rowcount
            self.database.execute("vacuum")
        return deleted

    def put_run(self, started: str, report: str) -> None:
        """Store the report of a run."""
        with self._translate_errors(in_run=True), self.database:
            self.database.execute("insert into runs (started, report) values (?, ?)", (started, report))

    def runs(self) -> list[tuple[int, str]]:
        """Return number and report of every run, the last one first."""
        with self._translate_errors():
            return self.database.execute("select id, report from runs order by id desc").fetchall()

    def stats(self) -> JournalStats:
        """Return how much there is."""
        query = (
            "select count(*), count(distinct expert), count(distinct article),"
            " (select count(*) from runs) from answers"
        )
        with self._translate_errors():
            return JournalStats._make((*self.database.execute(query).fetchone(), self.path.stat().st_size))

    def close(self) -> None:
        """Close the file."""
        with suppress(sqlite3.Error):
            self.database.close()

    @contextmanager
    def _translate_errors(self, *, in_run: bool = False) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if not _is_damage(error):
                raise JournalError(f"{self.path}: cannot be used now: {error}; try again later") from None
            help = "remove it, and a new journal is created"
            if in_run:
                self.close()
                with suppress(OSError):
                    help = f"it was set aside as {_set_aside(self.path).name}"
            raise JournalError(f"{self.path}: is damaged: {error}; {help}") from None


def open_sqlite(path: Path, *, create: bool) -> SqliteStore:
    """Open the journal at `path`; with `create`, one that is damaged or none of ours is set aside first."""
    if not create and not path.is_file():
        raise JournalError(f"{path}: there is no journal yet; 'newsmoe analyze' creates one")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connect(path)
        except sqlite3.Error as error:
            if not (create and _is_damage(error)):
                raise
            aside = _set_aside(path)
            _logger.warning("%s: %s; it was set aside as %s, and a new one created", path, error, aside.name)
            return _connect(path)
    except (OSError, sqlite3.Error) as error:
        help = "" if create else "; if it was a journal, remove it, and a new journal is created"
        raise JournalError(f"{path}: cannot be used: {error}{help}") from None


def _connect(path: Path) -> SqliteStore:
    """Open a journal, with its tables made if the file is new."""
    database = sqlite3.connect(path, timeout=WAIT_SECONDS, check_same_thread=False)  # `Journal` has a lock
    try:
        database.execute("begin")  # else a journal that another process is making may be seen by half
        (application,) = database.execute("pragma application_id").fetchone()
        (version,) = database.execute("pragma user_version").fetchone()
        (tables,) = database.execute("select count(*) from sqlite_master").fetchone()
        if tables and application != APPLICATION:
            raise sqlite3.DatabaseError("it is no journal of newsmoe")
        if version != SCHEMA_VERSION and (tables or version):
            raise sqlite3.DatabaseError(f"it is of version {version}, this newsmoe writes {SCHEMA_VERSION}")
        database.rollback()
        if not tables:
            database.executescript(f"begin immediate; {SCHEMA} commit;")
        with suppress(sqlite3.OperationalError):  # another process is at it
            database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        database.execute("select * from answers limit 1").fetchone()
    except BaseException:
        database.close()
        raise
    return SqliteStore(path, database)


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


def _is_damage(error: Exception) -> bool:
    """Tell whether the file is damaged or no journal, rather than in use."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # raised by this module
        return type(error) is sqlite3.DatabaseError
    return code & 0xFF in DAMAGED
