"""Files in: JSON in the shapes that scrapers write, CSV and Parquet, plain or gzipped, streamed."""

import gzip
import os
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import InputError
from newsmoe.ingest.csv_rows import csv_elements
from newsmoe.ingest.files import open_text
from newsmoe.ingest.formats_by_suffix import READABLE, format_of, known_format
from newsmoe.ingest.json_stream import ENVELOPE_KEYS, BadElement, JsonSyntaxError, LoneObject, elements
from newsmoe.ingest.normalise import FieldNames, Normaliser, some_keys
from newsmoe.ingest.parquet import parquet_elements
from newsmoe.ingest.sniff import check_header, sniffed_format

GROWING = ("jsonl", "csv", "tsv")
"""Formats of files that may be added to while they are read: what was there before stays what it was."""


@dataclass(frozen=True)
class Source:
    """An input that has been read through once, so that it is known to be whole.

    Attributes:
        name: what to call it in messages.
        path: where it lies; for standard input a temporary copy.
        format: what it is read as.
        normaliser: makes articles of its elements.
        count: elements in it.
        stat: of the file before that.
    """

    name: str
    path: Path
    format: str
    normaliser: Normaliser
    count: int
    stat: os.stat_result

    def articles(self) -> Iterator[Article | InvalidItem]:
        """Yield an article, or the reason why there is none, for each element in order.

        What was added to the file since it was read through is not read.
        """
        return map(self.normaliser, self.elements())

    def elements(self) -> Iterator[Any]:
        """Yield the elements as they stand in the file; else as `articles`."""
        if not self._is_as_it_was():
            raise self._changed()
        left = self.count
        for element in islice(read_elements(self.name, self.path, self.format), self.count):
            left -= 1
            yield element
        if left or not self._is_as_it_was(replaced=True):
            raise self._changed()

    def _is_as_it_was(self, *, replaced: bool = False) -> bool:
        """Tell whether the file is the same; `replaced`: or another now, while the old one was held open."""
        try:
            now = self.path.stat()
        except OSError:
            return replaced
        if not os.path.samestat(now, self.stat):
            return replaced
        if now.st_size > self.stat.st_size:
            return self.format in GROWING
        return (now.st_size, now.st_mtime_ns) == (self.stat.st_size, self.stat.st_mtime_ns)

    def _changed(self) -> InputError:
        return InputError(
            f"{self.name}: was changed while it was read; run the same command again when nobody writes to it"
        )


@contextmanager
def open_source(name: str, fields: FieldNames | None = None, format: str | None = None) -> Iterator[Source]:
    """Check the input `name` (a path, or `-` for standard input) from end to end and count its elements.

    The check costs one pass of the parser, far less than a model's, and a file that breaks off in its
    last line is told at once rather than after hours of work.
    """
    normaliser = Normaliser(fields)
    if name != "-" and not _is_pipe(Path(name)):
        yield _survey(name, Path(name), format or format_of(Path(name)), normaliser)
        return
    with tempfile.TemporaryDirectory(prefix="newsmoe-") as folder:
        copy = Path(folder) / Path(name).name
        with _translate_errors(name), _opened_once(name) as pipe, copy.open("wb") as file:
            shutil.copyfileobj(pipe, file)
        shown = "standard input" if name == "-" else name
        with _translate_errors(shown):
            found = format or known_format(copy) or sniffed_format(shown, copy, normaliser)
        yield _survey(shown, copy, found, normaliser)


@contextmanager
def _opened_once(name: str) -> Iterator[IO[bytes]]:
    if name == "-":
        if sys.stdin is None:
            raise InputError("standard input is closed; name a file")
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as pipe:
        yield pipe


def _is_pipe(path: Path) -> bool:
    """Tell whether `path` can be read only once, as the shell's `<(...)`."""
    try:
        return path.is_fifo() or path.is_socket()
    except OSError:
        return False


def _survey(name: str, path: Path, format: str, normaliser: Normaliser) -> Source:
    count, bad, last, stat = 0, 0, None, _stat(name, path)
    with _translate_errors(name):
        check_header(name, path, format, normaliser)
    for last in read_elements(name, path, format):
        count += 1
        bad += isinstance(last, BadElement)
    is_json = format in ("json", "jsonl")
    if is_json and isinstance(last, BadElement) and bad == count and not _is_array(path):
        raise InputError(f"{name}: {last.message}; expected a JSON array of articles, or JSON Lines")
    if isinstance(last, LoneObject) and not isinstance(normaliser(last), Article):
        raise InputError(
            f"{name}: an object with no articles in it (keys: {some_keys(last)});"
            f" expected an array under one of {', '.join(ENVELOPE_KEYS)}"
        )
    return Source(name, path, format, normaliser, count, stat)


def _stat(name: str, path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror}") from None


def _is_array(path: Path) -> bool:
    with open_text(path) as stream:
        return stream.read(4096).lstrip().startswith("[")


def read_elements(name: str, path: Path, format: str | None = None) -> Iterator[Any]:
    """Yield the elements of a file as they stand there."""
    format = format or format_of(path)
    if format not in READERS:
        raise InputError(f"{name}: articles are not read from {format}, but from {', '.join(READABLE)}")
    with _translate_errors(name):
        yield from READERS[format](name, path)


@contextmanager
def _translate_errors(name: str) -> Iterator[None]:
    """Turn what reading a file may raise into an error that names the input."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: the gzip file is damaged: {error}") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None


def _json_elements(name: str, path: Path, lines: bool = False) -> Iterator[Any]:
    try:
        with open_text(path) as stream:
            yield from elements(stream, lines=lines)
    except JsonSyntaxError as error:
        raise InputError(f"{name}: not valid JSON: {error}") from None


READERS: Mapping[str, Callable[[str, Path], Iterator[Any]]] = {
    "json": _json_elements,
    "jsonl": partial(_json_elements, lines=True),
    "csv": csv_elements,
    "tsv": partial(csv_elements, delimiter="\t"),
    "parquet": parquet_elements,
}
