"""Records out: JSON or JSON Lines, streamed, and whole or not at all."""

import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from newsmoe.analysis import Analysis
from newsmoe.errors import OutputError
from newsmoe.storage.formats import is_lines

__all__ = ["STDOUT", "default_output", "format_of", "open_writer", "write_text"]

STDOUT = Path("-")

Write = Callable[[Analysis], None]
Put = Callable[[str], None]

_CODES = re.compile(r"[\x7f-\x9f]")


def default_output(source: Path, format: str) -> Path:
    """Return where the records of `source` go: `analyzed_news_data.json` beside `news-data.json`."""
    stem = source.name.removesuffix(".gz")
    stem = Path(stem).stem or stem
    return source.with_name(f"analyzed_{stem.replace('-', '_')}.{format}")


def format_of(path: Path) -> str:
    """Return the format that the suffix stands for: `jsonl`, or else `json`."""
    return "jsonl" if is_lines(path) else "json"


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
    with _standard_output() if path == STDOUT else _replacing(path) as put, formatted(put) as write:
        yield write


def write_text(path: Path, text: str) -> None:
    """Write a whole file, or none.

    Raises:
        OutputError: it cannot be written.
    """
    with _replacing(path) as put:
        put(text)


@contextmanager
def _as_lines(put: Put) -> Iterator[Write]:
    yield lambda analysis: put(_escaped(analysis.model_dump_json()) + "\n")


@contextmanager
def _as_array(put: Put) -> Iterator[Write]:
    before = "[\n"

    def write(analysis: Analysis) -> None:
        nonlocal before
        put(before + _escaped(analysis.model_dump_json(indent=2)))
        before = ",\n"

    yield write
    put("[]\n" if before == "[\n" else "\n]\n")


def _escaped(text: str) -> str:
    """Escape the control codes that JSON lets stand, so that records can be shown on a terminal."""
    return _CODES.sub(lambda code: f"\\u{ord(code[0]):04x}", text)


@contextmanager
def _standard_output() -> Iterator[Put]:
    """Write UTF-8 to standard output, whatever the locale."""

    def put(text: str) -> None:
        sys.stdout.buffer.write(text.encode())

    sys.stdout.flush()
    yield put
    sys.stdout.buffer.flush()


@contextmanager
def _replacing(path: Path) -> Iterator[Put]:
    """Write to a temporary file beside `path`, which takes its place when the block ends well.

    A symbolic link stays, and the file that it points to is replaced. What is no regular file, such as a
    pipe or `/dev/null`, is written to as it is.
    """
    with _blaming(path):
        target = path.resolve()
        special = path.exists() and not path.is_file()
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file in it with -o")
    written = path if special else target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with _blaming(path):
        file = written.open("w", encoding="utf-8", newline="\n")
        if not special and target.exists():
            written.chmod(stat.S_IMODE(target.stat().st_mode))

    def put(text: str) -> None:
        with _blaming(path):
            file.write(text)

    try:
        yield put
        with _blaming(path):
            file.flush()
            if not special:
                os.fsync(file.fileno())
                written.replace(target)
    finally:
        with suppress(OSError):
            file.close()
        if not special:
            with suppress(OSError):
                written.unlink(missing_ok=True)


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, RuntimeError) as error:  # a circle of links is a RuntimeError
        raise OutputError(f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}") from None
