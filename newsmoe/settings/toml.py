"""TOML files."""

import tomllib
from pathlib import Path
from typing import Any

from newsmoe.errors import ConfigError, NewsmoeError


def read_toml(path: Path, error_type: type[NewsmoeError] = ConfigError) -> dict[str, Any]:
    """Read a TOML file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise error_type(f"{path}: cannot be read: {error.strerror}") from None
    try:
        return tomllib.loads(content.decode("utf-8-sig"))  # some editors write a BOM
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise error_type(f"{path}: not in UTF-8 (at line {line}); save it in that encoding") from None
    except tomllib.TOMLDecodeError as error:
        raise error_type(f"{path}: no valid TOML: {error}") from None
