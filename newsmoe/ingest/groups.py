"""Elements of a list of articles that hold several each, as Google News has clusters of stories among its results."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from newsmoe.ingest.details import first_url
from newsmoe.ingest.fields import FieldFinder, value_at
from newsmoe.ingest.files import remark
from newsmoe.ingest.names import NOT_AN_ARTICLE, folded
from newsmoe.ingest.surroundings import FEEDS, of_object, with_surroundings

LEADING = frozenset({"highlight", "lead", "main"})
"""Keys of the article of a group that stands before its list; under another key it has a date."""
_finder = FieldFinder()


class Group(NamedTuple):
    """The articles in an element, the key of their list, and whether one stands beside that list."""

    articles: tuple[Mapping[str, Any], ...]
    key: str
    has_lead: bool


def keys_of_articles(element: Mapping[str, Any]) -> list[str]:
    """Return the keys of lists of articles in an element."""
    return [key for key, value in element.items() if isinstance(value, list) and _are_articles(key, value)]


def group_in(element: Mapping[str, Any]) -> Group | None:
    """Return the articles in an element that is none itself, and has one list of articles."""
    lists = keys_of_articles(element)
    if len(lists) != 1:
        return None
    (key,) = lists
    leads = {name: value for name, value in element.items() if _is_lead(name, value, element[key])}
    rest = {name: value for name, value in element.items() if name != key and name not in leads}
    if _is_article(rest, has_url=all(map(_url, element[key]))):
        return None
    urls = set(map(_url, element[key]))
    apart = [lead for lead in leads.values() if _url(lead) not in urls and lead not in element[key]]
    around = of_object(rest, inside=True)
    articles = tuple(with_surroundings(article, around) for article in (*apart, *element[key]))
    return Group(articles, key, bool(apart))


def ungrouped(elements: Iterable[Any], path: Path) -> Iterator[Any]:
    """Yield the elements, instead of a group of articles each of these; say so."""
    groups, count, key = 0, 0, ""
    for element in elements:
        if (group := group_in(element) if isinstance(element, Mapping) else None) is None:
            yield element
            continue
        groups, count, key = groups + 1, count + len(group.articles), key or group.key
        yield from group.articles
    if groups:
        remark(path, f"groups of articles (under keys such as {key!r}): {groups}; {count} articles were read from them")


def _are_articles(key: str, values: list[Any]) -> bool:
    """Tell whether values are articles by their keys, and not about another one."""
    are_objects = bool(values) and all(isinstance(value, Mapping) for value in values)
    return are_objects and not NOT_AN_ARTICLE.search(key.casefold()) and all(map(_finder.may_be_article, values))


def _is_lead(key: str, value: Any, articles: list[Mapping[str, Any]]) -> bool:
    """Tell whether a value is an article that looks like those in a list beside it."""
    if not isinstance(value, Mapping) or folded(key) in FEEDS or not _finder.may_be_article(value):
        return False
    first = articles[0].keys()
    is_alike = 2 * len(value.keys() & first) >= len(value.keys() | first)
    return is_alike and (folded(key) in LEADING or _has(value, "publication_date"))


def _is_article(element: Mapping[str, Any], has_url: bool) -> bool:
    """Tell whether an element may be an article, without the list of articles in it, which may have a URL each."""
    has_headline = _has(element, "headline")
    has_content = any(value_at(element, path) is not None for path, _ in _finder.shape(element).contents)
    is_dated = has_headline and (not has_url or _has(element, "publication_date"))
    return bool(_url(element)) or has_content or is_dated


def _has(element: Mapping[str, Any], field: str) -> bool:
    return any(value_at(element, path) is not None for path in _finder.shape(element).fields[field])


def _url(element: Mapping[str, Any]) -> str:
    return first_url(element, _finder.shape(element))[0]
