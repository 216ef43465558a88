"""The articles of a page, packed: JSON, compressed, in base64, for the page's script to unpack."""

import gzip
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from newsmoe.record import ItemError, RouteEntry
from newsmoe.report.figures import NO_OUTLET, entities_by_key
from newsmoe.report.rows import ENTITIES, MAX_TEXT, SUMMARY, LabelPrediction, Row, cut
from newsmoe.report.stories import PageStories

MAX_LISTED = 20_000  # articles; more are in the figures only
BYTES = 80_000  # that the packed articles may take in any case
BYTES_PER_ARTICLE = 420  # and for each article
SUMMARY_LENGTHS = (2_000, 1_000, 600, 450, 350, 280, 220, 160, 100, 60)  # characters, tried one after the other
MAX_SCORES = 20  # labels of a prediction
MIN_SCORE = 0.005
MAX_ERRORS = 10  # of an article
MAX_ROUTES = 30
MAX_NAME = 120  # characters
MAX_REASON = 300
MAX_SHOWN_ENTITIES = 10  # of an article
MAX_OTHER = 300  # of what an expert without labels or a summary predicted

Changes = Mapping[int, Mapping[str, str]]
"""For articles that differ from those of another run, by their number: what was predicted there, by task."""


class Payload(NamedTuple):
    """The packed articles, and how many characters of each summary they hold."""

    text: str
    length: int


def pack(
    rows: Sequence[Row],
    changes: Changes,
    entities: Mapping[str, str] = MappingProxyType({}),
    stories: PageStories | None = None,
) -> Payload:
    """Return the first `MAX_LISTED` articles; texts are cut as far as the size demands.

    `entities` are the names, by key, of those that the page can be filtered by.
    """
    listed = rows[:MAX_LISTED]
    budget = BYTES + BYTES_PER_ARTICLE * len(listed)
    for length in SUMMARY_LENGTHS:
        packed = _compress(_document(listed, _Packer(rows, changes, entities, stories, length), entities))
        if len(packed) <= budget:
            break
    return Payload(packed, length)


def _compress(document: object) -> str:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


class _Names:
    """Values that many articles share, and their numbers."""

    def __init__(self) -> None:
        self.numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:
        return self.numbers.setdefault(value, len(self.numbers))


class _Packer:
    """Turns rows into lists, in which names stand as numbers."""

    def __init__(
        self,
        rows: Sequence[Row],
        changes: Changes,
        entities: Mapping[str, str],
        stories: PageStories | None,
        length: int,
    ) -> None:
        self.rows, self.changes, self.stories, self.length = rows, changes, stories, length
        self.entities = {key: number for number, key in enumerate(entities)}
        self.names = {name: _Names() for name in ("outlets", "languages", "tasks", "labels", "routes")}

    def element(self, number: int, row: Row) -> list[Any]:
        """Return the values of an article, in the order in which the page's script reads them."""
        return [
            row.headline,
            cut(row.summary, self.length) if row.summary else "",
            row.url or "",
            row.day.isoformat() if row.day else "",
            self.names["outlets"].number(row.outlet or NO_OUTLET),
            self.names["languages"].number(row.language),
            row.record.status,
            [self._prediction(task, prediction) for task, prediction in row.predictions.items()],
            [self._route_entry(entry) for entry in row.record.route[:MAX_ROUTES]],
            [_error(error) for error in row.record.errors[:MAX_ERRORS]],
            _other_predictions(row),
            self.changes.get(number, {}),
            cut(row.record.author or "", MAX_NAME),
            sorted(self.entities[key] for key in entities_by_key(row) if key in self.entities),
            self.stories.story_of.get(number) if self.stories else None,
            self._original(number, self.stories) if self.stories else None,
        ]

    def _original(self, number: int, stories: PageStories) -> int | str | None:
        """Return the number of what a copy repeats; its headline where it is not in the list."""
        if number not in stories.copies:
            return stories.originals_elsewhere.get(number)
        original = stories.copies[number]
        return original if original < MAX_LISTED else self.rows[original].headline

    def _prediction(self, task: str, prediction: LabelPrediction) -> list[Any]:
        tasks, labels = self.names["tasks"], self.names["labels"]
        ordered = sorted(prediction.scores.items(), key=lambda item: (-item[1], item[0]))[:MAX_SCORES]
        shown = [(label, score) for label, score in ordered if score >= MIN_SCORE]
        scores = [part for label, score in shown for part in (labels.number(label), _thousandths(score))]
        best = None if prediction.score is None else _thousandths(prediction.score)
        return [tasks.number(task), labels.number(prediction.label), best, int(prediction.unsure), scores]

    def _route_entry(self, entry: RouteEntry) -> int:
        task, expert = cut(entry.task, MAX_NAME), cut(entry.expert or "", MAX_NAME)
        return self.names["routes"].number((task, expert, entry.weight, cut(entry.reason, MAX_REASON)))


def _document(rows: Sequence[Row], packer: _Packer, entities: Mapping[str, str]) -> dict[str, Any]:
    elements = [packer.element(number, row) for number, row in enumerate(rows)]
    names = {name: list(names.numbers) for name, names in packer.names.items()}
    stories = [(story.id, story.headline) for story in packer.stories.stories] if packer.stories else []
    return {**names, "entities": list(entities.values()), "stories": stories, "articles": elements}


def _error(error: ItemError) -> list[str]:
    type, message = cut(error.type, MAX_NAME), cut(error.message, MAX_REASON)
    return [error.stage, type, message, cut(error.expert or "", MAX_NAME)]


def _thousandths(score: float) -> int:
    return round(1000 * score)


def _other_predictions(row: Row) -> list[list[str]]:
    """Return what experts predicted that is neither a summary nor a label."""
    others = [[ENTITIES, ", ".join(map(str, row.entities[:MAX_SHOWN_ENTITIES]))]] if row.entities else []
    for task in row.record.analyses:
        prediction = row.record.fields(task)
        if prediction and task != SUMMARY and cut(task, MAX_NAME) not in row.predictions:
            text = ", ".join(f"{key} {value}"[:MAX_OTHER] for key, value in list(prediction.items())[:MAX_SCORES])
            others.append([cut(task, MAX_NAME), cut(text, MAX_OTHER)])
    return others


def cut_texts(rows: Sequence[Row], length: int) -> int:
    """Return how many of the listed summaries are cut."""
    return sum(len(row.summary) > min(length, MAX_TEXT - 1) for row in rows[:MAX_LISTED])
