"""Answers of experts as a line of JSON, in which they are kept for the next time."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from pydantic_core import from_json

from newsmoe.prediction import Fields, InputStats, Labels, Prediction, Summary

ANSWER_TYPES: Mapping[str, Callable[[Any, InputStats | None], Prediction]] = {
    "Summary": Summary,
    "Labels": Labels,
    "Fields": Fields,
}


def serialize_prediction(prediction: Prediction) -> str:
    """Return an answer as JSON."""
    use = prediction.input_stats.model_dump() if prediction.input_stats else None
    match prediction:
        case Summary():
            value: Any = prediction.text
        case Labels():
            value = dict(prediction.scores)
        case Fields():
            value = dict(prediction.values)
    return json.dumps([type(prediction).__name__, value, use])


def deserialize_prediction(text: str) -> Prediction:
    """Return the answer that `answer_as_text` wrote."""
    kind, value, use = from_json(text)
    return ANSWER_TYPES[kind](value, _use(**use) if use else None)


@lru_cache(4096, typed=True)
def _use(**read: Any) -> InputStats:
    """Return a use of which there are many alike."""
    return InputStats(**read)
