"""XLSX: one article a row of the first sheet that has a text; openpyxl comes with the extra `xlsx`."""

import re
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import BadZipFile, ZipFile

from newsmoe.errors import InputError
from newsmoe.ingest.fields import FieldFinder, some_keys
from newsmoe.ingest.files import max_characters, remark, too_long
from newsmoe.ingest.flattened import inner_names, single_articles
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.headers import MAX_TITLES, header_index, titles_note
from newsmoe.plugins import import_extra
from newsmoe.text.cleaning import one_line

CONTENT_TYPES = "[Content_Types].xml"
MAX_SHARED = 200_000_000  # bytes
FIRST_DAY, LAST_DAY = 10_000, 100_000  # of a date, counted from 1899: from 1927 to 2173

suffixes = (".xlsm",)
magic = ("PK\x03\x04",)

_ERRORS = (BadZipFile, zlib.error, SyntaxError, LookupError, ValueError, TypeError, AttributeError)
"""What openpyxl raises where a file is damaged, or none of XLSX."""
_NO_VALUES = frozenset({"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!"})
_ESCAPED = re.compile(r"_x(?!D[89A-F])([0-9A-F]{4})_", re.IGNORECASE)
"""A character as XLSX writes those that XML cannot have, and an underscore before what looks so."""


def header(path: Path) -> tuple[list[str], str]:
    """Return the column names, and the sheet in words."""
    with _workbook(str(path), path) as book:
        table = _table(book)
        return [*inner_names(table.names)], f"the sheet is {table.sheet!r}"


def read(name: str, path: Path) -> Iterator[Any]:
    """Yield each row as an object with the header's names; dates are ISO 8601, and empty rows are passed over.

    A row that has more cells than the header becomes a `BadElement`, and a row of several articles becomes these.
    """
    with _workbook(name, path) as book:
        title, names, rows, titles = _table(book)
        if not names:
            raise InputError(f"{name}: the sheets are empty; expected a first row that names the columns")
        yield from single_articles(_elements(names, rows, book.epoch, max_characters(path)), names, path)
        if titles:
            remark(path, titles_note(titles))
        if unread := [sheet for sheet in _with_articles(book) if sheet != title]:
            remark(path, f"of the sheets only {title!r} was read; to read {some_keys(unread)}, save it as its own file")


def _elements(names: Sequence[str], rows: Iterator[list[Any]], epoch: datetime, limit: int) -> Iterator[Any]:
    dates = FieldFinder().names_in(names)["publication_date"]
    for row in rows:
        if any(value is not None for value in row[len(names) :]):
            yield BadElement(f"{len(row)} cells, where the header names {len(names)} columns")
        elif sum(len(value) for value in row if isinstance(value, str)) > limit:
            yield BadElement(too_long(limit))
        else:
            element = _element(names, row)
            yield element | {key: _date(element[key], epoch) for key in dates}


@contextmanager
def _workbook(name: str, path: Path) -> Iterator[Any]:
    openpyxl = import_extra("openpyxl", "XLSX", "xlsx")
    with path.open("rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles, and other things that are not read
        try:
            parts = {part.filename: part.file_size for part in ZipFile(file).infolist()}
            if CONTENT_TYPES not in parts:
                raise InputError(
                    f"{name}: a zip archive, and no workbook (it holds {some_keys(parts)}); unpack it, and name what is"
                    " in it"
                )
            shared = (size for part, size in parts.items() if part.casefold().endswith("sharedstrings.xml"))
            if (size := sum(shared)) > MAX_SHARED:  # texts that cells share, which are held in memory
                raise InputError(
                    f"{name}: its texts take {size:,} bytes in memory, and no more than {MAX_SHARED:,} are read"
                )
            yield openpyxl.load_workbook(file, read_only=True, data_only=True)
        except _ERRORS as error:
            raise InputError(f"{name}: not valid XLSX: {one_line(str(error))}") from None


class _Table(NamedTuple):
    """A sheet: the names of its columns, the rows below them, and the number of rows above."""

    sheet: str = ""
    names: Sequence[str] = ()
    rows: Iterator[list[Any]] = iter(())
    titles: int = 0


def _table(book: Any) -> _Table:
    """Return the first sheet that has a text, else the first one with a row."""
    finder, tables = FieldFinder(), []
    for sheet in book.worksheets:
        table = _table_of(sheet, finder)
        if finder.has_text(inner_names(table.names)):
            return table
        if table.names:
            tables.append(table)
    return tables[0] if tables else _Table()


def _table_of(sheet: Any, finder: FieldFinder) -> _Table:
    rows = _rows(sheet)
    first = list(islice(rows, MAX_TITLES))
    titles = header_index(first, finder)
    if titles + 1 == len(first):  # with nothing below, it is no header
        titles = 0
    names = [str(value or "").strip() for value in first[titles]] if first else []
    return _Table(sheet.title, names, chain(first[titles + 1 :], rows), titles)


def _with_articles(book: Any) -> Iterator[str]:
    """Yield the names of the sheets that have a text and a row."""
    finder = FieldFinder()
    for sheet in book.worksheets:
        table = _table_of(sheet, finder)
        if finder.has_text(inner_names(table.names)) and next(table.rows, None):
            yield table.sheet


def _rows(sheet: Any) -> Iterator[list[Any]]:
    """Yield the rows that are not empty."""
    sheet.reset_dimensions()  # which some programs write wrongly
    for row in sheet.iter_rows(values_only=True):
        values = [_plain(value) for value in row]
        if any(value is not None for value in values):
            yield values


def _element(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """Return a row as an object; of columns with the same name the first with a value counts."""
    element: dict[str, Any] = {}
    for number, name in enumerate(names):
        value = row[number] if number < len(row) else None
        if name and element.get(name) is None:
            element[name] = value
        elif not name and value is not None:
            element[f"column {number + 1}"] = value
    return element


def _date(value: Any, epoch: datetime) -> Any:
    """Return a number of days, which is what a date without its format is, in ISO 8601; other values as they are."""
    if not isinstance(value, int | float) or not FIRST_DAY <= value < LAST_DAY:
        return value
    moment = epoch + timedelta(seconds=round(value * 86_400))
    return moment.isoformat() if value % 1 else moment.date().isoformat()


def _plain(value: Any) -> Any:
    match value:
        case date() | time():
            return value.isoformat()
        case bool() | int() | float() | None:
            return value
    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), str(value))
    return None if not text or text in _NO_VALUES else text
