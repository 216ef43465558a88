"""One output file from one or more input files, with the report of the run."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice, tee
from pathlib import Path
from time import perf_counter
from typing import Protocol

from newsmoe.analysis import Analysis, ItemError
from newsmoe.article import Article, Unreadable
from newsmoe.config import Settings
from newsmoe.errors import ConfigError, InputError, OutputError, TooManyErrorsError
from newsmoe.orchestrator.figures import RunFigures
from newsmoe.orchestrator.session import Session
from newsmoe.registry.kinds import answer_keys
from newsmoe.registry.registry import Registry
from newsmoe.storage.dead_letters import default_errors, write_dead_letters
from newsmoe.storage.formats import format_of
from newsmoe.storage.inputs import find_inputs
from newsmoe.storage.lock import output_lock
from newsmoe.storage.readers import Source, open_source
from newsmoe.storage.replace import write_text
from newsmoe.storage.run_report import ExpertReport, RunReport, default_report, installed_versions
from newsmoe.storage.writers import STDOUT, check_format, default_output, open_writer

__all__ = ["Job", "Observer", "check_inputs", "most_errors", "plan_jobs", "run_job"]


@dataclass(frozen=True)
class Job:
    """What to read and where to write.

    Attributes:
        inputs: paths, or `-` for standard input.
        output: a path, or `-` for standard output.
        format: of the output.
        report: where the run report goes; None for no report.
        errors: where the elements that something went wrong with go; None for nowhere.
        append: whether to add to what the output holds already.
    """

    inputs: tuple[str, ...]
    output: Path
    format: str
    report: Path | None
    errors: Path | None = None
    append: bool = False


class Observer(Protocol):
    """Whoever wants to know how a run comes along."""

    def started(self, total: int, figures: RunFigures) -> None:
        """The inputs were checked; there are `total` articles in them, and `figures` grow from now on."""

    def finished(self, analysis: Analysis) -> None:
        """A record was written."""


def plan_jobs(
    inputs: Sequence[str],
    output: Path | None,
    report: Path | None,
    settings: Settings,
    *,
    append: bool = False,
) -> list[Job]:
    """Return one job for all inputs where an output is named, else one for each input.

    A folder or a pattern among the inputs stands for the files in it.

    Raises:
        InputError: a folder or a pattern stands for no file.
        ConfigError: two inputs would share a default output, or several jobs one report, or the format
            cannot be written there.
        OutputError: an output is one of the inputs.
    """
    inputs = find_inputs(inputs, [path for path in (output, report) if path is not None])
    if output is not None:
        groups = [(tuple(inputs), output)]
    else:
        groups = [((name,), _default_output(name, settings.format or "json")) for name in inputs]
    if report is not None and len(groups) > 1:
        raise ConfigError("one run report for several outputs: name one output with -o, or no report")
    jobs = [_job(names, path, report, settings.format or format_of(path), append) for names, path in groups]
    _refuse_overwriting(inputs, jobs)
    return jobs


def check_inputs(jobs: Sequence[Job]) -> None:
    """Look for all inputs of all jobs, so that a missing one is told before the first job runs.

    Raises:
        InputError: an input is not there.
    """
    for name in (name for job in jobs for name in job.inputs):
        if name != "-" and not Path(name).exists():
            raise InputError(f"{name}: cannot be read: No such file or directory")


def _job(inputs: tuple[str, ...], output: Path, report: Path | None, format: str, append: bool) -> Job:
    if output.is_dir() and not (append and format == "parquet"):
        raise OutputError(f"{output}: is a folder; name a file in it with -o")
    check_format(output, format, append=append)
    if report is None and output != STDOUT:
        report = default_report(output)
    errors = None if output == STDOUT else default_errors(output)
    return Job(inputs, output, format, report, errors, append)


def _refuse_overwriting(inputs: Sequence[str], jobs: Sequence[Job]) -> None:
    """Refuse jobs that would write one file twice, or over an input."""
    read = {os.path.realpath(name) for name in inputs if name != "-"}
    written: set[str] = set()
    for path in (path for job in jobs for path in (job.output, job.report) if path):
        real = str(path) if path == STDOUT else os.path.realpath(path)
        if real in read:
            raise OutputError(
                f"{path}: is an input too, and would be overwritten; name another output with -o"
            )
        if real in written:
            raise ConfigError(f"several inputs would be written to {path}; name one output with -o")
        written.add(real)


def _default_output(name: str, format: str) -> Path:
    """Return the output beside the input, in the working directory where that folder cannot be written."""
    if name == "-":
        return STDOUT
    beside = default_output(Path(name), format)
    return beside if os.access(beside.parent, os.W_OK) or not beside.parent.is_dir() else Path(beside.name)


def most_errors(asked: str | None, total: int) -> int | None:
    """Return how many records may have errors: of `N`, or of `N%` of all; None for any number.

    Raises:
        ConfigError: it is neither.
    """
    if asked is None:
        return None
    number = asked.strip().removesuffix("%")
    if not number.isdecimal():
        raise ConfigError(f"--max-errors {asked!r} is neither a number nor a share, such as 10 or 5%")
    return int(number) * total // 100 if asked.strip().endswith("%") else int(number)


def run_job(
    session: Session,
    job: Job,
    observer: Observer,
    limit: int | None = None,
    max_errors: str | None = None,
    *,
    wait: bool = False,
    command: Sequence[str] = (),
) -> RunReport:
    """Read, analyze, write, report.

    Args:
        session: the loaded experts.
        job: what to read and where to write.
        observer: told of the progress.
        limit: most articles to read.
        max_errors: most records with errors, as `N` or `N%`.
        wait: wait where another run is writing the output.
        command: how the run was asked for, for the report.

    Raises:
        InputError: an input cannot be read; nothing was written.
        OutputError: an output cannot be written.
        LockedError: another run is writing the output.
        TooManyErrorsError: more records have errors than may; nothing was written.
    """
    started, clock = datetime.now(UTC), perf_counter()
    figures = RunFigures()
    failed: dict[int, list[ItemError]] = {}
    with ExitStack() as stack:
        if job.output != STDOUT:
            stack.enter_context(output_lock(job.output, wait=wait))
        sources = [stack.enter_context(open_source(name, session.settings.fields)) for name in job.inputs]
        total = sum(source.count for source in sources)
        total = total if limit is None else min(limit, total)
        observer.started(total, figures)
        answers = _answers(session.registry, session.gate.tasks)
        output = stack.enter_context(open_writer(job.output, job.format, answers, append=job.append))
        if job.report is not None and not job.report.resolve().parent.is_dir():
            raise OutputError(f"{job.report}: cannot be written: there is no folder {job.report.parent}")
        most = most_errors(max_errors, total)
        for number, item, analysis in _records(session, sources, figures, total, output.holds):
            output.write(analysis, item.key)
            observer.finished(analysis)
            if analysis.errors:
                failed[number] = analysis.errors
            if most is not None and len(failed) > most:
                raise TooManyErrorsError(
                    f"{len(failed)} of {figures.items} records have errors, more than --max-errors"
                    f" {max_errors}; the first: {next(iter(failed.values()))[0].message}"
                )
        if job.errors is not None:
            write_dead_letters(job.errors, sources, failed)
    report = _report(session, job, figures, started, perf_counter() - clock, total - figures.items, command)
    if job.report is not None:
        write_text(job.report, report.model_dump_json(indent=2) + "\n")
    return report


def _records(
    session: Session,
    sources: Sequence[Source],
    figures: RunFigures,
    total: int,
    done: Callable[[Article | Unreadable], bool],
) -> Iterator[tuple[int, Article | Unreadable, Analysis]]:
    """Yield number, item and record of each item that is not `done`; a window's items are held at a time."""
    items = islice(chain.from_iterable(source.articles() for source in sources), total)
    kept, asked = tee((number, item) for number, item in enumerate(items) if not done(item))
    analyses = session.analyze((item for _, item in asked), figures)
    for (number, item), analysis in zip(kept, analyses, strict=True):
        yield number, item, analysis


def _answers(registry: Registry, tasks: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return for each task the keys of its answers that have a column each, where a card tells them."""
    cards = {task: [info.card for info in registry.pool(task) if info.card] for task in tasks}
    return {task: next(filter(None, map(answer_keys, found)), ()) for task, found in cards.items()}


def _report(
    session: Session,
    job: Job,
    figures: RunFigures,
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
            fingerprint=session.registry.fingerprint(name),
            items=one.items,
            reused=one.reused,
            share=round(one.items / figures.items, 4) if figures.items else 0.0,
            errors=one.errors,
            batches=one.batches,
            tokens=one.tokens,
            seconds=round(one.seconds, 3),
            load_seconds=round(one.load_seconds, 3),
        )
    return RunReport(
        command=list(command),
        folder=os.getcwd(),
        inputs=list(job.inputs),
        output=str(job.output),
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
