import json
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ByteSize, ConfigDict, Discriminator, Field, Tag, TypeAdapter, ValidationError

from newsmoe.validation import Authored, describe


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    colour: str = ""
    ratio: float = Field(0, le=1)
    secret: str = Field("", exclude=True)


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    inner: Inner | None = None
    many: list[Inner] = []
    named: dict[str, Inner] = {}
    depth: int = Field(0, alias="how-deep")
    labels: dict[str, str] = Field({}, min_length=2)
    name: str = Field("x", min_length=1)


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"iner": {}}, "unknown key 'iner'; did you mean 'inner'?"),
        ({"inner": {"color": "x"}}, "unknown key 'inner.color'; did you mean 'colour'?"),
        ({"many": [{}, {"color": "x"}]}, "unknown key 'many 2.color'; did you mean 'colour'?"),
        ({"named": {"a": {"color": "x"}}}, "unknown key 'named.a.color'; did you mean 'colour'?"),
        ({"inner": {"zzz": 1}}, "unknown key 'inner.zzz'; available: colour, ratio"),
        ({"how-dee": 1}, "unknown key 'how-dee'; did you mean 'how-deep'?"),
        ({"inner": {"colour": 1}}, "inner.colour: must be a text, in quotes"),
        (
            {"named": dict.fromkeys("abcdefg", 1)},
            "; ".join([f"named.{key}: must be a table of keys and values" for key in "abcde"] + ["and 2 more"]),
        ),
        ({"labels": {"a": "b"}}, "labels: needs at least 2, and has 1"),
        ({"name": ""}, "name: must not be empty"),
        ({"inner": 1}, "inner: must be a table of keys and values"),
        ({"many": 1}, "many: must be a list, in brackets"),
        ({"inner": {"ratio": 2}}, "inner.ratio: must be less than or equal to 1"),
        (
            {"how-deep": "x", "a": 1},
            "how-deep: must be a whole number; unknown key 'a'; available: how-deep, inner, labels, many, name, named",
        ),
    ],
)
def test_pydantic_errors_are_reported_in_one_line_with_the_nearest_key(values: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(values)
    assert describe(caught.value, Outer) == problem


def test_elements_of_a_list_are_counted_too() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(list[Outer]).validate_python([{}, {"iner": {}}])
    assert describe(caught.value, Outer) == "unknown key '2.iner'; did you mean 'inner'?"


class Numbers(Authored):
    count: int | None = None
    share: float = 0
    size: ByteSize | None = None
    weights: dict[str, Annotated[float, Field(gt=0)]] = {}
    strengths: tuple[float, ...] = ()
    limit: Annotated[int, Field(ge=1)] | None = None
    switch: bool = False
    either: bool | int = 0
    id: str | int | None = None
    anything: Any = None


@pytest.mark.parametrize(
    "values",
    [
        {"count": True},
        {"share": False},
        {"size": True},
        {"weights": {"a": True}},
        {"strengths": [1, True]},
        {"limit": True},
    ],
)
def test_a_boolean_in_the_place_of_a_number_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Numbers.model_validate(values)
    with pytest.raises(ValidationError):
        Numbers.model_validate_json(json.dumps(values))


def test_a_boolean_stays_one_where_there_may_be_one() -> None:
    values = {"switch": True, "either": True, "anything": [True]}
    assert Numbers.model_validate(values).model_dump(include=set(values)) == values


def test_what_a_boolean_is_refused_for_is_named() -> None:
    with pytest.raises(ValidationError) as caught:
        Numbers.model_validate({"count": True, "weights": {"a": True}})
    assert describe(caught.value, Numbers) == "count: must be a whole number; weights.a: must be a number"


class Tabled(Inner):
    shape: str


_BY_SHAPE = Discriminator(lambda value: "tabled" if "shape" in value else "inner")


class Shapes(Authored):
    either: tuple[str, ...] | dict[str, float] = ()
    tagged: dict[str, Annotated[Annotated[Inner, Tag("inner")] | Annotated[Tabled, Tag("tabled")], _BY_SHAPE]] = {}
    listed: list[dict[str, float] | None] = []


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"either": 1}, "either: must be a list, in brackets, or a table of keys and values"),
        ({"either": {"a": "x"}}, "either: must be a list, in brackets; either.a: must be a number"),
        ({"tagged": {"tabled": {"shape": 1}}}, "tagged.tabled.shape: must be a text, in quotes"),
        ({"tagged": {"x": {"shape": "round", "shap": 1}}}, "unknown key 'tagged.x.shap'; did you mean 'shape'?"),
        ({"tagged": {"x": {"shap": 1}}}, "unknown key 'tagged.x.shap'; available: colour, ratio"),
        ({"listed": [None, {"a": "x"}]}, "listed 2.a: must be a number"),
    ],
)
def test_a_place_has_no_names_but_those_that_its_writer_knows(values: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Shapes.model_validate(values)
    assert describe(caught.value, Shapes) == problem
