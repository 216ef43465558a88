"""The tree of an XML document that is no feed, as JSON would have it, and the articles in it.

Attributes stand beside the elements, or as `@name` beside the text `#text`, and elements of the same name in a list.
"""

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from io import StringIO
from typing import Any
from xml.parsers import expat

from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.json_stream import elements, survey
from newsmoe.ingest.location import Location, locate
from newsmoe.ingest.survey import Node

MAX_DEPTH = 100
BLOCKS = frozenset(
    ["p", "head", "h1", "h2", "h3", "h4", "quote", "blockquote", "list", "item", "ul", "ol", "li", "div"]
)
"""Elements of a text that begin a paragraph."""
INLINE = frozenset({"br", "lb", "b", "i", "em", "strong", "hi", "ref", "a", "span", "graphic"})
LINE_BREAKS = frozenset({"br", "lb"})
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z]\w*;")


class TreeError(ValueError):
    """What is no XML, or has entities of its own or too many levels."""


class _Element:
    """An element with what is in it."""

    def __init__(self, attributes: Mapping[str, str]) -> None:
        self.attributes = attributes
        self.children: dict[str, list[_Element]] = {}
        self.texts: list[str | _Element] = []  # in their order, with the elements between them

    def value(self) -> Any:
        """Return what JSON would have for the element: an object, or a text where it has nothing else, or is mixed."""
        content = self._content()
        if isinstance(content, dict):
            return {**self.attributes, **content}
        return (
            {**{f"@{name}": value for name, value in self.attributes.items()}, "#text": content}
            if self.attributes
            else content
        )

    def _content(self) -> Any:
        """Return the same without attributes."""
        text = "" if self.children and not self._is_text() else "".join(self._all_texts()).strip()
        return text or self._members()

    def _is_text(self) -> bool:
        """Tell whether there is text between the elements inside, or these are paragraphs."""
        names = {name.casefold() for name in self.children}
        are_parts = "p" in names and names <= BLOCKS | INLINE
        return are_parts or any(isinstance(text, str) and not text.isspace() for text in self.texts)

    def _all_texts(self) -> Iterator[str]:
        for text in self.texts:
            if isinstance(text, str):
                yield text
            else:
                yield from text._all_texts()

    def _members(self) -> dict[str, Any]:
        """Return the elements inside by their names, or by those that all of them have as an attribute."""
        every = [element for some in self.children.values() for element in some]
        if every and all(element.attributes.keys() == {"name"} for element in every):  # Solr, mysqldump --xml
            return {element.attributes["name"]: element._content() for element in every}
        values = {name: [element.value() for element in some] for name, some in self.children.items()}
        return {name: some[0] if len(some) == 1 else some for name, some in values.items()}


class _Builder:
    """Makes the tree of what a parser finds."""

    def __init__(self) -> None:
        self.stack = [_Element({})]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Begin an element."""
        if len(self.stack) > MAX_DEPTH:
            raise TreeError(f"more than {MAX_DEPTH} elements inside each other")
        values = {key: value for key, value in attributes.items() if key.partition(":")[0] != "xmlns"}
        element, outer = _Element(values), self.stack[-1]
        outer.children.setdefault(name, []).append(element)
        outer.texts.append(element)
        element.texts += ["\n\n"] if name.casefold() in BLOCKS else ["\n"] if name.casefold() in LINE_BREAKS else []
        self.stack.append(element)

    def end(self, _: str) -> None:
        """End the innermost element."""
        self.stack.pop()

    def text(self, text: str) -> None:
        """Add a text to the innermost element."""
        self.stack[-1].texts.append(text)

    def entity(self, *_: object) -> None:
        """Refuse entities of the document's own, which may stand for more than fits into memory."""
        raise TreeError("it declares entities")


def tree_of(document: str) -> dict[str, Any]:
    """Return the tree of a document without its declaration."""
    builder, parser = _Builder(), expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
    parser.CharacterDataHandler, parser.EntityDeclHandler = builder.text, builder.entity
    try:
        parser.Parse(_ENTITY.sub(lambda entity: unescape(entity[0]), document).encode(errors="replace"), True)
    except expat.ExpatError as error:
        raise TreeError(str(error)) from None
    members: dict[str, Any] = builder.stack[0].value()
    return members


def articles_in(document: str, limit: int) -> tuple[Location, Iterator[Any]] | None:
    """Return where the articles in a document are, and these; None where nothing looks like an article."""
    text = json.dumps(tree_of(document))
    surveyor = survey(StringIO(text), FieldFinder(), limit)
    if not _has_articles(surveyor.root):
        return None
    location = locate(surveyor)
    return location, elements(StringIO(text), location.place, limit=limit)


def _has_articles(node: Node) -> bool:
    return node.articles > 0 or any(map(_has_articles, node.children.values()))
