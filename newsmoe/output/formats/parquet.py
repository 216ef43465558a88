"""Parquet: one record a row, the whole record as JSON in it; pyarrow comes with the extra `parquet`."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from newsmoe.errors import OutputError
from newsmoe.output.atomic import atomic_write
from newsmoe.output.formats import TaskColumns, Writer
from newsmoe.output.seen import Seen
from newsmoe.output.table import IDENTITY, is_boolean, is_number, keyed_names, keyed_row
from newsmoe.plugins import import_extra
from newsmoe.record import Record

ROW_GROUP = 1024

folder = True


def errors() -> tuple[type[Exception], ...]:
    """Return what pyarrow raises."""
    return (_pyarrow().ArrowException,)


@contextmanager
def open_writer(path: Path, columns: TaskColumns) -> Iterator[Writer]:
    """Yield a writer of rows, which are written a row group at a time."""
    arrow = _pyarrow()

    def type_of(name: str) -> Any:
        return arrow.float64() if is_number(name) else arrow.bool_() if is_boolean(name) else arrow.string()

    types = [(name, type_of(name)) for name in keyed_names(columns)]
    schema = arrow.schema(types)
    rows: list[dict[str, Any]] = []
    with atomic_write(path) as temporary, arrow.parquet.ParquetWriter(temporary, schema) as file:

        def flush() -> None:
            file.write_table(arrow.Table.from_pylist(rows, schema))
            rows.clear()

        def write(record: Record, key: str) -> None:
            rows.append(dict(zip(schema.names, keyed_row(record, key, columns), strict=True)))
            if len(rows) == ROW_GROUP:
                flush()

        yield Writer(write)
        if rows:
            flush()


@contextmanager
def open_appender(path: Path, columns: TaskColumns) -> Iterator[Writer]:
    """Yield a writer that adds a file to the folder `path`, for the articles that are in none of its files.

    A run that finds nothing new adds no file.
    """
    arrow = _pyarrow()
    made = not path.exists()
    path.mkdir(exist_ok=True)
    parts = sorted(path.glob("*.parquet"))
    with closing(Seen()) as seen, ExitStack() as stack:
        for part in parts:
            _read_identities(arrow, part, seen)
        if made:
            stack.callback(_remove_if_empty, path)
        part_writer: Writer | None = None

        def write(record: Record, key: str) -> None:
            nonlocal part_writer
            if part_writer is None:
                part_writer = stack.enter_context(open_writer(_next_part(path, parts), columns))
            part_writer.write(record, key)

        yield Writer(write, lambda item: not seen.add(item.key, None if item.id is None else str(item.id), item.url))


def _pyarrow() -> Any:
    return import_extra("pyarrow.parquet", "Parquet", "parquet")


def _read_identities(arrow: Any, part: Path, seen: Seen) -> None:
    try:
        with arrow.parquet.ParquetFile(part) as file:
            for batch in file.iter_batches(columns=list(IDENTITY)):
                for identity in zip(*(batch.column(name).to_pylist() for name in IDENTITY), strict=True):
                    seen.add(*identity)
    except (arrow.ArrowException, OSError, KeyError):
        raise OutputError(f"{part}: holds something else than records; name another folder with -o") from None


def _next_part(path: Path, parts: list[Path]) -> Path:
    numbers = [int(number) for part in parts if (number := part.stem.removeprefix("part-")).isdecimal()]
    return path / f"part-{max(numbers, default=0) + 1:05}.parquet"


def _remove_if_empty(path: Path) -> None:
    with suppress(OSError):
        path.rmdir()
