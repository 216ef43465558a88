"""Names of files and folders."""

import os
from hashlib import sha256
from pathlib import Path

PACKED_SUFFIXES = (".gz", ".bz2", ".xz", ".zst")
"""Suffixes of packed files."""

MAX_NAME = 200  # bytes of the 255 that a file system takes
HASH = 12  # characters


def unpacked_name(path: Path) -> str:
    """Return a file's name without the suffix of a packed file."""
    name = path.name
    suffix = next((suffix for suffix in PACKED_SUFFIXES if name.lower().endswith(suffix)), "")
    return name[: len(name) - len(suffix)]


def stem_of(path: Path) -> str:
    """Return a file's name without its suffixes, or a folder's name."""
    return path.name if path.is_dir() else Path(unpacked_name(path)).stem


def short_name(name: str) -> str:
    """Return a name, or of one that leaves no room for what is put before and after it the start and a hash."""
    encoded = os.fsencode(name)
    if len(encoded) <= MAX_NAME:
        return name
    return f"{encoded[: MAX_NAME - HASH - 1].decode(errors='ignore')}-{sha256(encoded).hexdigest()[:HASH]}"


def beside(path: Path, suffix: str) -> Path:
    """Return the path of a file that belongs to another one: with this suffix in the place of that of a format.

    What a date or a number is after a dot, as in `news.2026-01`, is part of the name.
    """
    return path.with_suffix(suffix) if path.suffix[1:2].isalpha() else path.with_name(f"{path.name}{suffix}")


def ending_in_name(path: Path) -> Path:
    """Return a path to the same place whose last part is a name, which `.` and `..` are not."""
    return path if path.name not in ("", "..") else Path(os.path.abspath(path))
