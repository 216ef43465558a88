"""TOML files."""

import tomllib
from pathlib import Path
from typing import Any

from newsmoe.errors import ConfigError, NewsmoeError


def read_toml(path: Path, error_type: type[NewsmoeError] = ConfigError) -> dict[str, Any]:
    """Read a TOML file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors write a BOM
    except OSError as error:
        raise error_type(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise error_type(f"{path}: no valid TOML: {error}") from None
