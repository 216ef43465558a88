"""`newsmoe show` and `newsmoe stats`: records, readable, and how many there are of each kind."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsmoe.cli.console import messages, plain, results
from newsmoe.cli.options import JsonOption
from newsmoe.cli.report import RECORDS
from newsmoe.cli.tally import show_counts
from newsmoe.text.counts import plural

if TYPE_CHECKING:
    from rich.console import Console

    from newsmoe.report.article_filter import ArticleFilter
    from newsmoe.report.figures import Figures
    from newsmoe.report.rows import Row

MAX_OUTLETS = 15
MAX_WEEKS = 12
MAX_ENTITIES = 10  # of an article


@dataclass
class FilterOptions:
    """Which articles are shown."""

    topic: Annotated[str | None, typer.Option(help="Only articles with this topic, or 'unsure'.")] = None
    sentiment: Annotated[str | None, typer.Option(help="Only articles with this sentiment, or 'unsure'.")] = None
    search: Annotated[
        str | None,
        typer.Option(help="Only articles with these words in headline, summary, outlet or author.", metavar="TEXT"),
    ] = None
    since: Annotated[
        str | None, typer.Option(help="Only articles published on this day or later.", metavar="YYYY-MM-DD")
    ] = None

    def article_filter(self) -> "ArticleFilter":
        """Return what is asked for; it is an error of usage if the day is none."""
        from newsmoe.report.article_filter import ArticleFilter

        try:
            since = date.fromisoformat(self.since) if self.since else None
        except ValueError:
            raise typer.BadParameter(f"--since {self.since}: not a date such as 2026-01-31") from None
        return ArticleFilter(self.topic, self.sentiment, self.search, since)


def show(
    records: Annotated[Path, RECORDS],
    wanted: FilterOptions,
    sort: Annotated[
        str | None,
        typer.Option(help="Sort by score (highest first), date (newest first) or headline.", metavar="ORDER"),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=0, help="Print at most N articles.", metavar="N")] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the records of a run in readable form."""
    from newsmoe.report.article_filter import Sort
    from newsmoe.report.figures import count_rows
    from newsmoe.report.records import read_records
    from newsmoe.report.rows import row_of

    if sort is not None and sort not in set(Sort):
        raise typer.BadParameter(f"--sort {sort}: not one of {', '.join(Sort)}")
    article_filter = wanted.article_filter()
    rows = article_filter.rows(map(row_of, read_records(records)), Sort(sort) if sort else None)
    shown = (_print_json if as_json else _print_rows)(islice(rows, limit))
    if not shown and limit != 0 and article_filter != type(article_filter)():
        figures = count_rows(map(row_of, read_records(records)))
        other_reason = "no article matches all of these filters; 'newsmoe stats' counts what there is"
        for reason in [*article_filter.absent_labels(figures)] or [other_reason]:
            messages().print(plain(f"{records}: {reason}"), soft_wrap=True)


def _print_rows(rows: Iterable["Row"]) -> int:
    console, count = results(), 0
    for row in rows:
        _print_row(console, row)
        count += 1
    return count


def _print_json(rows: Iterable["Row"]) -> int:
    """Print the records as a JSON array, in UTF-8 whatever the terminal; return how many there are."""
    from newsmoe.output.formats import STDOUT, text_output
    from newsmoe.output.table import as_json

    count = 0
    with suppress(BrokenPipeError), text_output(STDOUT) as out:
        for row in rows:
            out.write(f"{',' if count else '['}\n{as_json(row.record)}")
            count += 1
        out.write("\n]\n" if count else "[]\n")
    return count


def stats(records: Annotated[list[Path], RECORDS], as_json: JsonOption = False) -> None:
    """Count articles by topic, sentiment, genre, outlet, entity and week."""
    from newsmoe.report.figures import count_rows
    from newsmoe.report.records import read_records
    from newsmoe.report.rows import row_of

    figures = count_rows(row_of(record) for path in records for record in read_records(path))
    if as_json:
        typer.echo(json.dumps(_as_json(figures), indent=2))
    else:
        _print_figures(results(), figures)


def _as_json(figures: "Figures") -> dict[str, Any]:
    from newsmoe.report.figures import UNJUDGED, ranked

    tasks = ("topic", "sentiment", *(["genre"] if figures.counts("genre") else []))
    counts = {**{task: figures.counts(task) for task in tasks}, "outlet": figures.outlets}
    in_order = {name: {label: of_name[label] for label in ranked(of_name)} for name, of_name in counts.items()}
    entities = {
        name: {"articles": tones.total(), **{tone: count for tone, count in tones.items() if tone != UNJUDGED}}
        for name, tones in sorted(figures.entities.items(), key=lambda item: (-item[1].total(), item[0]))
    }
    values = {"articles": figures.articles, "status": dict(figures.statuses), **in_order, "week": _weeks(figures)}
    return values | ({"entities": entities} if entities else {})


def _weeks(figures: "Figures") -> dict[str, int]:
    from newsmoe.report.figures import week_of

    weeks: Counter[str] = Counter()
    for day in sorted(figures.days):
        weeks[week_of(day)] += figures.days[day]
    return weeks


def _print_figures(console: "Console", figures: "Figures") -> None:
    from newsmoe.report.figures import mood_order, ranked

    with_errors = figures.articles - figures.statuses["ok"]
    console.print(plain(f"{plural(figures.articles, 'article')}, {with_errors:,} with errors"), soft_wrap=True)
    topics, moods, genres = map(figures.counts, ("topic", "sentiment", "genre"))
    weeks = _weeks(figures)
    entities = _entities(figures)
    tables = [
        ("topic", topics, ranked(topics)),
        ("sentiment", moods, mood_order(moods)),
        ("genre", genres, ranked(genres)),
        ("outlet", figures.outlets, ranked(figures.outlets)[:MAX_OUTLETS]),
        ("named", entities, ranked(entities)[:MAX_OUTLETS]),
        ("week", weeks, list(weeks)[-MAX_WEEKS:]),
    ]
    for what, counts, order in tables:
        if order:
            console.print()
            show_counts(console, what, counts, order, overlap=counts is entities)


def _entities(figures: "Figures") -> dict[str, int]:
    """Return in how many articles an entity is named, by its name with the tones towards it."""
    from newsmoe.report.figures import UNJUDGED, mood_order

    counts = {}
    for name, tones in figures.entities.items():
        told = ", ".join(f"{tones[tone]} {tone}" for tone in mood_order(tones) if tone != UNJUDGED)
        counts[f"{name} ({told})" if told else name] = tones.total()
    return counts


def _print_row(console: "Console", row: "Row") -> None:
    record = row.record
    console.print(plain(row.headline, style="bold"), soft_wrap=True)
    if row.entities:
        names = ", ".join(map(str, row.entities[:MAX_ENTITIES]))
        console.print(" ", plain(f"entities: {names}", style="cyan"), soft_wrap=True)
    for task in record.analyses:
        prediction = record.fields(task)
        if prediction and "summary" not in prediction:
            console.print(" ", plain(f"{task}: {_in_short(row, task, prediction)}", style="cyan"), soft_wrap=True)
    if summary := record.fields("summarization").get("summary"):
        console.print(plain(summary))
    for entry in record.route:
        if entry.expert is None:
            console.print(" ", plain(f"no {entry.task}: {entry.reason}", style="yellow"), soft_wrap=True)
    for error in record.errors:
        console.print(" ", plain(f"{error.type}: {error.message}", style="red"), soft_wrap=True)
    console.print()


def _in_short(row: "Row", task: str, prediction: Mapping[str, Any]) -> str:
    """Return a prediction in a line: a label that is unsure is no verdict, but one of two."""
    labels = row.predictions.get(task)
    if labels is None or labels.score is None:
        return ", ".join(f"{key} {value}" for key, value in prediction.items())
    if labels.unsure:
        second = sorted(labels.scores.items(), key=lambda item: -item[1])[1:2]
        best = [(labels.label, labels.score), *second]
        return f"unsure, {' or '.join(f'{label} ({score:.2f})' for label, score in best)}"
    several = prediction.get("labels")
    others = [str(label) for label in several if label != labels.label] if isinstance(several, list) else []
    return f"{labels.label} ({labels.score:.2f})" + (f"; also {'; '.join(others)}" if others else "")
