"""CSV: one article a row; the first row names the columns."""

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from newsmoe.errors import InputError
from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.files import MAX_CHARACTERS, max_characters, open_text, remark
from newsmoe.ingest.flattened import inner_names, single_articles
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.headers import header_index, titles_note
from newsmoe.ingest.rows import Row, TooLongError, backslashed_rows_of, rows_of

START = 1 << 16  # characters, in which a header must stand
ROWS = 20  # rows from which the delimiter is detected
MOST = 0.5  # share of the rows below titles that fit the header
SPACES = " \t\r\n\ufeff"  # with the byte order mark, which is inside files that were joined
RULE_STARTS = ("", "-", "+", ":", "(")
_RULE = re.compile(r"[\s|+:-]*--[\s|+:-]*|\s*\(\d+ rows?\)\s*")
"""A line of dashes in a table of Markdown, psql or MySQL, and psql's last line."""
DELIMITERS = (",", ";", "\t", "|")

growing = True


class _Layout(NamedTuple):
    """How a table is written."""

    delimiter: str
    has_backslashes: bool = False  # before the quotation marks in its cells
    skipped: int = 0  # lines above the header
    titles: int = 0  # rows in them
    names: Sequence[str] = ()

    def rows(self, stream: TextIO, limit: int = MAX_CHARACTERS) -> Iterator[Row]:
        """Yield the rows from the header on."""
        for _ in range(self.skipped):
            stream.readline()
        return (backslashed_rows_of if self.has_backslashes else rows_of)(stream, self.delimiter, limit)


def header(path: Path, delimiters: Sequence[str] = DELIMITERS) -> tuple[list[str], str]:
    """Return the column names, and the delimiter in words."""
    layout = _layout(path, delimiters)
    return [*inner_names(layout.names)], f"the delimiter is {layout.delimiter!r}"


def read(name: str, path: Path, delimiters: Sequence[str] = DELIMITERS) -> Iterator[Any]:
    """Yield each row as an object with the header's names; of columns with the same name the first with a value.

    Cells that a row lacks are empty, and the header is left out where it is repeated. A row becomes a `BadElement` if
    it has more cells, or may be a part of another row: of a single cell, or beside a quote that does not close. A row
    of several articles becomes these.
    """
    layout = _layout(path, delimiters)
    yield from single_articles(_elements(name, path, layout), layout.names, path)


def _elements(name: str, path: Path, layout: _Layout) -> Iterator[Any]:
    names, skipped = layout.names, layout.skipped
    if not names:
        raise InputError(f"{name}: the file is empty; expected a first row that names the columns")
    unique = len(set(names)) == len(names)
    short = repeated = 0
    with open_text(path) as stream:
        rows = _without_rules(layout.rows(stream, max_characters(path)), path)
        try:
            next(rows)
            for row in rows:
                cells = row.cells if len(row.cells) == len(names) else _fitted(row, len(names))
                short += len(row.cells) < len(cells)
                if len(cells) != len(names):
                    problem = f"{len(cells)} cells, where the header names {len(names)} columns"
                    yield BadElement(f"line {row.line + skipped}: {problem}")
                elif cells[-1].strip() == names[-1] and [cell.strip(SPACES) for cell in cells] == names:
                    repeated += 1
                else:
                    yield dict(zip(names, cells, strict=True)) if unique else _first_values(names, cells)
        except TooLongError as error:
            raise InputError(f"{name}: a line is {error}") from None
    if layout.titles:
        remark(path, titles_note(layout.titles))
    if short:
        remark(path, f"rows with fewer cells than the header: {short}; the cells that they lack were read as empty")
    if repeated:
        remark(path, f"rows that repeat the header: {repeated}; they were left out")


def _without_rules(rows: Iterator[Row], path: Path) -> Iterator[Row]:
    count = 0
    for row in rows:
        if row.cells[0].lstrip()[:1] in RULE_STARTS and _RULE.fullmatch("".join(row.cells)):
            count += 1
        else:
            yield row
    if count:
        remark(path, f"lines between rows, or that count them: {count}; they were left out")


def _fitted(row: Row, width: int) -> list[str]:
    """Return the cells of a row, as many as the header has where only empty ones are missing or too many."""
    missing = width - len(row.cells)
    if missing > 0:
        return [*row.cells, *[""] * missing] if len(row.cells) > 1 and row.is_sound else row.cells
    return row.cells if any(map(str.strip, row.cells[width:])) else row.cells[:width]


def _first_values(names: Sequence[str], cells: Sequence[str]) -> Mapping[str, str]:
    element: dict[str, str] = {}
    for name, cell in zip(names, cells, strict=True):
        if not element.get(name, "").strip():
            element[name] = cell
    return element


def _layout(path: Path, delimiters: Sequence[str]) -> _Layout:
    """Return how a table is written.

    The delimiter is what the line `sep=` of Excel says, else the one that most of the first rows have as often as the
    header has. Quotation marks have backslashes if only that gives more rows as many cells as the header.
    """
    with open_text(path) as stream:
        text = stream.read(START)
    start = text.lstrip("\r\n")
    if start[:4].lower() == "sep=" and start[4:5] and start[5:6] in ("", "\r", "\n"):
        delimiters, start = (start[4],), start[5:].lstrip("\r\n")
    skipped = len(io.StringIO(text[: len(text) - len(start)], newline="").readlines())
    finder, best, layout = FieldFinder(), (0.0, 0), _Layout(delimiters[0], skipped=skipped)
    for candidate in (_Layout(delimiter, skipped=skipped) for delimiter in delimiters):
        rows = _sample(text, candidate)
        if not rows:
            break
        if titles := header_index([row.cells for row in rows], finder):
            below = candidate._replace(skipped=skipped + rows[titles].line - 1, titles=titles)
            if _fit(rows_below := _sample(text, below)) > (MOST, 0):
                candidate, rows = below, rows_below
        fit = _fit(rows)
        if fit > best:
            best, layout = fit, candidate._replace(names=_header_names(rows))
    backslashed = layout._replace(has_backslashes=True)
    is_better = '\\"' in text and _soundness(text, backslashed) > _soundness(text, layout)
    return backslashed if is_better else layout


def _header_names(rows: Sequence[Row]) -> list[str]:
    """Return the names of the columns, of which R gives none to the numbers of the rows."""
    names = [cell.strip() for cell in rows[0].cells]
    is_numbered = all(
        len(row.cells) == len(names) + 1 and row.cells[0] == str(number) for number, row in enumerate(rows[1:], 1)
    )
    return ["", *names] if is_numbered and len(rows) > 1 else names


def _fit(rows: Sequence[Row]) -> tuple[float, int]:
    """Return the share of the rows that have as many cells as the first one, and how many these are."""
    width = len(rows[0].cells)
    return round(sum(len(row.cells) == width for row in rows) / len(rows), 1) if width > 1 else 0.0, width


def _sample(text: str, layout: _Layout) -> list[Row]:
    return list(islice(layout.rows(io.StringIO(text, newline="")), ROWS))


def _soundness(text: str, layout: _Layout) -> float:
    """Return the share of the rows that begin and end without doubt, and have as many cells as the header."""
    rows = _sample(text, layout)
    return sum(row.is_sound and len(row.cells) == len(layout.names) for row in rows) / len(rows)
