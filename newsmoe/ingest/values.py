"""What the values of an element become: plain text, names, dates, identifiers."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from math import isfinite

from newsmoe.text.cleaning import clean_line

MAX_EXACT = 2**53  # below it a float holds every whole number
MAX_BITS = 4096  # Python writes no integer of more than 4,300 digits
_NUMBER = re.compile(r"-?[0-9]{1,20}")
_TYPE_NAMES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


class NotAnArticleError(ValueError):
    """The element holds nothing that could be read."""


def is_missing(value: object) -> bool:
    """Tell whether a value stands for none: null, NaN, white space, an empty array or object."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, float):
        return not isfinite(value)
    return value is None or value == [] or value == {}


def type_name(value: object) -> str:
    """Return the name of a value's JSON type, for a message."""
    return _TYPE_NAMES.get(type(value), "a number")


def text_of(field: str, value: object) -> str:
    """Return a text field as a string; paragraphs may come as a list, or wrapped, as from WordPress.

    Raises:
        NotAnArticleError: the value is no text.
    """
    match value:
        case None:
            return ""
        case str():
            return value
        case int() | float() if not isinstance(value, bool) and _is_writable(value):
            return str(value)
        case {"rendered": str(text)} | {"main": str(text)}:
            return text
        case list():
            wrapped = all(isinstance(part, Mapping) for part in value)
            parts = [part.get("value") for part in value] if wrapped else value
            if all(isinstance(part, str) for part in parts):
                return "\n\n".join(parts)
    raise NotAnArticleError(f"{field}: expected text, found {type_name(value)}")


def identifier_of(value: object) -> str | int | None:
    """Return an article's id; None where the value is none."""
    match value:
        case bool():
            return None
        case int():
            return value if _is_writable(value) else None
        case float():  # as a table holds whole numbers among which one is missing
            return int(value) if value.is_integer() and abs(value) < MAX_EXACT else str(value)
        case {"$oid": str(oid)}:
            return clean_line(oid) or None
    return line_or_none(value)


def derived_id(url: str, headline: str, content: str) -> str:
    """Return the id of an article that has none, the same wherever it stands."""
    text = "\x00".join((url, headline, content))
    return sha256(text.encode()).hexdigest()[:16]


def line_or_none(value: object) -> str | None:
    """Return a string as a plain line; None for anything else, and for an empty one."""
    return clean_line(value) or None if isinstance(value, str) else None


def names_of(value: object) -> Iterable[str]:
    """Yield the names in a string, a list, an object with a `name`, or a list of those."""
    match value:
        case str():
            yield from filter(None, [clean_line(value)])
        case {"name": str(name)}:
            yield from names_of(name)
        case list():
            for item in value:
                if isinstance(item, str | Mapping):
                    yield from names_of(item)


def date_of(value: object) -> str | None:
    """Return ISO 8601 for `{"$date": ms}`, `{"$date": text}`, milliseconds or seconds; text as it is."""
    match value:
        case {"$date": {"$numberLong": str(digits)}} if _NUMBER.fullmatch(digits):
            return date_of(int(digits))
        case {"$date": str() | int() | float() as inner}:
            return date_of(inner)
        case bool():
            return None
        case int() | float():
            try:
                seconds = value / 1000 if abs(value) > 1e11 else value
                return datetime.fromtimestamp(seconds, UTC).isoformat()
            except (OverflowError, OSError, ValueError):
                return None
    return line_or_none(value)


def _is_writable(number: float) -> bool:
    return isinstance(number, float) or number.bit_length() < MAX_BITS
