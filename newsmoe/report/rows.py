"""A record as people look at it: one row, with what is sure, and with nothing in it that could run or misplace text."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

from newsmoe.article import host_of
from newsmoe.prediction import TOSS_UP, fields_of
from newsmoe.record import Record
from newsmoe.text.cleaning import one_line
from newsmoe.text.dates import moment_of

SUMMARY, SENTIMENT, TOPIC, GENRE, ENTITIES = "summarization", "sentiment", "topic", "genre", "entities"
UNSURE = "unsure"
"""In the place of a label whose score is not enough for a verdict."""

QUANTITIES = frozenset({"date", "money", "time", "percent", "quantity", "cardinal", "ordinal"})
"""Types of entity, in lower case, that are neither people nor things."""

DAYS = frozenset("monday tuesday wednesday thursday friday saturday sunday".split())  # noqa: SIM905  # shorter

MAX_LABEL = 60  # characters of a name that charts and filters show
MAX_HEADLINE = 300
MAX_TEXT = 20_000
MAX_URL = 2_000
MAX_ID = 80


@dataclass(frozen=True)
class LabelPrediction:
    """The label that an expert predicted, its score, and the scores of all labels, as far as they are stated."""

    label: str
    score: float | None
    unsure: bool
    scores: Mapping[str, float] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """The label if it is sure."""
        return UNSURE if self.unsure else self.label


@dataclass(frozen=True)
class EntityRow:
    """An entity that an article names, and the tone towards it where an expert said so."""

    name: str
    type: str
    mentions: int
    sentiment: LabelPrediction | None

    def __str__(self) -> str:
        notes = [self.type, *([self.sentiment.verdict] if self.sentiment else [])]
        return f"{self.name} ({', '.join(notes)})"


@dataclass(frozen=True)
class Row:
    """One article with its predictions.

    Attributes:
        record: what the rest is made of.
        headline: one line; where there is none, a note that says so, with the id.
        summary: one line; empty where there is none.
        url: for a link, of http or https; None where there is none, or another one.
        day: of publication, where it is known.
        outlet: the source, else the host of the URL; empty where neither is known.
        language: empty where it is not known.
        predictions: of labels, by task.
        entities: people and things, the most salient first.
    """

    record: Record
    headline: str
    summary: str
    url: str | None
    day: date | None
    outlet: str
    language: str
    predictions: Mapping[str, LabelPrediction]
    entities: tuple[EntityRow, ...]

    def verdict(self, task: str) -> str | None:
        """Return the label for a task, `UNSURE`, or None where there is no prediction."""
        prediction = self.predictions.get(task)
        return prediction.verdict if prediction else None

    def experts(self) -> list[str]:
        """Return which experts ran."""
        return list(dict.fromkeys(cut(entry.expert, MAX_LABEL) for entry in self.record.route if entry.expert))


def row_of(record: Record) -> Row:
    """Return the row of a record, whoever wrote it."""
    url, moment = _safe_url(record.url), moment_of(record.publication_date)
    summary = record.fields(SUMMARY).get("summary")
    return Row(
        record=record,
        headline=cut(record.headline or "", MAX_HEADLINE) or _without_headline(record),
        summary=cut(summary, MAX_TEXT) if isinstance(summary, str) else "",
        url=url,
        day=moment.date() if moment else None,
        outlet=cut(record.source or "", MAX_LABEL) or cut(host_of(url or "").removeprefix("www."), MAX_LABEL),
        language=cut(record.language or "", MAX_LABEL),
        predictions=dict(_label_predictions(record)),
        entities=tuple(_entities(record.analyses.get(ENTITIES))),
    )


def cut(text: str, limit: int) -> str:
    """Return a text as one line without control and direction codes, cut to so many characters, with an ellipsis."""
    line = one_line(text[: 8 * limit])  # before it is cleaned: it may have millions
    return line if len(line) <= limit and len(text) <= 8 * limit else f"{line[: limit - 1].rstrip()}…"


def _without_headline(record: Record) -> str:
    name = "" if record.id is None else cut(str(record.id), MAX_ID)
    return f"(no headline, id {name})" if name else "(no headline)"


def _label_predictions(record: Record) -> Iterator[tuple[str, LabelPrediction]]:
    for task in record.analyses:
        if prediction := _label_prediction(record.fields(task)):
            yield cut(task, MAX_LABEL), prediction


def _label_prediction(fields: Mapping[str, Any]) -> LabelPrediction | None:
    label = fields.get("label")
    if not isinstance(label, str) or not (name := cut(label, MAX_LABEL)):
        return None
    scores = _scores(fields.get("scores"))
    score = _number(fields.get("score"))
    unsure = fields.get("unsure")
    if not isinstance(unsure, bool):  # of an earlier newsmoe, or another program
        best = sorted(scores.values(), reverse=True)
        unsure = len(best) > 1 and best[0] - best[1] < TOSS_UP
    return LabelPrediction(name, scores.get(name) if score is None else score, unsure, scores)


def _entities(values: object) -> Iterator[EntityRow]:
    for value in values if isinstance(values, list) else ():
        name, type, mentions = (value.get(key) for key in ("name", "type", "mentions"))
        is_thing = str(type).casefold() not in QUANTITIES and str(name).casefold() not in DAYS
        if isinstance(name, str) and is_thing and (name := cut(name, MAX_LABEL)):
            count = len(mentions) if isinstance(mentions, list) else 1
            sentiment = _label_prediction(fields_of(value.get("sentiment")))
            yield EntityRow(name, cut(str(type), MAX_LABEL), count, sentiment)


def _scores(value: object) -> dict[str, float]:
    items = value.items() if isinstance(value, dict) else ()
    numbers = ((cut(label, MAX_LABEL), _number(score)) for label, score in items)
    return {label: score for label, score in numbers if score is not None}


def _number(value: object) -> float | None:
    """Return a score; None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if isfinite(value) and 0 <= value <= 1.001 else None


def _safe_url(url: str | None) -> str | None:
    """Return a URL that a link may lead to: no script, no data, no file."""
    if not url or len(url) > MAX_URL or one_line(url) != url:
        return None
    return url if host_of(url) and urlsplit(url).scheme in ("http", "https") else None
