"""`newsmoe train`: experts of one's own data."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["classifier"]

FROM_FILE = "Examples"


def classifier(
    recipe: Annotated[
        Path, typer.Argument(help="recipe.toml, or a file of examples: CSV, TSV, JSON Lines.", metavar="FILE")
    ],
    data: Annotated[
        Path, typer.Option("--data", help="Folder that the recipe's paths start from.", metavar="DIR")
    ] = Path(),
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder of the expert; default: the recipe's.", metavar="DIR"),
    ] = None,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:N, mps, or auto.")] = "cpu",
    name: Annotated[
        str | None,
        typer.Option("--name", help="What to call the expert.", rich_help_panel=FROM_FILE),
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(
            "--task", help="What it answers; default: a task of its own name.", rich_help_panel=FROM_FILE
        ),
    ] = None,
    content: Annotated[
        str | None,
        typer.Option("--content", help="Key or column of the text.", rich_help_panel=FROM_FILE),
    ] = None,
    headline: Annotated[
        str | None,
        typer.Option("--headline", help="Key or column of the headline.", rich_help_panel=FROM_FILE),
    ] = None,
    label: Annotated[
        str, typer.Option("--label", help="Key or column of the label.", rich_help_panel=FROM_FILE)
    ] = "label",
    head_only: Annotated[
        bool,
        typer.Option(
            "--head-only", help="Fit a head alone: seconds, not minutes.", rich_help_panel=FROM_FILE
        ),
    ] = False,
) -> None:
    """Train a classifier on labelled texts: an adapter and a head on the backbone, with a card.

    Of a file of examples a fifth is kept for measuring; its recipe is written to experts/NAME, for you to
    change and train again. Training that was broken off goes on where it was.
    """
    from newsmoe.cli.console import messages, plain
    from newsmoe.cli.evaluate import show_evaluations
    from newsmoe.cli.progress import reporting
    from newsmoe.errors import ConfigError
    from newsmoe.registry.expert import Device

    try:
        from newsmoe.training.make import make_expert
        from newsmoe.training.recipe import ClassifierRecipe, read_recipe
        from newsmoe.training.scaffold import name_from, write_recipe
    except ModuleNotFoundError as error:
        raise ConfigError(f"training needs {error.name}; pip install 'newsmoe[train]'") from None

    console = messages()
    if recipe.suffix != ".toml":
        recipe = write_recipe(
            recipe,
            name or name_from(recipe),
            task=task,
            content=content,
            headline=headline,
            label=label,
            head_only=head_only,
        )
        console.print(plain(f"wrote {recipe}"), soft_wrap=True)
    asked = read_recipe(recipe, ClassifierRecipe)
    folder = output or recipe.parent
    with reporting(console) as report:
        evaluations = make_expert(recipe, asked, data, folder, Device(device), report)
    show_evaluations(evaluations)
    console.print(
        plain(f"wrote {folder}; use it: newsmoe analyze news.json --tasks {asked.task}"), soft_wrap=True
    )
