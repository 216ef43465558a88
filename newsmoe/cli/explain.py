"""`newsmoe route --explain ID`: what the learned gates make of one article."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from newsmoe.article import Article, InvalidItem
    from newsmoe.gating.gate import Decision, Gate, Route
    from newsmoe.gating.learned import Explained


def explain(
    gate: "Gate", routed: "Iterable[tuple[Article | InvalidItem, Route]]", wanted: str, *, as_json: bool
) -> None:
    """Print, for each task with a learned gate, how every expert did for the article with the id `wanted`."""
    from newsmoe.errors import ConfigError
    from newsmoe.gating.composite import CompositeGate

    if not isinstance(gate, CompositeGate):
        raise ConfigError("--explain shows the scores of learned gates; use --gate learned")
    article, route = _find(routed, wanted)
    decisions = [decision for decision in route if decision.task in gate.learned]
    explained = [(decision, gate.learned[decision.task].explain(article)) for decision in decisions]
    if as_json:
        tasks = [_as_record(*one) for one in explained]
        typer.echo(json.dumps({"id": article.id, "headline": article.headline, "tasks": tasks}, indent=2))
        return
    for one in explained:
        _print(article, *one)


def _find(routed: "Iterable[tuple[Article | InvalidItem, Route]]", wanted: str) -> "tuple[Article, Route]":
    from newsmoe.article import Article
    from newsmoe.errors import InputError

    for item, route in routed:
        if isinstance(item, Article) and str(item.id) == wanted:
            return item, route
    raise InputError(f"no article with the id {wanted!r} in the input")


def _as_record(decision: "Decision", experts: "list[Explained]") -> dict[str, object]:
    rows = [{**asdict(one), "weight": decision.weights.get(one.expert, 0.0)} for one in experts]
    return {"task": decision.task, "reason": decision.reason, "experts": rows}


def _print(article: "Article", decision: "Decision", experts: "list[Explained]") -> None:
    from newsmoe.cli.console import plain, results, table

    features = (f">{name}" for name in experts[0].features)
    rows = table("expert", ">score", ">weight", ">cost", *features, title=decision.task)
    for one in experts:
        figures = one.score, decision.weights.get(one.expert, 0.0), one.cost
        rows.add_row(
            plain(one.expert),
            *(f"{value:.2f}" for value in figures),
            *(f"{value:+.2f}" for value in one.features.values()),
        )
    cost = sum(one.cost for one in experts if one.expert in decision.weights)
    console = results()
    console.print(plain(f"{article.id}: {article.headline}", style="bold"), soft_wrap=True)
    console.print(rows)
    console.print(plain(decision.reason), soft_wrap=True)
    console.print(plain(f"{100 * cost:.0f} % of what asking every expert would cost"))
