"""What the tests of settings share."""

from collections.abc import Mapping
from pathlib import Path

NOTHING: Mapping[str, str] = {}
"""An environment without variables."""


def write(folder: Path, text: str) -> Path:
    """Write a settings file; return its path."""
    path = folder / "newsmoe.toml"
    path.write_text(text, encoding="utf-8")
    return path
