"""`newsmoe route`: which experts would read what, and why."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.console import plain, print_json, results, table
from newsmoe.cli.options import JsonOption, LimitOption, LoadSettings, registry_of, takes
from newsmoe.errors import ConfigError, InputError

if TYPE_CHECKING:
    from rich.table import Table

    from newsmoe.article import Article
    from newsmoe.gating.gate import Decision, Gate, Route
    from newsmoe.gating.learned import Explained
    from newsmoe.orchestrator.routing import Routed

ABSTAINED = "(abstained)"


@takes("input_format", "items", "encoding", "tasks", "gate", "experts_dir", "profile", "budget")
def route(
    inputs: Annotated[list[str], typer.Argument(help="Inputs as for 'newsmoe analyze'; '-' is standard input.")],
    load: LoadSettings,
    limit: LimitOption = None,
    explain: Annotated[
        str | None,
        typer.Option(
            help="Show the scores that learned gates give each expert, for the article with this id.", metavar="ID"
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show which experts would read each article, and why, without loading them."""
    from newsmoe.gating.build import build_gate
    from newsmoe.ingest.discovery import find_inputs
    from newsmoe.orchestrator import routing

    settings = load()
    gate = build_gate(settings, registry_of(settings))
    routed = routing.read_routes(gate, find_inputs(inputs), settings, limit)
    if explain is not None:
        _explain(gate, routed, explain, as_json=as_json)
    elif as_json:
        records = [routing.as_json(item, route) for item, route in routed]
        print_json(json.dumps(records, indent=2, ensure_ascii=False))
    else:
        _print_table(list(routed))


def _print_table(routed: "list[Routed]") -> None:
    rows = table("id", "headline", "!task", "!expert", ">weight", "reason")
    for item, route in routed:
        name = plain("-" if item.id is None else item.id), plain((item.headline or "")[:40])
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


def load_table(routed: "Iterable[Routed]") -> "Table":
    """Return a table of how many articles each expert would get."""
    decisions = (decision for _, route in routed for decision in route)
    load = Counter((entry.task, entry.expert) for decision in decisions for entry in decision.entries)
    rows = table("!task", "!expert", ">articles")
    by_task = sorted(load.items(), key=lambda row: (row[0][0], row[0][1] is None, row[0][1] or ""))
    for (task, expert), count in by_task:
        rows.add_row(plain(task), plain(expert or ABSTAINED), str(count))
    return rows


def _explain(gate: "Gate", routed: "Iterable[Routed]", article_id: str, *, as_json: bool) -> None:
    """Print, for each task with a learned gate, how every expert did for the article with this id."""
    from newsmoe.gating.composite import CompositeGate

    if not isinstance(gate, CompositeGate):
        raise ConfigError("--explain shows the scores of learned gates; use --gate learned")
    article, route = _find(routed, article_id)
    explained = [
        (decision, gate.learned[decision.task].explain(article)) for decision in route if decision.task in gate.learned
    ]
    if as_json:
        tasks = [_scores_as_record(decision, experts) for decision, experts in explained]
        typer.echo(json.dumps({"id": article.id, "headline": article.headline, "tasks": tasks}, indent=2))
        return
    for decision, experts in explained:
        _print_scores(article, decision, experts)


def _find(routed: "Iterable[Routed]", article_id: str) -> "tuple[Article, Route]":
    from newsmoe.article import Article

    for item, route in routed:
        if isinstance(item, Article) and str(item.id) == article_id:
            return item, route
    raise InputError(f"no article with the id {article_id!r} in the input")


def _scores_as_record(decision: "Decision", experts: "list[Explained]") -> dict[str, object]:
    rows = [{**asdict(expert), "weight": decision.weights.get(expert.expert, 0.0)} for expert in experts]
    return {"task": decision.task, "reason": decision.reason, "experts": rows}


def _print_scores(article: "Article", decision: "Decision", experts: "list[Explained]") -> None:
    features = (f">{name}" for name in experts[0].features)
    rows = table("!expert", ">score", ">weight", ">cost", *features, title=decision.task)
    for expert in experts:
        figures = expert.score, decision.weights.get(expert.expert, 0.0), expert.cost
        rows.add_row(
            plain(expert.expert),
            *(f"{value:.2f}" for value in figures),
            *(f"{value:+.2f}" for value in expert.features.values()),
        )
    cost = sum(expert.cost for expert in experts if expert.expert in decision.weights)
    console = results()
    console.print(plain(f"{article.id}: {article.headline}", style="bold"), soft_wrap=True)
    console.print(rows)
    console.print(plain(decision.reason), soft_wrap=True)
    console.print(plain(f"{100 * cost:.0f} % of what running every expert would cost"))
