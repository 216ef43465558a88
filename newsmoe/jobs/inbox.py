"""A folder into which files keep coming: each is analyzed once, and again only when it changes.

A file is identified by its name and the hash of its content. The state is written after the output is in
place, so that a run that dies in between analyzes the file again, to the same output: never none, never two.
"""

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from newsmoe.errors import ConfigError, InputError, LockedError, NewsmoeError, OutputError, TooManyErrorsError
from newsmoe.ingest.discovery import list_folder
from newsmoe.jobs.inbox_state import (
    STATE,
    FileState,
    PendingFile,
    Stamp,
    StartedFile,
    State,
    output_name,
    read_state,
    write_state,
    written_with,
)
from newsmoe.jobs.plan import Job
from newsmoe.output.atomic import in_utf8, remove_leftovers, translate_errors
from newsmoe.output.dead_letters import default_errors
from newsmoe.output.lock import locked
from newsmoe.output.run_report import RunReport, default_report, run_line
from newsmoe.output.writers import check_format

LOCK = ".newsmoe-watch.lock"
MAX_CRASHES = 3  # of the process on a file, before the file is left alone

_logger = logging.getLogger(__name__)

Analyze = Callable[[Job], RunReport]


@dataclass
class ScanResult:
    """What came of one scan of an inbox."""

    files: int = 0  # that were analyzed
    articles: int = 0  # in them
    failed: int = 0  # articles with errors
    unreadable: int = 0  # new files without articles
    unwritten: int = 0  # new files whose output could not be written; the next scan tries again
    pending: int = 0  # files that may still be written; left for the next scan


@contextmanager
def open_inbox(
    folder: Path,
    outbox: Path,
    *,
    settle: float = 10,
    format: str = "json",
    append: bool = False,
    clock: Callable[[], float] = time.time,
) -> Iterator["Inbox"]:
    """Give the inbox with its state; no other process can open one with the same outbox meanwhile."""
    if not folder.is_dir():
        raise InputError(f"{folder}: {'is no folder' if folder.exists() else 'no such folder'}")
    check_format(Path(f"*.{format}"), format, append=append)
    if outbox.exists() and not outbox.is_dir():
        raise OutputError(f"{outbox}: is no folder; name one with --out")
    with translate_errors(outbox):
        outbox.mkdir(parents=True, exist_ok=True)
        if outbox.samefile(folder):
            raise ConfigError(f"{outbox}: outputs would come in again; name another folder with --out")
    with locked(outbox / LOCK, f"{outbox}: another newsmoe watch is at work on this folder", of=outbox):
        yield Inbox(folder, outbox, settle, format, append, clock)


class Inbox:
    """The files below a folder, and their state; made by `open_inbox`.

    A file is called by its path from the folder on.
    """

    def __init__(
        self, folder: Path, outbox: Path, settle: float, format: str, append: bool, clock: Callable[[], float]
    ) -> None:
        self.folder = folder
        self.outbox = outbox
        self.settle = settle
        self.format = format
        self.append = append
        self.clock = clock
        remove_leftovers(outbox / STATE)
        self.state = read_state(outbox / STATE)
        self._taken = {path for state in self.state.files.values() for path in written_with(Path(state.output))}
        self._said: set[str] = set()
        self._unsettled: set[str] = set()

    def scan(self, analyze: Analyze) -> ScanResult:
        """Analyze every file that is new, or has changed since it was analyzed, in the order of their names.

        What cannot be read as articles is logged once, and other files are unaffected.
        """
        result = ScanResult()
        pending: dict[str, PendingFile] = {}
        for name in self._names():
            stamp, state = self._stamp(name), self.state.files.get(name)
            if stamp is None or (state and state.digest and state.stamp == stamp):
                continue
            if not (self._is_stable(name, stamp) and self._process(name, stamp, analyze, result)):
                pending[name] = self._pending(name, stamp)
                if name not in self._unsettled:
                    _logger.info("%s: may still be written; left for a later scan (--settle %g)", name, self.settle)
        self._unsettled = set(pending)
        result.pending = len(pending)
        if pending != self.state.waiting:
            self._save(self.state.model_copy(update={"waiting": pending}))
        return result

    def _names(self) -> list[str]:
        """Return the input files; what is left out is said once, and again when it changes."""
        checked = {str(self.folder / name) for name, state in self.state.files.items() if state.problem is None}
        outputs = [self.outbox] if self.outbox.resolve().is_relative_to(self.folder.resolve()) else []
        listing = list_folder(str(self.folder), outputs, checked)
        if listing.left_out:
            self._say(logging.INFO, f"{self.folder}: {listing.reasons}")
        for reason in listing.unreadable.values():
            self._say(logging.WARNING, reason)
        names = [file.relative_to(self.folder).as_posix() for file in listing.files]
        return list(filter(self._is_unicode, names))

    def _say(self, level: int, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            _logger.log(level, "%s", message)

    def _is_unicode(self, name: str) -> bool:
        try:
            name.encode()
        except UnicodeEncodeError:
            self._say(logging.WARNING, f"{in_utf8(str(self.folder / name))}: cannot be read: its name is no UTF-8")
            return False
        return True

    def _stamp(self, name: str) -> Stamp | None:
        try:
            stat = (self.folder / name).stat()
        except OSError:
            return None
        return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns

    def _is_stable(self, name: str, stamp: Stamp) -> bool:
        """Tell whether the file has stayed the same for long enough, since the last scan if that saw it.

        Its own time counts, or ours, because some files come with a time from elsewhere.
        """
        before = self.state.waiting.get(name)
        since = stamp[1] / 1e9
        if before is not None:
            since = min(since, before.since)
        return (before is None or before.stamp == stamp) and self.clock() - since >= self.settle

    def _pending(self, name: str, stamp: Stamp) -> PendingFile:
        """Return the file as it is now; `stamp` is what it was a moment ago."""
        before, stamp, now = self.state.waiting.get(name), self._stamp(name) or stamp, self.clock()
        if before and before.stamp == stamp and before.since <= now:  # else the clock was put back
            return before
        return PendingFile(stamp=stamp, since=now)

    def _process(self, name: str, stamp: Stamp, analyze: Analyze, result: ScanResult) -> bool:
        """Analyze the file if its content is new; return whether it stayed as it was all the while."""
        before = self.state.files.get(name)
        output = before.output if before else output_name(name, self.format, self._taken)
        digest, report, problem = None, None, None
        try:
            digest = _digest(self.folder / name)
            if self._stamp(name) != stamp:
                return False
            if before and before.digest == digest:
                self._save_file(name, before.model_copy(update={"stamp": stamp}))
                return True
            with self._started(name, digest):
                report = analyze(self._job(name, output))
        except (InputError, TooManyErrorsError) as error:
            problem = str(error)
        except (OutputError, LockedError) as error:
            _logger.warning("%s; the next scan tries again", error)
            result.unwritten += 1
            return True
        if self._stamp(name) != stamp:
            return False
        state = FileState(stamp=stamp, digest=digest, output=output, problem=problem)
        if state != before:
            self._save_file(name, state)
            self._count(name, state, report, result)
        return True

    @contextmanager
    def _started(self, name: str, digest: str) -> Iterator[None]:
        """Keep in the state, while the block runs, that the file was started: the process may die of it."""
        before = self.state.begun.get(name)
        crashes = before.times if before and before.digest == digest else 0
        others = {other: started for other, started in self.state.begun.items() if other != name}
        finished = self.state.model_copy(update={"begun": others})
        if crashes >= MAX_CRASHES:
            self.state = finished
            raise InputError(
                f"{self.folder / name}: the process died {crashes} times while it read this file; see what is in it,"
                " and give it another name to have it tried again"
            )
        started = {**others, name: StartedFile(digest=digest, times=crashes + 1)}
        self._save(self.state.model_copy(update={"begun": started}))
        try:
            yield
        except (NewsmoeError, KeyboardInterrupt):
            self.state = finished
            with suppress(OutputError):
                self._save(finished)
            raise
        self.state = finished

    def _job(self, name: str, output: str) -> Job:
        path = self.outbox / output
        with translate_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
        report, errors = default_report(path), default_errors(path)
        for written in (path, report, errors):
            remove_leftovers(written)
        return Job((str(self.folder / name),), path, self.format, report, errors, self.append)

    def _save_file(self, name: str, state: FileState) -> None:
        self._save(self.state.model_copy(update={"files": {**self.state.files, name: state}}))
        self._taken.update(written_with(Path(state.output)))

    def _save(self, state: State) -> None:
        write_state(self.outbox / STATE, state)
        self.state = state

    def _count(self, name: str, state: FileState, report: RunReport | None, result: ScanResult) -> None:
        """Count and log what became of a file."""
        if report is None:
            _logger.warning("%s; left alone until it changes", state.problem)
            result.unreadable += 1
            return
        _logger.info("%s", run_line(name, report))
        result.files += 1
        result.articles += report.items
        result.failed += report.failed


def _digest(path: Path) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
