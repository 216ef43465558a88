"""Files in: JSON in the shapes that scrapers write, plain or gzipped, streamed."""

import codecs
import gzip
import io
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TextIO

from newsmoe.article import Article, Unreadable
from newsmoe.errors import InputError
from newsmoe.storage.formats import is_lines
from newsmoe.storage.json_stream import HOLDER_KEYS, BadElement, JsonSyntaxError, LoneObject, elements
from newsmoe.storage.normalise import FieldNames, Normaliser

__all__ = ["Source", "open_source", "read_elements"]

GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@dataclass(frozen=True)
class Source:
    """An input that has been read through once, so that it is known to be whole.

    Attributes:
        name: what to call it in messages.
        path: where it lies; for standard input a temporary copy.
        lines: whether its name says that it holds one value a line.
        normaliser: makes articles of its elements.
        count: elements in it.
    """

    name: str
    path: Path
    lines: bool
    normaliser: Normaliser
    count: int

    def articles(self) -> Iterator[Article | Unreadable]:
        """Yield an article, or the reason why there is none, for each element in order."""
        return map(self.normaliser, read_elements(self.name, self.path, self.lines))


@contextmanager
def open_source(name: str, fields: FieldNames | None = None) -> Iterator[Source]:
    """Check the input `name` (a path, or `-` for standard input) from end to end and count its elements.

    The check costs one pass of the parser, far less than a model's, and a file that breaks off in its
    last line is told at once rather than after hours of work.

    Args:
        name: where to read.
        fields: the user's own field names.

    Raises:
        InputError: the file cannot be opened, or is no JSON; the message names line and column.
    """
    if name != "-" and not _is_pipe(Path(name)):
        yield _survey(name, Path(name), Normaliser(fields))
        return
    with tempfile.TemporaryDirectory(prefix="newsmoe-") as folder:
        copy = Path(folder) / "copy"
        try:
            with _opened_once(name) as pipe, copy.open("wb") as file:
                shutil.copyfileobj(pipe, file)
        except OSError as error:
            raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None
        yield _survey("standard input" if name == "-" else name, copy, Normaliser(fields))


@contextmanager
def _opened_once(name: str) -> Iterator[IO[bytes]]:
    if name == "-":
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


def _survey(name: str, path: Path, normaliser: Normaliser) -> Source:
    lines = is_lines(path)
    count, bad, last = 0, 0, None
    for last in read_elements(name, path, lines):
        count += 1
        bad += isinstance(last, BadElement)
    if isinstance(last, BadElement) and bad == count and not _is_array(path):
        raise InputError(f"{name}: {last.message}; expected a JSON array of articles, or JSON Lines")
    if isinstance(last, LoneObject) and not isinstance(normaliser(last), Article):
        keys = ", ".join(map(repr, list(last)[:8])) or "none"
        raise InputError(
            f"{name}: an object with no articles in it (keys: {keys});"
            f" expected an array under one of {', '.join(HOLDER_KEYS)}"
        )
    return Source(name, path, lines, normaliser, count)


def _is_array(path: Path) -> bool:
    with _open_text(path) as stream:
        return stream.read(4096).lstrip().startswith("[")


def read_elements(name: str, path: Path, lines: bool = False) -> Iterator[Any]:
    """Yield the elements of a JSON file as they stand there.

    Raises:
        InputError: it cannot be read, or is no JSON; names line and column.
    """
    try:
        with _open_text(path) as stream:
            yield from elements(stream, lines=lines)
    except JsonSyntaxError as error:
        raise InputError(f"{name}: not valid JSON: {error}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: the gzip file is damaged: {error}") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None


@contextmanager
def _open_text(path: Path) -> Iterator[TextIO]:
    """Open `path` as text, unpacked; what cannot be decoded becomes U+FFFD."""
    with path.open("rb") as raw:
        is_gzip = raw.peek(2)[:2] == GZIP_MAGIC
        binary = gzip.GzipFile(fileobj=raw) if is_gzip else raw
        start = binary.peek(4)
        encoding = next((e for mark, e in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), "utf-8")
        yield io.TextIOWrapper(binary, encoding=encoding, errors="replace", newline="")
