"""CSV and TSV: rows in as elements, records out as rows."""

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsmoe.errors import InputError
from newsmoe.ingest.files import open_text
from newsmoe.ingest.json_stream import BadElement
from newsmoe.output.atomic import Put
from newsmoe.output.table import TaskColumns, Write, columns, row
from newsmoe.record import Record

START = 1 << 16  # characters, in which a header must stand
LONGEST_CELL = 1 << 26  # characters; the csv module's own limit, 131,072, is less than a long article
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the start of a formula, after OWASP's page on CSV injection."""


class _Lines:
    """The lines of a file, of which some can be put back.

    Attributes:
        number: lines that were read.
        row: those of the row in hand.
        ended: whether the end was met within that row.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._back: list[str] = []
        self.number = 0
        self.begin_row()

    def begin_row(self) -> None:
        self.row: list[str] = []
        self.ended = False

    def put_back_all_but_first(self) -> None:
        self._back += reversed(self.row[1:])
        self.number -= len(self.row[1:])

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._back.pop() if self._back else next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self.number += 1
        self.row.append(line)
        return line


def detect_delimiter(start: str, delimiter: str) -> tuple[list[str], str]:
    """Return the first row of a table, and what parts its cells."""
    for sign in (delimiter, ";"):
        try:
            cells = next(csv.reader(io.StringIO(start.lstrip("\r\n"), newline=""), delimiter=sign), [])
        except csv.Error:
            cells = []
        if len(cells) > 1:
            return cells, sign
    return cells, delimiter


def csv_elements(name: str, path: Path, delimiter: str = ",") -> Iterator[Any]:
    """Yield each row as an object with the header's names; empty rows are passed over.

    A row whose cells are more or fewer than the names becomes a `BadElement`, and so does a line that opens a
    quote which nothing closes; the rows after it are read.
    """
    csv.field_size_limit(LONGEST_CELL)
    with open_text(path) as stream:
        _, delimiter = detect_delimiter(stream.read(START), delimiter)
    with open_text(path) as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, delimiter=delimiter)
        header: list[str] | None = None
        while True:
            lines.begin_row()
            start, problem = lines.number + 1, None
            try:
                cells = next(reader, None)
            except csv.Error as error:
                cells, problem = [], str(error)
            if cells is None:
                break
            if cells and lines.ended:  # the reader looks beyond the last line only while it is inside quotes
                problem = "a quote is opened and never closed"
            if problem and header is None:
                raise InputError(f"{name}: line {start}: {problem}")
            if problem:
                yield BadElement(f"line {start}: {problem}")
                lines.put_back_all_but_first()
                reader = csv.reader(lines, delimiter=delimiter)
            elif header is None:
                header = [cell.strip() for cell in cells] or None
            elif cells:
                yield _element(header, cells, start)
    if header is None:
        raise InputError(f"{name}: the file is empty; expected a first row that names the columns")


def _element(header: list[str], cells: list[str], line: int) -> dict[str, str] | BadElement:
    if len(cells) != len(header):
        return BadElement(f"line {line}: {len(cells)} cells, where the header names {len(header)} columns")
    return dict(zip(header, cells, strict=True))


@dataclass(frozen=True)
class _Sink:
    write: Put


@contextmanager
def csv_writer(put: Put, predictions: TaskColumns) -> Iterator[Write]:
    """Give a function that writes a record as a row; the first row names the columns."""
    writer = csv.writer(_Sink(put))
    writer.writerow(map(_escape_formula, columns(predictions)))

    def write(record: Record, _: str) -> None:
        cells = record.id, *row(record, predictions)[1:]  # an id that is a number stays one, below 0 too
        writer.writerow(map(_escape_formula, cells))

    yield write


def _escape_formula(cell: str | float | None) -> str | float | None:
    """Put an apostrophe before a text that a spreadsheet would run as a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell
