"""What a run found, as a picture: how many articles have which label, and the most telling headlines."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from newsmoe.cli.console import plain, table
from newsmoe.record import Record
from newsmoe.report.figures import ranked
from newsmoe.report.rows import SENTIMENT, UNSURE
from newsmoe.text.counts import plural

if TYPE_CHECKING:
    from rich.console import Console

MIN_WIDTH_WITH_BARS = 60  # columns of the terminal
BAR_WIDTH = 30
MAX_LABELS = 6
MAX_HEADLINE = 80  # characters

EXTREMES = ("positive", "negative")


class Tally:
    """Counts the labels of records, and keeps the headlines of the most positive and the most negative."""

    def __init__(self) -> None:
        self.counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.extremes: dict[str, tuple[float, str]] = {}

    def add(self, record: Record) -> None:
        """Count a record."""
        for task in record.analyses:
            fields = record.fields(task)
            if isinstance(label := fields.get("label"), str):
                self.counts[task][UNSURE if fields.get("unsure") else label] += 1
        fields = record.fields(SENTIMENT)
        label, score = fields.get("label"), fields.get("score")
        if label in EXTREMES and isinstance(score, float) and record.headline and not fields.get("unsure"):
            self.extremes[label] = max(self.extremes.get(label, (0.0, "")), (score, record.headline))

    def show(self, console: "Console") -> None:
        """Print tables of counts, and headlines."""
        for number, (task, counts) in enumerate(self.counts.items()):
            if number:
                console.print()
            show_counts(console, task, counts, ranked(counts)[:MAX_LABELS])
        if self.extremes:
            console.print()
        for label in EXTREMES:
            if label in self.extremes:
                score, headline = self.extremes[label]
                console.print(plain(f"most {label}: {headline[:MAX_HEADLINE]} ({score:.2f})"), soft_wrap=True)
        if self.counts:
            console.print()


def show_counts(
    console: "Console", what: str, counts: Mapping[str, int], order: Iterable[str], *, overlap: bool = False
) -> None:
    """Print a table of counts, with bars where there is room for them, and how many are in none of its rows.

    Counts overlap where an article may be in several.
    """
    labels = list(order)
    if not labels:
        return
    with_bars = console.width >= MIN_WIDTH_WITH_BARS
    rows = table(what, ">articles" if with_bars else ">", *(["!"] if with_bars else []))
    mark = "▇" if console.encoding.lower().startswith("utf") else "#"
    most = max(counts[label] for label in labels)
    for label in labels:
        bar = mark * max(1, round(BAR_WIDTH * counts[label] / most))
        rows.add_row(plain(label), f"{counts[label]:,}", *([plain(bar, style="cyan")] if with_bars else []))
    console.print(rows)
    if left_out := len(counts) - len(labels):
        rest = sum(counts.values()) - sum(counts[label] for label in labels)
        more = f"and {plural(left_out, 'other')}" + ("" if overlap else f", with {plural(rest, 'article')}")
        console.print(plain(more), soft_wrap=True)
