"""Which articles of a pile are wanted, and in what order."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from newsmoe.errors import nearest
from newsmoe.report.figures import Figures
from newsmoe.report.rows import SENTIMENT, TOPIC, Row


class Sort(StrEnum):
    """An order of articles."""

    SCORE = "score"
    DATE = "date"
    HEADLINE = "headline"


@dataclass(frozen=True)
class ArticleFilter:
    """What is asked of an article; all of it must hold.

    Attributes:
        topic: how its label begins, in any case; `unsure` for those without a verdict.
        sentiment: likewise.
        search: words that headline, summary, outlet or author have, in any case and without accents.
        since: the first day of publication; articles without a date are left out.
    """

    topic: str | None = None
    sentiment: str | None = None
    search: str | None = None
    since: date | None = None

    def matches(self, row: Row) -> bool:
        """Tell whether an article is wanted."""
        return (
            _is_label(self.topic, row.verdict(TOPIC))
            and _is_label(self.sentiment, row.verdict(SENTIMENT))
            and (self.since is None or (row.day is not None and row.day >= self.since))
            and (self.search is None or self._has_words(row))
        )

    def absent_labels(self, figures: Figures) -> Iterator[str]:
        """Name each wanted label that none of the articles in `figures` has, with the nearest one that they have."""
        for task, wanted in ((TOPIC, self.topic), (SENTIMENT, self.sentiment)):
            labels = figures.counts(task)
            if wanted is not None and not any(_is_label(wanted, label) for label in labels):
                yield f"no article has the {task} {wanted!r}; {nearest(wanted.strip().casefold(), labels)}"

    def _has_words(self, row: Row) -> bool:
        text = _folded(f"{row.headline}\n{row.summary}\n{row.outlet}\n{row.record.author or ''}")
        return all(word in text for word in _folded(self.search or "").split())

    def rows(self, rows: Iterable[Row], sort: Sort | None = None) -> Iterator[Row]:
        """Yield the articles that are wanted; without `sort` in the order in which they come."""
        wanted = filter(self.matches, rows)
        if sort is None:
            yield from wanted
        elif sort is Sort.SCORE:
            yield from sorted(wanted, key=lambda row: -self._score(row))
        elif sort is Sort.DATE:
            yield from sorted(wanted, key=lambda row: row.day or date.min, reverse=True)
        else:
            yield from sorted(wanted, key=lambda row: _folded(row.headline))

    def _score(self, row: Row) -> float:
        """Return the score of the sentiment, or that of the topic if the topic alone is asked for."""
        task = TOPIC if self.topic and not self.sentiment else SENTIMENT
        prediction = row.predictions.get(task)
        return -1.0 if prediction is None or prediction.score is None else prediction.score


def _is_label(wanted: str | None, label: str | None) -> bool:
    return wanted is None or (label is not None and label.casefold().startswith(wanted.strip().casefold()))


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
