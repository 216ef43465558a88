"""Rules, and the conditions under which they hold."""

import math
import re
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator

from newsmoe.validation import Authored, booleans_as_texts

SECOND_WEIGHT = 0.7
"""Of a larger expert's prediction beside the smaller ones' (docs/quality.md): right more often than either."""


def _single(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _shape(value: object) -> str | None:
    """Return what a value under `use` or `unsure` is, for a message about something in it; None: neither of them."""
    shapes = {str: "expert", list: "experts", tuple: "experts", dict: "weights"}
    return next((name for shape, name in shapes.items() if isinstance(value, shape)), None)


Names = Annotated[tuple[str, ...], BeforeValidator(_single)]
_Expert = Annotated[str, Tag("expert")]
_Weights = Annotated[dict[str, float], BeforeValidator(booleans_as_texts), Tag("weights")]
_Use = Annotated[
    _Expert | Annotated[tuple[str, ...], Tag("experts")] | _Weights,
    Discriminator(_shape, "use", "must be an expert, a list of experts, or a table of experts and their weights"),
]
_Unsure = Annotated[
    _Expert | _Weights, Discriminator(_shape, "unsure", "must be an expert, or a table of an expert and its weight")
]


class Condition(Authored):
    """What must be true of an article; every key that is set must hold.

    Lists hold alternatives. Names are compared without regard to case.
    """

    topics: Names | None = Field(None, description="the article states one of these topics")
    language: Names | None = Field(None, description="the article is in one of these languages, such as en or English")
    author: Names | None = Field(None, description="the article is by one of these authors")
    url_host: Names | None = Field(None, description="the host of the URL is one of these, or a subdomain of one")
    headline: re.Pattern[str] | None = Field(
        None, description="this regular expression matches somewhere in the headline"
    )
    has_content: bool | None = Field(None, description="whether the article has content")
    min_words: int | None = Field(None, ge=0, description="smallest number of words in the content")
    max_words: int | None = Field(None, ge=0, description="largest number of words in the content")


class After(Authored):
    """What the prediction of another task, which runs before, must say of an article.

    Several labels are alternatives. They are compared without regard to case.
    """

    task: str = Field(description="the other task, which runs first")
    label: Names = Field(min_length=1, description="it must predict this label, or one of these")
    at_least: float | None = Field(
        None, gt=0, le=1, description="lowest score of the label; without it, the label must be the best one"
    )

    def __str__(self) -> str:
        """Return the condition in words."""
        minimum = "" if self.at_least is None else f" with {self.at_least:g} or more"
        return f"{self.task} is {' or '.join(map(repr, self.label))}{minimum}"


class Second(NamedTuple):
    """A second expert, and the weight of its prediction in the mean with that of the first."""

    name: str
    weight: float = SECOND_WEIGHT


class Rule(Authored):
    """Which experts run on which task for the articles that meet the condition.

    `use` maps a task to an expert, to a list of experts (the first runs, the next ones are its fallbacks), to
    a table of weights (all run), or to an empty list (the gate abstains). With `after` the rule is deferred:
    it holds only where another task's prediction says so, and elsewhere the next rule that matches decides.
    `unsure` maps a task to a second expert that reads again what those are not sure of, if its model is there, or to
    a table of that expert and the weight of its prediction.
    """

    when: Condition = Field(Condition(), description="conditions that the article must meet; default: none")
    after: After | None = Field(None, description="what another task must predict for the article; default: anything")
    use: dict[str, _Use] = Field(
        description="by task: an expert; a list of an expert and its fallbacks; a table of experts and weights; or []"
    )
    unsure: dict[str, _Unsure] = Field(
        {}, description="by task: a second expert for what the first is not sure of; or a table of it and its weight"
    )
    reason: str | None = Field(None, description="text for the record; default: the conditions in words")

    def second(self, task: str) -> Second | None:
        """Return the expert that reads again what the others are not sure of, if the rule names one for a task."""
        use = self.unsure.get(task)
        if use is None:
            return None
        return Second(use) if isinstance(use, str) else Second(*next(iter(use.items())))

    @field_validator("unsure")
    @classmethod
    def _single_expert(cls, unsure: dict[str, Any]) -> dict[str, Any]:
        for task, use in unsure.items():
            if isinstance(use, dict) and not (len(use) == 1 and all(0 < weight < 1 for weight in use.values())):
                raise ValueError(f"`unsure` for {task!r} must name one expert, with a weight between 0 and 1")
        return unsure

    @field_validator("use")
    @classmethod
    def _positive_weights(cls, use: dict[str, Any]) -> dict[str, Any]:
        for task, weights in use.items():
            values = list(weights.values()) if isinstance(weights, dict) else [1.0]
            if not (values and all(0 < value < math.inf for value in values)):
                raise ValueError(f"the weights for {task!r} must be greater than 0, and finite")
        return use
