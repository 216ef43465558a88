"""From what a scraper wrote to an `Article`."""

import re
from collections.abc import Mapping
from typing import Any

from newsmoe.article import Article, InvalidItem
from newsmoe.ingest import values
from newsmoe.ingest.fields import FieldFinder, FieldNames, some_keys
from newsmoe.ingest.formats import BadElement
from newsmoe.text.cleaning import clean_line, clean_text
from newsmoe.text.language import article_language

_WORD = re.compile(r"\w")


class Normaliser:
    """Makes articles of elements."""

    def __init__(self, fields: FieldNames | None = None) -> None:
        self.fields = FieldFinder(fields)

    def __call__(self, element: object) -> Article | InvalidItem:
        """Return the article that `element` holds, or why it holds none."""
        if isinstance(element, BadElement):
            return InvalidItem(element.message, type="UndecodableElement")
        if not isinstance(element, Mapping):
            return InvalidItem(f"expected an object with a headline or content, found {values.type_name(element)}")
        keys = self.fields.find(element)
        raw = {field: element[key] for field, key in keys.items()}
        try:
            return self._article(element, set(keys.values()), raw)
        except values.NotAnArticleError as error:
            return InvalidItem(
                str(error),
                id=values.identifier_of(raw.get("id")),
                headline=values.line_or_none(raw.get("headline")),
                url=values.line_or_none(raw.get("url")),
            )

    def _article(self, element: Mapping[str, Any], read: set[str], raw: Mapping[str, Any]) -> Article:
        if not self.fields.has_text(element):
            raise values.NotAnArticleError(
                f"no headline and no content: the element has none of the keys"
                f" {', '.join(self.fields.text_keys)} (found: {some_keys(element)});"
                " name yours under [fields] in newsmoe.toml"
            )
        headline = clean_line(values.text_of("headline", raw.get("headline")))
        content, truncated = clean_text(values.text_of("content", raw.get("content")))
        if not _WORD.search(content):  # nothing but punctuation, such as a row of stars
            content = ""
        url = values.line_or_none(raw.get("url")) or ""
        identifier = values.identifier_of(raw.get("id"))
        return Article(
            id=values.derived_id(url, headline, content) if identifier is None else identifier,
            url=url,
            headline=headline,
            content=content,
            topics=tuple(values.names_of(raw.get("topics"))),
            publication_date=values.date_of(raw.get("publication_date")),
            author=", ".join(values.names_of(raw.get("author"))) or None,
            source=next(iter(values.names_of(raw.get("source"))), None),
            language=article_language(values.line_or_none(raw.get("language")), content, headline),
            truncated=truncated,
            extra={key: value for key, value in element.items() if key not in read},
        )
