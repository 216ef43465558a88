"""Predictions as a line of JSON, for storing them."""

import json
from functools import lru_cache
from typing import Any

from pydantic_core import from_json

from newsmoe.prediction import Entities, Entity, Fields, InputStats, Labels, Mention, Prediction, Summary

TYPES: dict[str, Any] = {kind.__name__: kind for kind in (Summary, Labels, Fields, Entities)}


def serialize_prediction(prediction: Prediction) -> str:
    """Return a prediction as JSON."""
    stats = prediction.input_stats.model_dump() if prediction.input_stats else None
    rest: list[Any] = []
    match prediction:
        case Summary():
            value: Any = prediction.text
        case Labels():
            value = dict(prediction.scores)
            rest = [] if prediction.holding is None else [prediction.holding]
        case Fields():
            value = dict(prediction.values)
        case Entities():
            value = [_entity_values(entity) for entity in prediction.values]
    return json.dumps([type(prediction).__name__, value, stats, *rest])


def deserialize_prediction(text: str) -> Prediction:
    """Return the prediction that `serialize_prediction` wrote."""
    kind, value, stats, *rest = from_json(text)
    if kind == Entities.__name__:
        value = tuple(map(_entity, value))
    rest = list(map(tuple, rest))
    prediction: Prediction = TYPES[kind](value, _input_stats(**stats) if stats else None, *rest)
    return prediction


def _entity_values(entity: Entity) -> list[Any]:
    sentiment = None if entity.sentiment is None else dict(entity.sentiment.scores)
    return [entity.name, entity.type, entity.mentions, entity.salience, sentiment]


def _entity(values: list[Any]) -> Entity:
    name, type, mentions, salience, scores = values
    sentiment = None if scores is None else Labels(scores)
    return Entity(name, type, tuple(Mention(*mention) for mention in mentions), salience, sentiment)


@lru_cache(4096, typed=True)
def _input_stats(**fields: Any) -> InputStats:
    """Return the object; many are alike."""
    return InputStats(**fields)
