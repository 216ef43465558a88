"""CSV: one record a row; the first row names the columns."""

import csv
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from newsmoe.output.formats import TaskColumns, Writer, text_output
from newsmoe.output.table import column_names, row
from newsmoe.record import Record

FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet takes for a formula, after OWASP's page on CSV injection."""

stdout = True


def open_writer(path: Path, columns: TaskColumns) -> AbstractContextManager[Writer]:
    """Return a writer of rows, to be opened."""
    return write_rows(path, columns)


@contextmanager
def write_rows(path: Path, columns: TaskColumns, start: str = "") -> Iterator[Writer]:
    """Yield a writer of rows into a file that begins with `start`."""
    with text_output(path) as file:
        file.write(start)
        table = csv.writer(file)
        table.writerow(map(escape_formula, column_names(columns)))

        def write(record: Record, _: str) -> None:
            cells = record.id, *row(record, columns)[1:]  # an id that is a number stays one, below 0 too
            table.writerow([str(cell).lower() if isinstance(cell, bool) else escape_formula(cell) for cell in cells])

        yield Writer(write)


def escape_formula(cell: str | float | None) -> str | float | None:
    """Put an apostrophe before a text that a spreadsheet would run as a formula, or that begins like an escaped one."""
    return f"'{cell}" if isinstance(cell, str) and _like_formula(cell) else cell


def unescape_formula(cell: Any) -> Any:
    """Return a cell as it was before `escape_formula`."""
    return cell[1:] if isinstance(cell, str) and cell[:1] == "'" and _like_formula(cell) else cell


def _like_formula(text: str) -> bool:
    return text.lstrip("'").startswith(FORMULA_SIGNS)
