"""Articles that are wrapped in an object with something about them: `_source`, `data`, `fields`, `node`, `attributes`.

The wrapper is known by what is in it, not by its name. It may hold the article as a text that is JSON, as messages
of Kafka and SQS do.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from operator import ne
from typing import Any, NamedTuple

from newsmoe.ingest.blocks import headline_in, is_block
from newsmoe.ingest.contents import Content, Headline, find_content, find_headline, is_better, unnamed_content
from newsmoe.ingest.evidence import Strength
from newsmoe.ingest.fields import CACHED_SHAPES, FieldFinder, Shape, keys_of, value_at
from newsmoe.ingest.key_paths import KeyPath
from newsmoe.ingest.names import LABELS_OF_OUTLETS, MARKUP, METADATA, NOT_AN_ARTICLE, TITLES, folded
from newsmoe.ingest.stored import object_in
from newsmoe.ingest.surroundings import of_object, with_surroundings
from newsmoe.text.cleaning import clean_line

MAX_DEPTH = 4
MAX_OBJECTS = 60
ENTRY = "sys"
"""The key of what Contentful says of an entry itself."""
ARTICLES = frozenset({"article", "story", "news", "newsitem", "item", "post", "entry"})
"""Keys, folded, of an object that has the headline of the text beside it."""
HEAD_OF_NITF = "body.head"
DETAILS = ("publication_date", "author", "source", "language")
"""Fields that are read from the metadata beside a headline, as is the URL."""


SHORT_URL = "shorturl"
"""The name, folded, of a URL that leads to the article's own."""


class Wrapped(NamedTuple):
    """An object inside an element, with its text."""

    path: KeyPath
    element: Mapping[str, Any]
    content: Content | None
    has_headline: bool


class ArticleObject(NamedTuple):
    """The object that holds an article, with what the objects around it have and it lacks.

    Attributes:
        path: to it; empty where it is the element itself.
        guessed: the key of the content, where that is no common name; else empty.
    """

    path: KeyPath
    element: Mapping[str, Any]
    shape: Shape
    content: Content | None
    guessed: str = ""


def find_article(
    element: Mapping[str, Any], finder: FieldFinder, content: Content | None, usual: KeyPath | None = None
) -> ArticleObject:
    """Look for the article in the objects inside an element, then for a long text under any name.

    `content` is that of the element; where it is whole, nothing else is looked at.
    """
    path: KeyPath = ()
    is_whole = content is not None and content.is_whole
    if not is_whole and (wrapped := _find_wrapped(element, finder, content, usual)):
        path, content = wrapped.path, wrapped.content
        element = _merged(element, path, finder)
    shape = finder.shape(element)
    if content is not None or (unnamed := unnamed_content(element, shape)) is None:
        return ArticleObject(path, element, shape, content)
    is_common = unnamed.path in dict(shape.contents)  # where the text has no plain words
    return ArticleObject(path, element, shape, unnamed, "" if is_common else unnamed.path[0])


def _find_wrapped(
    element: Mapping[str, Any], finder: FieldFinder, content: Content | None, usual: KeyPath | None = None
) -> Wrapped | None:
    """Return the object inside an element that holds the article; None where the element's `content` is better.

    If there is a whole text at the `usual` path, where it was in elements with the same keys, no other is looked at.
    """
    if usual and isinstance(inner := _levels(element, usual)[-1], Mapping):
        text, _ = find_content(inner, finder, finder.shape(inner))
        if text is not None and text.is_whole:
            return Wrapped(usual, inner, text, True)
    best: Wrapped | None = None
    outer = finder.shape(element)
    objects = list(islice(_objects(element, ()), MAX_OBJECTS))
    for path, inner in objects:
        shape = finder.shape(inner)
        if not shape.has_text or folded(path[-1]) in TITLES:
            continue
        text, _ = find_content(inner, finder, shape)
        headline, *_ = find_headline(inner, shape, beside_content=text is not None)
        wrapped = Wrapped(path, inner, text, bool(headline))
        if not _is_article(wrapped, shape) or (best is not None and _rank(wrapped) <= _rank(best)):
            continue
        if not _is_another(element, outer, content, inner, shape):
            best = wrapped
    if best is None or _has_twin(best, objects):
        return None
    if content is None:
        return best
    is_page = not content.is_body and folded(content.path[-1]) in MARKUP
    is_article = is_page and best.has_headline and best.content is not None and best.content.is_whole
    return best if is_article or (best.content is not None and is_better(best.content, content)) else None


def _merged(element: Mapping[str, Any], path: KeyPath, finder: FieldFinder) -> dict[str, Any]:
    """Return what is at the end of a path, with what the objects around it have and it lacks."""
    levels = _levels(element, path)
    result = dict(levels.pop())
    for key, level in zip(reversed(path), reversed(levels), strict=True):
        for name in _lacking(finder, keys_of(result), keys_of(level), key):
            result[name] = level[name]
    for key, level in zip(("", *path), levels, strict=False):
        result = dict(with_surroundings(result, of_object(level, key)))
    return result


def _levels(element: Mapping[str, Any], path: KeyPath) -> list[Any]:
    """Return an element and the objects inside it along a path, as far as there are any."""
    levels: list[Any] = [element]
    for key in path:
        if isinstance(levels[-1], Mapping):
            levels.append(object_in(levels[-1].get(key)))
    return levels


def find_heading(
    element: Mapping[str, Any], finder: FieldFinder, shape: Shape, content: Content | None
) -> tuple[Mapping[str, Any], Shape, Headline]:
    """Return the headline, and the element, with its metadata where only that has one for the content."""
    headline = find_headline(element, shape, beside_content=content is not None)
    if headline.path is None and content is not None:
        element = _with_metadata(element, finder)
        shape = finder.shape(element)
        headline = find_headline(element, shape, beside_content=True)
        if headline.path is None and (text := headline_in(value_at(element, content.path))):
            headline = Headline(clean_line(text), content.path, headline.unreadable)
    return element, shape, headline


def _with_metadata(element: Mapping[str, Any], finder: FieldFinder) -> Mapping[str, Any]:
    """Return an element that has no headline with what its `meta`, `article` or the like has and it lacks."""
    for (*outer, key), inner in islice(_objects(element, ()), MAX_OBJECTS):
        if not METADATA.search(key.casefold()) and (outer or folded(key) not in ARTICLES):
            continue
        if find_headline(inner, finder.shape(inner), beside_content=False)[0]:
            is_metadata = METADATA.search  # `head` would be a headline
            ours = tuple(name for name in keys_of(element) if not (name == key or is_metadata(str(name).casefold())))
            return {**element, **{name: inner[name] for name in _lacking(finder, ours, keys_of(inner), key)}}
    return element


def with_details(
    element: Mapping[str, Any], finder: FieldFinder, shape: Shape, content: Content | None = None
) -> tuple[Mapping[str, Any], Shape]:
    """Return an element with the URL, date, author, source and language for which only its metadata has a key.

    So does an object that holds the `content`, unless it is the document of an editor.
    """
    around = element.get(content.path[0]) if content is not None else None
    is_object = isinstance(around, Mapping) and not is_block(around)
    texts = (content.path[0],) if content and is_object else ()
    if not texts and not any(isinstance(object_in(element.get(key)), Mapping) for key in shape.metadata):
        return element, shape  # most articles
    paths = {**{field: shape.fields[field] for field in DETAILS}, "url": [path for path, named in shape.urls if named]}
    paths["source"] = [path for path in paths["source"] if _may_be_outlet(path, element)]
    missing = {field for field, some in paths.items() if all(len(path) > 1 for path in some)}
    for path, inner in islice(_objects(element, ()), MAX_OBJECTS):
        is_inside = path[0] in shape.metadata or path[-1] == HEAD_OF_NITF
        if not missing or (path != texts and not (is_inside and METADATA.search(path[-1].casefold()))):
            continue
        theirs = finder.shape(inner)
        roles = {name: missing & _roles(theirs, name) for name in inner if _may_be_detail(name, theirs, path[-1])}
        element = {**element, **{name: inner[name] for name, fields in roles.items() if fields}}
        missing -= {field for name, fields in roles.items() for field in fields if value_at(inner, (name,)) is not None}
    return element, finder.shape(element)


def _may_be_outlet(path: KeyPath, element: Mapping[str, Any]) -> bool:
    """Tell whether there may be an outlet at a path, and no object with images under `media`, or the like."""
    return folded(path[-1]) not in LABELS_OF_OUTLETS or isinstance(element.get(path[0]), str)


def _may_be_detail(name: object, shape: Shape, key: str) -> bool:
    """Tell whether a name is none of a date on which the metadata under a key were written or changed."""
    if not isinstance(name, str) or (name,) in shape.late_dates:
        return False
    return key == ENTRY or "creat" not in name.casefold()


@lru_cache(CACHED_SHAPES)
def _lacking(finder: FieldFinder, keys: tuple[str, ...], outer: tuple[str, ...], wrapper: str) -> tuple[str, ...]:
    """Return the keys of an outer object that stand for nothing that an object with `keys` has."""
    shape, theirs = finder.shape(keys), finder.shape(outer)
    fields = {field for name in keys if folded(name) != SHORT_URL for field in _roles(shape, name)}
    return tuple(name for name in outer if name not in (wrapper, *keys) and not fields & _roles(theirs, name))


def _objects(element: Mapping[str, Any], path: KeyPath) -> Iterator[tuple[KeyPath, Mapping[str, Any]]]:
    if len(path) == MAX_DEPTH:
        return
    inner = []
    for key, stored in element.items():
        if isinstance(stored, str) and stored[:1] != "{":
            continue  # most values
        value = object_in(stored)
        if isinstance(value, Mapping) and isinstance(key, str) and not NOT_AN_ARTICLE.search(key.casefold()):
            inner.append(((*path, key), value))
    yield from inner
    for below, value in inner:
        yield from _objects(value, below)


def _has_twin(wrapped: Wrapped, objects: list[tuple[KeyPath, Mapping[str, Any]]]) -> bool:
    """Tell whether an object beside it, or at the same place in one beside it, has much the same keys.

    Objects keyed by their ids are several articles.
    """
    keys = wrapped.element.keys()
    return any(
        len(path) == len(wrapped.path)
        and sum(map(ne, path, wrapped.path)) == 1
        and 2 * len(keys & inner.keys()) >= len(keys | inner.keys())
        for path, inner in objects
    )


def _is_article(wrapped: Wrapped, shape: Shape) -> bool:
    if wrapped.content is not None:
        return wrapped.has_headline or wrapped.content.strength is Strength.PROSE
    dated = any(value_at(wrapped.element, path) for path in shape.fields["publication_date"])
    return wrapped.has_headline and (dated or any(value_at(wrapped.element, path) for path in shape.fields["url"]))


def _is_another(
    element: Mapping[str, Any], outer: Shape, content: Content | None, inner: Mapping[str, Any], shape: Shape
) -> bool:
    """Tell whether an object inside an element is an article beside that: one that is quoted, or comes before it."""
    headline, other = (
        find_headline(item, its, beside_content=False).text for item, its in ((element, outer), (inner, shape))
    )
    is_same = headline and other and (headline.startswith(other) or other.startswith(headline))
    if not (headline or content) or is_same:
        return False
    return any(
        (ours := _first(element, outer, field)) is not None
        and (theirs := _first(inner, shape, field)) is not None
        and ours != theirs
        for field in ("url", "id")
    )


def _first(element: Mapping[str, Any], shape: Shape, field: str) -> Any:
    """Return the first value under the names of a field."""
    return next((value for path in shape.fields[field] if (value := value_at(element, path)) is not None), None)


def _rank(wrapped: Wrapped) -> tuple[bool, bool, int]:
    content = wrapped.content
    is_body = content is not None and content.is_body and content.strength is Strength.PROSE
    return is_body, wrapped.has_headline, len(content.text) if content else 0


def _roles(shape: Shape, name: str) -> set[str]:
    roles = {field for field, paths in shape.fields.items() if any(path[0] == name for path in paths)}
    if "id" in roles:
        roles.discard("url")
    texts = (*shape.mapped, *(path for path, _ in shape.contents))
    return {*roles, "content"} if any(path[0] == name for path in texts) else roles
