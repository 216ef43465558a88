"""An expert's folder written: weights, card and model card."""

from datetime import date
from pathlib import Path

import tomli_w
from jinja2 import Environment, PackageLoader, StrictUndefined
from safetensors.numpy import save

from newsmoe.registry.cards import CARD_FILE, Card, Measurement, Training
from newsmoe.registry.kinds.classifier import HEAD_FILE
from newsmoe.training.classifier import Trained
from newsmoe.training.recipe import Recipe

__all__ = ["write_folder"]


def write_folder(folder: Path, recipe: Recipe, trained: Trained, command: str) -> Card:
    """Write weights, card and model card of a trained expert into `folder`, and return its card."""
    today = date.today().isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / HEAD_FILE).write_bytes(save({"weight": trained.head.weight, "bias": trained.head.bias}))
    card = Card(
        name=recipe.name,
        task=recipe.task,
        kind="classifier",
        description=recipe.description,
        languages=recipe.languages,
        licence=recipe.licence,
        settings={
            "labels": list(recipe.labels),
            "long_input": recipe.long_input,
            "temperature": trained.temperature,
        },
        training=Training(
            data=[f"{source.name} ({source.licence})" for source in recipe.train], command=command, date=today
        ),
        quality=[
            Measurement(data=data, figures={metric: round(value, 4) for metric, value in figures.items()})
            for data, figures in trained.quality.items()
        ],
        folder=folder,
    )
    (folder / CARD_FILE).write_text(_as_toml(card), encoding="utf-8")
    environment = Environment(  # noqa: S701  # Markdown, of our own recipe
        loader=PackageLoader("newsmoe.training"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("model_card.md").render(
        card=card, recipe=recipe, trained=trained, command=command
    )
    (folder / "README.md").write_text(page, encoding="utf-8")
    return card


def _as_toml(card: Card) -> str:
    values = card.model_dump(mode="json", exclude_defaults=True)
    return "# Written by `newsmoe train`; change recipe.toml and train again.\n" + tomli_w.dumps(values)
