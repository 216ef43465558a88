"""What the pages of a Parquet file unpack to: their headers say it, and pyarrow, which obeys them, has no limit.

A header is a struct in the compact protocol of Thrift; the fields are those of `PageHeader` in Parquet's format.
"""

from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

UNPACKED, PACKED, DATA, DICTIONARY, DATA_2 = 2, 3, 5, 7, 8  # ids of fields
VALUES, REPETITION_ENCODING, REPETITION_BYTES = 1, 4, 6  # of the header within a header, which each kind of page has
RLE = 3  # the encoding of levels that is not out of use
MAX_DEPTH = 8  # of a header's structs and lists
MAX_BYTES = 1 << 24  # of a value in a header


class BadHeaderError(ValueError):
    """What should be the header of a page is none."""

    def __init__(self) -> None:
        super().__init__("the header of a page is damaged")


class Page(NamedTuple):
    """A page of a column in a row group.

    Attributes:
        kind: `DATA`, `DATA_2` or `DICTIONARY`, or another that is passed over.
        place: where it begins in the file, behind its header.
        packed, unpacked: its bytes.
        values: how many there are, those that are null included.
        levels: bytes of repetition levels at the start of a page of `DATA_2`; in one of `DATA`, whether they are runs.
    """

    kind: int
    place: int
    packed: int
    unpacked: int
    values: int
    levels: int


def pages(file: BinaryIO, column: Any) -> Iterator[Page]:
    """Yield the pages of a column in a row group."""
    starts = [column.data_page_offset, *filter(None, [column.dictionary_page_offset])]
    place, end, values = min(starts), min(starts) + column.total_compressed_size, 0
    while values < column.num_values and place < end:  # as pyarrow goes through them
        file.seek(place)
        yield (page := _page(file))
        values += page.values if page.kind != DICTIONARY else 0
        place = page.place + page.packed


def largest_page(file: BinaryIO, column: Any) -> int:
    """Return how many bytes the largest page of a column in a row group unpacks to."""
    return max((page.unpacked for page in pages(file, column)), default=0)


def _page(file: BinaryIO) -> Page:
    header = _struct(file)
    kind = next((kind for kind in (DATA, DATA_2, DICTIONARY) if kind in header), 0)
    inner = header.get(kind, {})
    if not isinstance(inner, dict):
        raise BadHeaderError
    levels = _count(inner, REPETITION_BYTES) if kind == DATA_2 else _count(inner, REPETITION_ENCODING) == RLE
    return Page(kind, file.tell(), _count(header, PACKED), _count(header, UNPACKED), _count(inner, VALUES), levels)


def _count(fields: dict[int, Any], number: int) -> int:
    count = fields.get(number, 0)
    if not isinstance(count, int) or count < 0:
        raise BadHeaderError
    return count


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
            return _skip(file, varint(file))
        case 9 | 10:  # a list or set
            head = _byte(file)
            count = head >> 4 if head >> 4 < 15 else varint(file)
            for _ in range(count):
                _value(file, 3 if head & 15 in (1, 2) else head & 15, depth + 1)
            return None
        case 12:
            return _struct(file, depth + 1)
    raise BadHeaderError


def _zigzag(file: BinaryIO) -> int:
    number = varint(file)
    return number >> 1 ^ -(number & 1)


def varint(file: BinaryIO) -> int:
    """Return a whole number, seven bits a byte."""
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
