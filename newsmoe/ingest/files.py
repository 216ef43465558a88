"""Files of text as they are read: unpacked and decoded."""

import codecs
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_OLD_BYTES = "newsmoe.windows-1252"


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Decode what is not UTF-8 as what spreadsheets and old sites write, a superset of Latin-1's letters."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


codecs.register_error(_OLD_BYTES, _as_windows_1252)


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open `path` as text, unpacked, line ends as they are; bytes that are not UTF-8 are Windows-1252."""
    with path.open("rb") as raw:
        is_gzip = raw.peek(2)[:2] == GZIP_MAGIC
        binary = gzip.GzipFile(fileobj=raw) if is_gzip else raw
        start = binary.peek(4)
        encoding = next((e for mark, e in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), "utf-8")
        yield io.TextIOWrapper(binary, encoding=encoding, errors=_OLD_BYTES, newline="")
