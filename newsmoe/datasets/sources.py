"""Files of labelled texts: what experts are trained and measured on."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import Field

from newsmoe.article import Article
from newsmoe.errors import InputError
from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.source import read_elements
from newsmoe.text.cleaning import clean_line, clean_text
from newsmoe.validation import Strict

Target = Literal["probability", "correct", "rouge", "rouge2"]
"""An expert's success. With labels: how likely it thinks the right one, or whether that is its answer;
with summaries: the mean of ROUGE-1 and -2, or ROUGE-2."""

NAMES = FieldFinder({"content": ("sentence", "review")})
"""The usual names of headline and content, of articles and of labelled texts."""

Example = TypeVar("Example")


class Labelled(NamedTuple):
    """An article and its right label.

    Attributes:
        article: the text.
        label: what the right answer is called.
        accepted: the expert's labels that are right: that of the same name, or several where the data's
            label is a wider one.
    """

    article: Article
    label: str
    accepted: tuple[str, ...]


class Summarized(NamedTuple):
    """An article and a summary that a person wrote, its sentences parted by line breaks."""

    article: Article
    summary: str


class Source(Strict):
    """A file of texts with right answers: JSON, JSON Lines, CSV or TSV, gzipped or not.

    Attributes:
        path: below the folder of data that the command is given; in a recipe, if it begins with `./`,
            relative to the recipe.
        name: what the data is called, for the card; default: the path.
        licence: as published.
        headline: key or column of the headline, if there is one.
        content: key or column of the text, if there is one; where neither is said, those with usual names.
        language: ISO 639-1 code of the texts.
        exclude: a regular expression; texts in whose content it is found are left out.
        weight: how much an example counts against one of another source.
        skip: examples to pass over first.
        limit: examples to take at the most; None: all.
        split: which part of the file is taken, where it serves for training and dev alike: a fifth of the
            texts, told by their hash, is `dev`, the others are `train`.
    """

    path: str
    name: str = ""
    licence: str = "not stated"
    headline: str | None = None
    content: str | None = None
    language: str = "en"
    exclude: re.Pattern[str] | None = None
    weight: float = Field(1.0, gt=0)
    skip: int = Field(0, ge=0)
    limit: int | None = Field(None, ge=1)
    split: Literal["train", "dev"] | None = None

    @property
    def title(self) -> str:
        """What the data is called."""
        return self.name or self.path

    def _part(self, examples: Iterable[Example]) -> Iterator[Example]:
        """Return the examples that `skip` and `limit` leave."""
        return islice(examples, self.skip, None if self.limit is None else self.skip + self.limit)

    def _rows(self, root: Path, answer: str) -> Iterator[tuple[Article, Any, str]]:
        """Yield article, answer, and where they stand."""
        path = root / self.path
        headline_key, content_key = self.headline, self.content
        for where, element in elements_of(path):
            if not (headline_key or content_key):
                headline_key, content_key = _text_keys(element, answer, where)
            headline = clean_line(str(_value(element, headline_key, where))) if headline_key else ""
            content = clean_text(str(_value(element, content_key, where)))[0] if content_key else ""
            if self.exclude is not None and self.exclude.search(content):
                continue
            article = Article(headline=headline, content=content, language=self.language)
            if self.split in (None, _split_of(article)):
                yield article, _value(element, answer, where), where


class LabelSource(Source):
    """Labelled texts.

    Attributes:
        label: key or column of the label.
        labels: from the data's labels to the expert's, to several where the data's label is a wider one;
            labels that are not named are left out. Empty: they are the same.
        closed: in measuring, the labels that the data has are the only ones that count: of an expert's
            scores the largest among them is its answer.
        join: texts of a label that are made one. Where the long texts are about some labels and the short
            ones about others, an expert learns to go by the length; of short ones long ones can be made.
    """

    label: str = "label"
    labels: dict[str, str | tuple[str, ...]] = {}
    closed: bool = False
    join: int = Field(1, ge=1)

    def examples(self, root: Path, known: Sequence[str] | None = None) -> Iterator[Labelled]:
        """Return the labelled articles."""
        examples = self._part(self._labelled(root, known))
        return examples if self.join == 1 else _joined(examples, self.join)

    def _labelled(self, root: Path, known: Sequence[str] | None) -> Iterator[Labelled]:
        for article, given, where in self._rows(root, self.label):
            mapped = self.labels.get(str(given)) if self.labels else str(given)
            if mapped is None:
                continue
            accepted = (mapped,) if isinstance(mapped, str) else mapped
            for label in accepted:
                if known is not None and label not in known:
                    raise InputError(f"{where}: label {label!r} is not one of {', '.join(known)}")
            yield Labelled(article, mapped if isinstance(mapped, str) else str(given), accepted)


class SummarySource(Source):
    """Texts with summaries.

    Attributes:
        summary: key or column of the summary: a text, or a list of sentences.
    """

    summary: str = "summary"

    def examples(self, root: Path) -> Iterator[Summarized]:
        """Return the articles with their summaries."""
        rows = self._part(self._rows(root, self.summary))
        return (Summarized(article, _sentences(given)) for article, given, _ in rows)


class UnlabelledSource(Source):
    """Texts without labels, and what is said of each in short.

    Attributes:
        parts: key of a list of short texts about the same thing, such as the sentences of a summary.
        share: of the texts that a label is found for, the part whose label is the surest.
        most: texts to take for a label at the most.
    """

    parts: str
    share: float = Field(0.3, gt=0, le=1)
    most: int = Field(400, ge=1)

    def examples(self, root: Path) -> Iterator[tuple[Article, tuple[Article, ...]]]:
        """Return the articles, each with its parts as headlines."""
        for article, given, where in self._part(self._rows(root, self.parts)):
            if not isinstance(given, list):
                raise InputError(f"{where}: expected a list of texts under {self.parts!r}")
            heads = (Article(headline=clean_line(str(one)), language=self.language) for one in given)
            yield article, tuple(heads)


def _joined(examples: Iterable[Labelled], size: int) -> Iterator[Labelled]:
    """Yield examples made of `size` of a label, in their order; the last one of a label may be of fewer."""
    waiting: dict[str, list[Labelled]] = {}
    for example in examples:
        group = waiting.setdefault(example.label, [])
        group.append(example)
        if len(group) == size:
            yield _as_one(waiting.pop(example.label))
    yield from map(_as_one, waiting.values())


def _as_one(group: Sequence[Labelled]) -> Labelled:
    """Return an article with the headline of the first, and all other text of theirs as its content."""
    first = group[0].article
    texts = [
        first.content,
        *(text for one in group[1:] for text in (one.article.headline, one.article.content)),
    ]
    content = "\n".join(text if text[-1] in ".!?" else f"{text}." for text in texts if text)
    article = Article(headline=first.headline, content=content, language=first.language)
    return group[0]._replace(article=article)


def elements_of(path: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the objects of a file of examples as they stand there, each with its place in words."""
    for number, element in enumerate(read_elements(str(path), path), start=1):
        where = f"{path}: element {number}"
        if isinstance(element, BadElement):
            raise InputError(f"{where}: {element.message}")
        if not isinstance(element, Mapping):
            raise InputError(f"{where}: expected an object, found {json.dumps(element, default=str)[:40]}")
        yield where, element


def _sentences(summary: Any) -> str:
    return "\n".join(map(str, summary)) if isinstance(summary, list) else str(summary)


def _split_of(article: Article) -> str:
    """Tell where an article belongs; the same text never stands on both sides.

    What an expert has learnt from must stay apart in every later version too, so the hash is of the text by
    itself and not `Article.key`, which grows with what experts read.
    """
    text = json.dumps([article.headline, article.content, article.language])
    return "dev" if int(sha256(text.encode()).hexdigest()[:8], 16) % 5 == 0 else "train"


def _text_keys(element: Mapping[str, Any], answer: str, where: str) -> tuple[str | None, str | None]:
    """Return the keys of headline and content: those with usual names, or the only one beside the answer."""
    others = [key for key in element if key != answer]
    named = NAMES.names_in(others)
    headline, content = (next(iter(named[field]), None) for field in ("headline", "content"))
    if headline or content:
        return headline, content
    if len(others) == 1:
        return None, others[0]
    raise InputError(f"{where}: say which of {', '.join(map(repr, others))} is the text (--content KEY)")


def _value(element: Mapping[str, Any], key: str, where: str) -> Any:
    if element.get(key) is None:
        raise InputError(f"{where}: no value under {key!r}; keys: {', '.join(map(repr, element))}")
    return element[key]
