"""One job done: its inputs read, its output written, with the report of the run."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from itertools import chain, islice, tee
from typing import NamedTuple, Self

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import ConfigError, NewsmoeError, OutputError, TooManyErrorsError
from newsmoe.ingest.source import Source, open_input
from newsmoe.jobs.inputs import readable_inputs
from newsmoe.jobs.plan import Job
from newsmoe.jobs.recorder import RunRecorder
from newsmoe.journal.journal import journal_place
from newsmoe.orchestrator.session import Session
from newsmoe.output.atomic import check_folder, descriptor_of, remove_leftovers
from newsmoe.output.dataset import Dataset
from newsmoe.output.dead_letters import write_dead_letters
from newsmoe.output.formats import STDOUT, Writer
from newsmoe.output.lock import output_lock
from newsmoe.output.run_report import RunReport, RunStats
from newsmoe.output.table import PREDICTIONS
from newsmoe.output.writers import open_writer
from newsmoe.prediction import record_key
from newsmoe.record import ItemError, Record
from newsmoe.settings.model import Settings, settings_hash

_logger = logging.getLogger(__name__)


class Observer:
    """Is told how a run comes along, in this order, until an error ends the run; this one ignores it."""

    def opened(self, name: str, count: int) -> None:
        """An input was checked; there are `count` elements in it."""

    def started(self, total: int, stats: RunStats) -> None:
        """All inputs were checked; `total` elements will be read, and `stats` grow from now on."""

    def finished(self, number: int, record: Record) -> None:
        """The record of element `number` was written, counted from 0 over all inputs."""

    def ended(self, report: RunReport) -> None:
        """Output and report are in their places."""


@dataclass(frozen=True)
class ErrorLimit:
    """The most records that may have errors: a number, or a share of all in per cent."""

    number: int
    per_cent: bool = False

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `N` or `N%`."""
        number = text.strip().removesuffix("%")
        if not number.isdecimal():
            raise ConfigError(f"--max-errors {text!r} is neither a number nor a share, such as 10 or 5%")
        return cls(int(number), text.strip().endswith("%"))

    def of(self, total: int) -> int:
        """Return the number for so many records."""
        return self.number * total // 100 if self.per_cent else self.number

    def __str__(self) -> str:
        return f"{self.number}{'%' if self.per_cent else ''}"


class _Written(NamedTuple):
    """A record, and what it is about: the element's number over all inputs, and the item."""

    number: int
    item: Article | InvalidItem
    record: Record


def open_session(
    settings: Settings,
    jobs: Sequence[Job] = (),
    command: Sequence[str] = (),
    make: Callable[..., Session] = Session,
    **options: object,
) -> Session:
    """Return a session, made by `make`, whose journal is the user's own file where the settings name none.

    Where it cannot be opened, the reports of `jobs` say why, but for settings that make no sense.
    """
    journal = journal_place(settings) or "none"
    try:
        return make(settings.model_copy(update={"journal": journal}), **options)
    except ConfigError:
        raise
    except NewsmoeError as error:
        for job in jobs:
            RunRecorder(job, settings, command).write_failure(error)
        raise


def run_job(
    session: Session,
    job: Job,
    observer: Observer | None = None,
    *,
    limit: int | None = None,
    max_errors: ErrorLimit | None = None,
    wait: bool = False,
    command: Sequence[str] = (),
) -> RunReport:
    """Read, analyze, write, report.

    At most `limit` articles are read. Where more records than `max_errors` have errors, nothing is written.
    Where another run is writing the output, that is an error, or this one waits. `command` is for the report,
    which is written for a run that fails too.
    """
    observer = observer or Observer()
    with ExitStack() as stack:
        if job.output != STDOUT:
            stack.enter_context(output_lock(job.output, wait=wait))
        recorder = RunRecorder(job, session.settings, command)  # whose time begins now
        stack.enter_context(recorder.reporting_failure(session))
        _remove_leftovers(job)
        sources = _opened(job, session.settings, recorder, observer, stack)
        count = sum(source.count for source in sources)
        limit = None if limit is None else min(limit, count)  # without one each input is read to its end
        total = recorder.total = count if limit is None else limit
        observer.started(total, recorder.stats)
        with _open_output(session, job) as output:
            if job.report is not None:
                check_folder(job.report)
            records = _records(session, sources, recorder.stats, limit, output.holds)
            failed = _write_all(records, output, observer, max_errors, total)
        if job.errors is not None:
            try:
                write_dead_letters(job.errors, sources, failed, like=job.output, append=job.append)
            except OutputError as error:  # the output is worth more than they are
                _logger.warning("%s", error)
        recorder.notices = [notice for source in sources for notice in source.log_notices()]
        report = recorder.report(session)
        recorder.write(report)
    if session.journal is not None:
        session.journal.keep_run(report.started.isoformat(), report.model_dump_json())
    observer.ended(report)
    return report


def _remove_leftovers(job: Job) -> None:
    """Remove what a run that was killed has left of this output, whose lock is held now."""
    for path in (job.output, job.report, job.errors):
        if path is not None and descriptor_of(path) is None:
            remove_leftovers(path)


def _opened(job: Job, settings: Settings, recorder: RunRecorder, observer: Observer, stack: ExitStack) -> list[Source]:
    """Return the inputs that can be read, which are open until `stack` ends."""

    def open_one(name: str) -> Source:
        source = stack.enter_context(open_input(name, settings))
        observer.opened(source.name, source.count)
        return source

    return list(readable_inputs(job.inputs, open_one, recorder.unreadable, strict=job.strict))


def _records(
    session: Session,
    sources: Sequence[Source],
    stats: RunStats,
    limit: int | None,
    holds: Callable[[Article | InvalidItem], bool],
) -> Iterator[_Written]:
    """Yield the records of the items that the output does not hold yet; a window of items is in memory."""
    items = islice(chain.from_iterable(source.articles() for source in sources), limit)
    pairs, queued = tee((number, item) for number, item in enumerate(items) if not holds(item))
    records = session.analyze((item for _, item in queued), stats)
    for (number, item), record in zip(pairs, records, strict=True):
        yield _Written(number, item, record)


def _write_all(
    records: Iterable[_Written], output: Writer, observer: Observer, max_errors: ErrorLimit | None, total: int
) -> Mapping[int, Sequence[ItemError]]:
    """Write the records; return the errors of those that have some, by the element's number."""
    failed: dict[int, Sequence[ItemError]] = {}
    for count, (number, item, record) in enumerate(records, start=1):
        output.write(record, item.key)
        observer.finished(number, record)
        if record.errors:
            failed[number] = record.errors
        if max_errors is not None and len(failed) > max_errors.of(total):
            index, (first, *_) = next(iter(failed.items()))  # not its message, which may quote the article
            where = " ".join(filter(None, (f"index {index}:", first.stage, first.expert)))
            raise TooManyErrorsError(
                f"{len(failed)} of {count} records have errors, more than --max-errors {max_errors};"
                f" the first: {where}: {first.type}"
            )
    return failed


def _open_output(session: Session, job: Job) -> AbstractContextManager[Writer]:
    columns = _columns(session)
    if job.partition_by:
        return open_writer(job.output, Dataset(job.format, job.partition_by, settings_hash(session.settings)), columns)
    return open_writer(job.output, job.format, columns, append=job.append)


def _columns(session: Session) -> Mapping[str, tuple[str, ...]]:
    """Return for each task the keys of its predictions that have a column each."""
    pools = {task: session.registry.pool(task) for task in session.gate.tasks}
    columns = {
        record_key(task): tuple(dict.fromkeys(key for info in pool for key in info.columns))
        for task, pool in pools.items()
    }
    return {**columns, PREDICTIONS: ()} if session.settings.details else columns
