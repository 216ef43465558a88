"""`newsmoe evaluate`: how good an expert is, or a whole pool behind its gate."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.options import (
    ConfigOption,
    ExpertsDirOption,
    GateOption,
    JsonOption,
    needs_training_extra,
    registry_of,
    settings_of,
)

if TYPE_CHECKING:
    from newsmoe.evaluation.labelled import LabelSource, SummarySource
    from newsmoe.evaluation.measure import Evaluation

__all__ = ["evaluate", "show_evaluations"]

FROM_FILE = "Examples"
MOST_COLUMNS = 14


def evaluate(
    what: Annotated[
        str,
        typer.Argument(help="An expert, or a task: the task's whole pool behind the gate.", metavar="NAME"),
    ],
    file: Annotated[
        Path | None,
        typer.Argument(help="Examples: JSON Lines, CSV, TSV; default: the dev data of the expert's recipe."),
    ] = None,
    data: Annotated[
        Path, typer.Option("--data", help="Folder that the recipe's paths start from.", metavar="DIR")
    ] = Path(),
    headline: Annotated[
        str | None,
        typer.Option("--headline", help="Key or column of the headline.", rich_help_panel=FROM_FILE),
    ] = None,
    content: Annotated[
        str | None, typer.Option("--content", help="Key or column of the text.", rich_help_panel=FROM_FILE)
    ] = None,
    label: Annotated[
        str, typer.Option("--label", help="Key or column of the label.", rich_help_panel=FROM_FILE)
    ] = "label",
    summary: Annotated[
        str | None,
        typer.Option(
            "--summary", help="Key or column of the summary, a text or a list.", rich_help_panel=FROM_FILE
        ),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="A label of the data and what the expert calls it, business=economy; others are left out.",
            metavar="OLD=NEW",
            rich_help_panel=FROM_FILE,
        ),
    ] = None,
    closed: Annotated[
        bool,
        typer.Option(
            "--closed",
            help="The data's labels are the only answers that count.",
            rich_help_panel=FROM_FILE,
        ),
    ] = False,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=1, help="Take the first N examples only.", rich_help_panel=FROM_FILE),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Put the figures into the expert's card and model card.")
    ] = False,
    gate: GateOption = None,
    experts_dir: ExpertsDirOption = None,
    config: ConfigOption = None,
    device: Annotated[
        str | None, typer.Option("--device", help="cpu, cuda, cuda:N, mps, or auto.", metavar="DEVICE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure an expert or a pool on texts with right answers, as it is served.

    Labels: accuracy, macro-F1, figures by label, confusion, calibration. Summaries: ROUGE, beside the first
    three sentences and the best ones that greedy choice finds. Both: throughput.
    """
    from newsmoe.cli.console import messages, plain
    from newsmoe.cli.progress import reporting
    from newsmoe.errors import ConfigError
    from newsmoe.orchestrator.session import Session

    needs_training_extra("measuring")
    from newsmoe.evaluation.measure import measure, session_of_one
    from newsmoe.training.folder import with_measurements, write_model_card
    from newsmoe.training.measured import measure_recipe
    from newsmoe.training.recipe import recipe_of

    settings = settings_of(config, experts_dir, gate=gate, device=device)
    registry = registry_of(settings)
    is_pool = what not in registry.experts and what in registry.tasks()
    task = what if is_pool else registry.info(what).task
    if is_pool:
        session = Session(settings.model_copy(update={"tasks": (task,)}), registry)
    else:
        session = session_of_one(what, settings, registry)
    card = None if is_pool else registry.info(what).card
    recipe = recipe_of(card) if card and (file is None or write) else None
    if write and recipe is None:
        raise ConfigError(f"{what} has no card and recipe to put figures into")

    with reporting(messages()) as report:
        if file is not None:
            report(f"measuring on {file}", 0, 1)
            source = _source(file, headline, content, summary or _usual_summary(task), label, rename, closed)
            evaluations = [measure(session, task, source, Path(), limit=limit)]
        elif recipe is not None:
            evaluations = measure_recipe(session, recipe, data, report)
        else:
            raise ConfigError(f"{what} has no recipe that names dev data; give a file of examples")
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in evaluations], indent=2))
    else:
        show_evaluations(evaluations)
    if write and card and recipe:
        where = f" {file}" if file else "" if data == Path() else " --data DATA"
        write_model_card(with_measurements(card, evaluations, f"newsmoe evaluate {what}{where}"), recipe)
        messages().print(plain(f"wrote {card.folder}"), soft_wrap=True)


def _usual_summary(task: str) -> str | None:
    return "summary" if task == "summarization" else None


def _source(
    file: Path,
    headline: str | None,
    content: str | None,
    summary: str | None,
    label: str,
    rename: Sequence[str] | None,
    closed: bool,
) -> "LabelSource | SummarySource":
    from newsmoe.evaluation.labelled import LabelSource, SummarySource

    path = str(file)
    if summary is not None:
        return SummarySource(path=path, headline=headline, content=content, summary=summary)
    pairs = [pair.partition("=") for pair in rename or ()]
    for old, sign, new in pairs:
        if not (old and sign and new):
            raise typer.BadParameter(f"--map {old}{sign}{new}: expected OLD=NEW")
    labels = {old.strip(): new.strip() for old, _, new in pairs}
    return LabelSource(
        path=path, headline=headline, content=content, label=label, labels=labels, closed=closed
    )


def show_evaluations(evaluations: Sequence["Evaluation"]) -> None:
    """Print figures, by label and confusion too where there are any."""
    from newsmoe.cli.console import plain, results, table

    console = results()
    for one in evaluations:
        speed = f"{one.items_per_second:.1f} articles/s, {one.tokens_per_second:.0f} tokens/s"
        console.print(plain(f"{one.data}: {one.answered} of {one.items} answered, {speed}", style="bold"))
        rows = table("metric", ">value")
        for metric, value in one.figures.items():
            rows.add_row(plain(metric), _figure(metric, value))
        console.print(rows)
        if one.labels:
            rows = table("label", ">precision", ">recall", ">F1", ">items")
            for label, quality in one.labels.items():
                shares = (f"{100 * value:.1f}" for value in (quality.precision, quality.recall, quality.f1))
                rows.add_row(plain(label), *shares, str(quality.support))
            console.print(rows)
        if 0 < len(one.confusion) <= MOST_COLUMNS:
            numbers = range(1, len(one.confusion) + 1)
            rows = table("right label", *(f">{number}" for number in numbers), title="given label")
            for number, (label, counts) in zip(numbers, one.confusion.items(), strict=True):
                rows.add_row(plain(f"{number} {label}"), *map(str, counts.values()))
            console.print(rows)
        console.print()


def _figure(metric: str, value: float) -> str:
    if metric.endswith("words"):
        return f"{value:.0f}"
    return f"{value:.3f}" if metric == "ECE" else f"{100 * value:.2f}"
