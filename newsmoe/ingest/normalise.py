"""From what a scraper wrote to an `Article`: field names, types, dates, language."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from itertools import islice
from math import isfinite
from typing import Any

from newsmoe.article import Article, InvalidItem
from newsmoe.ingest.json_stream import BadElement
from newsmoe.text.cleaning import clean_line, clean_text
from newsmoe.text.language import identify_language

FieldNames = Mapping[str, Sequence[str]]
"""For each field of an article, the keys to look under, the first with a value wins.

A key is known however it is written, large or small, with white space around it or not."""

ALIASES: FieldNames = {
    "id": ("id", "_id", "guid", "uuid", "article_id"),
    "url": ("url", "link", "canonical_link", "canonical_url", "source_url"),
    "headline": ("headline", "title"),
    "content": (
        "content", "text", "body", "articleBody", "article_body", "full_text", "fulltext", "maintext",
        "article_text", "article", "story", "content_text", "content_html", "body_text", "body_html",
        "paragraphs", "description", "summary",
    ),
    "topics": ("topics", "topic", "categories", "category", "section", "tags"),
    "publication_date": (
        "publication_date", "publish_date", "publishedAt", "published_at", "date_publish", "datePublished",
        "pub_date", "pubDate", "published", "date",
    ),
    "author": ("author", "authors", "byline", "creator"),
    "source": ("source", "outlet", "publisher", "source_domain"),
    "language": ("language", "lang"),
}  # fmt: skip

KNOWN_SHAPES = 256
"""Sets of keys whose meaning is remembered; a scraper's elements mostly have the same."""
EXACT = 2**53  # below it a float holds every whole number
LARGEST_NUMBER = 4096  # bits; Python writes no integer of more than 4,300 digits
_WORD = re.compile(r"\w")
_NUMBER = re.compile(r"-?[0-9]{1,20}")
TEXT_FIELDS = ("headline", "content")

_TEXT_SCHEMA: Mapping[str, Any] = {
    "type": ["string", "null", "array", "number", "object"],
    "items": {"type": "string"},
}


class NotAnArticleError(ValueError):
    """The element holds nothing that could be read."""


class Normaliser:
    """Makes articles of elements.

    Attributes:
        names: for each field of an article the keys to look under.
        text_keys: those of them under which there is a text to read.
    """

    def __init__(self, fields: FieldNames | None = None) -> None:
        mine = fields or {}
        self.names: FieldNames = {
            field: tuple(dict.fromkeys((*mine.get(field, ()), *aliases)))
            for field, aliases in ALIASES.items()
        }
        self.text_keys = tuple(name for field in TEXT_FIELDS for name in self.names[field])
        self._known: dict[tuple[str, ...], FieldNames] = {}

    def names_in(self, keys: Iterable[str]) -> FieldNames:
        """Return for each field which of `keys` it may stand under, in the order to look there."""
        shape = tuple(keys)
        if shape not in self._known:
            if len(self._known) >= KNOWN_SHAPES:
                self._known.clear()
            self._known[shape] = self._names_in(shape)
        return self._known[shape]

    def _names_in(self, keys: Sequence[str]) -> FieldNames:
        spelled: dict[object, str] = {}
        for key in keys:
            spelled.setdefault(_folded(key), key)
        spelled.update((key, key) for key in keys)
        return {
            field: tuple(
                dict.fromkeys(
                    spelled[one] for name in names for one in (name, _folded(name)) if one in spelled
                )
            )
            for field, names in self.names.items()
        }

    def __call__(self, element: object) -> Article | InvalidItem:
        """Return the article that `element` holds, or why it holds none."""
        if isinstance(element, BadElement):
            return InvalidItem(element.message, type="UndecodableElement")
        if not isinstance(element, Mapping):
            return InvalidItem(f"expected an object with a headline or content, found {_kind(element)}")
        found = self._found(element)
        values = {field: element[name] for field, name in found.items()}
        try:
            return self._article(element, found, values)
        except NotAnArticleError as error:
            return InvalidItem(
                str(error),
                id=_identifier(values.get("id")),
                headline=_line_or_none(values.get("headline")),
                url=_line_or_none(values.get("url")),
            )

    def _article(
        self, element: Mapping[str, Any], found: Mapping[str, str], values: Mapping[str, Any]
    ) -> Article:
        if not self.has_text(element):
            raise NotAnArticleError(
                f"no headline and no content: none of the keys {', '.join(self.text_keys)} is there"
                f" (found: {some_keys(element)}); name yours under [fields] in newsmoe.toml"
            )
        headline = clean_line(_text("headline", values.get("headline")))
        content, truncated = clean_text(_text("content", values.get("content")))
        if not _WORD.search(content):  # nothing but marks, such as a row of stars
            content = ""
        url = _line_or_none(values.get("url")) or ""
        given = _line_or_none(values.get("language"))
        identifier = _identifier(values.get("id"))
        read = set(found.values())
        return Article(
            id=_derived_id(url, headline, content) if identifier is None else identifier,
            url=url,
            headline=headline,
            content=content,
            topics=tuple(_names(values.get("topics"))),
            publication_date=_date(values.get("publication_date")),
            author=", ".join(_names(values.get("author"))) or None,
            source=next(iter(_names(values.get("source"))), None),
            language=_language_code(given) or identify_language(f"{headline}\n{content}"),
            truncated=truncated,
            extra={key: value for key, value in element.items() if key not in read},
        )

    def _found(self, element: Mapping[str, Any]) -> dict[str, str]:
        """Return, for each field that has a value, the first of its names under which there is one."""
        found = {}
        for field, names in self.names_in(element).items():
            for name in names:
                if not _is_missing(element[name]):
                    found[field] = name
                    break
        return found

    def has_text(self, keys: Iterable[str]) -> bool:
        """Tell whether a text stands under one of `keys`."""
        names = self.names_in(keys)
        return any(names[field] for field in TEXT_FIELDS)


def some_keys(keys: Iterable[str]) -> str:
    """Return the first keys for a message."""
    return ", ".join(repr(key)[:40] for key in islice(keys, 8)) or "none"


def _folded(key: object) -> object:
    return key.strip().casefold() if isinstance(key, str) else key  # a caller's dict may have other keys


def _is_missing(value: object) -> bool:
    """Tell whether a value stands for none: null, NaN, white space, an empty array or object."""
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, float):
        return not isfinite(value)
    return value is None or value == [] or value == {}


def _text(field: str, value: object) -> str:
    """Return a text field as a string; paragraphs may come as a list, or wrapped, as from WordPress."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            pass
        case int() if value.bit_length() >= LARGEST_NUMBER:
            pass
        case int() | float():
            return str(value)
        case list() if all(isinstance(part, str) for part in value):
            return "\n\n".join(value)
        case {"rendered": str(text)} | {"main": str(text)}:
            return text
        case list() if all(
            isinstance(part, Mapping) and isinstance(part.get("value"), str) for part in value
        ):
            return "\n\n".join(part["value"] for part in value)
    raise NotAnArticleError(f"{field}: expected text, found {_kind(value)}")


def _identifier(value: object) -> str | int | None:
    match value:
        case bool():
            return None
        case int():
            return value if value.bit_length() < LARGEST_NUMBER else None
        case str():
            return clean_line(value) or None
        case float():  # as a table holds whole numbers among which one is missing
            return int(value) if value.is_integer() and abs(value) < EXACT else str(value)
        case {"$oid": str(oid)}:
            return clean_line(oid) or None
    return None


def _derived_id(url: str, headline: str, content: str) -> str:
    text = "\x00".join((url, headline, content))
    return sha256(text.encode()).hexdigest()[:16]


def _line_or_none(value: object) -> str | None:
    return clean_line(value) or None if isinstance(value, str) else None


def _names(value: object) -> Iterable[str]:
    """Yield the names in a string, a list, an object with a `name`, or a list of those."""
    match value:
        case str():
            yield from filter(None, [clean_line(value)])
        case {"name": str(name)}:
            yield from _names(name)
        case list():
            for item in value:
                if isinstance(item, str | Mapping):
                    yield from _names(item)


def _date(value: object) -> str | None:
    """Return ISO 8601 for `{"$date": ms}`, `{"$date": text}`, milliseconds or seconds; text as it is."""
    match value:
        case {"$date": {"$numberLong": str(digits)}} if _NUMBER.fullmatch(digits):
            return _date(int(digits))
        case {"$date": str() | int() | float() as inner}:
            return _date(inner)
        case bool():
            return None
        case int() | float():
            try:
                seconds = value / 1000 if abs(value) > 1e11 else value
                return datetime.fromtimestamp(seconds, UTC).isoformat()
            except (OverflowError, OSError, ValueError):
                return None
    return _line_or_none(value)


def _language_code(given: str | None) -> str | None:
    """Return `en` for `en`, `en-US` or `EN_us`; None for anything else, such as ISO 639-2's `eng`."""
    code = (given or "").replace("_", "-").split("-")[0].lower()
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def input_schema() -> dict[str, Any]:
    """Return the JSON Schema of one element: an object with a text under one of the known names."""
    texts = [name for field in TEXT_FIELDS for name in ALIASES[field]]
    return {
        "title": "Element",
        "description": "One news item as a scraper writes it; other keys are kept aside.",
        "type": "object",
        "properties": {
            name: {**(_TEXT_SCHEMA if field in TEXT_FIELDS else {}), "description": f"read as {field}"}
            for field, names in ALIASES.items()
            for name in names
        },
        "anyOf": [{"required": [name]} for name in texts],
    }
