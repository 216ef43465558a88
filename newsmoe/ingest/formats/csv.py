"""CSV: one article a row; the first row names the columns."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from newsmoe.errors import InputError
from newsmoe.ingest.files import open_text
from newsmoe.ingest.formats import BadElement

START = 1 << 16  # characters, in which a header must stand
MAX_CELL = 1 << 26  # characters; the csv module's own limit, 131,072, is less than a long article

growing = True


def header(path: Path, delimiter: str = ",") -> tuple[list[str], str]:
    """Return the column names, and the delimiter in words."""
    names, delimiter = _detect_delimiter(path, delimiter)
    return names, f"the delimiter is {delimiter!r}"


def read(name: str, path: Path, delimiter: str = ",") -> Iterator[Any]:
    """Yield each row as an object with the header's names.

    A row with more or fewer cells than the header becomes a `BadElement`, and so does a line that opens a
    quote which is never closed.
    """
    names: list[str] = []
    for line, cells, problem in _rows(path, delimiter):
        if problem and not names:
            raise InputError(f"{name}: line {line}: {problem}")
        if names and not problem and len(cells) != len(names):
            problem = f"{len(cells)} cells, where the header names {len(names)} columns"
        if problem:
            yield BadElement(f"line {line}: {problem}")
        elif names:
            yield dict(zip(names, cells, strict=True))
        else:
            names = [cell.strip() for cell in cells]
    if not names:
        raise InputError(f"{name}: the file is empty; expected a first row that names the columns")


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield the rows that are not empty: number of the first line, cells, and what is wrong, if anything.

    Of a row that cannot be read, the lines after the first are read again.
    """
    csv.field_size_limit(MAX_CELL)
    _, delimiter = _detect_delimiter(path, delimiter)
    with open_text(path) as stream:
        lines = _Lines(stream)
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            start, problem = lines.begin_row(), ""
            try:
                cells = next(reader, None)
            except csv.Error as error:
                cells, problem = [], str(error)
            if cells is None:
                return
            if cells and lines.ended:  # the reader looks beyond the last line only while it is inside quotes
                problem = "a quote is opened and never closed"
            if problem:
                lines.put_back()
                reader = csv.reader(lines, delimiter=delimiter)
            if cells or problem:
                yield start, cells, problem


class _Lines:
    """The lines of a file, of which those of the current row can be put back."""

    def __init__(self, stream: Iterator[str]) -> None:
        self._stream = stream
        self._back: list[str] = []
        self._row: list[str] = []
        self._number = 0  # of lines in the rows before
        self.ended = False  # whether the current row met the end of the file

    def begin_row(self) -> int:
        """Begin a row, and return the number of its first line."""
        self._number += len(self._row)
        self._row, self.ended = [], False
        return self._number + 1

    def put_back(self) -> None:
        """Put back all lines of the current row but the first."""
        self._back += reversed(self._row[1:])
        del self._row[1:]

    def __iter__(self) -> Iterator[str]:
        while line := self._back.pop() if self._back else next(self._stream, ""):
            self._row.append(line)
            yield line
        self.ended = True


def _detect_delimiter(path: Path, delimiter: str) -> tuple[list[str], str]:
    """Return the first row's cells and the delimiter: a semicolon where `delimiter` makes no second cell."""
    with open_text(path) as stream:
        start = stream.read(START).lstrip("\r\n")
    for candidate in (delimiter, ";"):
        try:
            cells = next(csv.reader(io.StringIO(start, newline=""), delimiter=candidate), [])
        except csv.Error:
            cells = []
        if len(cells) > 1:
            return cells, candidate
    return cells, delimiter
