"""What experts have answered, kept in SQLite as it is finished, so that it is not done again.

An answer is known by the expert's fingerprint and the hash of what the expert read: never by a position in a
file. A journal is a help and no more: one that is damaged, foreign or locked is done without.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from types import TracebackType
from typing import NamedTuple, Self, TypeVar
from zlib import crc32

from newsmoe.analysis import Prediction
from newsmoe.config import Settings
from newsmoe.errors import JournalError
from newsmoe.storage.answers import answer_as_text, read_answer

__all__ = ["Journal", "JournalStats", "existing_journal", "journal_path", "open_journal"]

APPLICATION = 0x6E6D6F65
"""Marks the file as a journal of ours ("nmoe"), in SQLite's header."""

SCHEMA_VERSION = 1
SCHEMA = """
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

WAIT_SECONDS = 10.0
"""How long another process may hold the journal before it is done without."""

DAY = 86_400
MOST_PARAMETERS = 500

T = TypeVar("T")
_logger = logging.getLogger(__name__)


class JournalStats(NamedTuple):
    """How much a journal holds."""

    answers: int
    experts: int
    articles: int
    runs: int
    bytes: int


@dataclass(frozen=True)
class Journal:
    """Answers of experts on disk; every `keep` is on it when it returns.

    Args:
        path: the file.
        database: the open connection.
    """

    path: Path
    database: sqlite3.Connection

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(sqlite3.Error):
            self.database.close()

    def answers(self, expert: str, articles: Sequence[str]) -> dict[str, Prediction]:
        """Return the answers that are kept, by article.

        Args:
            expert: its fingerprint, with all else that decides what it answers.
            articles: hashes of what it read.
        """

        def look() -> dict[str, Prediction]:
            found: dict[str, Prediction] = {}
            wanted = list(dict.fromkeys(articles))
            for start in range(0, len(wanted), MOST_PARAMETERS):
                some = wanted[start : start + MOST_PARAMETERS]
                places = ",".join("?" * len(some))
                rows = self.database.execute(
                    f"select article, answer, mark from answers where expert = ? and article in ({places})",
                    (expert, *some),
                )
                found |= {
                    article: read_answer(answer)
                    for article, answer, mark in rows
                    if mark == _mark(expert, article, answer)
                }
            return found

        return self._try(look, {})

    def keep(self, expert: str, answers: Mapping[str, Prediction]) -> None:
        """Keep answers by article; when this returns, they outlive the process."""
        rows = [
            (expert, article, text := answer_as_text(answer), _mark(expert, article, text), int(time()))
            for article, answer in answers.items()
        ]

        def put() -> None:
            with self.database:
                self.database.executemany("insert or replace into answers values (?, ?, ?, ?, ?)", rows)

        self._try(put, None)

    def keep_run(self, started: str, report: str) -> None:
        """Keep the report of a run."""

        def put() -> None:
            with self.database:
                self.database.execute("insert into runs (started, report) values (?, ?)", (started, report))

        self._try(put, None)

    def runs(self) -> list[tuple[int, str]]:
        """Return number and report of every run, the last one first."""
        rows = self.database.execute("select id, report from runs order by id desc").fetchall()
        return [(int(number), str(report)) for number, report in rows]

    def stats(self) -> JournalStats:
        """Return how much there is."""
        one = self.database.execute
        (answers, experts, articles) = one(
            "select count(*), count(distinct expert), count(distinct article) from answers"
        ).fetchone()
        (runs,) = one("select count(*) from runs").fetchone()
        return JournalStats(answers, experts, articles, runs, self.path.stat().st_size)

    def prune(self, days: float) -> int:
        """Forget what was kept more than `days` ago; return how many answers that were."""
        before = int(time() - days * DAY)
        with self.database:
            gone = self.database.execute("delete from answers where kept <= ?", (before,)).rowcount
        self.database.execute("vacuum")
        return gone

    def verify(self) -> int:
        """Check the file and every answer in it; forget the answers that are damaged, and return how many.

        Raises:
            JournalError: the file itself is damaged.
        """
        try:
            (found,) = self.database.execute("pragma integrity_check(1)").fetchone()
            if found != "ok":
                raise JournalError(f"{self.path}: is damaged: {found}; remove it, and it is begun anew")
            rows = self.database.execute("select expert, article, answer, mark from answers")
            bad = [row[:2] for row in rows if row[3] != _mark(*row[:3]) or not _is_answer(row[2])]
            with self.database:
                self.database.executemany("delete from answers where expert = ? and article = ?", bad)
        except sqlite3.DatabaseError as error:
            raise JournalError(f"{self.path}: is damaged: {error}; remove it, and it is begun anew") from None
        return len(bad)

    def _try(self, work: Callable[[], T], otherwise: T) -> T:
        """Do `work`, or say once that it could not be done: a run does not end for its journal."""
        try:
            return work()
        except (sqlite3.Error, ValueError, OSError) as error:
            if not isinstance(error, sqlite3.ProgrammingError):  # closed: it was told already
                _logger.warning("%s: cannot be used any more, what follows is not kept: %s", self.path, error)
                with suppress(sqlite3.Error):
                    self.database.close()
            return otherwise


def journal_path(settings: Settings) -> Path | None:
    """Return where the settings have the journal, else the user's own; None for nowhere."""
    from platformdirs import user_data_path

    if settings.journal == "none":
        return None
    return Path(settings.journal) if settings.journal else user_data_path("newsmoe") / "journal.sqlite"


@contextmanager
def open_journal(path: Path | None) -> Iterator[Journal | None]:
    """Open the journal at `path`; give None where there is to be none, or, with a warning, it cannot be had.

    A file that is damaged or no journal is set aside, and a new one begun.
    """
    journal = _opened(path) if path else None
    if journal is None:
        yield None
        return
    with journal:
        yield journal


def existing_journal(path: Path | None) -> Journal:
    """Open the journal at `path`, which is there.

    Raises:
        JournalError: it is not, or it cannot be used.
    """
    if path is None or not path.is_file():
        raise JournalError(f"{path or 'none'}: there is no journal yet; 'newsmoe analyze' begins one")
    try:
        return _connected(path)
    except JournalError as error:
        raise JournalError(f"{path}: {error}") from None
    except sqlite3.Error as error:
        raise JournalError(f"{path}: cannot be used: {error}; remove it, and it is begun anew") from None


def _opened(path: Path) -> Journal | None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _connected(path)
        except (sqlite3.DatabaseError, JournalError) as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            aside = _set_aside(path)
            _logger.warning("%s: %s; it was set aside as %s, and a new one begun", path, error, aside.name)
            return _connected(path)
    except (OSError, sqlite3.Error) as error:
        _logger.warning("%s: cannot be opened, so finished work is not kept: %s", path, error)
        return None


def _connected(path: Path) -> Journal:
    """Open a journal, made on the first call.

    Raises:
        JournalError: the file is no journal, or a later version's.
        sqlite3.DatabaseError: it is damaged, or no database at all.
    """
    database = sqlite3.connect(path, timeout=WAIT_SECONDS)
    try:
        (application,) = database.execute("pragma application_id").fetchone()
        (version,) = database.execute("pragma user_version").fetchone()
        (tables,) = database.execute("select count(*) from sqlite_master").fetchone()
        if tables and application != APPLICATION:
            raise JournalError("is no journal of newsmoe")
        if version not in (0, SCHEMA_VERSION):
            raise JournalError(f"is of version {version}, this newsmoe writes {SCHEMA_VERSION}")
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        if not tables:
            database.execute(f"pragma application_id = {APPLICATION}")
            database.execute(f"pragma user_version = {SCHEMA_VERSION}")
        database.executescript(SCHEMA)
        database.execute("select * from answers limit 1").fetchone()
    except BaseException:
        database.close()
        raise
    return Journal(path, database)


def _set_aside(path: Path) -> Path:
    """Give a file that cannot be used another name; its write-ahead log goes with it."""
    number = 1
    while (aside := path.with_name(f"{path.name}.{number}.aside")).exists():
        number += 1
    path.replace(aside)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside


def _is_answer(text: str) -> bool:
    try:
        read_answer(text)
    except (ValueError, TypeError, KeyError):
        return False
    return True


def _mark(expert: str, article: str, answer: str) -> int:
    """Return a checksum of a row: SQLite has none of its own."""
    return crc32("\0".join((expert, article, answer)).encode())
