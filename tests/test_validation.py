import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from newsmoe.validation import describe


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
        ({"inner": 1}, "inner: must be a table of keys and values"),
        ({"many": 1}, "many: must be a list, in brackets"),
        ({"inner": {"ratio": 2}}, "inner.ratio: must be less than or equal to 1"),
        (
            {"how-deep": "x", "a": 1},
            "how-deep: must be a whole number; unknown key 'a'; available: how-deep, inner, many, named",
        ),
    ],
)
def test_pydantic_errors_are_reported_in_one_line_with_the_nearest_key(values: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(values)
    assert describe(caught.value, Outer) == problem
