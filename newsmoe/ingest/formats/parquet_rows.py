"""What a row of a Parquet column takes at most: a list can hold a billion equal values in a few bytes.

A repetition level says of each value whether it begins a row (0) or goes on with a list. Levels are stored as runs of
equal ones, and as groups of eight, each level in as many bits as the largest has.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple

from newsmoe.ingest.formats.parquet_pages import DATA, DICTIONARY, BadHeaderError, Page, pages, varint

NESTED = 64  # bytes that a value takes in Python, and each list or struct around it
TEXT = 8  # bytes in memory for a byte of text: Arrow's buffers double, and Python takes up to four for a character
GROUPS = 512  # groups of levels that are looked at at once


class Chunk(NamedTuple):
    """A column of a row group.

    Attributes:
        arrow: the module of pyarrow.
        file: that it is read from.
        column: its metadata.
        schema: the column's.
        rows: of the row group.
    """

    arrow: Any
    file: BinaryIO
    column: Any
    schema: Any
    rows: int

    def pages(self) -> Iterator[Page]:
        """Yield its pages."""
        return pages(self.file, self.column)

    def content(self, page: Page) -> bytes:
        """Return what is on a page; nothing where it is packed in a way that is out of use."""
        codec = self.column.compression.lower()
        packed = self.packed(page, page.packed)
        if codec == "uncompressed":
            return packed
        try:
            codec = "lz4_raw" if codec == "lz4" else codec
            content: bytes = self.arrow.decompress(packed, page.unpacked, codec, asbytes=True)
        except (self.arrow.ArrowException, OSError, ValueError):
            return b""
        return content

    def packed(self, page: Page, size: int) -> bytes:
        """Return the first bytes of a page as they are in the file."""
        self.file.seek(page.place)
        return self.file.read(size)


class RowSize(NamedTuple):
    """How many bytes a row of a column takes at most.

    Attributes:
        nested: what its lists hold, and pages that it fills.
        shared: its part of a page with other rows, if they are alike, and a text of the dictionary.
    """

    nested: int
    shared: int


def largest_row(chunk: Chunk, limit: int) -> RowSize:
    """Return the size of the largest row; once one is larger than `limit`, no other is looked at."""
    width = int(chunk.schema.max_repetition_level).bit_length()
    around = NESTED * (chunk.column.path_in_schema.count(".") + 1)
    longest = nested = shared = values = filled = 0
    left = chunk.rows  # pyarrow reads no more, whatever the pages say
    for page in chunk.pages():
        if page.kind == DICTIONARY:
            longest = max(longest, _longest_text(chunk, page))
            continue
        begun = 0 if width else page.values
        for run in _runs(_levels(chunk, page), width, page.values) if width else ():
            values += run.before
            nested = max(nested, max(values, run.longest) * (around + TEXT * longest) + filled)
            if run.begun:
                values, filled, begun, left = run.after, 0, begun + run.begun, left - run.begun
            if nested > limit or left < 0:
                return RowSize(nested, shared)
        shared = max(shared, TEXT * (page.unpacked // max(1, begun) + longest))
        filled += 0 if begun else TEXT * page.unpacked
    return RowSize(max(nested, values * (around + TEXT * longest) + filled), shared)


class _Run(NamedTuple):
    """Some values in their order.

    Attributes:
        before: values that belong to a row that began earlier.
        begun: rows that begin here.
        longest: values of the longest of them that also ends here.
        after: values of the last of them.
    """

    before: int
    begun: int = 0
    longest: int = 0
    after: int = 0


def _runs(levels: bytes, width: int, count: int) -> Iterator[_Run]:
    """Yield the values of a page; where their levels are missing, as if they were one row's."""
    stream = BytesIO(levels)
    while count > 0:
        try:
            head = varint(stream)
        except BadHeaderError:
            head = 2 * count  # a run of all that are left
        for start in range(0, head >> 1, GROUPS) if head & 1 else ():
            groups = min(GROUPS, (head >> 1) - start)
            if count > 0:
                yield _run_of_bits(stream.read(groups * width), width, min(count, 8 * groups))
            count -= 8 * groups
        if not head & 1:
            length, level = min(head >> 1, count), stream.read((width + 7) // 8)
            yield _Run(0, length, 1, 1) if level and not any(level) and length else _Run(length)
            count -= length


def _run_of_bits(packed: bytes, width: int, count: int) -> _Run:
    """Return a run whose levels are packed; those that are missing go on with a list."""
    bits = format(int.from_bytes(packed, "little"), f"0{8 * len(packed)}b")[::-1].ljust(count * width, "1")
    if width > 1:
        bits = "".join("01"["1" in bits[place : place + width]] for place in range(0, count * width, width))
    before, *lengths = map(len, bits[:count].split("0"))
    if not lengths:
        return _Run(before)
    return _Run(before, len(lengths), 1 + max(lengths[:-1], default=-1), 1 + lengths[-1])


def _levels(chunk: Chunk, page: Page) -> bytes:
    """Return the repetition levels of a page; nothing where they are encoded in a way that is out of use."""
    if page.kind != DATA:
        return chunk.packed(page, page.levels)
    content = chunk.content(page) if page.levels else b""
    return content[4 : 4 + int.from_bytes(content[:4], "little")]


def _longest_text(chunk: Chunk, page: Page) -> int:
    """Return the bytes of the longest text in a dictionary, or of all of it where it cannot be read."""
    if chunk.schema.physical_type != "BYTE_ARRAY":
        return max(0, int(chunk.schema.length))
    dictionary = chunk.content(page)
    longest, place = 0 if dictionary else page.unpacked, 0
    while place < len(dictionary):
        length = int.from_bytes(dictionary[place : place + 4], "little")
        longest, place = max(longest, length), place + 4 + length
    return longest
