"""From what a scraper wrote to an `Article`."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from newsmoe.article import Article, InvalidItem
from newsmoe.ingest import front_matter, values
from newsmoe.ingest.contents import ENOUGH, Content, find_content, find_headline, much_longer_text
from newsmoe.ingest.details import first_date, first_url, first_value
from newsmoe.ingest.evidence import Strength, strength_of
from newsmoe.ingest.extra import others_of
from newsmoe.ingest.fields import CACHED_SHAPES, EXAMPLES, FieldFinder, Shape, keys_of, some_keys, value_at
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.guesses import COMMON_BY_VALUE, Guess, guessed_author, guessed_date, guessed_headline, guessed_url
from newsmoe.ingest.key_paths import KeyPath
from newsmoe.ingest.leads import with_lead
from newsmoe.ingest.names import FieldNames, folded
from newsmoe.ingest.parts import with_joined_parts
from newsmoe.ingest.stored import object_in
from newsmoe.ingest.titles import without_headline, without_outlet
from newsmoe.ingest.values import MAX_LINE
from newsmoe.ingest.wrappers import ArticleObject, find_article, find_heading, with_details
from newsmoe.text.boilerplate import without_boilerplate
from newsmoe.text.cleaning import clean_line
from newsmoe.text.dates import moment_of
from newsmoe.text.language import article_language

BLOCK, BLOCK_SIZE = 64, 1 << 17
"""Articles, and characters of them, that are read before their languages are identified."""

MAX_NOTICES = 8  # keys that are named
MAX_DATES, MAX_DATE = 3, 40  # dates that are named, and characters of them

_ArticleFields = dict[str, Any]
"""What an `Article` is made of, with the language as the scraper stated it."""

_WORD = re.compile(r"\w")


class Normaliser:
    """Makes articles of elements, and counts what it had to guess."""

    def __init__(self, fields: FieldNames | None = None) -> None:
        self.fields = FieldFinder(fields)
        self.count = 0
        self._wrappers: dict[tuple[str, ...], KeyPath] = {}  # by the keys of elements
        self.stored: Counter[KeyPath] = Counter()  # paths to texts that are JSON of an article
        self.guessed: Counter[tuple[str, str]] = Counter()  # fields, and keys under which they were
        self.longer: Counter[str] = Counter()  # keys of texts that are longer than the teaser that was read
        self.shortened = 0  # articles without what is no part of them
        self.unreadable: Counter[str] = Counter()  # keys of values that are no text
        self.bare = 0  # texts that stand in place of articles
        self.undated = 0  # articles whose dates could not be read
        self._dates: dict[str, None] = {}  # some of these

    def __call__(self, element: object) -> Article | InvalidItem:
        """Return the article that `element` holds, or why it holds none."""
        return _article(self._read(element))

    def articles(self, elements: Iterable[object]) -> Iterator[Article | InvalidItem]:
        """Yield the same for each element, with a block of them read ahead.

        Otherwise the model that identifies languages falls out of the processor's cache between two articles.
        """
        block: list[_ArticleFields | InvalidItem] = []
        size = 0
        for item in map(self._read, elements):
            block.append(item)
            size += 0 if isinstance(item, InvalidItem) else len(item["content"])
            if len(block) == BLOCK or size > BLOCK_SIZE:
                yield from map(_article, block)
                block, size = [], 0
        yield from map(_article, block)

    def _read(self, element: object) -> _ArticleFields | InvalidItem:
        """Return what the article is made of, or why there is none."""
        self.count += 1
        if isinstance(element, BadElement):
            return InvalidItem(element.message, type="UndecodableElement")
        if isinstance(element, str) and isinstance(inner := object_in(element), dict):
            self.stored[()] += 1
            element = inner
        if isinstance(element, str) and strength_of(clean_line(element[:MAX_LINE])) is Strength.PROSE:
            self.bare += 1
            element = {"content": element}
        if not isinstance(element, dict | Mapping):
            return InvalidItem(f"expected an object with a headline or content, found {values.type_name(element)}")
        try:
            return self._article_fields(with_joined_parts(element, self.fields))
        except values.NotAnArticleError as error:
            return self._invalid_item(element, str(error))

    def notices(self) -> Iterator[str]:
        """Yield what was guessed or left out so far, a sentence each."""
        for (field, key), count in self.guessed.most_common(MAX_NOTICES):
            yield f"the {field} of {count} of {self.count} articles was read from {key!r}, which is not a common name"
        if self.bare:
            yield f"{self.bare} of {self.count} elements are texts and nothing else; they were read as contents"
        for key, count in self.longer.most_common(MAX_NOTICES):
            yield (
                f"{key!r} holds a longer text than what was read, in {count} of {self.count} articles; if that is the"
                f' article, write content = "{key}" under [fields] in newsmoe.toml'
            )
        for key, count in self.unreadable.most_common(MAX_NOTICES):
            yield f"{key!r} holds no text that can be read in {count} of {self.count} articles, and was left out"
        if unnamed := max(0, len(self.guessed) - MAX_NOTICES) + max(0, len(self.unreadable) - MAX_NOTICES):
            yield f"the same holds for {unnamed} other keys"
        if self.undated:
            examples = ", ".join(self._dates)
            yield (
                f"the date of {self.undated} of {self.count} articles could not be read (such as {examples}), so they"
                " have none in stories, partitions, charts and `show --since`; write dates as 2026-03-31"
            )
        if self.count:
            for field in self.fields.users.keys() - self.fields.matched:
                names = ", ".join(map(repr, self.fields.users[field]))
                yield f"[fields] {field}: no article has a key {names}; the common names were used"

    def _article_fields(self, element: Mapping[str, Any]) -> _ArticleFields:
        shape = self.fields.shape(element)
        content, unreadable = find_content(element, self.fields, shape)
        _, element, shape, content, _ = self._article_object(element, content)
        if content is not None and (fields := _front_matter(element, content)):
            element = {**fields, **element}
            shape = self.fields.shape(element)
        element, shape, heading = find_heading(element, self.fields, shape, content)
        element, shape = with_details(element, self.fields, shape, content)
        headline, headline_path, no_headline = heading
        if content is not None:
            is_teaser = not content.is_body and len(content.text) < ENOUGH
            unreadable = [path for path in unreadable if is_teaser and (path, True) in shape.contents]
            if headline_path is None and (guess := guessed_headline(element, shape, content)):
                headline, headline_path = self._guessed("headline", guess)
        elif headline_path is None:
            self._refuse(element, shape, [*no_headline, *unreadable])
        for path in (*no_headline, *unreadable):
            self.unreadable[".".join(path)] += 1
        content, lead_path = with_lead(element, shape, content)
        text = content.text if content is not None and _WORD.search(content.text) else ""
        url, url_path = first_url(element, shape)
        if not url and (guess := guessed_url(element, shape)):
            url, url_path = self._guessed("URL", guess)
        paths = (headline_path, content and content.path, lead_path, url_path)
        read = {path[0] for path in paths if path and len(path) == 1}
        others = {field: first_value(element, shape, field, read) for field in shape.others}
        if shape.posters and others.get("author") is None and (poster := guessed_author(element, shape)):
            others["author"] = self._poster(poster, bool(headline) and isinstance(element[poster.key], str), read)
        identifier = others.get("id")
        title = without_outlet(headline, others.get("source"))
        return {
            **others,
            "publication_date": self._date(element, shape, read),
            "id": values.derived_id(url, headline, text) if identifier is None else identifier,
            "url": url[:MAX_LINE],
            "headline": title[:MAX_LINE],
            "content": self._without_boilerplate(text, (headline, title)),
            "topics": others.get("topics") or (),
            "truncated": bool(text and content and content.truncated),
            "extra": others_of(element, read),
        }

    def _guessed(self, field: str, guess: Guess) -> tuple[str, KeyPath]:
        """Count a guess, and return its text and path."""
        if folded(guess.key) not in COMMON_BY_VALUE:
            self.guessed[field, guess.key] += 1
        return guess.text, (guess.key,)

    def _poster(self, poster: Guess, is_guess: bool, read: set[str]) -> str:
        """Return who posted an article; a guess where a bare name stands beside a headline, as for a scraper's user."""
        read.add(poster.key)
        if is_guess:
            self._guessed("author", poster)
        return poster.text[:MAX_LINE]

    def _date(self, element: Mapping[str, Any], shape: Shape, read: set[str]) -> str | None:
        """Return the first date that is understood, but for later ones than the publication; else the first at all."""
        paths = shape.fields["publication_date"]
        date, path = first_date(element, shape, read, self.fields.users.get("publication_date"))
        if date is None and (guess := guessed_date(element, shape)):
            date, path = self._guessed("date", guess)
        if path is not None and len(path) == 1:
            read.add(path[0])
        self._check_date(element, paths, date)
        return date

    def _check_date(self, element: Mapping[str, Any], paths: Sequence[KeyPath], date: str | None) -> None:
        """Count a date that is not understood."""
        example = None
        if date is None:
            for value in (value_at(element, path) for path in paths):
                if not isinstance(value, str | bool | None):
                    example = values.type_name(value)
        elif moment_of(date) is None:
            example = repr(date[:MAX_DATE])
        if example:
            self.undated += 1
            if len(self._dates) < MAX_DATES:
                self._dates[example] = None

    def _without_boilerplate(self, text: str, headlines: Iterable[str]) -> str:
        remaining = text
        for headline in dict.fromkeys(headlines):
            remaining = without_headline(remaining, headline)
        remaining = without_boilerplate(remaining)
        self.shortened += len(remaining) < len(text)
        return remaining

    def _article_object(self, element: Mapping[str, Any], content: Content | None) -> ArticleObject:
        """Return the object that holds the article; remember where that was, and count a guess."""
        usual = self._wrappers.get(keys_of(element)) if content is None else None
        inner = find_article(element, self.fields, content, usual)
        if inner.path and len(self._wrappers) < CACHED_SHAPES:
            self._wrappers[keys_of(element)] = inner.path
        if inner.path and not isinstance(value_at(element, inner.path), Mapping):
            self.stored[inner.path] += 1
        if inner.guessed:
            self.guessed["content", inner.guessed] += 1
        elif longer := much_longer_text(inner.element, inner.shape, inner.content):
            self.longer[longer] += 1
        return inner

    def _refuse(self, element: Mapping[str, Any], shape: Shape, unreadable: list[KeyPath]) -> None:
        """Raise where an element has nothing that could be its text, unless that is empty."""
        for path in unreadable:
            kind = values.type_name(value_at(element, path))
            raise values.NotAnArticleError(f"{'.'.join(path)}: expected text, found {kind}")
        if not shape.has_text:
            raise values.NotAnArticleError(
                f"no headline and no content: the element has no key such as {', '.join(EXAMPLES)}"
                f" (found: {some_keys(element)}); name yours under [fields] in newsmoe.toml"
            )

    def _invalid_item(self, element: Mapping[str, Any], message: str) -> InvalidItem:
        shape = self.fields.shape(element)
        headline, *_ = find_headline(element, shape, beside_content=True)
        identifier = first_value(element, shape, "id", set())
        url, _ = first_url(element, shape)
        headline, url = headline[:MAX_LINE], url[:MAX_LINE]
        return InvalidItem(message, id=identifier, headline=headline or None, url=url or None)


def _front_matter(element: Mapping[str, Any], content: Content) -> Mapping[str, Any] | None:
    """Return the fields that stand before the text of an element."""
    value = value_at(element, content.path)
    parts = front_matter.split(value) if isinstance(value, str) and front_matter.may_start(value) else None
    return parts and {key: field for key, field in parts.fields.items() if key != content.path[0]}


def _article(fields: _ArticleFields | InvalidItem) -> Article | InvalidItem:
    """Return the article with its language, or why there is none."""
    if isinstance(fields, InvalidItem):
        return fields
    fields["language"] = article_language(fields.get("language"), fields["content"], fields["headline"])
    return Article(**fields)
