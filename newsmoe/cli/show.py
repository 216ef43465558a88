"""`newsmoe show`: records, readable."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from newsmoe.cli.console import plain, results
from newsmoe.cli.options import LimitOption
from newsmoe.errors import InputError


def show(
    records: Annotated[Path, typer.Argument(help="A JSON or JSON Lines file that 'newsmoe analyze' wrote.")],
    limit: LimitOption = None,
) -> None:
    """Show the records of a finished run, one block an article."""
    from newsmoe.ingest.formats import format_of
    from newsmoe.ingest.source import read_elements

    if (format := format_of(records)) not in ("json", "jsonl"):
        raise InputError(f"{records}: 'newsmoe show' reads json and jsonl, not {format}")
    console = results()
    for record in islice(read_elements(str(records), records), limit):
        _print_record(console, _table(record))


def _print_record(console: Any, record: dict[str, Any]) -> None:

    analyses = _table(record.get("analyses"))
    name = record.get("headline") or record.get("id") or "(no headline)"
    console.print(plain(name, style="bold"), soft_wrap=True)
    for task, prediction in analyses.items():
        if "summary" not in _table(prediction):
            line = f"{task}: {_in_short(_table(prediction))}"
            console.print(" ", plain(line, style="cyan"), soft_wrap=True)
    if summary := _table(analyses.get("summarization")).get("summary"):
        console.print(plain(summary))
    for entry in _tables(record.get("route")):
        if entry.get("expert") is None:
            line = f"no {entry.get('task')}: {entry.get('reason')}"
            console.print(" ", plain(line, style="yellow"), soft_wrap=True)
    for error in _tables(record.get("errors")):
        console.print(" ", plain(f"{error.get('type')}: {error.get('message')}", style="red"), soft_wrap=True)
    console.print()


def _in_short(prediction: dict[str, Any]) -> str:
    score = prediction.get("score")
    if "label" in prediction and isinstance(score, float | int):
        unsure = ", unsure" if prediction.get("unsure") else ""
        labels = prediction.get("labels")
        others = [str(label) for label in labels if label != prediction["label"]] if isinstance(labels, list) else []
        also = f"; also {'; '.join(others)}" if others else ""
        return f"{prediction['label']} ({score:.2f}{unsure}){also}"
    return ", ".join(f"{key} {value}" for key, value in prediction.items())


def _table(value: object) -> dict[str, Any]:
    """Return a JSON object, or an empty one where something else stands: the file may be anybody's."""
    return value if isinstance(value, dict) else {}


def _tables(value: object) -> list[dict[str, Any]]:
    return [_table(item) for item in value] if isinstance(value, list) else []
