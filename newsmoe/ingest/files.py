"""Files as they are read: unpacked, decoded, and named in errors."""

import bz2
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, Any, TextIO, cast

from newsmoe.errors import InputError, MissingExtraError
from newsmoe.ingest.encoding import Encoding, detect_encoding
from newsmoe.plugins import import_extra

MAX_CHARACTERS = 16_000_000
"""Of one article with all that the scraper wrote of it: a value of JSON, a line of a table, a page."""


MIN_SPARSE = 100_000_000  # bytes
MIN_SHARE = 100  # times the size on disk; a file system that packs texts makes them some ten times smaller


class DamagedFileError(OSError):
    """A packed file that cannot be unpacked."""


_OPENERS: Mapping[bytes, Callable[[IO[bytes]], AbstractContextManager[IO[bytes]]]] = {
    b"\x1f\x8b": lambda raw: cast("AbstractContextManager[IO[bytes]]", gzip.GzipFile(fileobj=raw)),
    b"BZh": bz2.open,
    b"\xfd7zXZ\x00": lzma.open,
    b"\x28\xb5\x2f\xfd": lambda raw: _open_zstd(raw),
}
"""How packed files begin, and what unpacks them."""

PACKED_STARTS = tuple(_OPENERS)
"""How packed files begin."""


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open `path`, unpacked if it is packed with gzip, bzip2, xz or Zstandard."""
    with path.open("rb") as raw:
        start = raw.peek(6)[:6]
        opener = next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), None)
        if opener is None:
            yield raw
            return
        try:
            with opener(raw) as unpacked:
                yield unpacked
        except (EOFError, zlib.error, lzma.LZMAError) as error:
            raise DamagedFileError(str(error)) from None


def _open_zstd(raw: IO[bytes]) -> AbstractContextManager[IO[bytes]]:
    zstd = _zstd()

    @contextmanager
    def unpacked() -> Iterator[IO[bytes]]:
        try:
            yield zstd.ZstdFile(raw)
        except zstd.ZstdError as error:
            raise DamagedFileError(str(error)) from None

    return unpacked()


@dataclass
class Decoding:
    """How an input is decoded.

    Attributes:
        name: of the input, in messages; empty: its path.
        encoding: the one that the user names.
        notice: what is to be said of one that was detected.
        max_characters: of one article, with all that the scraper wrote of it.
        remarks: what the reader guessed or left out, in the order in which it was said first.
    """

    name: str = ""
    encoding: str | None = None
    notice: str = ""
    max_characters: int = MAX_CHARACTERS
    remarks: dict[str, None] = field(default_factory=dict)


_decodings: dict[Path, Decoding] = {}
"""Of the inputs that are open; it is not a parameter of `open_text`, so that readers need not pass it on."""


@contextmanager
def decoded(
    name: str, path: Path, encoding: str | None = None, max_characters: int = MAX_CHARACTERS
) -> Iterator[Decoding]:
    """Have `open_text` decode `path` in this encoding, if there is one, until the block ends."""
    decoding = _decodings[path] = Decoding(name, encoding, max_characters=max_characters)
    try:
        yield decoding
    finally:
        _decodings.pop(path, None)


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open `path` as text, unpacked, line ends as they are; in the user's encoding, or in the one that is detected."""
    decoding = _decodings.get(path, Decoding())
    encoding = Encoding(decoding.encoding) if decoding.encoding else encoding_of(path)
    decoding.notice = encoding.notice
    with open_bytes(path) as binary:
        yield io.TextIOWrapper(binary, encoding=encoding.name, errors=encoding.errors, newline="")


def is_sparse(stat: os.stat_result) -> bool:
    """Tell whether a large file is almost nothing but holes, as no text is, and would be read for hours."""
    blocks: int | None = getattr(stat, "st_blocks", None)
    return blocks is not None and stat.st_size > MIN_SPARSE and blocks * 512 * MIN_SHARE < stat.st_size


def max_characters(path: Path) -> int:
    """Return how many characters of a file may be one article, with all that the scraper wrote of it."""
    return _decodings.get(path, Decoding()).max_characters


def remark(path: Path, text: str) -> None:
    """Have the notices of an input say, once, what its reader guessed or left out."""
    _decodings.get(path, Decoding()).remarks[text] = None


def too_long(limit: int) -> str:
    """Return the message about an article of more characters."""
    return f"longer than {limit:,} characters, the most that is read as one article (max_characters in settings)"


def read_whole(path: Path, name: str) -> str:
    """Return the text of a file that is read at once.

    Raises:
        InputError: it is longer than one article may be.
    """
    limit = max_characters(path)
    with open_text(path) as stream:
        text = stream.read(limit + 1)
    if len(text) > limit:
        raise InputError(f"{name}: {too_long(limit)}")
    return text


def encoding_of(path: Path) -> Encoding:
    """Return how a file of text is decoded.

    Raises:
        InputError: that cannot be detected with certainty.
    """
    stat = path.stat()
    name = _decodings.get(path, Decoding()).name or str(path)
    return _encoding_of(name, path, (stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns))


@lru_cache(maxsize=64)
def _encoding_of(name: str, path: Path, _: object) -> Encoding:
    return detect_encoding(name, partial(open_bytes, path))


def _zstd() -> Any:
    """Return the module for Zstandard, which came with Python 3.14."""
    try:
        return import_extra("compression.zstd", "Zstandard", "zstd").zstd
    except MissingExtraError:
        return import_extra("backports.zstd", "Zstandard", "zstd").zstd


@contextmanager
def translate_errors(name: str) -> Iterator[None]:
    """Turn what reading a file may raise into an error that names the input."""
    try:
        yield
    except MissingExtraError as error:
        raise InputError(f"{name}: {error}") from None
    except OSError as error:
        if error.errno is None:  # of a module that unpacks
            raise InputError(f"{name}: the compressed file is damaged: {error}") from None
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None
    except UnicodeError as error:  # of an encoding that the user names, where even the beginning must be right
        raise InputError(f"{name}: cannot be decoded: {error}; name another encoding") from None
