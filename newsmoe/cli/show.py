"""`newsmoe show`: records, readable."""

from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from newsmoe.cli.options import LimitOption

__all__ = ["show"]


def show(
    records: Annotated[Path, typer.Argument(help="A file that 'newsmoe analyze' wrote.")],
    limit: LimitOption = None,
) -> None:
    """Show the records of a finished run, one block an article."""
    from newsmoe.cli.console import results
    from newsmoe.storage.readers import read_elements

    console = results()
    for record in islice(read_elements(str(records), records, records.suffix != ".json"), limit):
        _print_record(console, record if isinstance(record, dict) else {})


def _print_record(console: Any, record: dict[str, Any]) -> None:
    from newsmoe.cli.console import plain

    analyses = record.get("analyses") or {}
    console.print(
        plain(record.get("headline") or record.get("id") or "(no headline)", style="bold"), soft_wrap=True
    )
    for task, answer in analyses.items():
        if "summary" not in answer:
            console.print(" ", plain(f"{task}: {_in_short(answer)}", style="cyan"), soft_wrap=True)
    if "summarization" in analyses:
        console.print(plain(analyses["summarization"].get("summary", "")))
    for entry in record.get("route") or []:
        if entry.get("expert") is None:
            console.print(
                " ", plain(f"no {entry.get('task')}: {entry.get('reason')}", style="yellow"), soft_wrap=True
            )
    for error in record.get("errors") or []:
        console.print(" ", plain(f"{error.get('type')}: {error.get('message')}", style="red"), soft_wrap=True)
    console.print()


def _in_short(answer: dict[str, Any]) -> str:
    if "label" in answer:
        return f"{answer['label']} ({answer['score']:.2f})"
    return ", ".join(f"{key} {value}" for key, value in answer.items())
