"""Files of text as they are read: unpacked and decoded."""

import codecs
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

__all__ = ["open_text"]

GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open `path` as text, unpacked; what cannot be decoded becomes U+FFFD, line ends stay as they are."""
    with path.open("rb") as raw:
        is_gzip = raw.peek(2)[:2] == GZIP_MAGIC
        binary = gzip.GzipFile(fileobj=raw) if is_gzip else raw
        start = binary.peek(4)
        encoding = next((e for mark, e in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), "utf-8")
        yield io.TextIOWrapper(binary, encoding=encoding, errors="replace", newline="")
