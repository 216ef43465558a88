"""Data sources: files of labelled texts that experts are trained and evaluated on."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import Field

from newsmoe.article import Article
from newsmoe.datasets.label_maps import map_label
from newsmoe.datasets.splits import Split, split_of
from newsmoe.datasets.words import BETWEEN_SENTENCES, text_of
from newsmoe.errors import InputError
from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.source import read_elements
from newsmoe.text.boilerplate import without_boilerplate
from newsmoe.text.cleaning import clean_line, clean_text
from newsmoe.text.sentences import split_sentences
from newsmoe.validation import Authored

TEXT_KEYS = FieldFinder({"content": ("sentence", "review")})
"""The usual keys of headline and content, in articles and in labelled texts."""

T = TypeVar("T")

ID = "id"


class LabelledArticle(NamedTuple):
    """An article and its label."""

    article: Article
    label: str
    accepted: tuple[str, ...]  # the expert's labels that are correct; several where the data's label is wider
    others: tuple[str, ...] = ()  # the expert's labels that a second reader could have given


class SummarizedArticle(NamedTuple):
    """An article and its reference summary, one sentence a line."""

    article: Article
    summary: str


class ReadArticle(NamedTuple):
    """An article, its sentences, and the numbers of some of them."""

    article: Article
    sentences: tuple[str, ...]
    chosen: frozenset[int]  # those of the summary
    junk: frozenset[int]  # those that are no part of the article


class DataSource(Authored):
    """A file of texts: JSON, JSON Lines, CSV or TSV, gzipped or not.

    In a recipe, paths that begin with `./` are relative to the recipe.
    """

    path: str  # below the data folder
    annotations: str | None = None  # file of what readers said of the texts, joined by `id`; texts without are left out
    name: str = ""  # in cards; default: the path
    licence: str = "not stated"  # as published
    headline: str | None = None  # key or column of the headline
    content: str | None = None  # key or column of the text; without both, those with usual names
    words: str | None = None  # key of the words of each sentence, where the content is a list of sentences
    language: str = "en"  # ISO 639-1 code of the texts
    first_sentences: int | None = Field(None, ge=1)  # what is read of the content, as in a teaser; None: everything
    exclude: re.Pattern[str] | None = None  # leaves out texts whose content matches
    weight: float = Field(1.0, gt=0)  # of an example, relative to those of other sources
    skip: int = Field(0, ge=0)  # examples to pass over first
    limit: int | None = Field(None, ge=1)  # maximum number of examples
    split: Split | None = None  # None: the whole file
    split_by: str | None = None  # key of what is kept on one side of the split, such as the outlet; default: the text

    @property
    def title(self) -> str:
        """The name of the data."""
        return self.name or self.path

    def _slice(self, examples: Iterable[T]) -> Iterator[T]:
        return islice(examples, self.skip, None if self.limit is None else self.skip + self.limit)

    def _rows(self, root: Path, target: str = "") -> Iterator[tuple[Article, Mapping[str, Any], str]]:
        """Yield each article, which must have a value under `target`, its element, and where that is in the file."""
        keys = self.headline, self.content
        for where, element in self._elements(root):
            if not any(keys):
                keys = _guess_text_keys(element, target, where)
            headline, content = (self._text(element, key, where) if key else "" for key in keys)
            article = Article(headline=clean_line(headline), content=clean_text(content)[0], language=self.language)
            excluded = self.exclude is not None and self.exclude.search(article.content)
            group = None if self.split_by is None else str(value_of(element, self.split_by, where))
            if target:
                value_of(element, target, where)
            if not excluded and self.split in (None, split_of(article, group)):  # which the text as it was decides
                article = replace(article, content=without_boilerplate(article.content))
                yield self._beginning(article), element, where

    def _elements(self, root: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Yield the elements of the file with where they are, those with annotations if there is a file of these."""
        if self.annotations is None:
            yield from elements_of(root / self.path)
            return
        said = {str(value_of(note, ID, where)): note for where, note in elements_of(root / self.annotations)}
        for where, element in elements_of(root / self.path):
            if note := said.pop(str(value_of(element, ID, where)), None):  # a text that is there twice counts once
                yield where, {**element, **note}

    def _text(self, element: Mapping[str, Any], key: str, where: str) -> str:
        if self.words is None or key != self.content:
            return str(value_of(element, key, where))
        sentences = [_list(sentence, self.words, where) for sentence in _list(element, key, where)]
        return BETWEEN_SENTENCES.join(text_of(words, "")[0] for words in sentences)

    def _beginning(self, article: Article) -> Article:
        if self.first_sentences is None:
            return article
        sentences = split_sentences(article.content, article.language)
        return replace(article, content=" ".join(sentences[: self.first_sentences]))


class TextSource(DataSource):
    """Texts that a teacher labels."""

    def examples(self, root: Path) -> Iterator[Article]:
        """Return the articles."""
        return self._slice(article for article, *_ in self._rows(root))


class LabelSource(DataSource):
    """Texts with labels."""

    label: str = "label"  # key or column of the label
    others: str | None = None  # key of a list of labels that a second reader could have given
    labels: dict[str, str | tuple[str, ...]] = {}  # label map; other labels are left out; empty: no change
    closed: bool = False  # in an evaluation, only scores of labels that occur in the data count
    teacher_share: float | None = Field(None, ge=0, le=1)  # of the target; default: the recipe's
    join: int = Field(1, ge=1)  # texts of a label joined to one, so that length does not tell labels apart

    def examples(self, root: Path, allowed: Sequence[str] | None = None) -> Iterator[LabelledArticle]:
        """Return the labelled articles; a label that is not `allowed` is an error."""
        examples = self._slice(self._labelled(root, allowed))
        return examples if self.join == 1 else _join_by_label(examples, self.join)

    def _labelled(self, root: Path, allowed: Sequence[str] | None) -> Iterator[LabelledArticle]:
        for article, element, where in self._rows(root, self.label):
            if (mapped := map_label(str(element[self.label]), self.labels)) is None:
                continue
            others = _list(element, self.others, where) if self.others else []
            maps = (map_label(str(other), self.labels) for other in others)
            also = dict.fromkeys(label for other in maps if other for label in other[1] if label not in mapped[1])
            for label in (*mapped[1], *also):
                if allowed is not None and label not in allowed:
                    raise InputError(f"{where}: label {label!r} is not one of {', '.join(allowed)}")
            yield LabelledArticle(article, *mapped, tuple(also))


class SummarySource(DataSource):
    """Texts with summaries."""

    summary: str = "summary"  # key or column of the summary, a text or a list of sentences

    def examples(self, root: Path) -> Iterator[SummarizedArticle]:
        """Return the articles with their summaries."""
        for article, element, _ in self._slice(self._rows(root, self.summary)):
            value = element[self.summary]
            sentences = value if isinstance(value, list) else [value]
            yield SummarizedArticle(article, "\n".join(map(str, sentences)))


class ChosenSource(DataSource):
    """Texts of which a reader chose the sentences of a summary; those without are left out.

    The reader's sentences need not be split as newsmoe splits them.
    """

    sentences: str = "sentences"  # key of the list of sentences
    chosen: str = "summary"  # key of the list of the numbers of those that make the summary, from 0
    junk: str | None = None  # key of the list of the numbers of those that are no part of the article

    def examples(self, root: Path) -> Iterator[ReadArticle]:
        """Return the articles with what the reader said of their sentences."""
        return self._slice(self._read(root))

    def _read(self, root: Path) -> Iterator[ReadArticle]:
        for article, element, where in self._rows(root):
            if element.get(self.chosen):
                sentences = tuple(map(str, _list(element, self.sentences, where)))
                junk = element.get(self.junk) if self.junk else None
                yield ReadArticle(
                    article, sentences, frozenset(_list(element, self.chosen, where)), frozenset(junk or ())
                )


class UnlabelledSource(DataSource):
    """Texts without labels, each with short texts about it that a trained expert can label."""

    parts: str  # key of a list of short texts, such as the sentences of a summary
    share: float = Field(0.3, gt=0, le=1)  # of the texts of a label, those with the highest scores
    max_per_label: int = Field(400, ge=1, alias="most")

    def examples(self, root: Path) -> Iterator[tuple[Article, tuple[Article, ...]]]:
        """Return the articles, each with its short texts as headlines."""
        for article, element, where in self._slice(self._rows(root, self.parts)):
            parts = map(str, _list(element, self.parts, where))
            yield article, tuple(Article(headline=clean_line(text), language=self.language) for text in parts)


def _join_by_label(examples: Iterable[LabelledArticle], size: int) -> Iterator[LabelledArticle]:
    """Yield examples made of `size` examples of a label each; the last one of a label may have fewer."""
    groups: dict[str, list[LabelledArticle]] = {}
    for example in examples:
        group = groups.setdefault(example.label, [])
        group.append(example)
        if len(group) == size:
            yield _join(groups.pop(example.label))
    yield from map(_join, groups.values())


def _join(group: Sequence[LabelledArticle]) -> LabelledArticle:
    """Return an article with the first headline, and all other text of the group as its content."""
    (headline, *texts) = [text for article, *_ in group for text in (article.headline, article.content)]
    content = "\n".join(text if text[-1] in ".!?" else f"{text}." for text in texts if text)
    article = Article(headline=headline, content=content, language=group[0].article.language)
    return group[0]._replace(article=article)


def elements_of(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the raw objects of a file of examples, each with a description of its position."""
    for number, element in enumerate(read_elements(str(path), path), start=1):
        where = f"{path}: element {number}"
        if isinstance(element, BadElement):
            raise InputError(f"{where}: {element.message}")
        if not isinstance(element, Mapping):
            raise InputError(f"{where}: expected an object, found {json.dumps(element, default=str)[:40]}")
        yield where, element


def _guess_text_keys(element: Mapping[str, Any], target: str, where: str) -> tuple[str | None, str | None]:
    """Return the keys of headline and content: those with usual names, or the only one beside `target`."""
    others = [key for key in element if key != target]
    names = TEXT_KEYS.names_in(others)
    headline, content = (next(iter(names[field]), None) for field in ("headline", "content"))
    if headline or content:
        return headline, content
    if len(others) == 1:
        return None, others[0]
    raise InputError(f"{where}: say which of {', '.join(map(repr, others))} is the text (--content KEY)")


def _list(element: Mapping[str, Any], key: str, where: str) -> list[Any]:
    value = value_of(element, key, where)
    if not isinstance(value, list):
        raise InputError(f"{where}: expected a list of texts under {key!r}")
    return value


def value_of(element: Mapping[str, Any], key: str, where: str) -> Any:
    """Return what stands under a key; an element without it is an error that names its keys."""
    if element.get(key) is None:
        raise InputError(f"{where}: no value under {key!r}; keys: {', '.join(map(repr, element))}")
    return element[key]
