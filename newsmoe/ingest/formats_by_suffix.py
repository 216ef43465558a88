"""What a file's name says of its format."""

from pathlib import Path

SUFFIXES = {
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".jsonlines": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
    ".db": "sqlite",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
}
READABLE = ("json", "jsonl", "csv", "tsv", "parquet")
WRITABLE = ("json", "jsonl", "csv", "parquet", "sqlite")


def format_of(path: Path) -> str:
    """Return the format that the suffix stands for, gzipped or not; `json` where it stands for none."""
    return known_format(path) or "json"


def is_readable(path: Path) -> bool:
    """Tell whether the suffix is one of a format that articles can be read from."""
    return known_format(path) in READABLE


def known_format(path: Path) -> str | None:
    """Return the format that the suffix stands for, gzipped or not; None where it stands for none."""
    name = path.name.lower()
    return next(
        (format for suffix, format in SUFFIXES.items() if name.removesuffix(".gz").endswith(suffix)), None
    )
