"""The rows of a table of text, also where quotation marks are not used as CSV wants them.

Python's `csv` reads what is well-formed. Elsewhere a quotation mark is text, unless it closes right before the next
delimiter or line end: many tables of tabs are not quoted at all, and their rows must not run into each other.
"""

import csv
import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from newsmoe.ingest.files import MAX_CHARACTERS, too_long

QUOTE = "\ufdd0"  # no character, and so in no text
_BACKSLASHED = re.compile(r"\\(?:([\"\\])|(?=[\r\n])|N(?=[,;|\t\r\n]|\Z))")


class Lines(Protocol):
    """What has lines, such as a file."""

    def readline(self, limit: int, /) -> str:
        """Return the next line, or its first `limit` characters."""


class _BackslashedLines:
    """The lines of a file without backslashes that stand for something else; `QUOTE` for a quotation mark after one."""

    def __init__(self, stream: Lines) -> None:
        self._stream = stream

    def readline(self, limit: int, /) -> str:
        """Return the next line, or its first `limit` characters."""
        line = self._stream.readline(limit)
        return _BACKSLASHED.sub(_without_backslash, line) if "\\" in line else line


def _without_backslash(escape: re.Match[str]) -> str:
    return QUOTE if escape[1] == '"' else escape[1] or ""


class Row(NamedTuple):
    """A row that is not empty.

    Attributes:
        line: the number of its first line, counted from 1.
        is_sound: whether no quote makes doubtful where it begins and ends.
    """

    line: int
    cells: list[str]
    is_sound: bool


def rows_of(stream: Lines, delimiter: str, limit: int = MAX_CHARACTERS) -> Iterator[Row]:
    """Yield the rows that are not empty.

    Where quotes do not close as they should, or give a row another number of cells than the first row has, the first
    line of that row is read alone, and its quotes are text if only that gives the right number. A quote that spans
    more than `limit` characters is text.

    Raises:
        TooLongError: a line is longer than `limit`.
    """
    csv.field_size_limit(limit)
    lines = _Lines(stream, limit)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    delimited = re.compile(rf'(?:(?:"(?:[^"]|"")*+"|[^"{re.escape(delimiter)}]*+)(?:{re.escape(delimiter)}|\Z))*+')
    width, in_doubt = 0, False
    while True:
        start = lines.begin_row()
        cells = []
        try:
            cells = next(reader)
            strict = not (len(lines.row) > 1 and delimiter == "\t" and any(delimiter in cell for cell in cells))
        except StopIteration:
            return
        except csv.Error:
            strict = False
        fits = len(cells) == width or not width
        quoted = fits or (strict and bool(delimited.fullmatch("".join(lines.row).rstrip("\r\n"))))
        certain = quoted and len(lines.row) == 1 and delimiter != "\t"
        if not strict or (not fits and not certain and '"' in lines.row[0]):
            line = lines.row[0].rstrip("\r\n")
            choices = [*([cells] if strict else []), _cells_of(line, delimiter), line.split(delimiter)]
            best = next((choice for choice in choices if len(choice) == width), choices[0])
            if best is not cells:
                cells = best
                lines.put_back()
                reader = csv.reader(lines, delimiter=delimiter, strict=True)
                quoted, in_doubt = False, True
        elif fits:
            in_doubt = False
        if cells:
            width = width or len(cells)
            yield Row(start, cells, quoted and not in_doubt)


def backslashed_rows_of(stream: Lines, delimiter: str, limit: int = MAX_CHARACTERS) -> Iterator[Row]:
    r"""Yield the rows of a table with `\"` for a quotation mark, and `\N` for no value, as Spark and MySQL write it."""
    for row in rows_of(_BackslashedLines(stream), delimiter, limit):
        yield row._replace(cells=[cell.replace(QUOTE, '"') for cell in row.cells])


def _cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line; quotes that enclose no whole cell are text.

    Between tabs a quote closes before the next tab, or is text; between commas it may enclose some.
    """
    end_of_cell = re.compile(rf" *(?:{re.escape(delimiter)}|\Z)")
    closing = [
        quotes for quotes in re.finditer(r'"+', line) if len(quotes[0]) % 2 and end_of_cell.match(line, quotes.end())
    ]
    starts = [quotes.start() for quotes in closing]
    cells: list[str] = []
    position = 0
    while position <= len(line):
        end = line.find(delimiter, position) % (len(line) + 1)  # the end of the line where there is none
        cell = line[position:end]
        opening = re.compile(r' *("+)').match(line, position)
        if opening:
            whole = len(opening[1]) % 2 == 0 and end_of_cell.match(line, opening.end())
            number = bisect_left(starts, opening.end())
            last = opening.end() - 1 if whole else closing[number].end() - 1 if number < len(closing) else None
            if last is not None and (delimiter != "\t" or last < end):
                cell = line[opening.start(1) + 1 : last].replace('""', '"')
                end = line.find(delimiter, last) % (len(line) + 1)
        cells.append(cell)
        position = end + 1
    return cells


class TooLongError(ValueError):
    """A line that is longer than any article."""


class _Lines:
    """The lines of a file, of which those of the current row can be put back."""

    def __init__(self, stream: Lines, limit: int) -> None:
        self._stream, self._limit = stream, limit
        self._back: list[str] = []
        self.row: list[str] = []
        self._number = 0  # of lines in the rows before

    def begin_row(self) -> int:
        """Begin a row, and return the number of its first line."""
        self._number += len(self.row)
        self.row = []
        return self._number + 1

    def put_back(self) -> None:
        """Put back all lines of the current row but the first."""
        self._back += reversed(self.row[1:])
        del self.row[1:]

    def __iter__(self) -> Iterator[str]:
        while line := self._back.pop() if self._back else self._stream.readline(self._limit + 1):
            if len(line) > self._limit:
                raise TooLongError(too_long(self._limit))
            self.row.append(line)
            yield line
