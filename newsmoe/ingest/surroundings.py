"""What only the objects around articles say of them: the outlet of a feed or a list, a date, the URL of a page."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from newsmoe.ingest import dates
from newsmoe.ingest.evidence import is_address, is_missing
from newsmoe.ingest.fields import FieldFinder, value_at
from newsmoe.ingest.names import LABELS_OF_OUTLETS, folded
from newsmoe.ingest.unwrap import unwrapped
from newsmoe.ingest.values import source_of, url_of

FEEDS = frozenset({"feed", "channel"})
"""Keys of a feed, whose title is that of the outlet."""
_OF_FEEDS = frozenset({"link", "homepageurl", "feedurl", "siteurl", "htmlurl", "feedlink", "lastbuilddate", "homepage"})
_OUTLETS = frozenset(
    {"newspapers", "papers", "outlets", "sources", "feeds", "publications", "publishers", "sites", "websites"}
)
"""Keys of objects that have the names of outlets as keys."""
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+(?:com|org|net|info|news|press|online|media|gov|edu|example|(?!md$|gz$)[a-z]{2})")
_ABOUT = ("metadata", "meta")
_ARRAY = "[]"
"""What follows the key of an array where an object stands in it."""
_finder = FieldFinder()

Surroundings = Mapping[str, str]
"""Values by the keys under which articles that lack them get them."""


def of_object(value: Any, key: str = "", *, inside: bool = False) -> Surroundings:
    """Return what an object that stands under a key says of the articles in it; if it is one of several, also a date.

    A single object may have the date of the scraper's run.
    """
    if not isinstance(value, Mapping):
        return {}
    about = next((inner for name in _ABOUT if isinstance(inner := value.get(name), Mapping)), {})
    around = {**dict(_of_object(about, "")), **dict(_of_object(value, key.removesuffix(_ARRAY)))}
    if inside and isinstance(day := value.get("date"), str) and dates.from_text(day):
        around["date"] = day
    return around


def _of_object(value: Mapping[str, Any], key: str) -> Iterator[tuple[str, str]]:
    shape = _finder.shape(value)
    outlets = (value_at(value, path) for path in shape.fields["source"] if folded(path[-1]) not in LABELS_OF_OUTLETS)
    is_feed = folded(key) in FEEDS or folded(key) in _OUTLETS or not _OF_FEEDS.isdisjoint(map(folded, value))
    titles = (value_at(value, path) for path in shape.fields["headline"]) if is_feed else ()
    if name := next(filter(None, (source_of(unwrapped(name)) for name in (*outlets, *titles))), None):
        yield "source", name
    urls = (value_at(value, path) for path, is_by_name in shape.urls if is_by_name)
    if "@type" not in value and (url := next(filter(None, (url_of(unwrapped(url)) for url in urls)), None)):
        yield "url", url


def of_key(key: str, outer: str = "", outlets: Collection[str] = ()) -> Surroundings:
    """Return what the key of a list, in an object that stands under `outer`, says of the articles in it."""
    if is_address(key) and "://" in key:
        return {"url": key}
    if folded(outer) in _OUTLETS or key in outlets or _HOST.fullmatch(key):
        return {"source": key}
    return {"date": key} if not key.isdecimal() and dates.from_text(key) else {}


def with_surroundings(element: Any, around: Surroundings) -> Any:
    """Return an article with what the objects around it say and it lacks; the URL of a page is that of its JSON-LD."""
    if not around or not isinstance(element, dict):
        return element
    shape = _finder.shape(element)
    paths = {"date": shape.fields["publication_date"], "url": [path for path, is_by_name in shape.urls if is_by_name]}
    lacking = {name for name, some in paths.items() if all(value_at(element, path) is None for path in some)}
    outlets = (path for path in shape.fields["source"] if folded(path[-1]) not in LABELS_OF_OUTLETS)
    names = (source_of(unwrapped(value_at(element, path))) for path in outlets)
    if is_missing(element.get("source")) and not any(names):
        lacking.add("source")
    if "@type" not in element:
        lacking.discard("url")
    return {**element, **{name: value for name, value in around.items() if name in lacking}}
