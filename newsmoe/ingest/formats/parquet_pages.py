"""What the pages of a Parquet file unpack to: their headers say it, and pyarrow, which obeys them, has no limit.

A header is a struct in the compact protocol of Thrift; the fields are those of `PageHeader` in Parquet's format.
"""

from os import SEEK_CUR
from typing import Any, BinaryIO

UNPACKED, PACKED, DATA_PAGES, VALUES = 2, 3, (5, 8), 1  # ids of fields
MAX_DEPTH = 8  # of a header's structs and lists
MAX_BYTES = 1 << 24  # of a value in a header


class BadHeaderError(ValueError):
    """What should be the header of a page is none."""

    def __init__(self) -> None:
        super().__init__("the header of a page is damaged")


def largest_page(file: BinaryIO, column: Any) -> int:
    """Return how many bytes the largest page of a column in a row group unpacks to; all of its pages are looked at."""
    starts = [column.data_page_offset, *filter(None, [column.dictionary_page_offset])]
    end, values, largest = min(starts) + column.total_compressed_size, 0, 0
    file.seek(min(starts))
    while values < column.num_values and file.tell() < end:  # as pyarrow goes through them
        header = _struct(file)
        largest = max(largest, header.get(UNPACKED, 0))
        values += sum(header[page].get(VALUES, 0) for page in DATA_PAGES if page in header)
        file.seek(max(0, header.get(PACKED, 0)), SEEK_CUR)
    return largest


def _struct(file: BinaryIO, depth: int = 0) -> dict[int, Any]:
    """Return the whole numbers and structs of a struct by their fields."""
    fields, number = {}, 0
    while head := _byte(file):
        step, kind = head >> 4, head & 15
        number = number + step if step else _zigzag(file)
        fields[number] = _value(file, kind, depth)
    return fields


def _value(file: BinaryIO, kind: int, depth: int) -> Any:
    """Return a whole number or a struct; pass over what is neither."""
    if depth > MAX_DEPTH:
        raise BadHeaderError
    match kind:
        case 1 | 2:  # true and false
            return None
        case 3:
            return _byte(file)
        case 4 | 5 | 6:
            return _zigzag(file)
        case 7:  # a float
            return _skip(file, 8)
        case 8:  # bytes
            return _skip(file, _varint(file))
        case 9 | 10:  # a list or set
            head = _byte(file)
            count = head >> 4 if head >> 4 < 15 else _varint(file)
            for _ in range(count):
                _value(file, 3 if head & 15 in (1, 2) else head & 15, depth + 1)
            return None
        case 12:
            return _struct(file, depth + 1)
    raise BadHeaderError


def _zigzag(file: BinaryIO) -> int:
    number = _varint(file)
    return number >> 1 ^ -(number & 1)


def _varint(file: BinaryIO) -> int:
    number = 0
    for shift in range(0, 70, 7):
        byte = _byte(file)
        number |= (byte & 127) << shift
        if byte < 128:
            return number
    raise BadHeaderError


def _skip(file: BinaryIO, count: int) -> None:
    if count > MAX_BYTES or len(file.read(count)) < count:
        raise BadHeaderError


def _byte(file: BinaryIO) -> int:
    byte = file.read(1)
    if not byte:
        raise BadHeaderError
    return byte[0]
