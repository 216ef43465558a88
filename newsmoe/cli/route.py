"""`newsmoe route`: which experts would read what, and why."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.console import plain, results, table
from newsmoe.cli.options import JsonOption, LimitOption, LoadSettings, registry_of, takes

if TYPE_CHECKING:
    from rich.table import Table

    from newsmoe.article import Article, InvalidItem
    from newsmoe.gating.gate import Route

ABSTAINED = "(abstained)"


@takes("input_format", "tasks", "gate", "experts_dir", "profile", "budget")
def route(
    inputs: Annotated[
        list[str], typer.Argument(help="Article files, folders, patterns; '-' is standard input.")
    ],
    load: LoadSettings,
    limit: LimitOption = None,
    explain: Annotated[
        str | None,
        typer.Option(
            help="Show the learned gates' scores of every expert for the article with this id.", metavar="ID"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show which experts would read each article, and why; no expert is loaded."""
    from newsmoe.cli.explain import explain as show_explained
    from newsmoe.gating.build import build_gate
    from newsmoe.ingest.discovery import find_inputs
    from newsmoe.orchestrator.routing import read_routes

    settings = load()
    gate = build_gate(settings, registry_of(settings))
    routed = read_routes(gate, find_inputs(inputs), settings, limit)
    if explain is not None:
        show_explained(gate, routed, explain, as_json=as_json)
    elif as_json:
        records = [_as_record(item, route) for item, route in routed]
        typer.echo(json.dumps(records, indent=2, ensure_ascii=False))
    else:
        _print_table(list(routed))


def _as_record(item: "Article | InvalidItem", route: "Route") -> dict[str, object]:
    return {
        "id": item.id,
        "headline": item.headline,
        "route": [
            {**entry.model_dump(), "fallbacks": list(decision.fallbacks)}
            for decision in route
            for entry in decision.entries
        ],
    }


def _print_table(routed: "list[tuple[Article | InvalidItem, Route]]") -> None:

    rows = table("id", "headline", "task", "expert", ">weight", "reason")
    for item, route in routed:
        name = plain(item.id or "-"), plain((item.headline or "")[:40])
        if not route:
            rows.add_row(*name, "-", plain("-"), "", plain(getattr(item, "message", "")))
        for entry in (entry for decision in route for entry in decision.entries):
            expert, weight = plain(entry.expert or ABSTAINED), f"{entry.weight:g}"
            rows.add_row(*name, plain(entry.task), expert, weight, plain(entry.reason))
            name = plain(""), plain("")
    console = results()
    console.print(rows)
    console.print()
    console.print(load_table(routed))


def load_table(routed: "Iterable[tuple[Article | InvalidItem, Route]]") -> "Table":
    """Return a table of how many articles each expert would get."""
    load = Counter(
        (entry.task, entry.expert) for _, route in routed for decision in route for entry in decision.entries
    )
    rows = table("task", "expert", ">articles")
    by_task = sorted(load.items(), key=lambda row: (row[0][0], row[0][1] is None, row[0][1] or ""))
    for (task, expert), count in by_task:
        rows.add_row(plain(task), plain(expert or ABSTAINED), str(count))
    return rows
