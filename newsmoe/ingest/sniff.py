"""What the beginning of an input says of its format, where no name does."""

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from newsmoe.errors import InputError
from newsmoe.ingest.fields import FieldFinder, some_keys
from newsmoe.ingest.files import open_bytes, open_text
from newsmoe.ingest.formats import READERS, Reader
from newsmoe.ingest.headers import ROWS, sign_of_no_header
from newsmoe.ingest.wrappers import find_article

START = 1 << 16  # characters


def detect_format(name: str, path: Path, fields: FieldFinder) -> str:
    """Return the format whose `magic` the content begins with, or of which it has a header with a text."""
    with open_bytes(path) as binary:
        beginning = binary.read(START)
    if format := _by_magic(beginning.decode("latin-1")):  # what is no text, too
        return format
    with open_text(path) as stream:
        start = stream.read(START)
    if not start.strip():  # the reader of JSON says that the file is empty
        return "json"
    if format := _by_magic(start) or _by_match(start):
        return format
    for format, reader in READERS.usable():
        if hasattr(reader, "header") and not hasattr(reader, "magic") and fields.has_text(reader.header(path)[0]):
            return format
    raise InputError(
        f"{name}: not valid JSON, nor Parquet, XLSX, a feed, a page, or a table with a headline or content in its first"
        " row;"
        " say what it is with --input-format, or name the columns under [fields] in newsmoe.toml"
    )


def _holds_json(rows: Iterable[Any], fields: FieldFinder) -> bool:
    """Tell whether one of the first rows holds an article as JSON."""
    elements = (row for row in islice(rows, ROWS) if isinstance(row, Mapping))
    return any(find_article(element, fields, None).path for element in elements)


def _by_magic(start: str) -> str | None:
    start = start.lstrip("\r\n ")
    return next((format for format, reader in READERS.usable() if start.startswith(getattr(reader, "magic", ()))), None)


def _by_match(start: str) -> str | None:
    readers = READERS.usable()
    return next((format for format, reader in readers if hasattr(reader, "matches") and reader.matches(start)), None)


def check_header(name: str, path: Path, reader: Reader, fields: FieldFinder) -> None:
    """See whether a table has a header, with a column with a text to read."""
    if not hasattr(reader, "header"):
        return
    columns, note = reader.header(path)
    if columns and not fields.has_text(columns) and not _holds_json(reader.read(name, path), fields):
        raise InputError(
            f"{name}: no column of the first row is a headline or content (found: {some_keys(columns)});"
            f" {note}; delete rows above the header, or name yours under [fields] in newsmoe.toml"
        )
    if sign := sign_of_no_header(columns, reader.read(name, path), fields):
        raise InputError(
            f"{name}: the header is missing: the first row is an article, since {sign};"
            " add a first row that names the columns, such as id, url, headline, content"
        )
