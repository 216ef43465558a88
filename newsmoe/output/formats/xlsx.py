"""XLSX: one record a row; openpyxl comes with the extra `xlsx`."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from newsmoe.errors import OutputError
from newsmoe.output.atomic import atomic_write
from newsmoe.output.formats import TaskColumns, Writer
from newsmoe.output.table import column_names, row
from newsmoe.plugins import import_extra
from newsmoe.record import Record
from newsmoe.text.dates import in_utc, moment_of

MAX_CELL = 32_767  # characters; this and the next are Excel's
MAX_ROWS = 1_048_576
DATES = frozenset({"publication_date"})
FIRST_YEAR = 1900  # that Excel has
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@contextmanager
def open_writer(path: Path, columns: TaskColumns) -> Iterator[Writer]:
    """Yield a writer of rows."""
    openpyxl = import_extra("openpyxl", "XLSX", "xlsx")
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("records")
    names = column_names(columns)
    count = 1

    def cell(value: str | float | datetime | None) -> Any:
        if not isinstance(value, str):
            return value
        text = openpyxl.cell.WriteOnlyCell(sheet)
        text.value = ""
        text._value = _NOT_IN_XML.sub("\N{REPLACEMENT CHARACTER}", value)[:MAX_CELL]
        text.data_type = "s"  # so that it is text, and no formula, whatever it begins with
        return text

    def write(record: Record, _: str) -> None:
        nonlocal count
        count += 1
        if count > MAX_ROWS:
            raise OutputError(f"{path}: a sheet of Excel has at most {MAX_ROWS:,} rows; write CSV or Parquet")
        values = zip(names, row(record, columns), strict=True)
        sheet.append([cell(_date(value) if name in DATES else value) for name, value in values])

    sheet.append(list(map(cell, names)))
    with atomic_write(path) as temporary:
        try:
            yield Writer(write)
        finally:
            sheet.close()  # else openpyxl complains of what is open
        book.save(temporary)


def _date(value: str | float | None) -> str | float | datetime | None:
    """Return a date in ISO 8601 as one of Excel, in UTC, which has no time zones; other values as they are."""
    moment = moment_of(value) if isinstance(value, str) else None
    date = in_utc(moment) if moment else None
    return date.replace(tzinfo=None) if date and date.year >= FIRST_YEAR else value
