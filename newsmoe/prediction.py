"""What an expert returns for an article."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from pydantic_core import from_json, to_json

from newsmoe.errors import PredictionError
from newsmoe.validation import Strict


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
        threshold: from which score a label holds beside the best; None: the labels exclude each other.
    """

    scores: Mapping[str, float]
    input_stats: InputStats | None = None
    threshold: float | None = None

    def validation_error(self) -> str | None:
        """Return what is wrong with this prediction; None where it is valid."""
        if not self.scores:
            return "there are no label scores"
        for label, score in self.scores.items():
            if not (math.isfinite(score) and 0.0 <= score <= 1.0 + 1e-6):
                return f"the score of label {label!r} is {score}, not a number from 0 to 1"
        total = math.fsum(self.scores.values())
        return None if abs(total - 1.0) < 1e-3 else f"the label scores sum to {total:.4f}, not to 1"

    def to_json_safe(self) -> "Labels":
        """Return the prediction as it is after a round trip through JSON.

        Raises:
            ValueError: a label or a score cannot be written.
        """
        labels: list[str] = list(from_json(to_json(dict.fromkeys(self.scores))))
        return replace(self, scores=dict(zip(labels, map(float, self.scores.values()), strict=True)))

    def fields(self) -> dict[str, Any]:
        """Return what the record has under the task, the best label first.

        `unsure` is true where the second label is as good, `labels` are those that hold, where several may.
        """
        ranked = sorted(sorted(self.scores.items()), key=itemgetter(1), reverse=True)
        scores = {label: round(float(score), 6) for label, score in ranked}
        label, score = next(iter(scores.items()))
        unsure = len(ranked) > 1 and bool(ranked[0][1] - ranked[1][1] < TOSS_UP)
        labels = [other for other, value in ranked if other == label or value >= (self.threshold or math.inf)]
        several = {} if self.threshold is None else {"labels": labels}
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
        return replace(self, values=from_json(to_json(dict(self.values))))

    def fields(self) -> dict[str, Any]:
        """Return what the record has under the task."""
        return dict(self.values)


Prediction = Summary | Labels | Fields


def scores_of(prediction: Prediction) -> Mapping[str, float]:
    """Return the scores of labels, also where several may hold; none where there are no labels."""
    scores = prediction.scores if isinstance(prediction, Labels) else prediction.fields().get("scores")
    return scores if isinstance(scores, Mapping) else {}


def checked_prediction(prediction: Prediction) -> Prediction:
    """Return a prediction as it is after a round trip through JSON.

    Raises:
        PredictionError: it breaks the contract.
    """
    if not isinstance(prediction, Prediction):
        raise PredictionError(f"returned {type(prediction).__name__}, expected Summary, Labels or Fields")
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
