"""What is told how a run comes along: the terminal, or a log for programs; and the metrics."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any, Self

from newsmoe.cli.console import messages
from newsmoe.cli.logs import event
from newsmoe.cli.metrics import Metrics
from newsmoe.cli.progress import SECONDS_BETWEEN_LINES, RunProgress, show_stats
from newsmoe.cli.tally import Tally
from newsmoe.errors import InputError
from newsmoe.jobs.job import Observer
from newsmoe.jobs.plan import Job
from newsmoe.output.run_report import RunReport, RunStats, run_line
from newsmoe.record import Record

_logger = logging.getLogger(__name__)

FIGURES = {
    *("output", "exit_code", "unreadable", "seconds", "items", "skipped", "statuses", "errors", "abstentions"),
    *("tokens", "experts"),
}
"""What of a report is logged at the end of its run."""


class RunLog(Observer):
    """Logs, for programs, where a run begins and ends, what goes wrong, and now and then how far it is.

    Nothing of an article is logged but its place in the input.
    """

    def __init__(self, job: Job, seconds_between: float = SECONDS_BETWEEN_LINES) -> None:
        self.job = job
        self.seconds_between = seconds_between
        self.stats = RunStats()
        self._inputs: list[tuple[str, int]] = []
        self._total: int | None = None
        self._began = monotonic()
        self._over = Event()
        self._ticker = Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        event("run_started", inputs=self.job.inputs, output=str(self.job.output))
        self._ticker.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._over.set()
        self._ticker.join()
        if error is not None:
            event("run_broken_off", logging.WARNING, type=type(error).__name__, **self._so_far())

    def opened(self, name: str, count: int) -> None:
        """An input was checked; there are `count` elements in it."""
        self._inputs.append((name, count))
        event("input_opened", input=name, elements=count)

    def started(self, total: int, stats: RunStats) -> None:
        """All inputs were checked; `total` elements will be read, and `stats` grow from now on."""
        self._total, self.stats = total, stats

    def finished(self, number: int, record: Record) -> None:
        """A record was written."""
        for error in record.errors:
            name, index = self._place(number)
            event(
                "item_error",
                logging.WARNING,
                input=name,
                index=index,
                stage=error.stage,
                task=error.task,
                expert=error.expert,
                type=error.type,
            )

    def ended(self, report: RunReport) -> None:
        """Output and report are in their places."""
        event("run_finished", **report.model_dump(mode="json", include=FIGURES))

    def _tick(self) -> None:
        """Tell how far it is, from a thread of its own: a batch may take long."""
        while not self._over.wait(self.seconds_between):
            event("progress", **self._so_far())

    def _so_far(self) -> dict[str, Any]:
        experts = dict(self.stats.experts)
        return {
            "items": self.stats.items,
            "total": self._total,
            "seconds": round(monotonic() - self._began, 3),
            "experts": {name: expert.items for name, expert in experts.items()},
        }

    def _place(self, number: int) -> tuple[str, int]:
        """Return in which input the element is, and where there, counted from 0."""
        for name, count in self._inputs:
            if number < count:
                return name, number
            number -= count
        raise IndexError(number)


class Observers:
    """Watch all runs of a command, on the terminal or in a log, and count them for the metrics.

    Attributes:
        incomplete: whether an element or an input failed.
    """

    def __init__(self, metrics: Metrics, *, as_json: bool, quiet: bool = False, verbose: bool = False) -> None:
        self.metrics = metrics
        self.as_json = as_json
        self.quiet = quiet
        self.verbose = verbose
        self.incomplete = False
        self.tally = Tally()
        self._runs: list[tuple[Job, RunReport]] = []

    @property
    def outputs(self) -> list[Path]:
        """The outputs that were written."""
        return [job.output for job, _ in self._runs]

    @contextmanager
    def of(self, job: Job, place: str = "") -> Iterator[Observer]:
        """Give an observer of a run, whose stats are counted also where it is broken off."""
        observer = (
            RunLog(job) if self.as_json else RunProgress(place, self.tally, quiet=self.quiet, verbose=self.verbose)
        )
        with observer:
            try:
                yield observer
            finally:
                self.metrics.stats.add(observer.stats)

    def run_all(self, jobs: Sequence[Job], analyze: Callable[[Job, Observer], RunReport]) -> None:
        """Run jobs one after the other, and show one table of all.

        Where there are several, and they are not strict, an input that cannot be read costs its own job alone.
        """
        errors: list[InputError] = []
        for number, job in enumerate(jobs, start=1):
            place = f"input {number} of {len(jobs)}" if len(jobs) > 1 else ""
            try:
                with self.of(job, place) as observer:
                    report = analyze(job, observer)
            except InputError as error:
                if job.strict or len(jobs) == 1:
                    raise
                errors.append(error)
                _logger.warning("%s; it is left out", error)
                continue
            self._runs.append((job, report))
            self.incomplete = self.incomplete or report.exit_code != 0
            if len(jobs) > 1:
                _logger.info("%s", run_line(", ".join(job.inputs), report))
        if len(errors) == len(jobs):
            raise InputError(f"none of the {len(jobs)} inputs can be read, such as {errors[0]}")
        self.incomplete = self.incomplete or bool(errors)
        if not (self.quiet or self.as_json):
            self.tally.show(messages())
            show_stats(self.metrics.stats, self._runs, left_out=len(errors), verbose=self.verbose)
