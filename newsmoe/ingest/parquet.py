"""Parquet: rows in as elements, records out as rows; pyarrow comes with the extra `parquet`."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import date, time
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

from newsmoe.errors import ConfigError, InputError, OutputError
from newsmoe.ingest.json_stream import BadElement
from newsmoe.output.atomic import atomic_write, translate_errors
from newsmoe.output.seen import Seen
from newsmoe.output.table import TaskColumns, Write, Writer, as_json, columns, is_number, row
from newsmoe.record import Record
from newsmoe.text.cleaning import one_line

ROWS_READ = 256
ROW_GROUP = 1024
IDENTITY = ("key", "id", "url")


def _pyarrow() -> Any:
    """Return pyarrow with its Parquet module."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise ConfigError("Parquet needs pyarrow; pip install 'newsmoe[parquet]'") from None
    return pyarrow


def parquet_elements(name: str, path: Path) -> Iterator[Any]:
    """Yield each row as an object, as JSON would hold it; a row that cannot be decoded is a `BadElement`."""
    arrow = _pyarrow()
    try:
        with arrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(ROWS_READ):
                for number in range(batch.num_rows):
                    yield _element(batch, number)
    except (arrow.ArrowException, OSError) as error:
        if getattr(error, "errno", None):
            raise
        raise InputError(f"{name}: not valid Parquet: {one_line(str(error))}") from None


def _element(batch: Any, number: int) -> dict[str, Any] | BadElement:
    try:
        return {
            name: _plain(_value(column[number]))
            for name, column in zip(batch.schema.names, batch.columns, strict=True)
        }
    except (ValueError, OverflowError) as error:  # text that is no UTF-8
        return BadElement(f"a value cannot be decoded: {error}")


def _value(cell: Any) -> Any:
    """Return a cell's value; of a time that Python cannot hold, which costs no article its text, None."""
    try:
        return cell.as_py()
    except (ValueError, OverflowError):
        if not _pyarrow().types.is_temporal(cell.type):
            raise
        return None


def _plain(value: Any) -> Any:
    match value:
        case date() | time():
            return value.isoformat()
        case bytes():
            return value.decode(errors="replace")
        case Decimal():
            whole = value == value.to_integral_value()  # an id, which has all its digits
            return int(value) if whole else float(value)
        case float() if not isfinite(value):
            return None
        case dict():
            return {key: _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
    return value


@contextmanager
def parquet_writer(path: Path, predictions: TaskColumns) -> Iterator[Write]:
    """Give a function that writes records as rows, a row group at a time.

    The columns are the article's key, those of a CSV file, and the whole record as JSON.
    """
    arrow = _pyarrow()
    names = ["key", *columns(predictions), "record"]
    types = [(name, arrow.float64() if is_number(name) else arrow.string()) for name in names]
    schema = arrow.schema(types)
    rows: list[dict[str, Any]] = []
    with atomic_write(path) as written, ExitStack() as stack:
        with translate_errors(path, arrow.ArrowException):
            file = stack.enter_context(arrow.parquet.ParquetWriter(written, schema))

        def flush() -> None:
            with translate_errors(path, arrow.ArrowException):
                file.write_table(arrow.Table.from_pylist(rows, schema))
            rows.clear()

        def write(record: Record, key: str) -> None:
            values = key, *row(record, predictions), as_json(record)
            rows.append(dict(zip(names, values, strict=True)))
            if len(rows) == ROW_GROUP:
                flush()

        yield write
        if rows:
            flush()
        with translate_errors(path, arrow.ArrowException):
            file.close()


@contextmanager
def append_parquet(folder: Path, predictions: TaskColumns) -> Iterator[Writer]:
    """Give a writer that adds a file to those in `folder`, for the articles that are in none of them.

    A run that finds nothing new adds no file.
    """
    arrow = _pyarrow()
    with translate_errors(folder):
        made = not folder.exists()
        folder.mkdir(exist_ok=True)
    parts = sorted(folder.glob("*.parquet"))
    with closing(Seen()) as seen, ExitStack() as stack:
        for part in parts:
            _remember(arrow, part, seen)
        if made:
            stack.callback(_remove_if_empty, folder)
        into: Write | None = None

        def write(record: Record, key: str) -> None:
            nonlocal into
            if into is None:
                into = stack.enter_context(parquet_writer(_next_part(folder, parts), predictions))
            into(record, key)

        yield Writer(
            write, lambda item: not seen.add(item.key, None if item.id is None else str(item.id), item.url)
        )


def _remember(arrow: Any, part: Path, seen: Seen) -> None:
    try:
        with arrow.parquet.ParquetFile(part) as file:
            for batch in file.iter_batches(columns=list(IDENTITY)):
                for identity in zip(*(batch.column(name).to_pylist() for name in IDENTITY), strict=True):
                    seen.add(*identity)
    except (arrow.ArrowException, OSError, KeyError):
        raise OutputError(f"{part}: holds something else than records; name another folder with -o") from None


def _next_part(folder: Path, parts: list[Path]) -> Path:
    taken = [int(number) for part in parts if (number := part.stem.removeprefix("part-")).isdecimal()]
    return folder / f"part-{max(taken, default=0) + 1:05}.parquet"


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
