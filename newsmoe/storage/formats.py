"""What a file's name says of its format."""

from pathlib import Path

__all__ = ["is_lines"]

LINE_SUFFIXES = (".jsonl", ".ndjson", ".jsonlines")


def is_lines(path: Path) -> bool:
    """Tell whether a file of this name holds one value a line, packed or not."""
    return path.name.removesuffix(".gz").endswith(LINE_SUFFIXES)
