"""`newsmoe gate`: gates that learn from what each expert gets right."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.console import messages, plain, print_json, results, table
from newsmoe.cli.evaluate import warn_of_few
from newsmoe.cli.options import (
    EXAMPLES_PANEL,
    DataOption,
    ExampleKeys,
    FileArgument,
    JsonOption,
    LoadSettings,
    needs_training_extra,
    refuse_example_options,
    refuse_label_options,
    registry_of,
    takes,
)
from newsmoe.cli.train import taking_back
from newsmoe.errors import ConfigError, nearest

if TYPE_CHECKING:
    from newsmoe.registry.registry import Registry
    from newsmoe.training.pruning import Contribution


FolderArgument = Annotated[Path, typer.Argument(help="Folder of a learned gate.", metavar="DIR")]


@takes("experts_dir", "device")
def train(
    context: typer.Context,
    file: FileArgument,
    keys: ExampleKeys,
    load: LoadSettings,
    data: DataOption = Path(),
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder of the gate; default: the recipe's folder.", metavar="DIR"),
    ] = None,
    task: Annotated[str, typer.Option(help="Task of the experts.", rich_help_panel=EXAMPLES_PANEL)] = "sentiment",
) -> None:
    """Train a gate: all experts of a task predict examples, and the gate learns which expert is right on which.

    If the examples have summaries, the gate learns from the ROUGE scores of the experts' summaries. From a file of
    examples, a fifth is held out for measuring, and a recipe is written to experts/gate-TASK. To train with other
    settings, change the recipe and name it instead of the file.
    """
    from newsmoe.cli.progress import reporting
    from newsmoe.registry.device import Device

    needs_training_extra("training")
    from newsmoe.gating.gate_card import read_gate
    from newsmoe.training.gate import train_gate
    from newsmoe.training.gate_results import against_rivals, measure_gate
    from newsmoe.training.recipe import GateRecipe, read_recipe
    from newsmoe.training.scaffold import gate_recipe

    console, settings, made = messages(), load(), None
    registry = registry_of(settings)
    if file.suffix != ".toml":
        _check_choice(task, registry)
        keys.summary = keys.summary or ("summary" if task == "summarization" else None)
        if keys.summary:
            refuse_label_options(context)
        file = made = gate_recipe(file, task, **vars(keys))
        console.print(plain(f"wrote {file}"), soft_wrap=True)
    else:
        refuse_example_options(context, f"change {file} instead")
    folder, recipe = output or file.parent, read_recipe(file, GateRecipe)
    with taking_back(made), reporting(console) as report:
        train_gate(file, recipe, data, folder, registry, Device(settings.device, settings.threads), report)
        card = read_gate(folder)
        comparison = measure_gate(card, recipe, data, registry, report, neighbours=False)
    figures, is_better = against_rivals(card, comparison)
    console.print(plain(figures), soft_wrap=True)
    warn_of_few(comparison.items)
    if not is_better:
        console.print(
            plain("it is not better than what it would replace: do not use it", style="yellow"), soft_wrap=True
        )
    console.print(plain(f"wrote {folder}; all figures: newsmoe gate evaluate {folder}"), soft_wrap=True)


def _check_choice(task: str, registry: "Registry") -> None:
    """Refuse a task without two experts, before its recipe is in the way of the next try."""
    counts = {name: sum(not info.missing for info in registry.pool(name)) for name in registry.tasks()}
    if (count := counts.get(task, 0)) < 2:
        hint = nearest(task, (name for name in counts if counts[name] > 1))
        raise ConfigError(f"a gate needs two experts to choose from; {task!r} has {count}; {hint}")


@takes("experts_dir")
def evaluate(
    folder: FolderArgument,
    load: LoadSettings,
    data: DataOption = Path(),
    neighbours: Annotated[
        bool,
        typer.Option("--neighbours/--no-neighbours", help="Compare also with nearest neighbours in the training data."),
    ] = True,
    write: Annotated[bool, typer.Option("--write", help="Write the figures into gate.toml and README.md.")] = False,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Draw quality against cost into a .png, .svg or .pdf.", metavar="FILE")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare a gate with rules, single experts and an oracle, on the dev data of its recipe.

    The first table has the quality and the cost, in tokens and time, of each; the second has the share of articles
    that each expert reads. Then follows the quality for each budget, from the cheapest expert for all articles to the
    most expensive, compared with chance and with the oracle.
    """
    from newsmoe.cli.progress import reporting

    needs_training_extra("measuring")
    from newsmoe.evaluation.plot import check_plot, draw_curves
    from newsmoe.gating.gate_card import read_gate
    from newsmoe.training.folder import data_option
    from newsmoe.training.gate_results import measure_gate, write_results
    from newsmoe.training.recipe import RECIPE_FILE, GateRecipe, read_recipe

    if plot is not None:
        check_plot(plot)
    card = read_gate(folder)
    recipe = read_recipe(folder / RECIPE_FILE, GateRecipe)
    registry = registry_of(load())
    with reporting(messages()) as report:
        comparison = measure_gate(card, recipe, data, registry, report, neighbours=neighbours)
    if as_json:
        print_json(comparison.model_dump_json(indent=2))
    else:
        from newsmoe.cli.gate_tables import show_comparison

        show_comparison(comparison)
        warn_of_few(comparison.items)
    if plot is not None:
        draw_curves(comparison.curve, plot)
    if write:
        write_results(card, recipe, comparison, f"newsmoe gate evaluate {folder.as_posix()}{data_option(data)}")
    for path in filter(None, [plot, folder if write else None]):
        messages().print(plain(f"wrote {path}"), soft_wrap=True)


@takes("experts_dir")
def prune(
    folder: FolderArgument,
    load: LoadSettings,
    data: DataOption = Path(),
    min_share: Annotated[
        float,
        typer.Option(min=0, max=1, help="Smallest share of the articles that an expert must run on.", metavar="SHARE"),
    ] = 0.02,
    min_gain: Annotated[
        float,
        typer.Option(min=0, max=1, help="Smallest quality, from 0 to 1, that an expert must add.", metavar="GAIN"),
    ] = 0.001,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the figures; write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Exclude experts from a gate that hardly run, or add nothing, on the dev data of its recipe.

    One expert is excluded at a time, and the others are measured again. The gate is not trained again: the weights
    of the excluded expert are dropped, and its probability goes to the others.
    """
    from newsmoe.cli.progress import reporting

    needs_training_extra("measuring")
    from newsmoe.evaluation.pool import predict_pool
    from newsmoe.gating.gate_card import read_gate
    from newsmoe.training.pruning import Thresholds, find_redundant, write_pruned
    from newsmoe.training.recipe import RECIPE_FILE, GateRecipe, read_recipe

    card = read_gate(folder)
    recipe = read_recipe(folder / RECIPE_FILE, GateRecipe)
    registry = registry_of(load())
    with reporting(messages()) as report:
        dev = predict_pool(card.names, recipe.dev, data, registry, report, target=recipe.target)
        contributions = find_redundant(card, registry, dev, Thresholds(min_share, min_gain))
    if as_json:
        typer.echo(json.dumps([{**each.model_dump(), "gain": each.gain} for each in contributions], indent=2))
    else:
        _show_contributions(contributions)
    remaining = [each.expert for each in contributions if not each.excluded]
    if len(remaining) == len(contributions):
        message = "every expert stays; nothing to write"
    elif dry_run:
        message = "a dry run: nothing was written"
    else:
        write_pruned(card, contributions)
        message = f"wrote {folder}; to train it so, set experts = {json.dumps(remaining)} in its {RECIPE_FILE}"
    messages().print(plain(message), soft_wrap=True)


def _show_contributions(contributions: "Sequence[Contribution]") -> None:
    rows = table("!expert", ">share", ">quality", ">without it", ">gain", ">cost saved", "verdict")
    for each in contributions:
        rows.add_row(
            plain(each.expert),
            f"{each.share:.3f}",
            *(f"{100 * value:.2f}" for value in (each.quality, each.without)),
            f"{100 * each.gain:+.2f}",
            f"{each.saved:+.3f}",
            plain(each.verdict, style="red" if each.excluded else ""),
        )
    results().print(rows)
