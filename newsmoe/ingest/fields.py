"""Which keys of an element stand for which field of an article."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from newsmoe.ingest.values import is_missing

FieldNames = Mapping[str, Sequence[str]]
"""For each field of an article the keys to look under, in order; case and surrounding spaces don't matter."""

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

TEXT_FIELDS = ("headline", "content")
CACHED_SHAPES = 256  # sets of keys; the elements of one scraper mostly have the same

_TEXT_SCHEMA: Mapping[str, Any] = {"type": ["string", "null", "array", "number", "object"], "items": {"type": "string"}}


class FieldFinder:
    """Finds the fields of an article in an element, under the user's names first, then the common ones."""

    def __init__(self, fields: FieldNames | None = None) -> None:
        users = fields or {}
        self.names: FieldNames = {
            field: tuple(dict.fromkeys((*users.get(field, ()), *aliases))) for field, aliases in ALIASES.items()
        }
        self.text_keys = tuple(name for field in TEXT_FIELDS for name in self.names[field])
        self._names_in = lru_cache(CACHED_SHAPES)(self._match)

    def names_in(self, keys: Iterable[str]) -> FieldNames:
        """Return for each field which of `keys` it may stand under, in the order to look there."""
        return self._names_in(tuple(keys))

    def has_text(self, keys: Iterable[str]) -> bool:
        """Tell whether one of `keys` stands for a text."""
        names = self.names_in(keys)
        return any(names[field] for field in TEXT_FIELDS)

    def find(self, element: Mapping[str, Any]) -> dict[str, str]:
        """Return for each field that has a value the first key with one."""
        fields = {}
        for field, keys in self.names_in(element).items():
            for key in keys:
                if not is_missing(element[key]):
                    fields[field] = key
                    break
        return fields

    def _match(self, keys: tuple[str, ...]) -> FieldNames:
        spellings: dict[object, str] = {_folded(key): key for key in reversed(keys)}  # the first one counts
        spellings.update((key, key) for key in keys)
        matches = {
            field: (spellings.get(spelling) for name in names for spelling in (name, _folded(name)))
            for field, names in self.names.items()
        }
        return {field: tuple(dict.fromkeys(filter(None, keys))) for field, keys in matches.items()}


def some_keys(keys: Iterable[str]) -> str:
    """Return the first keys for a message."""
    return ", ".join(repr(key)[:40] for key in islice(keys, 8)) or "none"


def input_schema() -> dict[str, Any]:
    """Return the JSON Schema of one element: an object with a text under one of the common names."""
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


def _folded(key: object) -> object:
    return key.strip().casefold() if isinstance(key, str) else key  # a caller's dict may have other keys
