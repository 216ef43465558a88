"""How a run comes along, on a terminal."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

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
    """Predictions of each expert so far: they come in batches, long before their window's records."""

    stats: RunStats | None = None

    def render(self, task: Task) -> Text:
        """Return the counts at this moment."""
        experts = dict(self.stats.experts) if self.stats else {}
        return plain(" ".join(f"{name} {expert.items}" for name, expert in experts.items()), style="dim")


class RunProgress(Observer):
    """Shows articles done, rate, time left and what each expert did; on a terminal only."""

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

    def __exit__(self, *_: object) -> None:
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
            _print_stats(report, self.console)

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


def _print_stats(report: RunReport, console: Console) -> None:
    rows = table("expert", "task", ">items", ">errors", ">seconds", ">to load")
    for name, expert in sorted(report.experts.items(), key=lambda item: -item[1].items):
        seconds = f"{expert.seconds:.1f}", f"{expert.load_seconds:.1f}"
        rows.add_row(plain(name), plain(expert.task), str(expert.items), str(expert.errors), *seconds)
    if report.gate_seconds >= MIN_SHOWN:
        rows.add_row("the gate", "", "", "", f"{report.gate_seconds:.1f}", "")
    console.print(rows)
    for task, count in sorted(report.abstentions.items()):
        articles = "1 article" if count == 1 else f"{count} articles"
        message = f"the gate abstained on {task} ({articles}); the records say why"
        console.print(plain(message), soft_wrap=True)
    for error, count in sorted(report.errors.items()):
        console.print(plain(f"{count} x {error}", style="red"))
    rate = report.items / report.seconds if report.seconds else 0.0
    reused = sum(expert.reused for expert in report.experts.values())
    parts = [f"{report.items} articles", f"{report.failed} with errors"]
    parts += [f"{reused} predictions reused"] if reused else []
    parts += [f"{report.skipped} already in the output"] if report.skipped else []
    summary = f"{', '.join(parts)}, {report.seconds:.1f} s ({rate:.0f} a second)"
    console.print(plain(f"{summary} -> {report.output}"), soft_wrap=True)


@contextmanager
def reporting(console: Console) -> Iterator[Callable[[str, int, int], None]]:
    """Show the progress of a long job: a bar on a terminal, a line now and then anywhere else.

    Yields the function that the job calls with what is going on, how many are done, and of how many.
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
    printed = monotonic()

    def report(what: str, done: int, of: int) -> None:
        nonlocal printed
        bar.update(task, description=what, completed=done, total=of)
        if done == of or (not console.is_terminal and monotonic() - printed > SECONDS_BETWEEN_LINES):
            printed = monotonic()
            console.print(plain(what if done == of else f"{what}: {done} of {of}"))

    with bar:
        yield report
