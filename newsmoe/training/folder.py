"""The folder of an expert or gate: weights, card, recipe, and the page for people."""

import shutil
from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import version
from os.path import relpath
from pathlib import Path
from typing import Any, NamedTuple

import tomli_w
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray
from safetensors.numpy import save

from newsmoe.datasets.sources import DataSource
from newsmoe.evaluation.measure import Evaluation
from newsmoe.output.atomic import write_bytes, write_text
from newsmoe.registry.backbone.adapter import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from newsmoe.registry.backbone.files import BACKBONES
from newsmoe.registry.cards import CARD_FILE, Card, Measurement, Training
from newsmoe.registry.kinds.embedded import HEAD_FILE
from newsmoe.training.recipe import RECIPE_FILE, Recipe, TaughtRecipe

PAGE_FILE = "README.md"


class TrainedExpert(NamedTuple):
    """The result of training."""

    kind: str
    settings: Mapping[str, Any]  # of the kind
    head: Mapping[str, NDArray[Any]]
    adapter: Path | None = None  # the folder with the adapter, if it has one of its own
    shared_adapter: Path | None = None  # the folder with the adapter that it shares, if it does
    needs_content: bool = False


def write_expert(folder: Path, recipe: Recipe, trained: TrainedExpert, command: str, time: str) -> Card:
    """Write adapter, head and card of an expert, whose training took that time; return the card, without figures."""
    folder.mkdir(parents=True, exist_ok=True)
    if trained.adapter is not None:
        move_adapter(trained.adapter, folder)
    else:  # delete that of an earlier training
        for name in (ADAPTER_FILE, ADAPTER_CONFIG_FILE):
            (folder / name).unlink(missing_ok=True)
    write_bytes(folder / HEAD_FILE, save(dict(trained.head)))  # save_file would deny others to read it
    taught = recipe.taught if isinstance(recipe, TaughtRecipe) else ()
    data = data_used((*recipe.train, *recipe.unlabelled, *taught))
    card = Card(
        **recipe.model_dump(include={"name", "task", "description", "languages", "licence"}),
        kind=trained.kind,
        adapter=Path(relpath(shared, folder)).as_posix() if (shared := trained.shared_adapter) else "",
        needs_content=trained.needs_content,
        settings={**trained.settings, "backbone": recipe.backbone},
        training=Training(data=data, command=command, date=date.today().isoformat(), time=time),
        folder=folder,
    )
    _write_card(card)
    return card


def move_adapter(start: Path, folder: Path) -> None:
    """Move an adapter into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (ADAPTER_FILE, ADAPTER_CONFIG_FILE):
        (start / name).replace(folder / name)


def write_figures(card: Card, recipe: Recipe, evaluations: Iterable[Evaluation], command: str) -> None:
    """Write figures to the card and the model card; those on other data stay."""
    packages = ", ".join(f"{package} {version(package)}" for package in ("newsmoe", "onnxruntime"))
    source = f"{command}; {date.today().isoformat()}, {packages}"
    fresh = []
    for evaluation in evaluations:
        figures = {name: round(value, 4) for name, value in evaluation.figures.items()}
        figures = {"items": evaluation.answered, **figures}
        fresh.append(Measurement(data=evaluation.data, figures=figures, source=source))
    measured = {measurement.data for measurement in fresh}
    others = [measurement for measurement in card.quality if measurement.data not in measured]
    card = card.model_copy(update={"quality": [*others, *fresh]})
    _write_card(card)
    backbone = BACKBONES[recipe.backbone].repository.split("/")[-1]
    write_page(card.folder, "model_card.md", card=card, recipe=recipe, backbone=backbone)


def _write_card(card: Card) -> None:
    values = card.model_dump(mode="json", exclude_defaults=True)
    write_toml(card.folder / CARD_FILE, values, "newsmoe train")


def write_toml(path: Path, values: Mapping[str, Any], command: str) -> None:
    """Write a TOML file that `command` derives from a recipe."""
    head = f"# Written by `{command}`; change recipe.toml and train again.\n"
    write_text(path, head + tomli_w.dumps(values))


def write_page(folder: Path, template: str, **values: object) -> None:
    """Write a folder's `README.md` from one of the templates."""
    loader = PackageLoader("newsmoe.training")
    environment = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    write_text(folder / PAGE_FILE, environment.get_template(template).render(values))


def copy_recipe(path: Path, folder: Path) -> None:
    """Copy a recipe into the folder of what was trained by it."""
    target = folder / RECIPE_FILE
    if not (target.exists() and target.samefile(path)):
        shutil.copyfile(path, target)


def data_used(sources: Iterable[DataSource]) -> list[str]:
    """Return the names of data sources with their licences, for a card."""
    return [f"{source.title} ({source.licence})" for source in sources]


def data_option(data: Path) -> str:
    """Return the option of a command, for a card, that names the data folder."""
    return "" if data == Path() else " --data DATA"
