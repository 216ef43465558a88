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
    needs_training_extra,
    registry_of,
    settings_of,
)

if TYPE_CHECKING:
    from newsmoe.evaluation.gates import SystemFigures
    from newsmoe.training.pruning import Worth

__all__ = ["evaluate", "prune", "train"]


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
    experts_dir: ExpertsDirOption = None,
    config: ConfigOption = None,
    device: DeviceOption = None,
) -> None:
    """Train a gate: every expert of the pool answers, and the gate learns who is right where.

    Of a file of examples a fifth is kept for measuring; its recipe is written to experts/gate-TASK, for you
    to change and train again.
    """
    from newsmoe.cli.console import messages, plain
    from newsmoe.cli.progress import reporting
    from newsmoe.registry.expert import Device

    needs_training_extra("training")
    from newsmoe.training.gate import train_gate
    from newsmoe.training.recipe import GateRecipe, read_recipe
    from newsmoe.training.scaffold import gate_recipe

    console = messages()
    if file.suffix != ".toml":
        file = gate_recipe(file, task, content=content, headline=headline, label=label)
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
    write: Annotated[bool, typer.Option("--write", help="Put the table into the gate's gate.toml.")] = False,
    experts_dir: ExpertsDirOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure a gate on the dev data of its recipe, beside everything that it has to beat."""
    from newsmoe.cli.console import messages, plain
    from newsmoe.cli.progress import reporting

    needs_training_extra("measuring")
    from newsmoe.evaluation.gates import compare_gates
    from newsmoe.evaluation.pool import ask_pool
    from newsmoe.gating.artefact import read_gate
    from newsmoe.training.gate import with_table, write_gate
    from newsmoe.training.recipe import RECIPE_FILE, GateRecipe, read_recipe

    card = read_gate(folder)
    recipe = read_recipe(folder / RECIPE_FILE, GateRecipe)
    registry = registry_of(settings_of(config, experts_dir))
    with reporting(messages()) as report:
        asked = [recipe.dev, recipe.train if neighbours else ()]
        dev, known = (
            [ask_pool(card.names, source, data, registry, report) for source in sources] for sources in asked
        )
        table = compare_gates(card, registry, dev, known, seed=recipe.seed)
    if as_json:
        typer.echo(json.dumps([row.model_dump() for row in table], indent=2))
    else:
        _show(table)
    if write:
        write_gate(with_table(card, table))
        messages().print(plain(f"wrote {folder}"), soft_wrap=True)


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
            min=0, max=1, help="Accuracy, from 0 to 1, that the gate must have by an expert.", metavar="GAIN"
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
    from newsmoe.evaluation.pool import ask_pool
    from newsmoe.gating.artefact import read_gate
    from newsmoe.training.pruning import Thresholds, find_needless, write_pruned
    from newsmoe.training.recipe import RECIPE_FILE, GateRecipe, read_recipe

    card = read_gate(folder)
    recipe = read_recipe(folder / RECIPE_FILE, GateRecipe)
    registry = registry_of(settings_of(config, experts_dir))
    with reporting(messages()) as report:
        dev = [ask_pool(card.names, source, data, registry, report) for source in recipe.dev]
        worths = find_needless(card, registry, dev, Thresholds(min_share, min_gain))
    if as_json:
        typer.echo(json.dumps([{**one.model_dump(), "gain": one.gain} for one in worths], indent=2))
    else:
        _show_worths(worths)
    kept = [one.expert for one in worths if not one.left_out]
    if len(kept) == len(worths):
        told = "every expert is kept; nothing to write"
    elif dry_run:
        told = "a dry run: nothing was written"
    else:
        write_pruned(card, worths)
        told = f"wrote {folder}; to train it so, set experts = {json.dumps(kept)} in its {RECIPE_FILE}"
    messages().print(plain(told), soft_wrap=True)


def _show_worths(worths: "Sequence[Worth]") -> None:
    from newsmoe.cli.console import plain, results, table

    rows = table("expert", ">share", ">accuracy", ">without it", ">gain", ">cost saved", "verdict")
    for one in worths:
        rows.add_row(
            plain(one.expert),
            f"{one.share:.3f}",
            f"{100 * one.accuracy:.2f}",
            f"{100 * one.without:.2f}",
            f"{100 * one.gain:+.2f}",
            f"{one.saved:+.3f}",
            plain(one.verdict, style="red" if one.left_out else ""),
        )
    results().print(rows)


def _show(rows: "Sequence[SystemFigures]") -> None:
    from newsmoe.cli.console import plain, results, table

    sources, experts = list(rows[0].sources), list(rows[0].load)
    shown = table(
        "system",
        ">accuracy",
        ">to rules",
        ">macro-F1",
        ">ECE",
        ">cost",
        ">of the gate",
        *(f">{name}" for name in sources),
    )
    load = table("asked about", *(f">{name}" for name in experts))
    for row in rows:
        shown.add_row(
            plain(row.system),
            f"{100 * row.accuracy:.2f}",
            f"{100 * row.gain:+.2f} ±{100 * row.margin:.2f}",
            f"{100 * row.macro_f1:.2f}",
            f"{row.ece:.3f}",
            f"{row.cost:.2f}",
            f"{row.gate_cost:.2f}",
            *(f"{100 * row.sources[name]:.2f}" for name in sources),
        )
        load.add_row(plain(row.system), *(f"{row.load[name]:.2f}" for name in experts))
    console = results()
    console.print(shown)
    console.print()
    console.print(load)
    gate_ece = next(row.gate_ece for row in rows if row.gate_ece is not None)
    console.print(plain(f"\ncalibration error of the gate's own scores: {gate_ece:.3f}"))
