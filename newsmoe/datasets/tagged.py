"""Data sources of articles in which entities are tagged, word by word."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from newsmoe.article import Article
from newsmoe.datasets.label_maps import map_label
from newsmoe.datasets.sources import DataSource
from newsmoe.datasets.splits import split_of
from newsmoe.datasets.words import BETWEEN_SENTENCES, text_of
from newsmoe.errors import InputError

OUTSIDE = "O"


class Span(NamedTuple):
    """An entity in the content of an article, from `start` to before `end`, in characters."""

    start: int
    end: int
    type: str


class TaggedArticle(NamedTuple):
    """An article and the entities in its content, in order."""

    article: Article
    entities: tuple[Span, ...]


class TaggedSource(DataSource):
    """Articles as lists of words with a tag each: `O`, `B-Person`, `I-Person`.

    An element has `sentences`, each with words and tags, or words and tags itself.
    """

    sentences: str | None = None  # key of the list of sentences; None: the element is one
    tokens: str = "tokens"  # key of the list of words
    tags: str = "tags"  # key of the list of tags, as many
    types: dict[str, str] = {}  # map of types; others are left out; empty: no change

    def examples(self, root: Path) -> Iterator[TaggedArticle]:
        """Return the articles with their entities."""
        return self._slice(self._tagged(root))

    def _tagged(self, root: Path) -> Iterator[TaggedArticle]:
        for where, element in self._elements(root):
            parts = [element] if self.sentences is None else _objects(element, self.sentences, where)
            content, spans = "", list[Span]()
            for part in parts:
                content += BETWEEN_SENTENCES if content else ""
                words, tags = (_texts(part, key, where) for key in (self.tokens, self.tags))
                if len(words) != len(tags):
                    raise InputError(f"{where}: {len(words)} words but {len(tags)} tags")
                content, ends = text_of(words, content)
                spans += self._spans(words, ends, tags)
            article = Article(content=content, language=self.language)
            if self.split in (None, split_of(article)):
                yield TaggedArticle(article, tuple(spans))

    def _spans(self, words: Sequence[str], ends: Sequence[int], tags: Sequence[str]) -> Iterator[Span]:
        """Yield the entities of a sentence; what is inside of none begins one."""
        span: Span | None = None
        for word, end, tag in zip(words, ends, tags, strict=True):
            place, _, type = tag.partition("-")
            if span and place == "I" and span.type == type:
                span = span._replace(end=end)
                continue
            yield from self._mapped(span)
            span = None if tag == OUTSIDE else Span(end - len(word), end, type)
        yield from self._mapped(span)

    def _mapped(self, span: Span | None) -> Iterable[Span]:
        mapped = map_label(span.type, self.types) if span else None
        return [span._replace(type=mapped[0])] if span and mapped else []


def _objects(element: Mapping[str, Any], key: str, where: str) -> list[Mapping[str, Any]]:
    values = element.get(key)
    if not isinstance(values, list) or not all(isinstance(value, Mapping) for value in values):
        raise InputError(f"{where}: expected a list of sentences under {key!r}, each with words and tags")
    return values


def _texts(element: Mapping[str, Any], key: str, where: str) -> list[str]:
    values = element.get(key)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InputError(f"{where}: expected a list of texts under {key!r}; keys: {', '.join(map(repr, element))}")
    return values
