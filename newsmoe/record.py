"""What is written for an article."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, WithJsonSchema

from newsmoe.prediction import InputStats, fields_of
from newsmoe.validation import Strict

Stage = Literal["read", "route", "load", "predict", "combine"]

OBJECT = {"additionalProperties": True, "type": "object"}
Analyzed = Annotated[Any, WithJsonSchema({"anyOf": [OBJECT, {"items": OBJECT, "type": "array"}]})]
"""What was predicted for a task: an object, or a list of them, which callers should not have to tell apart."""

MAX_MESSAGE = 500  # characters; a message may hold the whole text of an article


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

    @classmethod
    def of(cls, task: str, expert: str | None, error: BaseException, stage: Stage) -> Self:
        """Return the item error of an exception."""
        try:
            message = " ".join(str(error).encode(errors="replace").decode().split())
        except Exception:  # noqa: BLE001  # other people's exceptions may fail to tell what they are
            message = ""
        message = message[:MAX_MESSAGE] or "no message"
        return cls(task=task, expert=expert, type=type(error).__name__, message=message, stage=stage)


class Record(Strict):
    """The record of one input element; good and bad ones have the same keys.

    `status` is `ok` without errors, `partial` with errors and at least one prediction, and `failed` with
    errors and no prediction. `predictions` holds each expert's own prediction, by task and expert, where the
    settings ask for `details`; elsewhere it is None, and not written.
    """

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    id: str | int | None
    headline: str | None
    url: str | None
    publication_date: str | None = None  # without these four, what an earlier newsmoe wrote can be read
    source: str | None = None
    author: str | None = None
    language: str | None = None
    status: Literal["ok", "partial", "failed"]
    analyses: dict[str, Analyzed]
    route: list[RouteEntry]
    errors: list[ItemError]
    input: InputStats
    predictions: dict[str, dict[str, Analyzed]] | None = Field(None, exclude_if=lambda value: value is None)

    def fields(self, task: str) -> Mapping[str, Any]:
        """Return what was predicted for a task, by key; nothing where there is no prediction, or a list of objects."""
        return fields_of(self.analyses.get(task))
