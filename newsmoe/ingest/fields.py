"""Which keys of an element may stand for which field of an article."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain, islice
from typing import Any

from newsmoe.ingest.evidence import is_missing
from newsmoe.ingest.exports import export_with
from newsmoe.ingest.key_paths import KeyPath, date_paths, exact_names, paths_to, similar_names
from newsmoe.ingest.names import (
    ALIASES,
    BODIES,
    ENGLISH,
    HEADLINES_OR_SECTIONS,
    LATE,
    LEADS,
    MARKUP,
    MAX_NAME,
    METADATA,
    NO_POST,
    POST_TEXT,
    TEASERS,
    URLS_BY_VALUE,
    WEAK_HEADLINES,
    FieldNames,
    folded,
)
from newsmoe.ingest.uncommon_names import may_name_date, may_name_url

PARTS_OF_DATE = ("year", "month", "day")
POSTERS = ("user", "username", "screenname", "account")
"""Names, folded, of who posted a text in a social network; elsewhere also of who put it into a database."""
HANDLES = frozenset({"username", "screenname"})
TEXT_FIELDS = ("headline", "content")
EXAMPLES = ("headline", "title", "content", "text", "body", "description")  # of names, in messages
CACHED_SHAPES = 256  # sets of keys; the elements of one scraper mostly have the same

MAX_KEYS = 2_000  # of an element; later ones are passed over

_READ_APART = frozenset({"headline", "url", "publication_date"})
_MAY_BE_URLS = frozenset(map(folded, URLS_BY_VALUE))
_TEXT_SCHEMA: Mapping[str, Any] = {"type": ["string", "null", "array", "number", "object"]}


@dataclass(frozen=True)
class Shape:
    """Where the fields may be in elements with the same keys, in the order to look there."""

    fields: Mapping[str, tuple[KeyPath, ...]]  # all but the content
    mapped: tuple[KeyPath, ...]  # contents under the user's names
    contents: tuple[tuple[KeyPath, bool], ...]  # under the common names; and whether it would be a whole text
    leads: tuple[KeyPath, ...]  # that may stand apart from a body
    urls: tuple[tuple[KeyPath, bool], ...]  # and whether its name says that it is one
    others: tuple[str, ...]  # fields that are no texts, no URL and no date
    late_dates: frozenset[KeyPath]  # of what happened after publication
    keys: tuple[str, ...]
    has_spaced_topics: bool  # words between spaces

    @cached_property
    def unnamed(self) -> tuple[str, ...]:
        """The keys that are neither common names nor the user's."""
        paths = (*self.mapped, *(path for path, _ in self.contents), *chain.from_iterable(self.fields.values()))
        named = {path[0] for path in paths if folded(path[0]) not in HEADLINES_OR_SECTIONS}
        return tuple(key for key in self.keys if isinstance(key, str) and len(key) <= MAX_NAME and key not in named)

    @cached_property
    def names_of_urls(self) -> tuple[str, ...]:
        """Those of them that may stand for the article's URL."""
        return tuple(filter(may_name_url, self.unnamed))

    @cached_property
    def names_of_dates(self) -> tuple[str, ...]:
        """Those of them that may stand for the date of publication."""
        return tuple(filter(may_name_date, self.unnamed))

    @cached_property
    def parts_of_date(self) -> tuple[str, ...]:
        """The keys of a year, a month and a day; empty where one of them is missing."""
        keys = {folded(key): key for key in self.keys}
        return tuple(keys[part] for part in PARTS_OF_DATE) if keys.keys() >= {*PARTS_OF_DATE} else ()

    @cached_property
    def posters(self) -> tuple[str, ...]:
        """The keys of who posted the text."""
        keys = {folded(key): key for key in self.keys}
        return tuple(keys[name] for name in POSTERS if name in keys)

    @cached_property
    def has_handle(self) -> bool:
        """Whether one of the keys is that of the short name of a user, beside which a `name` is the user's."""
        return any(folded(key) in HANDLES for key in self.posters)

    @cached_property
    def metadata(self) -> tuple[str, ...]:
        """The keys that may hold an object about the article."""
        return tuple(key for key in self.keys if isinstance(key, str) and METADATA.search(key.casefold()))

    @property
    def has_text(self) -> bool:
        """Whether one of the keys may stand for a text."""
        return bool(self.mapped or self.contents or any(self.headlines))

    @property
    def headlines(self) -> Iterator[KeyPath]:
        """The paths to what is a headline whether there is a content beside it or not."""
        return (path for path in self.fields["headline"] if path_name(path) not in WEAK_HEADLINES)


class FieldFinder:
    """Finds the fields of an article in an element, under the user's names first, then the common ones."""

    def __init__(self, fields: FieldNames | None = None) -> None:
        self.users: FieldNames = fields or {}
        self.matched: set[str] = set()
        """The fields of which one of the user's names was in an element."""
        self._cached_shape = lru_cache(CACHED_SHAPES)(self._shape)

    def shape(self, element: Iterable[str]) -> Shape:
        """Return where the fields may be in an element, or among some keys."""
        return self._cached_shape(keys_of(element))

    def names_in(self, keys: Iterable[str]) -> FieldNames:
        """Return for each field which of `keys` it may stand under, in the order to look there."""
        shape = self.shape(keys)
        contents = (*shape.mapped, *(path for path, _ in shape.contents))
        fields = {**shape.fields, "content": contents}
        return {field: tuple(path[0] for path in paths if len(path) == 1) for field, paths in fields.items()}

    def has_text(self, keys: Iterable[str]) -> bool:
        """Tell whether one of `keys` stands for a text."""
        return self.shape(keys).has_text

    def holds_article(self, value: Mapping[str, Any]) -> bool:
        """Tell whether an object may be an article inside an element, rather than a text with its format."""
        shape = self.shape(value)
        return bool(shape.fields["headline"] and (shape.contents or shape.mapped))

    def may_be_article(self, value: Mapping[str, Any]) -> bool:
        """Tell whether an object that was stored as a text has an article's keys."""
        shape = self.shape(value)
        return any(shape.headlines) and bool(shape.contents or shape.mapped or shape.urls)

    def _shape(self, keys: tuple[str, ...]) -> Shape:
        all_names = exact_names(keys)
        export = export_with(all_names)
        sure = {field: paths_to(names, all_names, {}) for field, names in export.fields.items()}
        claimed = {path[0] for paths in sure.values() for path in paths}
        rest = tuple(key for key in keys if key not in claimed)
        exact, similar = exact_names(rest), similar_names(rest)
        usual = {field: sure.get(field, {}) | paths_to(names, exact, similar) for field, names in ALIASES.items()}
        dates = date_paths(rest, exact)
        usual["publication_date"] = sure.get("publication_date", {}) | dict.fromkeys(dates) | usual["publication_date"]
        usual["url"] |= paths_to(URLS_BY_VALUE, exact, {})
        mapped = {field: self._mapped(field, all_names) for field in ALIASES}
        fields = {field: tuple(dict.fromkeys((*mapped[field], *paths))) for field, paths in usual.items()}
        not_contents = (*mapped["content"], *fields["headline"])
        del fields["content"]
        bodies = sure.get("content", {}) | paths_to(BODIES, exact, similar)
        if fields["publication_date"] and NO_POST.isdisjoint(exact):
            bodies |= paths_to((POST_TEXT,), exact, {})
        lead = sure.get("lead", {})
        contents = [path for path in bodies | lead | paths_to(TEASERS, exact, similar) if path not in not_contents]
        late = {path for path, kind in dates.items() if kind in LATE} - {*mapped["publication_date"]}
        return Shape(
            fields,
            mapped["content"],
            contents=tuple((path, path in bodies and folded(path[-1]) not in MARKUP) for path in contents),
            leads=tuple(lead | paths_to(LEADS, exact, similar)),
            urls=tuple((path, folded(path[-1]) not in _MAY_BE_URLS) for path in fields["url"]),
            others=tuple(name for name in fields if fields[name] and name not in _READ_APART),
            late_dates=frozenset(late),
            keys=keys,
            has_spaced_topics=export.has_spaced_topics,
        )

    def _mapped(self, field: str, exact: Mapping[object, str]) -> tuple[KeyPath, ...]:
        """Return the paths to a field under the user's names, such as `meta.title` for a key inside another."""
        paths: list[KeyPath] = []
        for name in self.users.get(field, ()):
            first, *inner = name.split(".")
            if (key := exact.get(name) or exact.get(folded(name))) is not None:
                paths.append((key,))
            elif inner and (key := exact.get(first) or exact.get(folded(first))) is not None:
                paths.append((key, *inner))
        if paths:
            self.matched.add(field)
        return tuple(paths)


@lru_cache(4096)
def path_name(path: KeyPath) -> object:
    """Return the name, folded, that a path stands for."""
    return folded(path[0] if len(path) == 1 else ".".join(path))


def keys_of(element: Iterable[str]) -> tuple[str, ...]:
    """Return the keys of an element that are looked at."""
    return tuple(element)[:MAX_KEYS]


def value_at(element: Mapping[str, Any], path: KeyPath) -> Any:
    """Return the value at the end of a path; None where there is none."""
    value: Any = element.get(path[0])
    if len(path) > 1:
        for key in path[1:]:
            value = value.get(key) if isinstance(value, Mapping) else None
    return None if is_missing(value) else value


def some_keys(keys: Iterable[str]) -> str:
    """Return the first keys for a message."""
    return ", ".join(repr(key)[:40] for key in islice(keys, 8)) or "none"


def input_schema() -> dict[str, Any]:
    """Return the JSON Schema of one element: an object with a text under one of the common names."""
    texts = [name for field in TEXT_FIELDS for name in ENGLISH[field] if name not in WEAK_HEADLINES]
    others = {field: _pattern(ALIASES[field][len(names) :]) for field, names in ENGLISH.items()}
    text_in_other_language = "|".join(others[field] for field in TEXT_FIELDS)
    return {
        "title": "Element",
        "description": "One news item as a scraper writes it; other keys are kept aside.",
        "type": "object",
        "properties": {
            name: _field_schema(field) for field, names in reversed(list(ENGLISH.items())) for name in reversed(names)
        },
        "patternProperties": {names: _field_schema(field) for field, names in others.items() if names},
        "anyOf": [
            *({"required": [name]} for name in texts),
            {"not": {"propertyNames": {"not": {"pattern": text_in_other_language}}}},
        ],
    }


def _field_schema(field: str) -> dict[str, Any]:
    return {**(_TEXT_SCHEMA if field in TEXT_FIELDS else {}), "description": f"read as {field}"}


def _pattern(names: Iterable[str]) -> str:
    """Return an expression for any of some names, which are words."""
    return f"^({'|'.join(names)})$" if names else ""
