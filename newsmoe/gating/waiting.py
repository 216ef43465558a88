"""The second level of the gate: choices that wait for what an earlier answer says."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from newsmoe.analysis import Prediction
from newsmoe.config import After
from newsmoe.gating.gate import Choice

__all__ = ["settled"]

Answers = Mapping[str, Prediction | None]
"""Of the other tasks that were asked of an article; None where nobody answered."""


def settled(choice: Choice, answers: Answers) -> Choice:
    """Return what becomes of a choice now that the earlier answers are known.

    An expert whose condition does not hold is left out, and the others share its weight; where none of the
    chosen is left, the first in reserve that may answer does. The reason says what the earlier answers were.
    """
    if choice.condition and not _holds(choice.condition, answers):
        if choice.otherwise:
            return settled(choice.otherwise, answers)
        return Choice(choice.task, {}, (), _why_not(choice.condition, answers))
    kept = [
        name
        for name in (*choice.weights, *choice.reserves)
        if name not in choice.after or _holds(choice.after[name], answers)
    ]
    if choice.weights and not kept:
        missed = dict.fromkeys(_why_not(after, answers) for after in choice.after.values())
        return Choice(choice.task, {}, (), "; ".join(missed))
    chosen = [name for name in kept if name in choice.weights] or kept[:1]
    total = sum(choice.weights.get(name, 0.0) for name in chosen)
    asked = filter(None, [choice.condition, *choice.after.values()])
    return replace(
        choice,
        weights={name: choice.weights[name] / total if total else 1.0 for name in chosen},
        reserves=tuple(name for name in kept if name not in chosen),
        reason="; ".join([choice.reason, *dict.fromkeys(_said(after.task, answers) for after in asked)]),
        after={},
        condition=None,
        otherwise=None,
    )


def _holds(after: After, answers: Answers) -> bool:
    answer = _fields(after.task, answers)
    wanted = {label.casefold() for label in after.label}
    best = str(answer.get("label"))
    if after.at_least is None:
        return best.casefold() in wanted
    scores = answer.get("scores")
    if not isinstance(scores, Mapping):  # a plug-in's own answer may hold anything
        scores = {best: answer.get("score")}
    found = [score for label, score in scores.items() if str(label).casefold() in wanted]
    return any(isinstance(score, int | float) and score >= after.at_least for score in found)


def _why_not(after: After, answers: Answers) -> str:
    return f"only where {after}; {_said(after.task, answers)}"


def _said(task: str, answers: Answers) -> str:
    """Return for a person what the answer to a task was."""
    answer = _fields(task, answers)
    if not answer:
        return f"{task} has no answer"
    score = answer.get("score")
    return f"{task} is {answer.get('label')!r}" + (f" ({score:.2f})" if isinstance(score, float) else "")


def _fields(task: str, answers: Answers) -> Mapping[str, Any]:
    answer = answers.get(task)
    return answer.fields() if answer else {}
