"""`newsmoe route`: who would read what, and why."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.options import (
    BudgetOption,
    ConfigOption,
    ExpertsDirOption,
    GateOption,
    InputFormatOption,
    JsonOption,
    LimitOption,
    ProfileOption,
    TasksOption,
    registry_of,
    settings_of,
)

if TYPE_CHECKING:
    from rich.table import Table

    from newsmoe.article import Article, InvalidItem
    from newsmoe.gating.gate import Route


def route(
    inputs: Annotated[
        list[str], typer.Argument(help="Article files, folders, patterns; '-' is standard input.")
    ],
    input_format: InputFormatOption = None,
    tasks: TasksOption = None,
    gate: GateOption = None,
    experts_dir: ExpertsDirOption = None,
    config: ConfigOption = None,
    profile: ProfileOption = None,
    limit: LimitOption = None,
    budget: BudgetOption = None,
    explain: Annotated[
        str | None,
        typer.Option(
            "--explain",
            help="Show the learned gates' scores of every expert for the article with this id.",
            metavar="ID",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show which experts would read each article, and why; no expert is loaded."""
    from newsmoe.gating.build import build_gate
    from newsmoe.ingest.discovery import find_inputs
    from newsmoe.orchestrator.routing import read_routes

    settings = settings_of(
        config,
        experts_dir,
        profile=profile,
        tasks=tasks,
        gate=gate,
        input_format=input_format,
        budget=budget,
    )
    decides = build_gate(settings, registry_of(settings))
    routed = read_routes(decides, find_inputs(inputs), settings, limit)
    if explain is not None:
        from newsmoe.cli.explain import explain as show_explained

        show_explained(decides, routed, explain, as_json=as_json)
        return
    if as_json:
        typer.echo(json.dumps([_as_record(*one) for one in routed], indent=2, ensure_ascii=False))
        return
    _print_table(list(routed))


def _as_record(item: "Article | InvalidItem", route: "Route") -> dict[str, object]:
    return {
        "id": item.id,
        "headline": item.headline,
        "route": [
            {**entry.model_dump(), "reserves": list(decision.fallbacks)}
            for decision in route
            for entry in decision.entries
        ],
    }


def _print_table(routed: "list[tuple[Article | InvalidItem, Route]]") -> None:
    from newsmoe.cli.console import plain, results, table

    rows = table("id", "headline", "task", "expert", ">weight", "reason")
    for item, route in routed:
        name = plain(item.id or "-"), plain((item.headline or "")[:40])
        if not route:
            rows.add_row(*name, "-", plain("nobody"), "", plain(getattr(item, "message", "")))
        for decision in route:
            for entry in decision.entries:
                rows.add_row(
                    *name,
                    plain(decision.task),
                    plain(entry.expert or "nobody"),
                    f"{entry.weight:g}",
                    plain(entry.reason),
                )
                name = plain(""), plain("")
    console = results()
    console.print(rows)
    console.print()
    console.print(load_table(routed))


def load_table(routed: "Iterable[tuple[Article | InvalidItem, Route]]") -> "Table":
    """Return a table of how many articles each expert would get."""
    from newsmoe.cli.console import plain, table

    load = Counter(
        (decision.task, entry.expert or "nobody")
        for _, route in routed
        for decision in route
        for entry in decision.entries
    )
    rows = table("task", "expert", ">articles")
    for (task, expert), count in sorted(load.items()):
        rows.add_row(plain(task), plain(expert), str(count))
    return rows
