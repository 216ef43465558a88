"""`newsmoe train`: experts of one's own data."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["classifier"]


def classifier(
    recipe: Annotated[Path, typer.Argument(help="recipe.toml: labels, sources, settings.")],
    data: Annotated[
        Path, typer.Option("--data", help="Folder that the recipe's paths start from.", metavar="DIR")
    ] = Path(),
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Folder of the expert; default: the recipe's.", metavar="DIR"),
    ] = None,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, cuda:N, mps, or auto.")] = "cpu",
) -> None:
    """Train a classifier on labelled texts: a head on the backbone, with its card."""
    from newsmoe.cli.console import messages, plain, results, table
    from newsmoe.cli.progress import reporting
    from newsmoe.errors import ConfigError
    from newsmoe.registry.expert import Device
    from newsmoe.registry.kinds import Workshop
    from newsmoe.training.recipe import read_recipe

    try:
        from newsmoe.training.classifier import train_classifier
        from newsmoe.training.folder import write_folder
    except ModuleNotFoundError as error:
        raise ConfigError(f"training needs {error.name}; pip install 'newsmoe[train]'") from None

    asked = read_recipe(recipe)
    console = messages()
    folder = output or recipe.parent
    with reporting(console) as report:
        backbone = Workshop().backbone(Device(device).resolve())
        trained = train_classifier(asked, recipe.parent, data, backbone, folder, report)
    card = write_folder(folder, asked, trained, f"newsmoe train classifier {recipe.as_posix()} --data DATA")
    rows = table("data", "metric", ">value")
    for one in card.quality:
        for metric, value in one.figures.items():
            rows.add_row(plain(one.data), metric, f"{value:.3f}")
    results().print(rows)
    console.print(plain(f"wrote {folder}"), soft_wrap=True)
