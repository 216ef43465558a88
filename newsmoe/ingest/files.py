"""Files as they are read: unpacked, decoded, and named in errors."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from newsmoe.errors import InputError

GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_NOT_UTF8 = "newsmoe.windows-1252"


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Decode what is not UTF-8 as spreadsheets and old sites encode it, a superset of Latin-1's letters."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error(_NOT_UTF8, _as_windows_1252)


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open `path` as text, unpacked, line ends as they are; bytes that are not UTF-8 are Windows-1252."""
    with path.open("rb") as raw:
        is_gzip = raw.peek(2)[:2] == GZIP_MAGIC
        binary = gzip.GzipFile(fileobj=raw) if is_gzip else raw
        start = binary.peek(4)
        encoding = next((e for mark, e in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), "utf-8")
        yield io.TextIOWrapper(binary, encoding=encoding, errors=_NOT_UTF8, newline="")


@contextmanager
def translate_errors(name: str) -> Iterator[None]:
    """Turn what reading a file may raise into an error that names the input."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: the gzip file is damaged: {error}") from None
    except OSError as error:
        raise InputError(f"{name}: cannot be read: {error.strerror or error}") from None
