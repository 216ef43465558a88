"""The base of all models, and validation errors as one line for a person."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ByteSize, ConfigDict, ValidationError, ValidationInfo, field_validator

from newsmoe.errors import nearest

MAX_PROBLEMS = 5
"""That a message names; a file of another kind has hundreds."""

_MESSAGES = {
    "missing": "is missing",
    **dict.fromkeys(("byte_size", "byte_size_unit"), "must be a size such as 2GB or 512MB"),
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "must be a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "must be a number"),
    **dict.fromkeys(("bool_type", "bool_parsing"), "must be true or false"),
    **dict.fromkeys(("tuple_type", "list_type"), "must be a list, in brackets"),
    **dict.fromkeys(("dict_type", "model_type"), "must be a table of keys and values"),
    "string_type": "must be a text, in quotes",
    "finite_number": "must be a finite number",
}
"""What is said in the place of pydantic's messages that speak of Python or do not tell what to write, by their type."""


_NUMBERS = frozenset({int, float, ByteSize})
_NO_NUMBERS = frozenset({bool, str, Any})


class Strict(BaseModel):
    """Base of everything that is read or written: frozen, unknown keys refused."""

    model_config = ConfigDict(defer_build=True, frozen=True, extra="forbid")


class Authored(Strict):
    """Base of what people write, such as settings, cards and recipes: booleans in the place of numbers are refused."""

    @field_validator("*", mode="before")
    @classmethod
    def _no_boolean_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        return booleans_as_texts(value) if info.field_name in _number_fields(cls) else value


def booleans_as_texts(value: Any) -> Any:
    """Return what should be numbers, with a text for each boolean: pydantic takes `true` for 1, but no text for it."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return {key: booleans_as_texts(inner) for key, inner in value.items()}
        case list() | tuple():
            return [booleans_as_texts(inner) for inner in value]
    return value


@cache
def _number_fields(model: type[BaseModel]) -> frozenset[str]:
    """Return the fields that hold numbers, or lists or tables of them, and nothing else."""
    types = {name: _types_in(field.annotation) for name, field in model.model_fields.items()}
    return frozenset(name for name, inner in types.items() if inner & _NUMBERS and not inner & _NO_NUMBERS)


def _types_in(annotation: Any) -> frozenset[Any]:
    """Return the types of an annotation, without those of a table's keys."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        arguments = arguments[:1]
    elif isinstance(origin := get_origin(annotation), type) and issubclass(origin, Mapping):
        arguments = arguments[1:]
    return frozenset().union(*map(_types_in, arguments)) if arguments else frozenset({annotation})


def describe(error: ValidationError, model: type[BaseModel]) -> str:
    """Return which keys are wrong and why; for an unknown key of `model`, the nearest valid one."""
    problems = []
    for detail in error.errors(include_url=False):
        place = _in_words(detail["loc"])
        if detail["type"] == "extra_forbidden":
            hint = nearest(str(detail["loc"][-1]), _valid_keys(model, detail["loc"]))
            problems.append(f"unknown key {place!r}; {hint}")
        else:
            message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            problems.append(": ".join(filter(None, [place, _MESSAGES.get(detail["type"], message)])))
    more = len(problems) - MAX_PROBLEMS
    return "; ".join([*problems[:MAX_PROBLEMS], *([f"and {more} more"] if more > 0 else [])])


def _in_words(place: tuple[int | str, ...]) -> str:
    """Return where a value is: keys, and the elements of lists counted from 1, as in `rule 1.use`."""
    return "".join(f" {part + 1}" if isinstance(part, int) else f".{part}" for part in place).lstrip(". ")


def _valid_keys(model: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """Return the valid keys of the table at `place`, from the annotations."""
    for part in place[:-1]:
        field = model.model_fields.get(str(part)) if isinstance(part, str) else None
        if field is None:
            continue
        inner = _models_in(field.annotation)
        model = inner[0] if inner else model
    return [field.alias or name for name, field in model.model_fields.items() if not field.exclude]


def _models_in(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]
