"""The report of a run: of one that is done, and of one that failed."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from newsmoe.errors import ITEMS_FAILED, InputError, NewsmoeError, OutputError, exit_code
from newsmoe.jobs.plan import Job, is_stream
from newsmoe.journal.store import without_password
from newsmoe.orchestrator.session import Session
from newsmoe.output.atomic import in_utf8, write_text
from newsmoe.output.run_report import Failure, RunInfo, RunReport, RunStats, default_report, installed_versions
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import DEFAULT_TASKS, Settings


class RunRecorder:
    """Collects what a report says, from the start of a run on.

    Attributes:
        stats: what is counted.
        unreadable: inputs that cannot be read, with the reason.
        total: elements to look at.
        notices: what was guessed or left out of the inputs.
    """

    def __init__(self, job: Job, settings: Settings, command: Sequence[str] = ()) -> None:
        self.job = job
        self.settings = settings
        self.command = command
        self.stats = RunStats()
        self.unreadable = dict(job.unreadable)
        self.total: int | None = None
        self.notices: list[str] = []
        self._started, self._clock = datetime.now(UTC), perf_counter()

    @contextmanager
    def reporting_failure(self, session: Session) -> Iterator[None]:
        """Write the report where the block raises something."""
        try:
            yield
        except BaseException as error:
            self.write_failure(error, session)
            raise

    def write_failure(self, error: BaseException, session: Session | None = None) -> None:
        """Write the report of a run that `error` ended, as far as that can be done."""
        with suppress(OutputError):
            self.write(self.report(session, error))

    def report(self, session: Session | None, error: BaseException | None = None) -> RunReport:
        """Return the report of the run, which `error` ended, or which is done."""
        stats, job = self.stats, self.job
        if session is not None:
            _describe_experts(stats, session.registry)
        incomplete = stats.failed > 0 or bool(self.unreadable)
        info = RunInfo(
            command=[in_utf8(without_password(argument)) for argument in self.command],
            folder=in_utf8(os.getcwd()),
            inputs=[in_utf8(name) for name in job.inputs],
            output=in_utf8(str(job.output)),
            unreadable={in_utf8(name): in_utf8(reason) for name, reason in self.unreadable.items()},
            left_out={in_utf8(name): dict(reasons) for name, reasons in job.left_out.items()},
            started=self._started,
            seconds=perf_counter() - self._clock,
            exit_code=exit_code(error) if error else ITEMS_FAILED if incomplete else 0,
            failure=_failure(error) if error else None,
            skipped=0 if error or self.total is None else self.total - stats.items,
            device=session.device.name if session else self.settings.device,
            gate=self.settings.gate,
            tasks=list(session.gate.tasks if session else self.settings.tasks or DEFAULT_TASKS),
            versions=installed_versions(),
            notices=[in_utf8(notice) for notice in self.notices],
        )
        return RunReport.model_validate(info.model_dump() | stats.model_dump())

    def write(self, report: RunReport) -> None:
        """Write the report where the job has one."""
        if self.job.report is not None:
            write_text(self.job.report, report.model_dump_json(indent=2) + "\n", like=self.job.output)


@contextmanager
def reporting_lost_inputs(
    inputs: Sequence[str], output: Path | None, report: Path | None, settings: Settings, command: Sequence[str] = ()
) -> Iterator[None]:
    """Write the report of an output that is named, or a report that is, where the block does not find the inputs."""
    try:
        yield
    except InputError as error:
        if report is None and output is not None and not is_stream(output):
            report = default_report(output)
        if report is not None and os.path.realpath(report) not in map(os.path.realpath, inputs):
            job = Job(tuple(inputs), output or Path("-"), settings.format or "", report)
            RunRecorder(job, settings, command).write_failure(error)
        raise


def _failure(error: BaseException) -> Failure:
    """Return why a run failed; the message of a bug is left out, which may quote an article."""
    return Failure(type=type(error).__name__, message=in_utf8(str(error)) if isinstance(error, NewsmoeError) else "")


def _describe_experts(stats: RunStats, registry: Registry) -> None:
    """Add what is known of the experts that were called."""
    for name, expert in stats.experts.items():
        registered = registry.info(name)
        expert.task, expert.fingerprint = registered.task, registered.fingerprint()
        expert.share = round(expert.items / stats.items, 4) if stats.items else 0.0
