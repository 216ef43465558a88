"""What an article's headline, date or URL is, where none stands under a common name: said in a message."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from newsmoe.ingest import dates
from newsmoe.ingest.contents import Content
from newsmoe.ingest.evidence import Strength, is_address, is_no_value, strength_of
from newsmoe.ingest.fields import Shape
from newsmoe.ingest.names import ALIASES, HEADLINES_OR_SECTIONS, NOT_AN_ARTICLE, folded, words_of
from newsmoe.ingest.uncommon_names import is_of_another_text, may_name_url, names_day
from newsmoe.ingest.unwrap import unwrapped
from newsmoe.ingest.values import author_of, url_of
from newsmoe.text.cleaning import clean_line

MAX_HEADLINE, MAX_DATE, MAX_URL = 250, 40, 2_000  # characters
HREF = "-href"
ACCOUNT = "account"

_TITLES = frozenset(map(folded, ALIASES["headline"])) - {"name"}
MIN_WORDS = 3  # of a headline, where there might be a label
_NO_HEADLINE = re.compile(
    r"instruct|question|answer|respon|output|input|label|expla|context|role|locat|address|place|city|country|region"
    r"|section|series|channel|book|job|album|show|user|account|descri|company|organi[sz]|publish|event|tweet"
)
"""Keys of short texts about something else than the article, or about how it was labelled."""
_PAGE = re.compile(
    r"https?://[^/\s?#]+/(?!\S*\.(?:jpe?g|png|gif|webp|svg|avif|bmp|ico|mp[34]|m4a|webm|xml|rss|json|css|js)\b)\S+",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_TWO_DAYS = re.compile(r"(?:0?[1-9]|1[0-2])([/-])(?:0?[1-9]|1[0-2])\1[12]\d{3}(?: \d{1,2}:\d\d(?::\d\d)?)?")
_LINKS = frozenset({"url", "link", "href", "permalink", "uri"})
LINKS = "links"
COMMON_BY_VALUE = frozenset({"data", f"{LINKS}self"})
"""Names, folded, of a date in some languages and of much else in English, and of a link of an API: no guesses."""


class Guess(NamedTuple):
    """What was read, and the key under which it stood."""

    key: str
    text: str


def guessed_headline(element: Mapping[str, Any], shape: Shape, content: Content) -> Guess | None:
    """Return the text under a name such as `bill_title`; beside a content of no common name, a single short text.

    The text of a link is one, too, where its URL stands beside it, as webscraper.io writes it.
    """
    links = ((key, element.get(key)) for href in shape.keys if (key := _of_link(href)))
    if link := next((Guess(key, line) for key, text in links if (line := _short_line(text))), None):
        return link
    lines = [
        Guess(key, line)
        for key, value in _strings(element, shape.unnamed, MAX_HEADLINE)
        if key != content.path[0]
        and not _NO_HEADLINE.search(key.casefold())
        and not is_of_another_text(key)
        and (line := clean_line(value))
        and not is_address(line)
        and not is_no_value(line, content=True)
    ]
    if title := next(filter(_is_title, lines), None):
        return title
    is_common = content.path in dict(shape.contents) or content.path in shape.mapped
    prose = [line for line in lines if strength_of(line.text) is Strength.PROSE and len(line.text) < len(content.text)]
    return prose[0] if len(prose) == 1 and not is_common else None


def guessed_url(element: Mapping[str, Any], shape: Shape) -> Guess | None:
    """Return the only URL of a page, or the only one under a name that ends or begins with `url` or the like.

    Where there is none, it may be in one of the objects in the element, such as that of the request.
    """
    pages = _pages(element, shape.names_of_urls)
    named = [page for page in pages if _names_link(page.key)]
    if guess := next((some[0] for some in (pages, named) if len(some) == 1), None):
        return guess
    objects = {key: element[key] for key in shape.keys if isinstance(element[key], Mapping) and _may_tell_url(key)}
    inner = {
        page.text: Guess(f"{key}.{page.key}", page.text)
        for key, value in objects.items()
        for page in (_pages(value, filter(_names_link, map(str, value))) if not pages else ())
    }
    return next(iter(inner.values())) if len(inner) == 1 else _link_to_itself(element, shape)


def _link_to_itself(element: Mapping[str, Any], shape: Shape) -> Guess | None:
    """Return the URL under which an API gives the article, which is better than none."""
    links = (unwrapped(element[key]) for key in shape.keys if folded(key) == LINKS)
    urls = (url_of(unwrapped(value.get("self"))) for value in links if isinstance(value, Mapping))
    return next((Guess(f"{LINKS}.self", url) for url in urls if url), None)


def _pages(element: Mapping[str, Any], keys: Iterable[str]) -> list[Guess]:
    """Return the URLs of pages under some keys."""
    values = _strings(element, keys, MAX_URL)
    urls = ((value, key) for key, value in values if value.startswith("http") and _PAGE.fullmatch(value))
    return [Guess(key, url) for url, key in dict(urls).items()]


def _names_link(key: str) -> bool:
    words = words_of(key)
    return not _LINKS.isdisjoint(words[:1] + words[-1:]) and may_name_url(key)


def _may_tell_url(key: str) -> bool:
    """Tell whether the URL in an object under a key may be that of the article."""
    return isinstance(key, str) and may_name_url(key) and not NOT_AN_ARTICLE.search(key.casefold())


def guessed_date(element: Mapping[str, Any], shape: Shape) -> Guess | None:
    """Return the only date under a name such as `EditionDate`, else under one with a time, such as `xtime`.

    A year, a month and a day in columns of their own are one, too.
    """
    if (parts := shape.parts_of_date) and (date := _date_of_parts(*map(element.get, parts))):
        return Guess(", ".join(parts), date)
    values = _strings(element, shape.names_of_dates, MAX_DATE)
    days = [
        Guess(key, date)
        for key, value in values
        if _DIGIT.search(value) and not value.isdecimal() and (date := _date_in(value, key))
    ]
    named = [day for day in days if names_day(day.key)]
    return next((some[0] for some in (named, days) if len(some) == 1), None)


def _date_in(value: str, key: str) -> str | None:
    """Return the date in a text, under a common name also one that may mean two days, so that a message says so."""
    is_date = folded(key) in COMMON_BY_VALUE and _TWO_DAYS.fullmatch(value)
    return dates.from_text(value) or (value if is_date else None)


def guessed_author(element: Mapping[str, Any], shape: Shape) -> Guess | None:
    """Return who posted the text, which may be its author, or whoever put it into a database."""
    posters = ((key, element.get(key)) for key in shape.posters)
    authors = ((key, author_of(unwrapped(value))) for key, value in posters if _may_be_poster(key, value))
    return next((Guess(key, author) for key, author in authors if author), None)


def _is_title(line: Guess) -> bool:
    """Tell whether a line stands under a name that ends with that of a headline."""
    name = folded("".join(words_of(line.key)[-1:]))
    return name in _TITLES or (name in HEADLINES_OR_SECTIONS and len(line.text.split()) >= MIN_WORDS)


def _may_be_poster(key: str, value: object) -> bool:
    """Tell whether a value is a person: an account that is a bare text may be a customer's."""
    return folded(key) != ACCOUNT or not isinstance(value, str)


def _of_link(key: object) -> str:
    """Return the key of the text of a link that a key is the URL of; empty where it is of none."""
    return key.removesuffix(HREF) if isinstance(key, str) and key.endswith(HREF) else ""


def _short_line(value: object) -> str:
    line = clean_line(value) if isinstance(value, str) and len(value) <= MAX_HEADLINE else ""
    return "" if is_address(line) or is_no_value(line, content=True) else line


def _date_of_parts(*parts: object) -> str | None:
    """Return the date of a year, a month and a day, which may be texts, and whole numbers with a fraction."""
    try:
        return dates.from_parts(*(int(float(part)) for part in parts if isinstance(part, str | int | float)))
    except (ValueError, OverflowError):
        return None


def _strings(element: Mapping[str, Any], keys: Iterable[str], limit: int) -> Iterator[tuple[str, str]]:
    """Yield the texts under some keys, up to a length."""
    for key in keys:
        value = element.get(key)
        if isinstance(value, str) and 0 < len(value) <= limit:
            yield key, value.strip()
