"""Data sources of texts with the tone towards something that they name."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from newsmoe.article import Article
from newsmoe.datasets.label_maps import map_label
from newsmoe.datasets.sources import DataSource, value_of
from newsmoe.datasets.splits import split_of
from newsmoe.errors import InputError
from newsmoe.prediction import Mention


class TargetedArticle(NamedTuple):
    """An article, the places where it names a target, and the tone towards that."""

    article: Article
    mentions: tuple[Mention, ...]
    label: str


class TargetSource(DataSource):
    """Texts, each with a target and the tone towards it, or with several targets.

    Without `start` and `end` a target is where its name stands, and its last word alone, as a surname does. A text
    in which that is nowhere is left out.
    """

    content: str  # key of the text, which is read as it is
    target: str = "target"  # key of the target's name
    start: str | None = None  # keys of where the target is in the text, in characters
    end: str | None = None
    label: str = "label"  # key of the tone
    targets: str | None = None  # key of an object of tones by target, in place of the others
    labels: dict[str, str] = {}  # label map; other labels are left out; empty: no change

    def examples(self, root: Path) -> Iterator[TargetedArticle]:
        """Return the texts, one for each target."""
        return self._slice(self._targeted(root))

    def _targeted(self, root: Path) -> Iterator[TargetedArticle]:
        for where, element in self._elements(root):
            article = Article(content=str(value_of(element, self.content, where)), language=self.language)
            if self.split not in (None, split_of(article)):
                continue
            for target, label in self._pairs(element, where):
                mapped = map_label(label, self.labels)
                mentions = tuple(self._mentions(article.content, target, element, where))
                if mapped and mentions:
                    yield TargetedArticle(article, mentions, mapped[0])

    def _pairs(self, element: Mapping[str, Any], where: str) -> list[tuple[str, str]]:
        if self.targets is None:
            return [(str(value_of(element, self.target, where)), str(value_of(element, self.label, where)))]
        pairs = value_of(element, self.targets, where)
        if not isinstance(pairs, Mapping):
            raise InputError(f"{where}: expected an object of labels by target under {self.targets!r}")
        return [(str(target), str(label)) for target, label in pairs.items()]

    def _mentions(self, text: str, target: str, element: Mapping[str, Any], where: str) -> Iterator[Mention]:
        if self.start and self.end:
            start, end = (int(value_of(element, key, where)) for key in (self.start, self.end))
            if not 0 <= start < end <= len(text):
                raise InputError(f"{where}: the target is from {start} to {end} in a text of {len(text)} characters")
            yield Mention(text[start:end], "content", start, end)
            return
        names = dict.fromkeys((target, *target.split()[-1:]))
        pattern = "|".join(rf"\b{re.escape(name)}\b" for name in names if name)
        for match in re.finditer(pattern, text) if pattern else ():
            yield Mention(match[0], "content", *match.span())
