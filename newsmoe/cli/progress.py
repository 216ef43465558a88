"""How a run comes along, on a terminal."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic
from typing import Self

from rich.console import Console, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from newsmoe.cli.console import console_with_bar, messages, plain, table
from newsmoe.cli.tally import Tally
from newsmoe.jobs.job import Observer
from newsmoe.jobs.plan import Job
from newsmoe.output.run_report import RunReport, RunStats
from newsmoe.record import Record
from newsmoe.text.cleaning import one_line
from newsmoe.text.counts import plural

SECONDS_BETWEEN_LINES = 30  # of a long job whose messages go to a file
MIN_SHOWN = 0.05  # seconds; less would be shown as none
MIN_WHOLE_RATE = 10  # articles a second, above which no decimals are shown


class _Bar(Progress):
    """A bar for a run, brought up to date whenever it is drawn: records come in windows, articles do not."""

    def __init__(self, stats: Callable[[], RunStats], console: Console, place: str, *, disable: bool) -> None:
        self.stats = stats
        self.place = place
        super().__init__(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=disable,
            transient=True,
        )
        self.run = self.add_task("reading", total=None, rate="")

    def get_renderables(self) -> Iterable[RenderableType]:
        """Yield the bar, and below it how much each expert has done."""
        stats = self.stats()
        for task in self.tasks:
            self.update(task.id, completed=stats.items + int(stats.underway))
            speed = task.speed
            self.update(task.id, rate=f"{_rate(speed)}/s" if speed else "")
        yield from super().get_renderables()
        experts = dict(stats.experts)
        counts = [f"{name} {expert.items}" for name, expert in experts.items()]
        yield plain(", ".join([self.place, *counts] if self.place else counts), style="dim")


class RunProgress(Observer):
    """Shows articles done, rate, time left and what each expert did, and the `place` in a row of runs.

    It does so on a terminal only.
    """

    def __init__(self, place: str, tally: Tally, *, quiet: bool, verbose: bool = False) -> None:
        self.verbose = verbose and not quiet
        self.tally = tally
        self.stats = RunStats()
        self._stack = ExitStack()
        self.console = self._stack.enter_context(console_with_bar())
        self.bar = _Bar(lambda: self.stats, self.console, place, disable=quiet or not sys.stderr.isatty())

    def __enter__(self) -> Self:
        self._stack.enter_context(self.bar)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def opened(self, name: str, count: int) -> None:
        """An input was checked; there are `count` elements in it."""
        self.bar.update(self.bar.run, description=f"reading {one_line(Path(name).name)}")

    def started(self, total: int, stats: RunStats) -> None:
        """All inputs were checked; `total` elements will be read, and `stats` grow from now on."""
        self.stats = stats
        self.bar.update(self.bar.run, total=total, description="analyzing")

    def finished(self, number: int, record: Record) -> None:
        """A record was written."""
        self.tally.add(record)
        if self.verbose:
            for error in record.errors:
                name = f"index {number}" if record.id is None else record.id
                where = f"{name}: {error.stage} {error.expert or ''}".strip()
                self.console.print(plain(f"{where}: {error.type}: {error.message}", style="red"), soft_wrap=True)

    def ended(self, report: RunReport) -> None:
        """Output and report are in their places."""
        self.bar.stop()


def show_stats(
    stats: RunStats, runs: Sequence[tuple[Job, RunReport]], left_out: int = 0, *, verbose: bool = False
) -> None:
    """Show what all runs of a command did: abstentions, errors with a message each, and where they are.

    So many inputs are `left_out` besides those that the reports name. With `verbose` there is a table of the experts.
    """
    console = messages()
    if verbose:
        console.print(_expert_table(stats))
    if stats.abstentions:
        counts = (f"{task} ({count})" for task, count in sorted(stats.abstentions.items()))
        console.print(plain(f"the gate abstained on {', '.join(counts)}; the records say why"), soft_wrap=True)
    for error, count in sorted(stats.errors.items()):
        such_as = ", such as" if count > 1 else ""
        line = f"{plural(count, 'error')} of type {error}{such_as}: {stats.messages.get(error, '')}"
        console.print(plain(line, style="red"), soft_wrap=True)
    for job, report in runs:
        if report.failed and job.errors is not None:
            console.print(plain(f"elements with errors: {job.errors}", style="red"), soft_wrap=True)
    console.print(plain(_summary(stats, [report for _, report in runs], left_out)), soft_wrap=True)


def _expert_table(stats: RunStats) -> Table:
    rows = table("!expert", "!task", ">articles", ">errors", ">seconds", ">to load")
    for name, expert in sorted(stats.experts.items(), key=lambda item: -item[1].items):
        seconds = f"{expert.seconds:.1f}", f"{expert.load_seconds:.1f}"
        rows.add_row(plain(name), plain(expert.task), f"{expert.items:,}", f"{expert.errors:,}", *seconds)
    if stats.gate_seconds >= MIN_SHOWN:
        rows.add_row("the gate", "", "", "", f"{stats.gate_seconds:.1f}", "")
    return rows


def _summary(stats: RunStats, reports: Sequence[RunReport], left_out: int) -> str:
    seconds = sum(report.seconds for report in reports)
    reused = sum(expert.reused for expert in stats.experts.values())
    skipped = sum(report.skipped for report in reports)
    left_out += sum(len(report.unreadable) for report in reports)
    parts = [plural(stats.items, "article"), f"{stats.failed:,} with errors"]
    parts += [f"{plural(reused, 'prediction')} reused"] if reused else []
    parts += [f"{skipped:,} already in the output"] if skipped else []
    parts += [f"{plural(left_out, 'input')} left out"] if left_out else []
    rate = stats.items / seconds if seconds else 0.0
    output = reports[0].output if len(reports) == 1 else f"{len(reports)} outputs"
    output = "standard output" if output == "-" else output
    return f"{', '.join(parts)}, {seconds:.1f} s ({_rate(rate)} a second) -> {output}"


def _rate(rate: float) -> str:
    return f"{rate:.{0 if rate >= MIN_WHOLE_RATE or not rate else 1}f}"


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
