"""What the values of an element become: plain text, names, dates, URLs, identifiers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from math import isfinite
from numbers import Number

from newsmoe.ingest import dates
from newsmoe.ingest.blocks import text_in
from newsmoe.ingest.evidence import is_address, is_missing, is_no_value
from newsmoe.ingest.names import folded
from newsmoe.ingest.unwrap import unwrapped
from newsmoe.text.cleaning import clean_line

SHORT = 64  # characters
MAX_LINE = 4_000  # characters of what is one line: headline, URL, id, author
MAX_TOPICS = 1_000
MAX_OUTLET = 80  # characters of its name
MAX_EXACT = 2**53  # below it a float holds every whole number
MAX_DEPTH = 8  # of names in objects and lists
MAX_BITS = 4096  # Python writes no integer of more than 4,300 digits
NAME_KEYS = (
    "name", "title", "full_name", "fullName", "display_name", "displayName", "original", "term", "label", "#text",
    "literal", "news:name", "plain_text", "person", "nombre", "nome", "nom",
)  # fmt: skip
GIVEN_NAMES, FAMILY_NAMES = (
    ("given", "firstname", "givenname", "forename", "prenom", "vorname", "nombre", "nome", "first", "fname"),
    (
        "family", "lastname", "familyname", "surname", "nom", "nachname", "apellido", "apellidos", "cognome",
        "sobrenome", "last", "lname",
    ),
)  # fmt: skip
OFTEN_PARTS = frozenset({"nombre", "nome", "nom", "title"})
"""Keys under which a part of a name may stand, or what its bearer is, beside a name in parts."""
AUTHOR_KEYS = ("name", "by", "byline", "full_name", "fullName", "display_name", "displayName", *NAME_KEYS)
"""A title may be that of an office."""
TEXT_KEYS = ("text", "content")
"""Under which a name may stand where nothing else says what it is, or a long text about whom it names."""
TOPIC_KEYS = (*NAME_KEYS, "topic", "tag", "category", "keyword")
SOURCE_KEYS = (*NAME_KEYS, "publisher", "site", "domain", "host", "uri")
URL_KEYS = ("@id", "url", "href", "link", "canonical", "web")
DATE_KEYS = (
    "$date",
    "seconds",
    "_seconds",
    "sec",
    "date",
    "iso",
    "start",
    "date-parts",
    "#text",
    "@norm",
    "norm",
    "published",
    "utc",
)
SEPARATORS = re.compile(r"[;|；]")
SEPARATORS_OF_LISTS = re.compile(r"[;|；,،，、]")
SPACES = re.compile(r"\s")
"""What is between topics in one text: anywhere; under the name of several; where an export writes them as words."""
_BY = re.compile(r"\Aby(?:[\s:]+|\Z)", re.IGNORECASE)
_HOST = re.compile(r"www\.[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_LINK_TEXT = re.compile(r"#|javascript:.*|(?!(?i:[a-z][a-z0-9+.-]*+)://)\S*+\s.*|[A-Z][A-Za-z]+")
_NUMBER = re.compile(r"-?[0-9]{1,20}")
_TYPE_NAMES = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


class NotAnArticleError(ValueError):
    """The element holds nothing that could be read."""


def type_name(value: object) -> str:
    """Return the name of a value's JSON type, or of what a program passes that JSON has not, for a message."""
    if isinstance(value, Number) and not isinstance(value, bool):
        return "a number"
    return _TYPE_NAMES.get(type(value), f"a Python {type(value).__name__}")


def text_of(value: object) -> str | None:
    """Return a text as a scraper wrote it, out of paragraphs, blocks or objects too; None where there is none."""
    match value:
        case str():
            return text_in(value) if value[:1] in ("{", "[") else value
        case None:
            return ""
        case int() | float() if not isinstance(value, bool) and _is_writable(value):
            return str(value)
    text = text_in(value)
    return text_in(unwrapped(value)) if text is None else text


def identifier_of(value: object) -> str | int | None:
    """Return an article's id; None where the value is none."""
    match value:
        case str():
            return clean_line(value) or None
        case bool():
            return None
        case int():
            return value if _is_writable(value) else None
        case float() if not isfinite(value):
            return None
        case float():  # as a table holds whole numbers among which one is missing
            return int(value) if value.is_integer() and abs(value) < MAX_EXACT else str(value)
    return None


def derived_id(url: str, headline: str, content: str) -> str:
    """Return the id of an article that has none, the same wherever it stands."""
    text = "\x00".join((url, headline, content))
    return sha256(text.encode()).hexdigest()[:16]


def line_or_none(value: object) -> str | None:
    """Return a string as a plain line; None for anything else, and for an empty one."""
    return clean_line(value) or None if isinstance(value, str) else None


def names_of(value: object, keys: Sequence[str] = NAME_KEYS, depth: int = 0) -> Iterable[str]:
    """Yield the names in a string, a list, an object with a name, or a list of those."""
    if isinstance(value, str):
        if name := _line_with_value(value):
            yield name
    elif depth > MAX_DEPTH:
        return
    elif isinstance(value, list):
        for item in value:
            yield from names_of(unwrapped(item), keys, depth + 1)
    elif isinstance(value, dict | Mapping):
        yield from _names_in(value, keys, depth)


def _names_in(value: Mapping[str, object], keys: Sequence[str], depth: int) -> Iterable[str]:
    """Yield the name in an object, under the first of some keys, or the names in an array that became an object."""
    if value and "name" not in value and all(str(key).isdecimal() for key in value):
        yield from names_of([*value.values()], keys, depth)
        return
    for key in keys:
        names = list(names_of(unwrapped(value.get(key)), depth=depth + 1))
        if key in OFTEN_PARTS or (key == "name" and not names):
            names = _parts_of_name(value, at_least=2) or names
        if names:
            yield from names
            return
    texts = (name for key in TEXT_KEYS for name in names_of(unwrapped(value.get(key)), depth=depth + 1))
    yield from _parts_of_name(value, at_least=1) or [name for name in texts if len(name) <= MAX_OUTLET]


def _parts_of_name(person: Mapping[str, object], at_least: int) -> list[str]:
    """Return the name of a person that is in parts, if there are so many."""
    parts = [part for names in (GIVEN_NAMES, FAMILY_NAMES) if (part := _part_of_name(person, names))]
    return [" ".join(parts)] if len(parts) >= at_least else []


def _part_of_name(person: Mapping[str, object], names: Sequence[str]) -> str | None:
    parts = (part for key, part in person.items() if folded(key) in names and isinstance(part, str))
    return next(filter(None, map(_line_with_value, parts)), None)


def topics_of(value: object, separators: re.Pattern[str] = SEPARATORS) -> tuple[str, ...] | None:
    """Return the scraper's labels, of which several may be in one text."""
    names: Iterable[str] = names_of(value, TOPIC_KEYS)
    if isinstance(value, str) and value[:1] not in ("[", "{"):
        names = filter(None, map(str.strip, separators.split(" ".join(names))))
    return tuple(name[:MAX_LINE] for name in islice(names, MAX_TOPICS)) or None


def author_of(value: object) -> str | None:
    """Return the names of the authors in a line, without the `By` of a byline."""
    names = (_BY.sub("", name) for name in names_of(value, AUTHOR_KEYS))
    return ", ".join(name for name in names if name and not is_address(name)) or None


def source_of(value: object) -> str | None:
    """Return the name of the outlet, or of its host; its URL is no name, nor is a text."""
    names = (name for name in names_of(value, SOURCE_KEYS) if len(name) <= MAX_OUTLET)
    return next((name for name in names if _HOST.fullmatch(name) or not is_address(name)), None)


def label_of(value: object) -> str | None:
    """Return the name of an outlet where only a string may be one, and an object something else."""
    return source_of(value) if isinstance(value, str) else None


def url_of(value: object) -> str | None:
    """Return the URL in a string, in the first of a list, or in an object."""
    match value:
        case str():
            is_plain = value.startswith("http") and "&" not in value and " " not in value and value.isprintable()
            line = value if is_plain else _line_with_value(value)
            return line if line and not _LINK_TEXT.fullmatch(line) else None
        case {"base": str(base), "path": str(path)}:
            return url_of(base + path)
        case Mapping():
            inner = [text for key in URL_KEYS if isinstance(text := value.get(key), str)]
        case list():
            inner = sorted((item for item in map(unwrapped, value) if not isinstance(item, list)), key=_is_other_link)
        case _:
            return None
    return next(filter(None, map(url_of, inner)), None)


def _is_other_link(value: object) -> bool:
    """Tell whether a link of a feed says that it leads elsewhere than to the article, such as to its comments."""
    return isinstance(value, Mapping) and value.get("rel", "alternate") != "alternate"


def date_of(value: object, depth: int = 0) -> str | None:
    """Return ISO 8601 for texts, epochs, and dates in objects and lists; what is no date as it is written."""
    match value:
        case str():
            if dates.is_iso(value):
                return value
            line = _line_with_value(value)
            return line and (dates.from_text(line) or line)
        case date():
            return date_of(value.isoformat())
        case bool():
            return None
        case int() | float():
            return dates.from_number(value) or _digits_of(value)
        case {"year": int() as year, "month": int() as month, "day": int() as day}:
            return dates.from_parts(year, month, day)
        case [int() as year, int() as month, int() as day, *time]:
            return dates.from_parts(year, month, day, *time)
        case {"date-parts": [[year, month, day]]}:
            return dates.from_text(f"{year}-{month}-{day}")
        case Mapping() if depth < MAX_DEPTH:
            key, inner = next(((key, value[key]) for key in DATE_KEYS if not is_missing(value.get(key))), ("", None))
            inner = unwrapped(inner)
            is_number = isinstance(inner, int | float) and not isinstance(inner, bool)
            return dates.from_epoch(inner, 1000) if key == "$date" and is_number else date_of(inner, depth + 1)
    return None


def _digits_of(number: float) -> str | None:
    """Return a number as a table has it; None where it has more digits than a date."""
    text = str(identifier_of(number))
    return text if _NUMBER.fullmatch(text.partition(".")[0]) else None


@lru_cache(1024)  # names of authors and outlets are mostly the same
def _short_line_with_value(value: str) -> str | None:
    line = clean_line(value)
    return None if is_no_value(line) else line


def _line_with_value(value: str) -> str | None:
    return _short_line_with_value(value) if len(value) <= SHORT else _short_line_with_value.__wrapped__(value)


def _is_writable(number: float) -> bool:
    return isinstance(number, float) or number.bit_length() < MAX_BITS
