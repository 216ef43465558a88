"""Records out, streamed: in a file that appears whole or not at all, or added to what is there."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from pathlib import Path
from types import MappingProxyType

from newsmoe.analysis import Analysis
from newsmoe.errors import ConfigError, OutputError
from newsmoe.storage.csv_rows import csv_writer
from newsmoe.storage.formats import WRITABLE
from newsmoe.storage.json_lines import append_lines
from newsmoe.storage.parquet import append_parquet, parquet_writer
from newsmoe.storage.replace import Put, blaming, replacing_text
from newsmoe.storage.sqlite import append_sqlite, sqlite_writer
from newsmoe.storage.table import AnswerKeys, Write, Writer, as_json

__all__ = ["STDOUT", "check_format", "default_output", "open_writer"]

STDOUT = Path("-")


def default_output(source: Path, format: str) -> Path:
    """Return where the records of `source` go: `analyzed_news_data.json` beside `news-data.json`."""
    stem = source.name.removesuffix(".gz")
    stem = Path(stem).stem or stem
    return source.with_name(f"analyzed_{stem.replace('-', '_')}.{format}")


@contextmanager
def _as_lines(put: Put, _: AnswerKeys) -> Iterator[Write]:
    yield lambda analysis, _: put(as_json(analysis) + "\n")


@contextmanager
def _as_array(put: Put, _: AnswerKeys) -> Iterator[Write]:
    before = "[\n"

    def write(analysis: Analysis, _: str) -> None:
        nonlocal before
        put(before + as_json(analysis, indent=2))
        before = ",\n"

    yield write
    put("[]\n" if before == "[\n" else "\n]\n")


TEXTS: Mapping[str, Callable[[Put, AnswerKeys], AbstractContextManager[Write]]] = {
    "json": _as_array,
    "jsonl": _as_lines,
    "csv": csv_writer,
}
FILES: Mapping[str, Callable[[Path, AnswerKeys], AbstractContextManager[Write]]] = {
    "parquet": parquet_writer,
    "sqlite": sqlite_writer,
}
APPENDING: Mapping[str, Callable[[Path, AnswerKeys], AbstractContextManager[Writer]]] = {
    "jsonl": append_lines,
    "parquet": append_parquet,
    "sqlite": append_sqlite,
}


def check_format(path: Path, format: str, *, append: bool = False) -> None:
    """See whether records can be written to `path` in `format`.

    Raises:
        ConfigError: they cannot; names the formats that can.
    """
    if format not in WRITABLE:
        raise ConfigError(f"{path}: records are not written as {format}; use {', '.join(WRITABLE)}")
    if path.suffix == ".gz":
        raise ConfigError(f"{path}: records are not written gzipped; name it {path.stem}")
    if append and (format not in APPENDING or path == STDOUT):
        what = "standard output" if path == STDOUT else f"a {format} file"
        raise ConfigError(
            f"{path}: --append cannot add to {what}; it adds to files of the formats {', '.join(APPENDING)}"
        )
    if path == STDOUT and format not in TEXTS:
        raise ConfigError(f"{format} cannot go to standard output; name a file with -o")


@contextmanager
def open_writer(
    path: Path, format: str, answers: AnswerKeys = MappingProxyType({}), *, append: bool = False
) -> Iterator[Writer]:
    """Give a writer of records; the file takes its name when the block ends well.

    Args:
        path: where to write; `-` is standard output. For Parquet that is added to, a folder.
        format: one of `WRITABLE`; `check_format` tells whether it goes with the rest.
        answers: for each task the keys of its answers that have a column each, where the format has columns.
        append: whether to add to what is there.

    Raises:
        OutputError: the folder is missing or cannot be written, or the disk is full.
        ConfigError: pyarrow is needed and not installed.
    """
    if append:
        with APPENDING[format](path, answers) as writer:
            yield writer
    elif format in FILES:
        with FILES[format](path, answers) as write:
            yield Writer(write)
    else:
        with _text_to(path) as put, TEXTS[format](put, answers) as write:
            yield Writer(write)


def _text_to(path: Path) -> AbstractContextManager[Put]:
    return _standard_output() if path == STDOUT else replacing_text(path)


@contextmanager
def _standard_output() -> Iterator[Put]:
    """Write UTF-8 to standard output, whatever the locale; what experts print meanwhile goes elsewhere."""
    if sys.stdout is None:
        raise OutputError("standard output is closed; name a file with -o")
    sys.stdout.flush()
    out = sys.stdout.buffer

    def put(text: str) -> None:
        with blaming(Path("standard output")):
            out.write(text.encode())

    with redirect_stdout(sys.stderr):
        yield put
    with blaming(Path("standard output")):
        out.flush()
