"""Where a model's files are on this machine; nothing here uses the network."""

import json
import os
from pathlib import Path

from pydantic import Field, field_validator

from newsmoe.errors import ModelError
from newsmoe.registry.cards import Card
from newsmoe.validation import Authored

CONFIG = "config.json"
PICKLES = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt")
"""Checkpoints in Python's pickle format, which can run code when they are opened."""


class ModelSource(Authored):
    """Which model an expert loads."""

    model: str = Field(min_length=1, description="'owner/name' on the hub, or a folder")
    revision: str | None = Field(None, description="commit, tag or branch on the hub; unset: main")

    @field_validator("model")
    @classmethod
    def _plain(cls, model: str) -> str:
        if "://" in model:
            raise ValueError(f"{model!r} is an address; write 'owner/name', or a folder")
        return model

    def folder(self, card: Card) -> Path | None:
        """Return the folder that `model` names, seen from the card; None where it is a name of the hub."""
        path = Path(self.model).expanduser()
        inside = card.folder / path
        if inside.is_dir():
            return inside
        return inside if path.is_absolute() or self.model.startswith(".") else None


def find_model(source: ModelSource, card: Card) -> Path:
    """Return the folder with the model's config, tokenizer and weights."""
    folder = source.folder(card)
    if folder is None:
        converted = cache_folder(source)
        folder = converted if (converted / CONFIG).is_file() else _in_hub_cache(source)
        if folder is None:
            raise ModelError(
                f"the model {source.model} of {card.name!r} is not on this machine;"
                f" get it with 'newsmoe experts pull {card.name}'"
            )
    if not (folder / CONFIG).is_file():
        raise ModelError(f"{folder}: {CONFIG} is missing; check 'model' in the card of {card.name!r}")
    if not weight_files(folder):
        raise ModelError(_without_weights(folder, card.name))
    return folder


def weight_files(folder: Path) -> list[Path]:
    """Return the model's weights in safetensors; none where a part, or their index, is missing."""
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        try:
            parts = set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            return []
        if not all(isinstance(part, str) and Path(part).name == part for part in parts):
            return []  # a part elsewhere is none of the model
        files = [folder / part for part in sorted(parts)]
    else:
        files = [folder / "model.safetensors"]
    return files if all(file.is_file() for file in files) else []


def is_inside(folder: Path, file: Path) -> bool:
    """Tell whether a file is one of a model's folder, in the hub's cache also by a link to its own store of files."""
    folder, real = Path(os.path.realpath(folder)), Path(os.path.realpath(file))
    store = [folder.parents[1] / "blobs"] if folder.parent.name == "snapshots" else []
    return real.is_file() and any(real.is_relative_to(place) for place in (folder, *store))


def cache_folder(source: ModelSource) -> Path:
    """Return the folder for a checkpoint of the hub that was converted on this machine."""
    from platformdirs import user_cache_path

    name = source.model.replace("/", "--")
    return user_cache_path("newsmoe") / "converted" / name / (source.revision or "main")


def _in_hub_cache(source: ModelSource) -> Path | None:
    from huggingface_hub import try_to_load_from_cache

    config = try_to_load_from_cache(source.model, CONFIG, revision=source.revision)
    return Path(config).parent if isinstance(config, str) else None


def _without_weights(folder: Path, name: str) -> str:
    if any(file for pattern in PICKLES for file in folder.glob(pattern)):
        return (
            f"{folder}: its weights are a pickle, which can run code when opened, and are not read;"
            f" 'newsmoe experts convert {name}' makes safetensors of them without running any"
        )
    return f"{folder}: the weights are missing or not all there; 'newsmoe experts pull {name}' gets the rest"
