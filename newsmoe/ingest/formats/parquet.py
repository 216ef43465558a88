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
from newsmoe.ingest.formats.parquet_rows import Chunk, largest_row
from newsmoe.plugins import import_extra
from newsmoe.text.cleaning import one_line

ROWS_READ = 256
MAX_UNPACKED = 500_000_000  # bytes of pages in memory at once, one of each column; most writers make pages of 1 MB
BYTES_A_CHARACTER = 16  # that the rows read at once may take, for each character of the largest article

magic = ("PAR1",)


def read(name: str, path: Path) -> Iterator[Any]:
    """Yield each row as an object, as JSON would hold it; a row that cannot be decoded is a `BadElement`."""
    arrow = import_extra("pyarrow.parquet", "Parquet", "parquet")
    try:
        with arrow.parquet.ParquetFile(path) as file:
            rows = _rows_at_once(arrow, name, path, file.metadata)
            for batch in file.iter_batches(rows):
                for number in range(batch.num_rows):
                    yield _element(arrow, batch, number, max_characters(path))
    except (arrow.ArrowException, BadHeaderError, OSError) as error:
        if getattr(error, "errno", None):
            raise
        raise InputError(f"{name}: not valid Parquet: {one_line(str(error))}") from None


def _rows_at_once(arrow: Any, name: str, path: Path, metadata: Any) -> int:
    """Return how many rows are read at once; raise for a file that takes more memory than an article should."""
    limit, rows = max_characters(path), ROWS_READ
    with path.open("rb") as file:
        for group in map(metadata.row_group, range(metadata.num_row_groups)):
            columns = [(group.column(number), metadata.schema.column(number)) for number in range(group.num_columns)]
            size = sum(largest_page(file, column) for column, _ in columns)
            if size > MAX_UNPACKED:
                raise InputError(
                    f"{name}: pages that unpack to {size:,} bytes, and no more than {MAX_UNPACKED:,} are read at once;"
                    " write the file again with smaller pages"
                )
            chunks = (Chunk(arrow, file, *column, group.num_rows) for column in columns)
            sizes = [largest_row(chunk, BYTES_A_CHARACTER * limit) for chunk in chunks]
            if sum(size.nested for size in sizes) > BYTES_A_CHARACTER * limit:
                raise InputError(f"{name}: the lists of a row take as much memory as a text {too_long(limit)}")
            rows = min(rows, BYTES_A_CHARACTER * limit // max(1, sum(map(sum, sizes))))
    return max(1, rows)


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
