import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from newsmoe.validation import describe


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    colour: str = ""
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
        ({"inner": {"zzz": 1}}, "unknown key 'inner.zzz'; available: colour"),
        ({"how-dee": 1}, "unknown key 'how-dee'; did you mean 'how-deep'?"),
        ({"inner": {"colour": 1}}, "inner.colour: Input should be a valid string"),
        (
            {"how-deep": "x", "a": 1},
            "how-deep: Input should be a valid integer, unable to parse string as an integer; "
            "unknown key 'a'; available: how-deep, inner, many, named",
        ),
    ],
)
def test_pydantic_errors_are_reported_in_one_line_with_the_nearest_key(values: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(values)
    assert describe(caught.value, Outer) == problem
