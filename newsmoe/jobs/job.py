"""One job done: its inputs read, its output written, with the report of the run."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import chain, islice, tee
from pathlib import Path
from time import perf_counter

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import ConfigError, OutputError, TooManyErrorsError
from newsmoe.ingest.source import Source, open_source
from newsmoe.jobs.plan import Job
from newsmoe.journal.store import without_password
from newsmoe.orchestrator.session import Session
from newsmoe.orchestrator.stats import RunStats
from newsmoe.output.atomic import check_folder, write_text
from newsmoe.output.dead_letters import write_dead_letters
from newsmoe.output.formats import STDOUT, Writer
from newsmoe.output.lock import output_lock
from newsmoe.output.run_report import ExpertReport, RunReport, installed_versions
from newsmoe.output.writers import open_writer
from newsmoe.record import ItemError, Record
from newsmoe.registry.kinds import prediction_columns
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings

_logger = logging.getLogger(__name__)


class Observer:
    """Whoever wants to know how a run comes along; told in this order, until an error ends the run.

    This one does nothing about it.
    """

    def opened(self, name: str, count: int) -> None:
        """An input was checked; there are `count` elements in it."""

    def started(self, total: int, figures: RunStats) -> None:
        """All were; `total` elements of them are looked at, and `figures` grow from now on."""

    def finished(self, number: int, record: Record) -> None:
        """A record was written: of the element `number` over all inputs, counted from 0."""

    def ended(self, report: RunReport) -> None:
        """Output and report are in their places."""


def max_error_count(asked: str | None, total: int) -> int | None:
    """Return how many records may have errors: of `N`, or of `N%` of all; None for any number."""
    if asked is None:
        return None
    number = asked.strip().removesuffix("%")
    if not number.isdecimal():
        raise ConfigError(f"--max-errors {asked!r} is neither a number nor a share, such as 10 or 5%")
    return int(number) * total // 100 if asked.strip().endswith("%") else int(number)


def run_job(
    session: Session,
    job: Job,
    observer: Observer | None = None,
    limit: int | None = None,
    max_errors: str | None = None,
    *,
    wait: bool = False,
    command: Sequence[str] = (),
) -> RunReport:
    """Read, analyze, write, report."""
    started, clock = datetime.now(UTC), perf_counter()
    figures, observer = RunStats(), observer or Observer()
    with ExitStack() as stack:
        if job.output != STDOUT:
            stack.enter_context(output_lock(job.output, wait=wait))
        sources = list(_opened(job.inputs, session.settings, observer, stack))
        count = sum(source.count for source in sources)
        limit = None if limit is None else min(limit, count)  # without one each input is read to its end
        total = count if limit is None else limit
        observer.started(total, figures)
        predictions = _predictions_of(session.registry, session.gate.tasks)
        with open_writer(job.output, job.format, predictions, append=job.append) as output:
            if job.report is not None:
                check_folder(job.report)
            records = _records(session, sources, figures, limit, output.holds)
            failed = _write_all(records, output, observer, max_errors, total)
        if job.errors is not None:
            _put_aside(job.errors, sources, failed, append=job.append)
    report = _report(session, job, figures, started, perf_counter() - clock, total - figures.items, command)
    _keep(report, job, session)
    observer.ended(report)
    return report


def _opened(
    names: Sequence[str], settings: Settings, observer: Observer, stack: ExitStack
) -> Iterator[Source]:
    """Yield each input, which is open until `stack` ends."""
    for name in names:
        source = stack.enter_context(open_source(name, settings.fields, settings.input_format))
        observer.opened(source.name, source.count)
        yield source


def _records(
    session: Session,
    sources: Sequence[Source],
    figures: RunStats,
    limit: int | None,
    done: Callable[[Article | InvalidItem], bool],
) -> Iterator[tuple[int, Article | InvalidItem, Record]]:
    """Yield number, item and record of each item that is not `done`; a window's items are held at a time."""
    items = islice(chain.from_iterable(source.articles() for source in sources), limit)
    kept, asked = tee((number, item) for number, item in enumerate(items) if not done(item))
    analyses = session.analyze((item for _, item in asked), figures)
    for (number, item), record in zip(kept, analyses, strict=True):
        yield number, item, record


def _write_all(
    records: Iterable[tuple[int, Article | InvalidItem, Record]],
    output: Writer,
    observer: Observer,
    max_errors: str | None,
    total: int,
) -> Mapping[int, Sequence[ItemError]]:
    """Write the records; return the errors of those that have some, by the element's number."""
    most = max_error_count(max_errors, total)
    failed: dict[int, Sequence[ItemError]] = {}
    for written, (number, item, record) in enumerate(records, start=1):
        output.write(record, item.key)
        observer.finished(number, record)
        if record.errors:
            failed[number] = record.errors
        if most is not None and len(failed) > most:
            index, (first, *_) = next(iter(failed.items()))  # not its message, which may quote the article
            where = " ".join(filter(None, (f"index {index}:", first.stage, first.expert)))
            raise TooManyErrorsError(
                f"{len(failed)} of {written} records have errors, more than --max-errors {max_errors};"
                f" the first: {where}: {first.type}"
            )
    return failed


def _put_aside(
    path: Path, sources: Sequence[Source], failed: Mapping[int, Sequence[ItemError]], *, append: bool
) -> None:
    """Write the elements that something went wrong with; the output is worth more than they are."""
    try:
        write_dead_letters(path, sources, failed, append=append)
    except OutputError as error:
        _logger.warning("%s", error)


def _keep(report: RunReport, job: Job, session: Session) -> None:
    """Write the report where the job has it, and have the session's store keep it."""
    if job.report is not None:
        write_text(job.report, report.model_dump_json(indent=2) + "\n")
    if session.store is not None:
        session.store.keep_run(report.started.isoformat(), report.model_dump_json())


def _predictions_of(registry: Registry, tasks: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return for each task the keys of its answers that have a column each, where a card tells them."""
    cards = {task: [info.card for info in registry.pool(task) if info.card] for task in tasks}
    return {task: next(filter(None, map(prediction_columns, found)), ()) for task, found in cards.items()}


def _report(
    session: Session,
    job: Job,
    figures: RunStats,
    started: datetime,
    seconds: float,
    skipped: int,
    command: Sequence[str],
) -> RunReport:
    experts = {}
    for name, one in figures.experts.items():
        info = session.registry.info(name)
        experts[name] = ExpertReport(
            task=info.task,
            fingerprint=info.fingerprint(),
            items=one.items,
            reused=one.reused,
            share=round(one.items / figures.items, 4) if figures.items else 0.0,
            errors=one.errors,
            overflow=one.overflow,
            budgeted=one.budgeted,
            batches=one.batches,
            tokens=one.tokens,
            seconds=round(one.seconds, 3),
            load_seconds=round(one.load_seconds, 3),
        )
    return RunReport(
        command=[_in_utf8(without_password(argument)) for argument in command],
        folder=_in_utf8(os.getcwd()),
        inputs=[_in_utf8(name) for name in job.inputs],
        output=_in_utf8(str(job.output)),
        started=started,
        seconds=round(seconds, 3),
        items=figures.items,
        skipped=skipped,
        statuses=dict(figures.statuses),
        errors=dict(figures.errors),
        abstentions=dict(figures.abstentions),
        tokens=figures.tokens,
        device=session.device.name,
        gate=session.settings.gate,
        gate_seconds=round(figures.gate_seconds, 3),
        tasks=list(session.gate.tasks),
        experts=experts,
        versions=installed_versions(),
    )


def _in_utf8(name: str) -> str:
    """Return a name for a report; of a file's name in another encoding the wrong bytes become U+FFFD."""
    return os.fsencode(name).decode(errors="replace")
