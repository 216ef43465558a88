"""Inputs, checked as a whole before they are read: files, pipes and standard input."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import InputError
from newsmoe.ingest.fields import some_keys
from newsmoe.ingest.files import Decoding, decoded, translate_errors
from newsmoe.ingest.formats import READERS, Reader, format_of
from newsmoe.ingest.json_stream import ENVELOPE_KEYS, LoneObject
from newsmoe.ingest.names import FieldNames
from newsmoe.ingest.normalise import Normaliser
from newsmoe.ingest.own_output import own_output
from newsmoe.ingest.sniff import check_header, detect_format


@dataclass(frozen=True)
class Source:
    """An input that has been read through once, so that it is whole."""

    name: str  # in messages
    path: Path  # for standard input and pipes, of a temporary copy
    format: str
    normaliser: Normaliser
    count: int  # of elements
    stat: os.stat_result  # before the first pass
    decoding: Decoding

    def articles(self) -> Iterator[Article | InvalidItem]:
        """Yield an article, or the reason why there is none, for each element in order.

        What was added to the file since the first pass is not read.
        """
        return map(self.normaliser, self.elements())

    def notices(self) -> list[str]:
        """Return what was guessed or left out of what was read so far, a sentence each."""
        notices = [*filter(None, [self.decoding.notice]), *self.normaliser.notices()]
        return [f"{self.name}: {notice}" for notice in notices]

    def elements(self) -> Iterator[Any]:
        """Yield the elements as they stand in the file; else as `articles`."""
        if not self._is_unchanged():
            raise self._changed()
        left = self.count
        for element in islice(read_elements(self.name, self.path, self.format), self.count):
            left -= 1
            yield element
        if left or not self._is_unchanged(replaced=True):
            raise self._changed()

    def _is_unchanged(self, *, replaced: bool = False) -> bool:
        """Tell whether the file is the same; `replaced`: or another now, while the old one was held open."""
        try:
            now = self.path.stat()
        except OSError:
            return replaced
        if not os.path.samestat(now, self.stat):
            return replaced
        if now.st_size > self.stat.st_size:
            return bool(getattr(READERS.load(self.format), "growing", False))
        return (now.st_size, now.st_mtime_ns) == (self.stat.st_size, self.stat.st_mtime_ns)

    def _changed(self) -> InputError:
        return InputError(f"{self.name}: was changed while it was read; run the same command again when it is complete")


@contextmanager
def open_source(
    name: str, fields: FieldNames | None = None, format: str | None = None, encoding: str | None = None
) -> Iterator[Source]:
    """Check the input `name` (a path, or `-` for standard input) from end to end and count its elements.

    The check costs one pass of the parser, far less than a model's, and a file that breaks off in its
    last line is reported at once rather than after hours of work.
    """
    if format is not None:
        READERS.load(format)  # an unknown or broken one is no fault of the file's
    normaliser = Normaliser(fields)
    path, shown = Path(name), "standard input" if name == "-" else name
    if name != "-" and not _is_pipe(path):
        with decoded(path, encoding) as decoding:
            yield _check(name, path, format or format_of(path), normaliser, decoding)
        return
    with tempfile.TemporaryDirectory(prefix="newsmoe-") as folder:
        copy = Path(folder) / path.name
        with translate_errors(shown), _open_once(name) as pipe, copy.open("wb") as file:
            shutil.copyfileobj(pipe, file)
        with decoded(copy, encoding) as decoding:
            with translate_errors(shown):
                format = format or READERS.of(copy) or detect_format(shown, copy, normaliser.fields)
            yield _check(shown, copy, format, normaliser, decoding)


def _open_once(name: str) -> AbstractContextManager[IO[bytes]]:
    if name != "-":
        return Path(name).open("rb")
    if sys.stdin is None:
        raise InputError("standard input is closed; name a file")
    return nullcontext(sys.stdin.buffer)


def _is_pipe(path: Path) -> bool:
    """Tell whether `path` can be read only once, as the shell's `<(...)`."""
    try:
        return path.is_fifo() or path.is_socket()
    except OSError:
        return False


def _check(name: str, path: Path, format: str, normaliser: Normaliser, decoding: Decoding) -> Source:
    if written := own_output(path):
        raise InputError(f"{name}: newsmoe wrote it ({written}), and it holds no articles; analyze what it was made of")
    with translate_errors(name):
        stat = path.stat()
        check_header(name, path, _reader(name, format), normaliser.fields)
    count, last = 0, None
    for element in read_elements(name, path, format):
        count, last = count + 1, element
    if isinstance(last, LoneObject) and not isinstance(normaliser(last), Article):
        raise InputError(
            f"{name}: an object with no articles in it (keys: {some_keys(last)});"
            f" expected an array under one of {', '.join(ENVELOPE_KEYS)}"
        )
    return Source(name, path, format, normaliser, count, stat, decoding)


def read_elements(name: str, path: Path, format: str | None = None) -> Iterator[Any]:
    """Yield the elements of a file as they stand there."""
    reader = _reader(name, format or format_of(path))
    with translate_errors(name):
        yield from reader.read(name, path)


def _reader(name: str, format: str) -> Reader:
    if format not in READERS:
        raise InputError(f"{name}: articles are not read from {format}, but from {', '.join(READERS)}")
    return READERS.load(format)
