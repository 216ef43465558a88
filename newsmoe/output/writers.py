"""Records out, streamed: in a file that appears whole or not at all, or added to what is there."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, redirect_stdout
from pathlib import Path
from types import MappingProxyType

from newsmoe.errors import ConfigError, OutputError
from newsmoe.ingest.csv_rows import csv_writer
from newsmoe.ingest.formats_by_suffix import WRITABLE
from newsmoe.ingest.parquet import append_parquet, parquet_writer
from newsmoe.output.atomic import Put, atomic_write_text, translate_errors
from newsmoe.output.json_lines import append_lines
from newsmoe.output.sqlite import append_sqlite, sqlite_writer
from newsmoe.output.table import TaskColumns, Write, Writer, as_json
from newsmoe.record import Record

STDOUT = Path("-")


def default_output(source: Path, format: str) -> Path:
    """Return where the records of `source` go: `analyzed_news_data.json` beside `news-data.json`."""
    stem = source.name.removesuffix(".gz")
    stem = Path(stem).stem or stem
    return source.with_name(f"analyzed_{stem.replace('-', '_')}.{format}")


@contextmanager
def _as_lines(put: Put, _: TaskColumns) -> Iterator[Write]:
    yield lambda record, _: put(as_json(record) + "\n")


@contextmanager
def _as_array(put: Put, _: TaskColumns) -> Iterator[Write]:
    before = "[\n"

    def write(record: Record, _: str) -> None:
        nonlocal before
        put(before + as_json(record, indent=2))
        before = ",\n"

    yield write
    put("[]\n" if before == "[\n" else "\n]\n")


TEXTS: Mapping[str, Callable[[Put, TaskColumns], AbstractContextManager[Write]]] = {
    "json": _as_array,
    "jsonl": _as_lines,
    "csv": csv_writer,
}
FILES: Mapping[str, Callable[[Path, TaskColumns], AbstractContextManager[Write]]] = {
    "parquet": parquet_writer,
    "sqlite": sqlite_writer,
}
APPENDING: Mapping[str, Callable[[Path, TaskColumns], AbstractContextManager[Writer]]] = {
    "jsonl": append_lines,
    "parquet": append_parquet,
    "sqlite": append_sqlite,
}


def check_format(path: Path, format: str, *, append: bool = False) -> None:
    """See whether records can be written to `path` in `format`."""
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
    path: Path, format: str, predictions: TaskColumns = MappingProxyType({}), *, append: bool = False
) -> Iterator[Writer]:
    """Give a writer of records; the file takes its name when the block ends well."""
    if append:
        with APPENDING[format](path, predictions) as writer:
            yield writer
    elif format in FILES:
        with FILES[format](path, predictions) as write:
            yield Writer(write)
    else:
        with _text_to(path) as put, TEXTS[format](put, predictions) as write:
            yield Writer(write)


def _text_to(path: Path) -> AbstractContextManager[Put]:
    return _standard_output() if path == STDOUT else atomic_write_text(path)


@contextmanager
def _standard_output() -> Iterator[Put]:
    """Write UTF-8 to standard output, whatever the locale; what experts print meanwhile goes elsewhere."""
    if sys.stdout is None:
        raise OutputError("standard output is closed; name a file with -o")
    sys.stdout.flush()
    out = sys.stdout.buffer

    def put(text: str) -> None:
        with translate_errors(Path("standard output")):
            out.write(text.encode())

    with redirect_stdout(sys.stderr):
        yield put
    with translate_errors(Path("standard output")):
        out.flush()
