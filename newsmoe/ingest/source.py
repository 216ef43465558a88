"""Inputs, checked as a whole before they are read: files, pipes and standard input."""

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import IO, Any, NamedTuple

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import InputError
from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.files import Decoding, decoded, is_sparse, translate_errors
from newsmoe.ingest.formats import NOT_READ, READERS, Reader, format_of
from newsmoe.ingest.found import read_from, refuse, unread
from newsmoe.ingest.json_stream import LoneObject
from newsmoe.ingest.location import Location
from newsmoe.ingest.normalise import Normaliser
from newsmoe.ingest.own_output import own_output
from newsmoe.ingest.places import AbsentElement, parse_place
from newsmoe.ingest.remote import RemoteFile, file_name, is_url
from newsmoe.ingest.sniff import check_header, detect_format
from newsmoe.paths import unpacked_name
from newsmoe.plugins import naming_plugin
from newsmoe.settings.model import Settings

MAX_NAME = 50  # characters, of the name of a copy

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """An input that has been read through once, so that it is whole."""

    name: str  # in messages
    path: Path  # for standard input, pipes and URLs, of a temporary copy
    format: str
    normaliser: Normaliser
    count: int  # of elements
    stat: os.stat_result  # before the first pass
    decoding: Decoding
    location: Location | None = None  # where the articles are, in formats that hold them in various places
    fetch: Callable[[], AbstractContextManager[None]] | None = (
        None  # makes the copy, where it is not there all the time
    )

    def articles(self) -> Iterator[Article | InvalidItem]:
        """Yield an article, or the reason why there is none, for each element in order.

        What was added to the file since the first pass is not read.
        """
        return self.normaliser.articles(self.elements())

    def notices(self) -> list[str]:
        """Return what was guessed or left out of what was read so far, a sentence each."""
        read = (*filter(None, [self.decoding.notice]), *self.decoding.remarks)
        notices = [*read, *unread(self.location), *self.normaliser.notices()]
        return [f"{self.name}: {notice}" for notice in notices]

    def log_notices(self) -> list[str]:
        """Log, and return, where the articles were found, and what was guessed or left out."""
        where = [f"{self.name}: {notice}" for notice in read_from(self.location, self.count, self.normaliser.stored)]
        if self.normaliser.shortened:
            count = f"{self.normaliser.shortened} of {self.normaliser.count}"
            where.append(f"{self.name}: links, captions and the like were left out of the content of {count} articles")
        for notice in where:
            _logger.info("%s", notice)
        for notice in self.notices():
            _logger.warning("%s", notice)
        return [*where, *self.notices()]

    def elements(self) -> Iterator[Any]:
        """Yield the elements as they stand in the file; else as `articles`."""
        if self.fetch is not None:
            with self.fetch():
                yield from replace(self, stat=self.path.stat(), fetch=None).elements()
            return
        if not self._is_unchanged():
            raise self._changed()
        left = self.count
        elements = read_elements(self.name, self.path, self.format, self.location)
        for element in islice(elements, self.count):
            left -= 1
            yield element
        if left or not self._is_unchanged(replaced=True):
            raise self._changed()
        if self.location and self.location.count and any(True for _ in elements):
            raise InputError(f"{self.name}: the object that holds the articles has the same key twice")

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
def open_source(name: str, settings: Settings | None = None) -> Iterator[Source]:
    """Check the input `name` (a path, or `-` for standard input) from end to end and count its elements.

    Of the settings, those of inputs are heeded. Without `items`, where the articles of a JSON document are is found
    first.

    The check costs one pass of the parser, far less than a model's, and a file that breaks off in its
    last line is reported at once rather than after hours of work.
    """
    settings = settings or Settings()
    if settings.input_format is not None:
        READERS.load(settings.input_format)  # an unknown or broken one is no fault of the file's
    path = Path(name)
    if name == "-" or _is_pipe(path):
        shown = "standard input" if name == "-" else name
        with _open_once(shown, name) as pipe, open_stream(shown, pipe, settings) as source:
            yield source
        return
    normaliser = Normaliser(settings.fields)
    with decoded(name, path, settings.encoding, settings.max_characters) as decoding:
        format = settings.input_format or _format_of(name, path, normaliser.fields)
        yield _check(name, path, format, normaliser, decoding, settings.items)


@contextmanager
def open_stream(name: str, stream: IO[bytes], settings: Settings) -> Iterator[Source]:
    """Check what can be read only once, in a temporary copy; messages call it `name`."""
    normaliser = Normaliser(settings.fields)
    with tempfile.TemporaryDirectory(prefix="newsmoe-") as folder:
        copy = Path(folder) / Path(name).name
        with translate_errors(name), copy.open("wb") as file:
            shutil.copyfileobj(stream, file)
        with decoded(name, copy, settings.encoding, settings.max_characters) as decoding:
            with translate_errors(name):
                format = settings.input_format or READERS.of(copy) or detect_format(name, copy, normaliser.fields)
            yield _check(name, copy, format, normaliser, decoding, settings.items)


@contextmanager
def open_url(url: str, settings: Settings) -> Iterator[Source]:
    """Check the file at a URL, in a temporary copy; it is fetched again when its elements are read.

    So one file at a time is on the disk, however many inputs a run has.
    """
    normaliser, remote = Normaliser(settings.fields), RemoteFile(url)
    with tempfile.TemporaryDirectory(prefix="newsmoe-") as folder:
        copy = Path(folder) / f"input-{file_name(url)[-MAX_NAME:]}"
        with decoded(url, copy, settings.encoding, settings.max_characters) as decoding:
            with remote.copied(copy):
                format = settings.input_format or _format_of(url, copy, normaliser.fields)
                source = _check(url, copy, format, normaliser, decoding, settings.items)
            yield replace(source, fetch=partial(remote.copied, copy))


def open_input(name: str, settings: Settings) -> AbstractContextManager[Source]:
    """Check the input `name`, which may be a URL, as the settings say."""
    return open_url(name, settings) if is_url(name) else open_source(name, settings)


def _format_of(name: str, path: Path, fields: FieldFinder) -> str:
    """Return the format of a file by its suffix; by its content where that stands for none."""
    if not unpacked_name(path).lower().endswith(tuple(NOT_READ)) and READERS.of(path) is None:
        with translate_errors(name):
            return detect_format(name, path, fields)
    return format_of(path)


def _open_once(shown: str, name: str) -> AbstractContextManager[IO[bytes]]:
    if name != "-":
        with translate_errors(shown):
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


def _check(name: str, path: Path, format: str, normaliser: Normaliser, decoding: Decoding, items: str | None) -> Source:
    with translate_errors(name):
        if is_sparse(path.stat()):
            raise InputError(f"{name}: is a file of holes, with almost nothing in it; check how it was copied")
    if written := own_output(path):
        raise InputError(f"{name}: newsmoe wrote it ({written}), and it holds no articles; analyze what it was made of")
    reader, finder = _reader(name, format), normaliser.fields
    location = None
    with translate_errors(name):
        stat = path.stat()
        check_header(name, path, reader, finder)
        if hasattr(reader, "find_place"):
            location = Location(parse_place(items)) if items else reader.find_place(name, path, finder)
    location, (count, absent, last) = _counted(name, path, format, location, finder)
    if hasattr(reader, "look_through"):
        is_article = not isinstance(last, LoneObject) or isinstance(Normaliser(finder.users)(last), Article)
        if not is_article or (items and count == absent):
            with translate_errors(name):
                refuse(name, reader.look_through(name, path, finder).root, items, last)
    return Source(name, path, format, normaliser, count, stat, decoding, location)


class _Count(NamedTuple):
    """How many elements there are, how many of them are absent, and the last one."""

    elements: int
    absent: int
    last: Any


def _counted(
    name: str, path: Path, format: str, location: Location | None, finder: FieldFinder
) -> tuple[Location | None, _Count]:
    """Count the elements; those in a program's arrays and objects, where a document is no JSON and holds articles so.

    The error of the first reading says more than that of the second.
    """
    try:
        return location, _count(name, path, format, location)
    except InputError:
        reader = READERS.load(format)
        with suppress(InputError):
            if location is not None and hasattr(reader, "find_place_in_code"):
                in_code = reader.find_place_in_code(name, path, finder)
                return in_code, _count(name, path, format, in_code)
        raise


def _count(name: str, path: Path, format: str, location: Location | None) -> _Count:
    count = _Count((location and location.count) or 0, 0, None)
    for element in () if count.elements else read_elements(name, path, format, location):
        count = _Count(count.elements + 1, count.absent + isinstance(element, AbsentElement), element)
    return count


def read_elements(name: str, path: Path, format: str | None = None, location: Location | None = None) -> Iterator[Any]:
    """Yield the elements of a file as they stand there."""
    reader = _reader(name, format or format_of(path))
    read: Callable[..., Iterator[Any]] = reader.read
    with naming_plugin("input format", read), translate_errors(name):
        yield from read(name, path) if location is None else read(name, path, place=location.place)


def _reader(name: str, format: str) -> Reader:
    if format not in READERS:
        raise InputError(f"{name}: articles are not read from {format}, but from {', '.join(READERS)}")
    return READERS.load(format)
