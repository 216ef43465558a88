"""Whether the first row of a table names its columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from newsmoe.ingest import dates
from newsmoe.ingest.evidence import Strength, is_address, strength_of
from newsmoe.ingest.fields import FieldFinder

ROWS = 20  # that are compared with the header
LONG = 150  # characters; a question of a survey may be the name of a column, too
MANY = 2  # columns with texts; so many names are no coincidence
MAX_TITLES = 10  # rows above the header
SHOWN = 40  # characters of a cell in a message


def _is_url(cell: str) -> bool:
    return "://" in cell and is_address(cell)


def _is_date(cell: str) -> bool:
    return not cell.isdecimal() and dates.from_text(cell) is not None


def _is_prose(cell: str) -> bool:
    return len(cell) > LONG and cell[-1] != "?" and strength_of(cell) is Strength.PROSE


_KINDS: Mapping[str, Callable[[str], bool]] = {"a URL": _is_url, "a date": _is_date, "prose": _is_prose}


def sign_of_no_header(columns: Sequence[str], rows: Iterable[Any], finder: FieldFinder) -> str | None:
    """Return what shows that the first row is an article, as those below it are; None where it names the columns.

    A URL, a date or prose alone shows nothing: a table of counts may have a column for each day, with numbers in it.
    """
    kinds = {column: kind for column in columns for kind, is_kind in _KINDS.items() if is_kind(column)}
    names = finder.names_in(columns)
    texts = (*names["headline"], *names["content"])
    if not kinds and len(texts) > MANY:
        return None
    elements = [row for row in islice(rows, ROWS) if isinstance(row, Mapping)]
    below = {column: [cell for row in elements if (cell := str(row.get(column) or "").strip())] for column in columns}
    for column, kind in kinds.items():
        same = sum(map(_KINDS[kind], below[column]))
        if 2 * same >= len(below[column]) and (same or kind != "a date"):
            return f"{column[:SHOWN]!r} is {kind}"
    if texts and all(_is_repeated(column, below[column]) for column in texts):
        return f"{texts[0][:SHOWN]!r} is in most rows below it, too"
    return None


def header_index(rows: Sequence[Sequence[object]], finder: FieldFinder) -> int:
    """Return which of the first rows names the columns: mostly the first; below titles, the first that names a text.

    A title has few cells, or leaves most of them empty, so that no article is taken for one; so do names of groups of
    columns above theirs.
    """
    most = 0  # cells above
    names = [_names_in(row, finder) for row in rows[: MAX_TITLES + 1]]
    for index, row in enumerate(rows[:MAX_TITLES]):
        groups_the_next = index + 1 < len(names) and len(names[index + 1]) >= 2 * len(names[index])
        if names[index] and not groups_the_next:
            return index if 2 * most <= len(names[index]) else 0
        most = max(most, len(_cells(row)))
    return 0


def _cells(row: Sequence[object]) -> list[str]:
    return [cell for value in row if value is not None and (cell := str(value).strip())]


def _names_in(row: Sequence[object], finder: FieldFinder) -> list[str]:
    """Return the cells of a row that may be the header; none where no cell names a text, or one is a value."""
    cells = _cells(row)
    is_header = finder.has_text(cells) and not any(is_kind(cell) for cell in cells for is_kind in _KINDS.values())
    return cells if is_header else []


def titles_note(count: int) -> str:
    """Return what is said of rows above the header."""
    return f"rows above the header: {count}; they were left out"


def _is_repeated(name: str, cells: Sequence[str]) -> bool:
    count = cells.count(name)
    return count > 1 and 2 * count >= len(cells)
