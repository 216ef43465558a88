"""`newsmoe gate`: gates that learn from what each expert gets right."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.options import (
    EXAMPLES_PANEL,
    ConfigOption,
    ContentOption,
    DataOption,
    DeviceOption,
    ExpertsDirOption,
    HeadlineOption,
    JsonOption,
    LabelOption,
    SummaryOption,
    needs_training_extra,
    registry_of,
    settings_of,
)

if TYPE_CHECKING:
    from newsmoe.training.pruning import Contribution


def train(
    file: Annotated[
        Path, typer.Argument(help="recipe.toml, or a file of examples: CSV, TSV, JSON Lines.", metavar="FILE")
    ],
    data: DataOption = Path(),
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder of the gate; default: the recipe's.", metavar="DIR"),
    ] = None,
    task: Annotated[
        str,
        typer.Option("--task", help="What the experts are asked.", rich_help_panel=EXAMPLES_PANEL),
    ] = "sentiment",
    headline: HeadlineOption = None,
    content: ContentOption = None,
    label: LabelOption = "label",
    summary: SummaryOption = None,
    experts_dir: ExpertsDirOption = None,
    config: ConfigOption = None,
    device: DeviceOption = None,
) -> None:
    """Train a gate: every expert of the pool answers, and the gate learns who is right where.

    Where the examples have summaries, it learns by ROUGE whose summary is nearer to theirs.
    Of a file of examples a fifth is kept for measuring; its recipe is written to experts/gate-TASK, for you
    to change and train again.
    """
    from newsmoe.cli.console import messages, plain
    from newsmoe.cli.progress import reporting
    from newsmoe.registry.device import Device

    needs_training_extra("training")
    from newsmoe.training.gate import train_gate
    from newsmoe.training.recipe import GateRecipe, read_recipe
    from newsmoe.training.scaffold import gate_recipe

    console = messages()
    if file.suffix != ".toml":
        summary = summary or ("summary" if task == "summarization" else None)
        file = gate_recipe(file, task, content=content, headline=headline, label=label, summary=summary)
        console.print(plain(f"wrote {file}"), soft_wrap=True)
    settings = settings_of(config, experts_dir, device=device)
    folder = output or file.parent
    with reporting(console) as report:
        where = Device(settings.device, settings.threads)
        train_gate(file, read_recipe(file, GateRecipe), data, folder, registry_of(settings), where, report)
    console.print(
        plain(f"wrote {folder}; see what it is worth: newsmoe gate evaluate {folder}"), soft_wrap=True
    )


def evaluate(
    folder: Annotated[Path, typer.Argument(help="Folder of a learned gate.", metavar="DIR")],
    data: DataOption = Path(),
    neighbours: Annotated[
        bool,
        typer.Option(
            "--neighbours/--no-neighbours",
            help="Ask the experts about the training data too, for the nearest neighbours.",
        ),
    ] = True,
    write: Annotated[
        bool, typer.Option("--write", help="Put table and curve into the gate's gate.toml and README.md.")
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", help="Draw quality against cost: .png, .svg or .pdf.", metavar="FILE"),
    ] = None,
    experts_dir: ExpertsDirOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a gate on the dev data of its recipe, beside everything that it has to beat.

    Every way of choosing experts, with quality, cost in tokens and time, and load; then what the gate makes
    of a budget, from the cheapest expert for all articles to the dearest, beside chance and the oracle.
    """
    from newsmoe.cli.console import messages, plain
    from newsmoe.cli.progress import reporting

    needs_training_extra("measuring")
    from newsmoe.evaluation.plot import check_plot, draw_curves
    from newsmoe.gating.gate_card import read_gate
    from newsmoe.training.gate_results import measure_gate, write_results
    from newsmoe.training.recipe import RECIPE_FILE, GateRecipe, read_recipe

    if plot is not None:
        check_plot(plot)
    card = read_gate(folder)
    recipe = read_recipe(folder / RECIPE_FILE, GateRecipe)
    registry = registry_of(settings_of(config, experts_dir))
    with reporting(messages()) as report:
        found = measure_gate(card, recipe, data, registry, report, neighbours=neighbours)
    if as_json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        from newsmoe.cli.gate_tables import show_comparison

        show_comparison(found)
    if plot is not None:
        draw_curves(found.curve, plot)
    if write:
        where = "" if data == Path() else " --data DATA"
        write_results(card, recipe, found, f"newsmoe gate evaluate {folder.as_posix()}{where}")
    for path in filter(None, [plot, folder if write else None]):
        messages().print(plain(f"wrote {path}"), soft_wrap=True)


def prune(
    folder: Annotated[Path, typer.Argument(help="Folder of a learned gate.", metavar="DIR")],
    data: DataOption = Path(),
    min_share: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Share of the articles that an expert must be asked about.", metavar="SHARE"
        ),
    ] = 0.02,
    min_gain: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Quality, from 0 to 1, that the gate must have by an expert.", metavar="GAIN"
        ),
    ] = 0.001,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the figures, and write nothing.")] = False,
    experts_dir: ExpertsDirOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Leave experts out of a gate that are hardly asked, or gain nothing, on the dev data of its recipe.

    One goes at a time, and the others are measured again. Its row of the weights is dropped, and its share of
    the scores goes to the others; the gate is not trained again.
    """
    from newsmoe.cli.console import messages, plain
    from newsmoe.cli.progress import reporting

    needs_training_extra("measuring")
    from newsmoe.evaluation.pool import predict_pool
    from newsmoe.gating.gate_card import read_gate
    from newsmoe.training.pruning import Thresholds, find_redundant, write_pruned
    from newsmoe.training.recipe import RECIPE_FILE, GateRecipe, read_recipe

    card = read_gate(folder)
    recipe = read_recipe(folder / RECIPE_FILE, GateRecipe)
    registry = registry_of(settings_of(config, experts_dir))
    with reporting(messages()) as report:
        dev = predict_pool(card.names, recipe.dev, data, registry, report, target=recipe.target)
        contributions = find_redundant(card, registry, dev, Thresholds(min_share, min_gain))
    if as_json:
        typer.echo(json.dumps([{**one.model_dump(), "gain": one.gain} for one in contributions], indent=2))
    else:
        _show_worths(contributions)
    kept = [one.expert for one in contributions if not one.left_out]
    if len(kept) == len(contributions):
        told = "every expert is kept; nothing to write"
    elif dry_run:
        told = "a dry run: nothing was written"
    else:
        write_pruned(card, contributions)
        told = f"wrote {folder}; to train it so, set experts = {json.dumps(kept)} in its {RECIPE_FILE}"
    messages().print(plain(told), soft_wrap=True)


def _show_worths(contributions: "Sequence[Contribution]") -> None:
    from newsmoe.cli.console import plain, results, table

    rows = table("expert", ">share", ">quality", ">without it", ">gain", ">cost saved", "verdict")
    for one in contributions:
        rows.add_row(
            plain(one.expert),
            f"{one.share:.3f}",
            f"{100 * one.quality:.2f}",
            f"{100 * one.without:.2f}",
            f"{100 * one.gain:+.2f}",
            f"{one.saved:+.3f}",
            plain(one.verdict, style="red" if one.left_out else ""),
        )
    results().print(rows)
