"""How a run comes along, on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from newsmoe.cli.console import messages, plain, table
from newsmoe.jobs.job import Observer
from newsmoe.output.run_report import RunReport, RunStats
from newsmoe.record import Record

SECONDS_BETWEEN_UPDATES = 0.1
SECONDS_BETWEEN_LINES = 30  # of a long job whose messages go to a file
MIN_SHOWN = 0.05  # seconds; less would be shown as none


class _ExpertCounts(ProgressColumn):
    """Answers of each expert so far: they come in batches, long before their window's records are done."""

    stats: RunStats | None = None

    def render(self, task: Task) -> Text:
        """Return the counts at this moment."""
        experts = dict(self.stats.experts) if self.stats else {}
        return plain(" ".join(f"{name} {one.items}" for name, one in experts.items()), style="dim")


class RunProgress(Observer):
    """Shows articles done, rate, time left and what each expert did; nothing where nobody looks."""

    def __init__(self, *, quiet: bool, verbose: bool = False, table: bool = False) -> None:
        self.verbose = verbose and not quiet
        self.table = table and not quiet
        self.stats = RunStats()
        self.console = messages()
        self.counts = _ExpertCounts()
        self.bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            self.counts,
            console=self.console,
            disable=quiet or not sys.stderr.isatty(),
            transient=True,
        )
        self.task = self.bar.add_task("reading", total=None, rate="")
        self.done = 0
        self.shown = 0.0

    def __enter__(self) -> "RunProgress":
        self.bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def started(self, total: int, stats: RunStats) -> None:
        """The inputs were checked; there are `total` articles in them, and `stats` grow from now on."""
        self.stats = self.counts.stats = stats
        self.bar.update(self.task, total=total, description="analyzing")

    def finished(self, number: int, record: Record) -> None:
        """A record was written."""
        if self.verbose:
            for error in record.errors:
                name = f"index {number}" if record.id is None else record.id
                where = f"{name}: {error.stage} {error.expert or ''}".strip()
                self.console.print(plain(f"{where}: {error.type}: {error.message}", style="red"))
        self.done += 1
        if not self.bar.disable and monotonic() - self.shown > SECONDS_BETWEEN_UPDATES:
            self._show()

    def ended(self, report: RunReport) -> None:
        """Output and report are in their places."""
        self._stop()
        if self.table:
            _print_figures(report, self.console)

    def _stop(self) -> None:
        if not self.bar.disable:
            self._show()
        self.bar.stop()

    def _show(self) -> None:
        """Bring the bar up to date: rich takes longer over that than many a record takes."""
        self.shown = monotonic()
        self.bar.update(self.task, completed=self.done)
        speed = self.bar.tasks[0].speed
        self.bar.update(self.task, rate=f"{speed:.0f}/s" if speed else "")


def _print_figures(report: RunReport, console: Console) -> None:
    failed = report.items - report.statuses.get("ok", 0)
    rows = table("expert", "task", ">items", ">errors", ">seconds", ">to load")
    for name, one in sorted(report.experts.items(), key=lambda item: -item[1].items):
        seconds = f"{one.seconds:.1f}", f"{one.load_seconds:.1f}"
        rows.add_row(plain(name), plain(one.task), str(one.items), str(one.errors), *seconds)
    if report.gate_seconds >= MIN_SHOWN:  # what it reads, an expert on the same adapter need not read again
        rows.add_row("the gate", "", "", "", f"{report.gate_seconds:.1f}", "")
    console.print(rows)
    for task, count in sorted(report.abstentions.items()):
        console.print(plain(f"{count} x nobody was asked for {task}; the records say why"), soft_wrap=True)
    for error, count in sorted(report.errors.items()):
        console.print(plain(f"{count} x {error}", style="red"))
    rate = report.items / report.seconds if report.seconds else 0.0
    there = f", {report.skipped} there already" if report.skipped else ""
    reused = sum(one.reused for one in report.experts.values())
    known = f", {reused} answers known already" if reused else ""
    summary = (
        f"{report.items} articles, {failed} with errors{known}{there},"
        f" {report.seconds:.1f} s ({rate:.0f} a second)"
    )
    console.print(plain(f"{summary} -> {report.output}"), soft_wrap=True)


@contextmanager
def reporting(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Show what a long job reports: a bar on a terminal, a line now and then anywhere else.

    Yields what the job is to call: what is going on, how many are done, of how many. What is finished stays
    on the screen as a line.
    """
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    task = bar.add_task("starting", total=None)
    told = monotonic()

    def report(what: str, done: int, of: int) -> None:
        nonlocal told
        bar.update(task, description=what, completed=done, total=of)
        if done == of or (not console.is_terminal and monotonic() - told > SECONDS_BETWEEN_LINES):
            told = monotonic()
            console.print(plain(what if done == of else f"{what}: {done} of {of}"))

    with bar:
        yield report
