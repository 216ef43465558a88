"""Records out: JSON or JSON Lines, streamed, and whole or not at all."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from newsmoe.analysis import Analysis
from newsmoe.errors import OutputError

__all__ = ["STDOUT", "default_output", "format_of", "open_writer", "write_text"]

STDOUT = Path("-")

Write = Callable[[Analysis], None]


def default_output(source: Path, format: str) -> Path:
    """Return where the records of `source` go: `analyzed_news_data.json` beside `news-data.json`."""
    stem = source.name.removesuffix(".gz")
    stem = Path(stem).stem or stem
    return source.with_name(f"analyzed_{stem.replace('-', '_')}.{format}")


def format_of(path: Path) -> str:
    """Return the format that the suffix stands for: `jsonl`, or else `json`."""
    return "jsonl" if path.suffix in (".jsonl", ".ndjson") else "json"


@contextmanager
def open_writer(path: Path, format: str) -> Iterator[Write]:
    """Give a function that writes one record; the file takes its name when the block ends well.

    Args:
        path: where to write; `-` is standard output.
        format: `json` for one array, `jsonl` for one record a line.

    Raises:
        OutputError: the folder is missing or cannot be written, or the disk is full.
    """
    formatted = _as_lines if format == "jsonl" else _as_array
    if path == STDOUT:
        with formatted(sys.stdout) as write:
            yield write
        sys.stdout.flush()
        return
    with _replacing(path) as file, formatted(file) as write:
        yield write


def write_text(path: Path, text: str) -> None:
    """Write a whole file, or none.

    Raises:
        OutputError: it cannot be written.
    """
    with _replacing(path) as file:
        file.write(text)


@contextmanager
def _as_lines(file: IO[str]) -> Iterator[Write]:
    def write(analysis: Analysis) -> None:
        file.write(analysis.model_dump_json() + "\n")

    yield write


@contextmanager
def _as_array(file: IO[str]) -> Iterator[Write]:
    before = "[\n"

    def write(analysis: Analysis) -> None:
        nonlocal before
        file.write(before + analysis.model_dump_json(indent=2))
        before = ",\n"

    yield write
    file.write("[]\n" if before == "[\n" else "\n]\n")


@contextmanager
def _replacing(path: Path) -> Iterator[IO[str]]:
    """Open a temporary file beside `path`; it takes the place of `path` when the block ends well.

    A symbolic link stays, and the file that it points to is replaced.
    """
    target = path.resolve()
    if target.is_dir():
        raise OutputError(f"{path}: is a folder; name a file in it with -o")
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
