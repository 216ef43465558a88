"""Answers of experts as a line of JSON, in which they are kept for the next time."""

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from pydantic_core import from_json

from newsmoe.analysis import Fields, InputUse, Labels, Prediction, Summary

__all__ = ["answer_as_text", "read_answer"]

ANSWER_TYPES: Mapping[str, Callable[[Any, InputUse | None], Prediction]] = {
    "Summary": Summary,
    "Labels": Labels,
    "Fields": Fields,
}


def answer_as_text(answer: Prediction) -> str:
    """Return an answer as JSON."""
    use = answer.use.model_dump() if answer.use else None
    match answer:
        case Summary():
            value: Any = answer.text
        case Labels():
            value = dict(answer.scores)
        case Fields():
            value = dict(answer.values)
    return json.dumps([type(answer).__name__, value, use])


def read_answer(text: str) -> Prediction:
    """Return the answer that `answer_as_text` wrote.

    Raises:
        ValueError: it is no JSON, or no answer.
        TypeError: the same, in another shape.
        KeyError: there is no such kind of answer.
    """
    kind, value, use = from_json(text)
    return ANSWER_TYPES[kind](value, _use(**use) if use else None)


@lru_cache(4096, typed=True)
def _use(**read: Any) -> InputUse:
    """Return a use of which there are many alike."""
    return InputUse(**read)
