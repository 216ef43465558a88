"""`newsmoe route --explain ID`: what the learned gates make of one article."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

from newsmoe.cli.console import plain, results, table
from newsmoe.errors import ConfigError, InputError

if TYPE_CHECKING:
    from newsmoe.article import Article, InvalidItem
    from newsmoe.gating.gate import Decision, Gate, Route
    from newsmoe.gating.learned import Explained


def explain(
    gate: "Gate", routed: "Iterable[tuple[Article | InvalidItem, Route]]", article_id: str, *, as_json: bool
) -> None:
    """Print, for each task with a learned gate, how every expert did for the article with this id."""
    from newsmoe.gating.composite import CompositeGate

    if not isinstance(gate, CompositeGate):
        raise ConfigError("--explain shows the scores of learned gates; use --gate learned")
    article, route = _find(routed, article_id)
    explained = [
        (decision, gate.learned[decision.task].explain(article))
        for decision in route
        if decision.task in gate.learned
    ]
    if as_json:
        tasks = [_as_record(decision, experts) for decision, experts in explained]
        typer.echo(json.dumps({"id": article.id, "headline": article.headline, "tasks": tasks}, indent=2))
        return
    for decision, experts in explained:
        _print(article, decision, experts)


def _find(
    routed: "Iterable[tuple[Article | InvalidItem, Route]]", article_id: str
) -> "tuple[Article, Route]":
    from newsmoe.article import Article

    for item, route in routed:
        if isinstance(item, Article) and str(item.id) == article_id:
            return item, route
    raise InputError(f"no article with the id {article_id!r} in the input")


def _as_record(decision: "Decision", experts: "list[Explained]") -> dict[str, object]:
    rows = [{**asdict(expert), "weight": decision.weights.get(expert.expert, 0.0)} for expert in experts]
    return {"task": decision.task, "reason": decision.reason, "experts": rows}


def _print(article: "Article", decision: "Decision", experts: "list[Explained]") -> None:

    features = (f">{name}" for name in experts[0].features)
    rows = table("expert", ">score", ">weight", ">cost", *features, title=decision.task)
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
