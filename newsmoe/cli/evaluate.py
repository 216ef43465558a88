"""`newsmoe evaluate`: how good an expert is, or a whole pool behind its gate."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsmoe.cli.console import messages, plain, results, table
from newsmoe.cli.options import (
    EXAMPLES_PANEL,
    DataOption,
    ExampleKeys,
    JsonOption,
    LoadSettings,
    needs_training_extra,
    refuse_example_options,
    refuse_label_options,
    refuse_options,
    registry_of,
    takes,
)
from newsmoe.errors import ConfigError, InputError
from newsmoe.text.counts import plural

if TYPE_CHECKING:
    from rich.console import RenderableType

    from newsmoe.datasets.sources import LabelSource, SummarySource
    from newsmoe.evaluation.measure import Evaluation
    from newsmoe.orchestrator.session import Session
    from newsmoe.registry.cards import Card
    from newsmoe.settings.model import Settings

MAX_COLUMNS = 14

FEW = 50
"""Examples; with fewer the standard error of an accuracy of 80 % is more than five points."""


@dataclass
class ExampleOptions(ExampleKeys):
    """How a file of examples is read."""

    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="Label of the data and of the expert, business=economy; may be repeated; others are excluded.",
            metavar="OLD=NEW",
            rich_help_panel=EXAMPLES_PANEL,
        ),
    ] = None
    closed: Annotated[
        bool, typer.Option("--closed", help="Predict only labels that are in the data.", rich_help_panel=EXAMPLES_PANEL)
    ] = False
    limit: Annotated[
        int | None, typer.Option(min=1, help="Use only the first N examples.", rich_help_panel=EXAMPLES_PANEL)
    ] = None


@takes("gate", "experts_dir", "device")
def evaluate(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="An expert; or a task: all its experts behind the gate.", metavar="NAME")],
    examples: ExampleOptions,
    load: LoadSettings,
    file: Annotated[
        Path | None,
        typer.Argument(help="Examples in CSV, TSV or JSON Lines; default: the dev data of the expert's recipe."),
    ] = None,
    data: DataOption = Path(),
    write: Annotated[bool, typer.Option("--write", help="Write the figures into the card and the model card.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure an expert, or all experts of a task behind the gate, on labelled texts.

    Labels: accuracy, macro-F1, figures by label, confusion matrix, calibration error. Summaries: ROUGE, compared
    with the first three sentences and with an oracle that selects sentences greedily. Both: throughput.
    """
    from newsmoe.cli.progress import reporting

    needs_training_extra("measuring")
    if file is None:
        refuse_example_options(context, "name one after the expert")
    else:
        refuse_options(context, {"data"}, f"is for the paths in a recipe; leave it out with {file}")
    settings = load()
    session, task, card = _session(what, settings)  # before what takes seconds to import
    from newsmoe.evaluation.measure import measure
    from newsmoe.training.folder import data_option, write_figures
    from newsmoe.training.make import measure_recipe
    from newsmoe.training.recipe import recipe_of

    recipe = recipe_of(card) if card and (file is None or write) else None
    if write and recipe is None:
        raise ConfigError(f"{what} has no card and recipe to put figures into")
    if write and what in settings.experts:
        raise ConfigError(f"[experts.{what}] changes its settings, so these figures would not be its card's")

    with reporting(messages()) as report:
        if file is not None:
            report(f"measuring on {file}", 0, 1)
            source = _source(context, task, file, examples)
            evaluations = [measure(session, task, source, Path())]
        elif recipe is not None:
            with _naming_the_recipe(what):
                evaluations = measure_recipe(session, recipe, data, report)
        else:
            raise ConfigError(f"{what} has no recipe that names dev data; give a file of examples")
    if as_json:
        typer.echo(json.dumps([evaluation.model_dump(mode="json") for evaluation in evaluations], indent=2))
    else:
        show_evaluations(evaluations)
    if write and card and recipe:
        where = f" {file}" if file else data_option(data)
        write_figures(card, recipe, evaluations, f"newsmoe evaluate {what}{where}")
        messages().print(plain(f"wrote {card.folder}"), soft_wrap=True)


@contextmanager
def _naming_the_recipe(what: str) -> Iterator[None]:
    """Say where a file comes from that the user has not named."""
    try:
        yield
    except InputError as error:
        raise InputError(f"dev data of {what}: {error}; give a file of examples, or its folder with --data") from None


def _session(what: str, settings: "Settings") -> tuple["Session", str, "Card | None"]:
    """Return what is measured, its task, and the card where it is a single expert that has one."""
    from newsmoe.orchestrator.session import Session

    registry = registry_of(settings)
    if what not in registry.experts and what in registry.tasks():
        pool_settings = settings.model_copy(update={"tasks": (what,), "journal": None})
        return Session(pool_settings, registry=registry), what, None
    info = registry.info(what)
    from newsmoe.evaluation.measure import single_expert_session

    return single_expert_session(what, settings, registry), info.task, info.card


def _source(context: typer.Context, task: str, file: Path, options: ExampleOptions) -> "LabelSource | SummarySource":
    """Return how the file of examples is read."""
    from newsmoe.datasets.sources import LabelSource, SummarySource

    texts: dict[str, Any] = {
        "path": str(file),
        "headline": options.headline,
        "content": options.content,
        "limit": options.limit,
    }
    if options.summary is not None or task == "summarization":
        refuse_label_options(context)
        return SummarySource(**texts, summary=options.summary or "summary")
    pairs = [pair.partition("=") for pair in options.rename or ()]
    for old, sign, new in pairs:
        if not (old and sign and new):
            raise typer.BadParameter(f"--map {old}{sign}{new}: expected OLD=NEW")
    labels = {old.strip(): new.strip() for old, _, new in pairs}
    return LabelSource(**texts, label=options.label, labels=labels, closed=options.closed)


def show_evaluations(evaluations: Sequence["Evaluation"]) -> None:
    """Print figures, by label and confusion too where there are any."""
    console = results()
    for evaluation in evaluations:
        for part in _shown(evaluation):
            console.print(part)
        warn_of_few(evaluation.items)


def warn_of_few(examples: int) -> None:
    """Say where figures are of so few examples that they tell little."""
    if examples < FEW:
        few = f"{plural(examples, 'example')} {'is' if examples == 1 else 'are'} too few for figures to rely on"
        messages().print(plain(f"{few}: differences may be chance", style="yellow"), soft_wrap=True)


def _shown(evaluation: "Evaluation") -> Iterator["RenderableType"]:
    items = f"{evaluation.answered} of {evaluation.items} predicted"
    speed = f"{evaluation.items_per_second:.1f} articles/s, {evaluation.tokens_per_second:.0f} tokens/s"
    yield plain(f"{evaluation.data}: {items}, {speed}", style="bold")
    figures = table("metric", ">value")
    for metric, value in evaluation.figures.items():
        figures.add_row(plain(metric), figure(metric, value))
    yield figures
    if evaluation.labels:
        labels = table("label", ">precision", ">recall", ">F1", ">items")
        for label, quality in evaluation.labels.items():
            shares = (f"{100 * value:.1f}" for value in (quality.precision, quality.recall, quality.f1))
            labels.add_row(plain(label), *shares, str(quality.support))
        yield labels
    if 0 < len(evaluation.confusion) <= MAX_COLUMNS:
        numbers = range(1, len(evaluation.confusion) + 1)
        confusion = table("label", *(f">{number}" for number in numbers), title="predicted label")
        for number, (label, counts) in zip(numbers, evaluation.confusion.items(), strict=True):
            confusion.add_row(plain(f"{number} {label}"), *map(str, counts.values()))
        yield confusion
    yield ""


def figure(metric: str, value: float) -> str:
    """Return a metric as a table shows it: shares per cent, calibration errors and counts as they are."""
    if metric.endswith("words"):
        return f"{value:.0f}"
    return f"{value:.3f}" if metric == "ECE" else f"{100 * value:.2f}"
