"""What an expert returns for an article."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from pydantic_core import from_json, to_json

from newsmoe.errors import PredictionError
from newsmoe.validation import Strict

JsonFields = dict[str, Any] | list[dict[str, Any]]
"""What the record has under a task: keys and values, or such an object for each of several things."""


class InputStats(Strict):
    """How much of an article an expert read.

    Attributes:
        tokens: tokens that went into the model, special tokens not counted.
        truncated: whether part of the article was not read, in a record not by any expert, or was cut off by
            the scraper.
        windows: pieces in which the article was read.
    """

    tokens: int = 0
    truncated: bool = False
    windows: int = 0


@dataclass(frozen=True)
class Summary:
    """A text that stands for the article."""

    text: str
    input_stats: InputStats | None = None

    def validation_error(self) -> str | None:
        """Return what is wrong with this prediction; None where it is valid."""
        return None if self.text.strip() else "the summary is empty"

    def to_json_safe(self) -> "Summary":
        """Return the prediction as it is after a round trip through JSON.

        Raises:
            TypeError: the summary is no text.
            UnicodeEncodeError: it has a lone surrogate.
        """
        if not isinstance(self.text, str):
            raise TypeError(f"the summary is a {type(self.text).__name__}, not text")
        self.text.encode()
        return self

    def fields(self) -> dict[str, Any]:
        """Return what the record has under the task."""
        return {"summary": self.text}


TOSS_UP = 0.1
"""Difference of the two best scores from which the best label is sure: twice the calibration error of 0.05 that the
embedded experts are held to, so that below it the other label may as well be the likelier one."""


@dataclass(frozen=True)
class Labels:
    """A distribution over labels: scores from 0 to 1 that sum to 1.

    Attributes:
        scores: by label.
        input_stats: how much was read.
        holding: the labels that hold, the best one too, in any order; None: the labels exclude each other.
    """

    scores: Mapping[str, float]
    input_stats: InputStats | None = None
    holding: tuple[str, ...] | None = None

    def validation_error(self) -> str | None:
        """Return what is wrong with this prediction; None where it is valid."""
        if not self.scores:
            return "there are no label scores"
        for label, score in self.scores.items():
            if not (math.isfinite(score) and 0.0 <= score <= 1.0 + 1e-6):
                return f"the score of label {label!r} is {score}, not a number from 0 to 1"
        for label in self.holding or ():
            if label not in self.scores:
                return f"label {label!r} holds, but has no score"
        total = math.fsum(self.scores.values())
        return None if abs(total - 1.0) < 1e-3 else f"the label scores sum to {total:.4f}, not to 1"

    def to_json_safe(self) -> "Labels":
        """Return the prediction as it is after a round trip through JSON.

        Raises:
            TypeError: the scores are no mapping, or one of them is no number.
            ValueError: a label or a score cannot be written.
        """
        if not isinstance(self.scores, Mapping):
            raise TypeError(
                f"the scores of Labels are a {type(self.scores).__name__}, not a mapping from label to score"
            )
        labels: list[str] = list(from_json(to_json(dict.fromkeys(self.scores))))
        holding = None if self.holding is None else tuple(from_json(to_json(self.holding)))
        return replace(self, scores=dict(zip(labels, map(float, self.scores.values()), strict=True)), holding=holding)

    def fields(self) -> dict[str, Any]:
        """Return what the record has under the task, the best label first.

        `unsure` is true where the second label is as good, `labels` are those that hold, where several may.
        """
        ranked = sorted(sorted(self.scores.items()), key=itemgetter(1), reverse=True)
        scores = {label: round(float(score), 6) for label, score in ranked}
        label, score = next(iter(scores.items()))
        unsure = len(ranked) > 1 and bool(ranked[0][1] - ranked[1][1] < TOSS_UP)
        labels = [other for other in scores if other == label or other in (self.holding or ())]
        several = {} if self.holding is None else {"labels": labels}
        return {"label": label, "score": score, "unsure": unsure, **several, "scores": scores}


@dataclass(frozen=True)
class Fields:
    """A prediction for a plug-in's task: anything that JSON can hold."""

    values: Mapping[str, Any]
    input_stats: InputStats | None = None

    def validation_error(self) -> str | None:
        """Return what is wrong with this prediction; None where it is valid."""
        return None if self.values else "there are no fields"

    def to_json_safe(self) -> "Fields":
        """Return the prediction as it is after a round trip through JSON.

        Raises:
            ValueError: a value cannot be written.
        """
        if not isinstance(self.values, Mapping):
            raise TypeError(f"the fields are a {type(self.values).__name__}, not a mapping")
        return replace(self, values=from_json(to_json(dict(self.values), fallback=_as_list)))

    def fields(self) -> dict[str, Any]:
        """Return what the record has under the task."""
        return dict(self.values)


def _as_list(value: Any) -> Any:
    """Return numbers and arrays of numpy, torch and the like as those of Python."""
    if callable(convert := getattr(value, "tolist", None)):
        return convert()
    raise TypeError(f"{type(value).__name__} is neither text, a number, true, false, None, a list nor a dict")


class Mention(NamedTuple):
    """A place where an entity is named.

    Attributes:
        text: the characters of that field of the article from `start` to before `end`.
        field: of the article.
        start: in characters, from 0.
        end: in characters.
    """

    text: str
    field: Literal["headline", "content"]
    start: int
    end: int


@dataclass(frozen=True)
class Entity:
    """A person, an organization, a place or the like that an article names.

    Attributes:
        name: its most complete mention.
        type: of entity, such as `Person`.
        mentions: in the article's order, those of the headline first.
        salience: how much of the article is about it, from 0 to 1; those of an article's entities sum to 1.
        sentiment: the tone of the article towards it; None where no expert was to say.
    """

    name: str
    type: str
    mentions: tuple[Mention, ...]
    salience: float
    sentiment: Labels | None = None

    def fields(self) -> dict[str, Any]:
        """Return what the record has for it."""
        fields: dict[str, Any] = {
            "name": self.name,
            "type": self.type,
            "mentions": [mention._asdict() for mention in self.mentions],
            "salience": round(self.salience, 4),
        }
        return fields if self.sentiment is None else fields | {"sentiment": self.sentiment.fields()}


@dataclass(frozen=True)
class Entities:
    """What an article is about: who and what it names, the most salient first; there may be none."""

    values: tuple[Entity, ...]
    input_stats: InputStats | None = None

    def validation_error(self) -> str | None:
        """Return what is wrong with this prediction; None where it is valid."""
        return next(filter(None, map(_entity_error, self.values)), None)

    def to_json_safe(self) -> "Entities":
        """Return the prediction as it is after a round trip through JSON.

        Raises:
            TypeError: it holds something other than entities.
            UnicodeEncodeError: a text has a lone surrogate.
        """
        if not all(isinstance(entity, Entity) for entity in self.values):
            raise TypeError("not all values are an Entity")
        to_json(self.fields())
        return self

    def fields(self) -> list[dict[str, Any]]:
        """Return what the record has under the task."""
        return [entity.fields() for entity in self.values]


def _entity_error(entity: Entity) -> str | None:
    if not (entity.name.strip() and entity.type.strip() and entity.mentions):
        return "an entity has no name, no type or no mention"
    if not (math.isfinite(entity.salience) and 0.0 <= entity.salience <= 1.0 + 1e-6):
        return f"the salience of {entity.name!r} is {entity.salience}, not a number from 0 to 1"
    for mention in entity.mentions:
        if not 0 <= mention.start < mention.end or len(mention.text) != mention.end - mention.start:
            return f"the mention {mention.text!r} is not from {mention.start} to {mention.end}"
    return entity.sentiment.validation_error() if entity.sentiment else None


Prediction = Summary | Labels | Fields | Entities

EXTENDED = {"entity-sentiment": "entities"}
"""By task: the one whose predictions it makes too, with more in them. They stand under that one's name, and its experts
need not run."""


def record_key(task: str) -> str:
    """Return what the predictions for a task stand under in a record."""
    return EXTENDED.get(task, task)


def fields_of(value: object) -> Mapping[str, Any]:
    """Return what stands under a task by key; nothing where that is a list."""
    return value if isinstance(value, Mapping) else {}


def scores_of(prediction: Prediction) -> Mapping[str, float]:
    """Return the scores of labels, also where several may hold; none where there are no labels."""
    fields = prediction.fields()
    scores = prediction.scores if isinstance(prediction, Labels) else fields_of(fields).get("scores")
    return scores if isinstance(scores, Mapping) else {}


def checked_list(predictions: Sequence[Prediction]) -> Sequence[Prediction]:
    """Return what `predict` returned.

    Raises:
        PredictionError: it is no list.
    """
    if not isinstance(predictions, list | tuple):
        raise PredictionError(f"predict returned {type(predictions).__name__}, expected a list")
    return predictions


def count_problem(predictions: Sequence[Prediction], articles: Sequence[object]) -> str | None:
    """Say that `predict` returned too few or too many predictions; None where it did not."""
    if len(predictions) == len(articles):
        return None
    return f"predict returned {len(predictions)} predictions for {len(articles)} articles"


def checked_prediction(prediction: Prediction) -> Prediction:
    """Return a prediction as it is after a round trip through JSON.

    Raises:
        PredictionError: it breaks the contract.
    """
    if not isinstance(prediction, Prediction):
        raise PredictionError(f"returned {type(prediction).__name__}, expected Summary, Labels, Fields or Entities")
    try:
        prediction = prediction.to_json_safe()
    except (TypeError, ValueError) as error:  # a failure to serialize is a ValueError
        raise PredictionError(f"the prediction cannot be written as JSON: {error}") from None
    if problem := prediction.validation_error():
        raise PredictionError(problem)
    if not isinstance(prediction.input_stats, InputStats | None):
        kind = type(prediction.input_stats).__name__
        raise PredictionError(f"the prediction's input_stats is a {kind}, not an InputStats")
    return prediction
