"""Parquet: one article a row; pyarrow comes with the extra `parquet`."""

from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

from newsmoe.errors import InputError
from newsmoe.ingest.files import max_characters, too_long
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.formats.parquet_pages import BadHeaderError, largest_page
from newsmoe.plugins import import_extra
from newsmoe.text.cleaning import one_line

ROWS_READ = 256
MAX_UNPACKED = 500_000_000  # bytes of pages in memory at once, one of each column; most writers make pages of 1 MB

magic = ("PAR1",)


def read(name: str, path: Path) -> Iterator[Any]:
    """Yield each row as an object, as JSON would hold it; a row that cannot be decoded is a `BadElement`."""
    arrow = import_extra("pyarrow.parquet", "Parquet", "parquet")
    try:
        texts = [column.name for column in arrow.parquet.read_schema(path) if _is_text(arrow, column.type)]
        # texts that a column repeats stay one text; unfolded, a file of a kilobyte can take gigabytes
        with arrow.parquet.ParquetFile(path, read_dictionary=texts) as file:
            _check_pages(name, path, file.metadata)
            for batch in file.iter_batches(ROWS_READ):
                for number in range(batch.num_rows):
                    yield _element(arrow, batch, number, max_characters(path))
    except (arrow.ArrowException, BadHeaderError, OSError) as error:
        if getattr(error, "errno", None):
            raise
        raise InputError(f"{name}: not valid Parquet: {one_line(str(error))}") from None


def _check_pages(name: str, path: Path, metadata: Any) -> None:
    """Raise for a file whose pages unpack to more than memory should have to hold."""
    with path.open("rb") as file:
        for group in map(metadata.row_group, range(metadata.num_row_groups)):
            size = sum(largest_page(file, group.column(number)) for number in range(group.num_columns))
            if size > MAX_UNPACKED:
                raise InputError(
                    f"{name}: pages that unpack to {size:,} bytes, and no more than {MAX_UNPACKED:,} are read at once;"
                    " write the file again with smaller pages"
                )


def _is_text(arrow: Any, kind: Any) -> bool:
    return any(test(kind) for test in (arrow.types.is_string, arrow.types.is_binary))


def _element(arrow: Any, batch: Any, number: int, limit: int) -> dict[str, Any] | BadElement:
    element, size = {}, 0
    try:
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            element[name] = value = _plain(_value(arrow, column[number]))
            size += len(value) if isinstance(value, str) else 0
            if size > limit:
                return BadElement(too_long(limit))
        return element
    except (ValueError, OverflowError) as error:  # text that is not UTF-8
        return BadElement(f"a value cannot be decoded: {error}")


def _value(arrow: Any, cell: Any) -> Any:
    """Return a cell's value; None for a time that Python cannot hold."""
    try:
        return cell.as_py()
    except (ValueError, OverflowError):
        if not arrow.types.is_temporal(cell.type):
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
