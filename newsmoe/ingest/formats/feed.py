"""RSS, Atom and RDF, one article an entry, and other XML; feedparser comes with the extra `feeds`."""

import calendar
import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newsmoe.errors import InputError
from newsmoe.ingest.files import max_characters, read_whole, remark
from newsmoe.ingest.groups import ungrouped
from newsmoe.ingest.values import date_of
from newsmoe.ingest.xml_tree import TreeError, articles_in
from newsmoe.plugins import import_extra
from newsmoe.text.dates import moment_of

MAX_TAGS = 500_000  # a feed has some twenty for an entry

suffixes = (".rss", ".atom", ".rdf", ".xml")
_ROOT = re.compile(r"<(rss|feed|rdf:RDF|channel)[\s>]")
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]*\?>")
_FIRST = re.compile(r"\A\s*+(?:<\?[^>]*+>\s*+|<!--.*?-->\s*+|<!DOCTYPE[^>\[]*+>\s*+)*+<([\w:.-]++)", re.DOTALL)
"""The first element of XML, after its declaration and comments."""
_FEEDS_AND_PAGES = frozenset({"rss", "feed", "rdf", "channel", "html"})
_RENAMED = frozenset({"content", "summary", "tags", "authors", "published_parsed", "updated_parsed", "created_parsed"})
_NO_ARTICLES = frozenset(
    {"attachment", "nav_menu_item", "revision", "custom_css", "customize_changeset", "oembed_cache"}
)
"""What an export of WordPress has beside posts and pages, by type."""
_DETAILS = re.compile(r".*_detail|.*_parsed|links|guidislink")


def matches(start: str) -> bool:
    """Tell whether a text that starts so is a feed."""
    return start.lstrip().startswith("<") and bool(_ROOT.search(start))


def read(name: str, path: Path) -> Iterator[Any]:
    """Yield each entry as an object, with the feed's title and language where the entry has none."""
    document = read_whole(path, name)
    if (tags := document.count("<")) > MAX_TAGS:
        raise InputError(
            f"{name}: a feed of {tags:,} tags; no more than {MAX_TAGS:,} are read at once, cut it in parts"
        )
    if _is_other_xml(document):
        yield from _articles(name, path, _DECLARATION.sub("", document))
        return
    parser = import_extra("feedparser", "a feed", "feeds")
    root = _ROOT.search(document)
    if root and f"</{root[1]}" not in document:  # feedparser would read what there is
        raise InputError(f"{name}: the feed breaks off: </{root[1]}> is missing at its end; fetch it again")
    parsed = parser.parse(
        # decoded here, as all text is, so what the file declares is no longer true
        io.BytesIO(_DECLARATION.sub("", document).encode(errors="replace")),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    if not parsed.get("version") and not root:
        raise InputError(f"{name}: no RSS, Atom or RDF feed, nor other XML with articles in it")
    posts = [entry for entry in parsed.entries if not _is_no_article(entry)]
    for entry in posts:
        yield _element(entry, parsed.feed)
    if others := len(parsed.entries) - len(posts):
        remark(path, f"images, menus and the like in an export of WordPress: {others}; they were left out")


def _is_other_xml(document: str) -> bool:
    """Tell whether a document is XML, and its first element is not that of a feed, or of a page."""
    first = _FIRST.match(document)
    return first is not None and first[1].rpartition(":")[2].casefold() not in _FEEDS_AND_PAGES


def _articles(name: str, path: Path, document: str) -> Iterator[Any]:
    """Yield the articles in XML that is no feed, and say where they were."""
    try:
        place_and_articles = articles_in(document, max_characters(path))
    except TreeError as error:
        raise InputError(f"{name}: no RSS, Atom or RDF feed, nor other XML that can be read: {error}") from None
    if place_and_articles is None:
        raise InputError(f"{name}: no RSS, Atom or RDF feed, nor other XML with articles in it")
    location, articles = place_and_articles
    yield from ungrouped(articles, path) if location.place.is_grouped else articles
    remark(path, f"XML that is no feed; articles were read from {location.place}")


def _is_no_article(entry: Mapping[str, Any]) -> bool:
    kind: str = entry.get("wp_post_type", "")
    return kind in _NO_ARTICLES or kind.startswith("wp_")


def _element(entry: Mapping[str, Any], feed: Mapping[str, Any]) -> dict[str, Any]:
    contents = [part.get("value") or "" for part in entry.get("content", ())]
    element = {
        "content": max(contents, key=len, default=""),
        "description": entry.get("summary"),
        "published": _date(entry),
        "authors": [author["name"] for author in entry.get("authors", ()) if author.get("name")],
        "tags": [tag["term"] for tag in entry.get("tags", ()) if tag.get("term")],
        "source": (entry.get("source") or {}).get("title") or feed.get("title"),
        "language": entry.get("language") or feed.get("language"),
    }
    element = {key: value for key, value in element.items() if value}
    others = (key for key in entry if key not in _RENAMED and not _DETAILS.fullmatch(key))
    return {**{key: entry[key] for key in others}, **element}


def _date(entry: Mapping[str, Any]) -> str | None:
    """Return when the entry was published as it is written; as feedparser read it where only that understands it."""
    for key in ("published", "created", "updated"):
        text, parsed = entry.get(key), entry.get(f"{key}_parsed")
        if parsed and moment_of(date_of(text)) is None:
            return datetime.fromtimestamp(calendar.timegm(parsed), UTC).isoformat()
        if text:
            return str(text)
    return None
