"""A journal in a SQLite file, which serves one machine."""

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from newsmoe.errors import JournalError
from newsmoe.journal.store import WAIT_SECONDS, JournalStats, Row
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

    def find(self, expert: str, articles: Sequence[str]) -> list[Row]:
        """Return the rows of an expert about some articles."""
        places = ",".join("?" * len(articles))
        query = (
            f"select expert, article, answer, mark from answers where expert = ? and article in ({places})"
        )
        with self._translate_errors(in_run=True):
            return list(map(Row._make, self.database.execute(query, (expert, *articles))))

    def put(self, rows: Sequence[Row], kept: int) -> None:
        """Store rows in one transaction."""
        insert = "insert or replace into answers values (?, ?, ?, ?, ?)"
        with self._translate_errors(in_run=True), self.database:
            self.database.executemany(insert, [(*row, kept) for row in rows])

    def rows(self) -> Iterator[Row]:
        """Yield every row, after the file was checked."""
        with self._translate_errors():
            (found,) = self.database.execute("pragma integrity_check(1)").fetchone()
            if found != "ok":
                raise sqlite3.DatabaseError(one_line(found))
            for row in self.database.execute("select expert, article, answer, mark from answers"):
                yield Row(*row)

    def forget(self, rows: Sequence[Row]) -> None:
        """Remove rows."""
        delete = "delete from answers where expert = ? and article = ?"
        with self._translate_errors(), self.database:
            self.database.executemany(delete, [(row.expert, row.article) for row in rows])

    def forget_until(self, kept: int) -> int:
        """Remove old rows, and give their room back."""
        with self._translate_errors():
            with self.database:
                gone = self.database.execute("delete from answers where kept <= ?", (kept,)).rowcount
            self.database.execute("vacuum")
        return gone

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
        one = self.database.execute
        with self._translate_errors():
            (predictions, experts, articles) = one(
                "select count(*), count(distinct expert), count(distinct article) from answers"
            ).fetchone()
            (runs,) = one("select count(*) from runs").fetchone()
            return JournalStats(predictions, experts, articles, runs, self.path.stat().st_size)

    def close(self) -> None:
        """Close the file."""
        with suppress(sqlite3.Error):
            self.database.close()

    @contextmanager
    def _translate_errors(self, *, in_run: bool = False) -> Iterator[None]:
        """Turn SQLite's errors into ours."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if not _is_damage(error):
                raise JournalError(f"{self.path}: cannot be used now: {error}; try again later") from None
            help = "remove it, and it is begun anew"
            if in_run:
                self.close()
                with suppress(OSError):
                    help = f"it was set aside as {_set_aside(self.path).name}"
            raise JournalError(f"{self.path}: is damaged: {error}; {help}") from None


def open_sqlite(path: Path) -> SqliteStore | None:
    """Open the journal at `path`; with a warning, None where that cannot be had.

    A file that is damaged or no journal is set aside, and a new one begun.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connected(path)
        except (sqlite3.Error, JournalError) as error:
            if not (isinstance(error, JournalError) or _is_damage(error)):
                raise
            aside = _set_aside(path)
            _logger.warning("%s: %s; it was set aside as %s, and a new one begun", path, error, aside.name)
            return _connected(path)
    except (OSError, sqlite3.Error) as error:
        _logger.warning("%s: cannot be opened, so finished work is not kept: %s", path, error)
        return None


def existing_sqlite(path: Path) -> SqliteStore:
    """Open the journal at `path`, which is there."""
    if not path.is_file():
        raise JournalError(f"{path}: there is no journal yet; 'newsmoe analyze' begins one")
    try:
        return _connected(path)
    except JournalError as error:
        raise JournalError(f"{path}: {error}") from None
    except sqlite3.Error as error:
        raise JournalError(
            f"{path}: cannot be used: {error}; if it was a journal, remove it, and it is begun anew"
        ) from None


def _connected(path: Path) -> SqliteStore:
    """Open a journal, made on the first call."""
    database = sqlite3.connect(path, timeout=WAIT_SECONDS)
    try:
        database.execute("begin")  # else a journal that another process is making may be seen by half
        (application,) = database.execute("pragma application_id").fetchone()
        (version,) = database.execute("pragma user_version").fetchone()
        (tables,) = database.execute("select count(*) from sqlite_master").fetchone()
        if tables and application != APPLICATION:
            raise JournalError("is no journal of newsmoe")
        if version != SCHEMA_VERSION and (tables or version):
            raise JournalError(f"is of version {version}, this newsmoe writes {SCHEMA_VERSION}")
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
    """Give a file that cannot be used another name; its write-ahead log goes with it, which may hold more."""
    number = 1
    while (aside := path.with_name(f"{path.name}.{number}.aside")).exists():
        number += 1
    path.replace(aside)
    for suffix in LOG_SUFFIXES:
        with suppress(FileNotFoundError):
            path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    return aside


def _is_damage(error: Exception) -> bool:
    """Tell whether SQLite says that the file is damaged or no database, rather than that it is in use."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:  # found by us
        return type(error) is sqlite3.DatabaseError
    return code & 0xFF in DAMAGED
