"""From what a scraper wrote to an `Article`."""

import re
from collections.abc import Mapping
from typing import Any

from newsmoe.article import Article, InvalidItem
from newsmoe.ingest.fields import FieldFinder, FieldNames, some_keys
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.values import (
    NotAnArticleError,
    date_of,
    derived_id,
    identifier_of,
    language_of,
    line_or_none,
    names_of,
    text_of,
    type_name,
)
from newsmoe.text.cleaning import clean_line, clean_text
from newsmoe.text.language import identify_language

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
            return InvalidItem(f"expected an object with a headline or content, found {type_name(element)}")
        keys = self.fields.find(element)
        values = {field: element[key] for field, key in keys.items()}
        try:
            return self._article(element, set(keys.values()), values)
        except NotAnArticleError as error:
            return InvalidItem(
                str(error),
                id=identifier_of(values.get("id")),
                headline=line_or_none(values.get("headline")),
                url=line_or_none(values.get("url")),
            )

    def _article(self, element: Mapping[str, Any], read: set[str], values: Mapping[str, Any]) -> Article:
        if not self.fields.has_text(element):
            raise NotAnArticleError(
                f"no headline and no content: the element has none of the keys"
                f" {', '.join(self.fields.text_keys)} (found: {some_keys(element)});"
                " name yours under [fields] in newsmoe.toml"
            )
        headline = clean_line(text_of("headline", values.get("headline")))
        content, truncated = clean_text(text_of("content", values.get("content")))
        if not _WORD.search(content):  # nothing but punctuation, such as a row of stars
            content = ""
        url = line_or_none(values.get("url")) or ""
        identifier = identifier_of(values.get("id"))
        return Article(
            id=derived_id(url, headline, content) if identifier is None else identifier,
            url=url,
            headline=headline,
            content=content,
            topics=tuple(names_of(values.get("topics"))),
            publication_date=date_of(values.get("publication_date")),
            author=", ".join(names_of(values.get("author"))) or None,
            source=next(iter(names_of(values.get("source"))), None),
            language=language_of(values.get("language")) or identify_language(f"{headline}\n{content}"),
            truncated=truncated,
            extra={key: value for key, value in element.items() if key not in read},
        )
