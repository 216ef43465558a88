"""`newsmoe route --explain ID`: what the learned gates make of one article."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from newsmoe.article import Article, Unreadable
    from newsmoe.gating.gate import Choice, Gate, Route
    from newsmoe.gating.learned import Explained

__all__ = ["explain"]


def explain(
    gate: "Gate", routed: "Iterable[tuple[Article | Unreadable, Route]]", wanted: str, *, as_json: bool
) -> None:
    """Print, for each task with a learned gate, how every expert did for the article with the id `wanted`.

    Raises:
        ConfigError: no learned gate decides.
        InputError: there is no such article.
    """
    from newsmoe.errors import ConfigError
    from newsmoe.gating.joined import JoinedGate

    if not isinstance(gate, JoinedGate):
        raise ConfigError("--explain shows the scores of learned gates; use --gate learned")
    article, route = _find(routed, wanted)
    choices = [choice for choice in route if choice.task in gate.learned]
    explained = [(choice, gate.learned[choice.task].explain(article)) for choice in choices]
    if as_json:
        tasks = [_as_record(*one) for one in explained]
        typer.echo(json.dumps({"id": article.id, "headline": article.headline, "tasks": tasks}, indent=2))
        return
    for one in explained:
        _print(article, *one)


def _find(routed: "Iterable[tuple[Article | Unreadable, Route]]", wanted: str) -> "tuple[Article, Route]":
    from newsmoe.article import Article
    from newsmoe.errors import InputError

    for item, route in routed:
        if isinstance(item, Article) and str(item.id) == wanted:
            return item, route
    raise InputError(f"no article with the id {wanted!r} in the input")


def _as_record(choice: "Choice", experts: "list[Explained]") -> dict[str, object]:
    rows = [{**asdict(one), "weight": choice.weights.get(one.expert, 0.0)} for one in experts]
    return {"task": choice.task, "reason": choice.reason, "experts": rows}


def _print(article: "Article", choice: "Choice", experts: "list[Explained]") -> None:
    from newsmoe.cli.console import plain, results, table

    features = (f">{name}" for name in experts[0].features)
    rows = table("expert", ">score", ">weight", ">cost", *features, title=choice.task)
    for one in experts:
        figures = one.score, choice.weights.get(one.expert, 0.0), one.cost
        rows.add_row(
            plain(one.expert),
            *(f"{value:.2f}" for value in figures),
            *(f"{value:+.2f}" for value in one.features.values()),
        )
    cost = sum(one.cost for one in experts if one.expert in choice.weights)
    console = results()
    console.print(plain(f"{article.id}: {article.headline}", style="bold"), soft_wrap=True)
    console.print(rows)
    console.print(plain(choice.reason), soft_wrap=True)
    console.print(plain(f"{100 * cost:.0f} % of what asking every expert would cost"))
