"""What is written for an article."""

from typing import Any, Literal

from pydantic import Field

from newsmoe.prediction import InputStats
from newsmoe.validation import Strict

Stage = Literal["read", "route", "load", "predict", "combine"]


class RouteEntry(Strict):
    """One line of the gate's decision.

    Attributes:
        task: what is predicted.
        expert: which expert predicts; None where the gate abstains.
        weight: its weight in the combined prediction; 0 for an abstention and for a fallback.
        reason: why, for a person.
    """

    task: str
    expert: str | None
    weight: float = Field(ge=0.0, le=1.0)
    reason: str


class ItemError(Strict):
    """What went wrong with one article: task and expert are None where the article could not be read."""

    task: str | None = None
    expert: str | None = None
    type: str
    message: str
    stage: Stage


class Record(Strict):
    """The record of one input element; good and bad ones have the same keys.

    `status` is `ok` without errors, `partial` with errors and at least one prediction, and `failed` with
    errors and no prediction.
    """

    id: str | int | None
    headline: str | None
    url: str | None
    status: Literal["ok", "partial", "failed"]
    analyses: dict[str, dict[str, Any]]
    route: list[RouteEntry]
    errors: list[ItemError]
    input: InputStats
