"""The second level of the gate: choices that wait for what an earlier answer says."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from newsmoe.gating.gate import Decision
from newsmoe.prediction import Prediction
from newsmoe.settings.conditions import After

Answers = Mapping[str, Prediction | None]
"""Of the other tasks that were asked of an article; None where nobody answered."""


def resolve_deferred(decision: Decision, predictions: Answers) -> Decision:
    """Return what becomes of a choice now that the earlier answers are known.

    An expert whose condition does not hold is left out, and the others share its weight; where none of the
    chosen is left, the first in reserve that may answer does. The reason says what the earlier answers were.
    """
    if decision.condition and not _holds(decision.condition, predictions):
        if decision.otherwise:
            return resolve_deferred(decision.otherwise, predictions)
        return Decision(decision.task, {}, (), _unmet_reason(decision.condition, predictions))
    kept = [
        name
        for name in (*decision.weights, *decision.fallbacks)
        if name not in decision.after or _holds(decision.after[name], predictions)
    ]
    if decision.weights and not kept:
        missed = dict.fromkeys(_unmet_reason(after, predictions) for after in decision.after.values())
        return Decision(decision.task, {}, (), "; ".join(missed))
    chosen = [name for name in kept if name in decision.weights] or kept[:1]
    total = sum(decision.weights.get(name, 0.0) for name in chosen)
    asked = filter(None, [decision.condition, *decision.after.values()])
    return replace(
        decision,
        weights={name: decision.weights[name] / total if total else 1.0 for name in chosen},
        fallbacks=tuple(name for name in kept if name not in chosen),
        reason="; ".join(
            [decision.reason, *dict.fromkeys(_said(after.task, predictions) for after in asked)]
        ),
        after={},
        condition=None,
        otherwise=None,
    )


def _holds(after: After, predictions: Answers) -> bool:
    prediction = _fields(after.task, predictions)
    wanted = {label.casefold() for label in after.label}
    best = str(prediction.get("label"))
    if after.at_least is None:
        return best.casefold() in wanted
    scores = prediction.get("scores")
    if not isinstance(scores, Mapping):  # a plug-in's own answer may hold anything
        scores = {best: prediction.get("score")}
    found = [score for label, score in scores.items() if str(label).casefold() in wanted]
    return any(isinstance(score, int | float) and score >= after.at_least for score in found)


def _unmet_reason(after: After, predictions: Answers) -> str:
    return f"only where {after}; {_said(after.task, predictions)}"


def _said(task: str, predictions: Answers) -> str:
    """Return for a person what the answer to a task was."""
    prediction = _fields(task, predictions)
    if not prediction:
        return f"{task} has no answer"
    score = prediction.get("score")
    return f"{task} is {prediction.get('label')!r}" + (f" ({score:.2f})" if isinstance(score, float) else "")


def _fields(task: str, predictions: Answers) -> Mapping[str, Any]:
    prediction = predictions.get(task)
    return prediction.fields() if prediction else {}
