"""Files that newsmoe wrote, recognised by how their content begins, whatever they are called."""

import csv
import json
import re
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from newsmoe.errors import InputError
from newsmoe.ingest.files import open_bytes

START = 1 << 17  # bytes, in which a first record stands
PAGE = 1 << 12  # bytes of SQLite's first page, which lists the tables

RECORDS, REPORT, FAILED_ELEMENTS = "records", "run report", "elements with errors"
MANIFEST, STORIES = "data set's manifest", "stories"

_KEYS: Mapping[str, frozenset[str]] = {
    RECORDS: frozenset({"status", "analyses", "route", "errors"}),
    REPORT: frozenset({"inputs", "output", "statuses", "gate_seconds", "experts", "versions"}),
    FAILED_ELEMENTS: frozenset({"input", "index", "element", "errors"}),
}
"""What the first object of a file has, at least."""

_START_OF_MANIFEST = re.compile(r'{\s*"newsmoe": ?"[^"]*",\s*"settings": ?"[0-9a-f]*",\s*"format": ?"')
_START_OF_RECORD = re.compile(r'"status": ?"(?:ok|partial|failed)",\s*"analyses": ?\{')
_START_OF_STORY = re.compile(r'"articles": ?\d+,\s*"copies": ?\d+,\s*"outlets": ?\[')

_COLUMNS = frozenset({"id", "headline", "url", "status", "errors", "experts"})
_STORED = frozenset({"record", "key"})
"""Columns of every table of records, and more of those in Parquet."""


def own_output(path: Path) -> str | None:
    """Return what newsmoe wrote into a file, such as `records`; None where it is not of newsmoe."""
    try:
        with path.open("rb") as file:
            start = file.read(PAGE)
            if start.startswith(b"PAR1"):
                return _of(_names_in_parquet(_tail(file)) >= _COLUMNS | _STORED)
        if start.startswith(b"SQLite format 3\0"):
            return _of(b"CREATE TABLE analyses" in start and b"experts" in start)
        if start.startswith(b"PK\x03\x04"):
            return _of(_in_workbook(path))
        with open_bytes(path) as file:
            beginning = file.read(START).decode(errors="replace")  # newsmoe writes UTF-8
        if "".join(beginning.split()) == "[]":  # without records; else there would be one more with each run
            return _of(own_output(path.with_suffix(".run.json")) == REPORT)
        return _in_text(beginning)
    except (OSError, EOFError, ValueError, RecursionError, InputError, zlib.error, zipfile.BadZipFile):
        return None  # whoever reads it will say what is wrong


def _of(is_own: bool) -> str | None:
    return RECORDS if is_own else None


def _in_text(start: str) -> str | None:
    start = start.lstrip("\ufeff \t\r\n")
    if start.startswith(("[", "{")):
        if _START_OF_RECORD.search(start):  # which may be longer than what was read
            return RECORDS
        if _START_OF_MANIFEST.match(start):
            return MANIFEST
        if _START_OF_STORY.search(start):
            return STORIES
        first, _ = json.JSONDecoder().raw_decode(start.removeprefix("[").lstrip())
        return _in_object(first)
    lines = start.splitlines()
    header = lines[1] if len(lines) > 1 and lines[0].startswith("sep=") else (lines or [""])[0]
    return _of(any(set(next(csv.reader([header], delimiter=mark), [])) >= _COLUMNS for mark in ",;\t"))


def _in_object(first: Any) -> str | None:
    keys = first.keys() if isinstance(first, dict) else set()
    return next((what for what, required in _KEYS.items() if keys >= required), None)


def _tail(file: Any) -> bytes:
    """Return the end of a Parquet file, with the names of its columns."""
    size = file.seek(0, 2)
    file.seek(max(0, size - START))
    tail: bytes = file.read()
    return tail


def _names_in_parquet(tail: bytes) -> frozenset[str]:
    """Return which of the columns of records are named there; pyarrow takes long to import."""
    names = _COLUMNS | _STORED
    return frozenset(name for name in names if bytes([len(name)]) + name.encode() in tail)


def _in_workbook(path: Path) -> bool:
    """Tell whether the first texts of a workbook are the columns of records."""
    with zipfile.ZipFile(path) as book:
        texts = b""
        for part in {"xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"} & set(book.namelist()):
            with book.open(part) as file:
                texts += file.read(START)
    cells = set(re.findall(rb"<t(?: [^>]*)?>([a-z_]+)</t>", texts))
    return cells >= {name.encode() for name in _COLUMNS}
