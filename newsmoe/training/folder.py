"""An expert's folder written: weights, card and model card."""

from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import tomli_w
from jinja2 import Environment, PackageLoader, StrictUndefined
from numpy.typing import NDArray
from safetensors.numpy import save

from newsmoe.evaluation.measure import Evaluation
from newsmoe.registry.backbone.adapter import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from newsmoe.registry.cards import CARD_FILE, Card, Measurement, Training
from newsmoe.registry.kinds.embedded import HEAD_FILE
from newsmoe.training.recipe import Recipe

PAGE_FILE = "README.md"


class TrainedExpert(NamedTuple):
    """What training yields.

    Attributes:
        kind: the code behind the expert.
        settings: of that kind.
        head: tensors.
        adapter: the folder that an adapter lies in, if one was trained.
        needs_content: whether a headline alone is too little.
    """

    kind: str
    settings: Mapping[str, Any]
    head: Mapping[str, NDArray[Any]]
    adapter: Path | None = None
    needs_content: bool = False


def write_expert(folder: Path, recipe: Recipe, made: TrainedExpert, command: str) -> Card:
    """Put adapter, head and card of a trained expert into `folder`; return the card, nothing measured yet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (ADAPTER_FILE, ADAPTER_CONFIG_FILE):
        if made.adapter is not None:
            (made.adapter / name).replace(folder / name)
        else:  # one of an earlier training
            (folder / name).unlink(missing_ok=True)
    (folder / HEAD_FILE).write_bytes(save(dict(made.head)))  # save_file would let nobody else read it
    card = Card(
        name=recipe.name,
        task=recipe.task,
        kind=made.kind,
        description=recipe.description,
        languages=recipe.languages,
        needs_content=made.needs_content,
        licence=recipe.licence,
        settings=dict(made.settings),
        training=Training(
            data=[f"{source.title} ({source.licence})" for source in (*recipe.train, *recipe.unlabelled)],
            command=command,
            date=date.today().isoformat(),
        ),
        folder=folder,
    )
    _write_card(card)
    return card


def with_measurements(card: Card, evaluations: Iterable[Evaluation], command: str) -> Card:
    """Put figures into the card, those on other data stay, and write it."""
    packages = ", ".join(f"{package} {version(package)}" for package in ("newsmoe", "onnxruntime"))
    source = f"{command}; {date.today().isoformat()}, {packages}"
    fresh = [
        Measurement(
            data=one.data,
            figures={"items": one.answered, **{name: round(value, 4) for name, value in one.figures.items()}},
            source=source,
        )
        for one in evaluations
    ]
    measured = {one.data for one in fresh}
    kept = [one for one in card.quality if one.data not in measured]
    card = card.model_copy(update={"quality": [*kept, *fresh]})
    _write_card(card)
    return card


def _write_card(card: Card) -> None:
    """Write `expert.toml`."""
    values = card.model_dump(mode="json", exclude_defaults=True)
    text = "# Written by `newsmoe train`; change recipe.toml and train again.\n" + tomli_w.dumps(values)
    (card.folder / CARD_FILE).write_text(text, encoding="utf-8")


def write_model_card(card: Card, recipe: Recipe) -> None:
    """Write the page for people, from the card and the recipe."""
    write_page(card.folder, "model_card.md", card=card, recipe=recipe)


def write_page(folder: Path, template: str, **values: object) -> None:
    """Write a folder's `README.md` by one of the templates."""
    environment = Environment(  # noqa: S701  # Markdown, of our own recipe
        loader=PackageLoader("newsmoe.training"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(template).render(values)
    (folder / PAGE_FILE).write_text(page, encoding="utf-8")
