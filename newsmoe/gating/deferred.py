"""The second level of the gate: decisions that wait for another task's prediction."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from newsmoe.gating.gate import Decision
from newsmoe.prediction import Prediction, fields_of
from newsmoe.settings.conditions import After

Predictions = Mapping[str, Prediction | None]
"""Of the article's other tasks; None where there is none."""


def resolve_deferred(decision: Decision, predictions: Predictions) -> Decision:
    """Return what becomes of a decision now that the predictions of the earlier tasks are there.

    An expert whose condition does not hold is left out, and the others share its weight; where none of the
    chosen is left, the first fallback that may predict does. The reason says what the predictions were.
    """
    if decision.condition and not _holds(decision.condition, predictions):
        if decision.otherwise:
            return resolve_deferred(decision.otherwise, predictions)
        return Decision.abstain(decision.task, _unmet(decision.condition, predictions))
    remaining = [
        name
        for name in (*decision.weights, *decision.fallbacks)
        if name not in decision.after or _holds(decision.after[name], predictions)
    ]
    if decision.weights and not remaining:
        reasons = dict.fromkeys(_unmet(after, predictions) for after in decision.after.values())
        return Decision.abstain(decision.task, "; ".join(reasons))
    chosen = [name for name in remaining if name in decision.weights] or remaining[:1]
    total = sum(decision.weights.get(name, 0.0) for name in chosen)
    conditions = filter(None, [decision.condition, *decision.after.values()])
    said = dict.fromkeys(_in_words(after.task, predictions) for after in conditions)
    return replace(
        decision,
        weights={name: decision.weights[name] / total if total else 1.0 for name in chosen},
        fallbacks=tuple(name for name in remaining if name not in chosen),
        reason="; ".join([decision.reason, *said]),
        after={},
        condition=None,
        otherwise=None,
    )


def _holds(after: After, predictions: Predictions) -> bool:
    fields = _fields(after.task, predictions)
    wanted = {label.casefold() for label in after.label}
    best = str(fields.get("label"))
    if after.at_least is None:
        return best.casefold() in wanted
    scores = fields.get("scores")
    if not isinstance(scores, Mapping):  # the fields of a plug-in's own task may hold anything
        scores = {best: fields.get("score")}
    matching = [score for label, score in scores.items() if str(label).casefold() in wanted]
    return any(isinstance(score, int | float) and score >= after.at_least for score in matching)


def _unmet(after: After, predictions: Predictions) -> str:
    return f"only where {after}; {_in_words(after.task, predictions)}"


def _in_words(task: str, predictions: Predictions) -> str:
    fields = _fields(task, predictions)
    if not fields:
        return f"{task} has no prediction"
    score = fields.get("score")
    return f"{task} is {fields.get('label')!r}" + (f" ({score:.2f})" if isinstance(score, float) else "")


def _fields(task: str, predictions: Predictions) -> Mapping[str, Any]:
    prediction = predictions.get(task)
    return fields_of(prediction.fields()) if prediction else {}
