"""Output formats, one module each; other packages add theirs under the entry points `newsmoe.writers`."""

import codecs
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import OutputError
from newsmoe.output.atomic import atomic_write_text, write_text
from newsmoe.paths import unpacked_name
from newsmoe.plugins import Formats
from newsmoe.record import Record

STDOUT = Path("-")

TaskColumns = Mapping[str, Sequence[str]]
"""For each task of the run the keys of its predictions that have a column each; where there are none, the
whole prediction is one column, as JSON. `newsmoe.output.table` makes columns and rows of it."""


@dataclass(frozen=True)
class Writer:
    """An open output.

    Args:
        write: writes a record; the text is the key of its article, a hash of all that experts read.
        holds: whether the output already has a record of the article, which is then not analyzed again.
    """

    write: Callable[[Record, str], object]
    holds: Callable[[Article | InvalidItem], bool] = lambda _: False


class OutputFormat(Protocol):
    """An output format: a module, or an object, with `open_writer`.

    It may also have any of these:

        suffixes: tuple[str, ...]     of file names, in lower case, such as (".htm",), besides `.NAME`
        name_suffix: str              of the outputs that newsmoe names, if not `.NAME`
        stdout: bool                  whether `open_writer` writes to `text_output(path)`, so to `-` too
        open_appender(path, columns)  as `open_writer`, but adds to what is at `path`, if anything is
        folder: bool                  whether that adds to a folder of files
        errors()                      exceptions that mean that the file cannot be written, besides OSError
    """

    def open_writer(self, path: Path, columns: TaskColumns) -> AbstractContextManager[Writer]:
        """Open a new output, which appears at `path` whole when the block ends, or not at all.

        Args:
            path: where; `newsmoe.output.atomic.atomic_write` gives a temporary file that is moved there, and
                `text_output` does the same for text.
            columns: what tables have columns for, in order.

        Raises:
            OutputError: it cannot be written. Callers make one of an OSError, and of `errors()`.
        """


class TextOutput(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> object:
        """Write text."""


WRITERS = Formats[OutputFormat](
    "newsmoe.writers",
    "output format",
    {
        name: f"newsmoe.output.formats.{name.replace('-', '_')}"
        for name in ("json", "jsonl", "csv", "csv-excel", "xlsx", "parquet", "sqlite")
    },
    ("open_writer",),
)


def format_of(path: Path) -> str:
    """Return the format that the suffix stands for; an unknown suffix itself, `json` where there is none."""
    if format := WRITERS.of(path):
        return format
    is_stream = path.exists() and not path.is_file()
    return "json" if is_stream else Path(unpacked_name(path)).suffix.removeprefix(".").lower() or "json"


@contextmanager
def text_output(path: Path) -> Iterator[TextOutput]:
    """Yield a UTF-8 file that appears at `path` when the block ends; for `-` standard output.

    Standard output is UTF-8 whatever the locale, and what experts print meanwhile goes to standard error.
    """
    if path != STDOUT:
        with atomic_write_text(path) as file:
            yield file
        return
    if sys.stdout is None:
        raise OutputError("standard output is closed; name a file with -o")
    sys.stdout.flush()
    out = sys.stdout.buffer
    with redirect_stdout(sys.stderr):
        yield codecs.getwriter("utf-8")(out)
    out.flush()


def write_output(path: Path, text: str) -> None:
    """Write a whole file, or none; for `-` to standard output."""
    if path != STDOUT:
        write_text(path, text)
        return
    with text_output(path) as file:
        file.write(text)
