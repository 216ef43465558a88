"""A folder into which files keep coming: each is analyzed once, and again only when it changes.

A file is known by its name and the hash of its content. What is known is written down after the output is in
place, so that a run that dies in between analyzes the file again, to the same output: never none, never two.
"""

import hashlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from newsmoe.errors import ConfigError, InputError, NewsmoeError, OutputError
from newsmoe.jobs.inbox_state import (
    STATE,
    Begun,
    Known,
    Stamp,
    State,
    Waiting,
    output_name,
    read_state,
    write_state,
)
from newsmoe.jobs.plan import Job
from newsmoe.output.atomic import translate_errors
from newsmoe.output.dead_letters import default_errors
from newsmoe.output.formats import format_of
from newsmoe.output.lock import locked
from newsmoe.output.run_report import RunReport, default_report

LOCK = ".newsmoe-watch.lock"
TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", "~")
"""Ends of the names of files that another program has not finished."""

MAX_CRASHES = 3
"""So often may the process die of a file, before the file is left alone."""

log = logging.getLogger(__name__)

Analyze = Callable[[Job], RunReport]


@dataclass
class ScanResult:
    """What came of one look at an inbox.

    Attributes:
        files: that were analyzed.
        articles: in them.
        failed: articles with errors.
        unreadable: new files that are none of articles.
        unwritten: new files whose output could not be written; the next look tries again.
        waiting: files that may still be written; left for the next look.
    """

    files: int = 0
    articles: int = 0
    failed: int = 0
    unreadable: int = 0
    unwritten: int = 0
    waiting: int = 0


@contextmanager
def open_inbox(
    folder: Path,
    outbox: Path,
    *,
    settle: float = 10,
    format: str = "json",
    clock: Callable[[], float] = time.time,
) -> Iterator["Inbox"]:
    """Give the inbox with what is known of it; nobody else can open one of the same outputs meanwhile."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    with translate_errors(outbox):
        outbox.mkdir(parents=True, exist_ok=True)
        if outbox.samefile(folder):
            raise ConfigError(f"{outbox}: outputs would come in again; name another folder with --out")
    with locked(outbox / LOCK, f"{outbox}: another newsmoe watch is at work on this folder"):
        yield Inbox(folder, outbox, settle, format, clock)


class Inbox:
    """The files of a folder, and what is known of them; made by `open_inbox`."""

    def __init__(
        self, folder: Path, outbox: Path, settle: float, format: str, clock: Callable[[], float]
    ) -> None:
        self.folder = folder
        self.outbox = outbox
        self.settle = settle
        self.format = format
        self.clock = clock
        _remove_begun(outbox / STATE)
        self.state = read_state(outbox / STATE)
        self._passed_over: set[str] = set()

    def scan(self, analyze: Analyze) -> ScanResult:
        """Analyze every file that is new, or has changed since it was analyzed, in the order of their names.

        What cannot be read as articles is logged once, and costs no other file its turn.
        """
        found = ScanResult()
        waiting: dict[str, Waiting] = {}
        for name in self._names():
            stamp, known = self._stamp(name), self.state.files.get(name)
            if stamp is None or (known and known.digest and known.stamp == stamp):
                continue
            if not (self._settled(name, stamp) and self._take(name, stamp, analyze, found)):
                waiting[name] = self._wait(name, stamp)
        found.waiting = len(waiting)
        if waiting != self.state.waiting:
            self._save(self.state.model_copy(update={"waiting": waiting}))
        return found

    def _names(self) -> list[str]:
        try:
            names = os.listdir(self.folder)
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be read: {error.strerror}") from None
        return [
            name
            for name in sorted(names)
            if not name.startswith(".")
            and not name.lower().endswith(TEMPORARY)
            and (self.folder / name).is_file()
            and self._can_be_written_down(name)
        ]

    def _can_be_written_down(self, name: str) -> bool:
        try:
            name.encode()
        except UnicodeEncodeError:
            if name not in self._passed_over:
                self._passed_over.add(name)
                log.warning("%s: cannot be read: its name is no UTF-8", self.folder / name)
            return False
        return True

    def _stamp(self, name: str) -> Stamp | None:
        try:
            found = (self.folder / name).stat()
        except OSError:
            return None
        return found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def _settled(self, name: str, stamp: Stamp) -> bool:
        """Tell whether nobody seems to write the file any more.

        It must be as the last look saw it, if that did, and must have been so for long enough: by its own
        time, or by ours, because some files come with a time from elsewhere.
        """
        before = self.state.waiting.get(name)
        since = stamp[1] / 1e9
        if before is not None:
            since = min(since, before.since)
        return (before is None or before.stamp == stamp) and self.clock() - since >= self.settle

    def _wait(self, name: str, stamp: Stamp) -> Waiting:
        """Note what the file is like now; `stamp` is what it was like a moment ago."""
        before, stamp, now = self.state.waiting.get(name), self._stamp(name) or stamp, self.clock()
        if before and before.stamp == stamp and before.since <= now:  # else the clock was put back
            return before
        return Waiting(stamp=stamp, since=now)

    def _take(self, name: str, stamp: Stamp, analyze: Analyze, found: ScanResult) -> bool:
        """Analyze the file if its content is new; return whether it stayed as it was all the while."""
        known = self.state.files.get(name)
        output = output_name(name, self.format, self.state.files)
        digest, report, problem = None, None, None
        try:
            digest = _digest(self.folder / name)
            if self._stamp(name) != stamp:
                return False
            if known and known.digest == digest:
                self._remember(name, known.model_copy(update={"stamp": stamp}))
                return True
            with self._beginning(name, digest):
                report = analyze(self._job(name, output))
        except InputError as error:
            problem = str(error)
        except OutputError as error:
            log.warning("%s; the next look tries again", error)
            found.unwritten += 1
            return True
        if self._stamp(name) != stamp:
            return False
        fresh = Known(stamp=stamp, digest=digest, output=output, problem=problem)
        if fresh != known:
            self._remember(name, fresh)
            self._tell(name, fresh, report, found)
        return True

    @contextmanager
    def _beginning(self, name: str, digest: str) -> Iterator[None]:
        """Have it written down, while the block runs, that the file was begun; the process may die of it."""
        before = self.state.begun.get(name)
        crashes = before.times if before and before.digest == digest else 0
        others = {other: begun for other, begun in self.state.begun.items() if other != name}
        alive = self.state.model_copy(update={"begun": others})
        if crashes >= MAX_CRASHES:
            self.state = alive
            raise InputError(
                f"{self.folder / name}: newsmoe died {crashes} times while at work on it; see what is in it,"
                " and give it another name to have it tried again"
            )
        begun = {**others, name: Begun(digest=digest, times=crashes + 1)}
        self._save(self.state.model_copy(update={"begun": begun}))
        try:
            yield
        except (NewsmoeError, KeyboardInterrupt):
            self.state = alive
            with suppress(OutputError):
                self._save(alive)
            raise
        self.state = alive

    def _job(self, name: str, output: str) -> Job:
        path = self.outbox / output
        report, errors = default_report(path), default_errors(path)
        for one in (path, report, errors):
            _remove_begun(one)
        return Job((str(self.folder / name),), path, format_of(path), report, errors)

    def _remember(self, name: str, known: Known) -> None:
        self._save(self.state.model_copy(update={"files": {**self.state.files, name: known}}))

    def _save(self, state: State) -> None:
        write_state(self.outbox / STATE, state)
        self.state = state

    def _tell(self, name: str, known: Known, report: RunReport | None, found: ScanResult) -> None:
        """Count and log what became of a file."""
        if report is None:
            log.warning("%s; left alone until it changes", known.problem)
            found.unreadable += 1
            return
        failed = report.items - report.statuses.get("ok", 0)
        stats = f"{report.items} articles, {failed} with errors, {report.seconds:.1f} s"
        log.info("%s: %s -> %s", name, stats, self.outbox / known.output)
        found.files += 1
        found.articles += report.items
        found.failed += failed


def _remove_begun(path: Path) -> None:
    """Remove what a run that was killed had begun to write in the place of `path`."""
    for begun in path.parent.glob(f".{escape(path.name)}.*.tmp"):
        with suppress(OSError):
            begun.unlink()


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
