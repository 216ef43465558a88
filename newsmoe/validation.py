"""The base of all models, and validation errors as one line for a person."""

from collections.abc import Mapping, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ByteSize, ConfigDict, Tag, ValidationError, ValidationInfo, field_validator

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
    "string_too_short": "must not be empty",
    "too_short": "needs at least {min_length}, and has {actual_length}",
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
    messages: dict[str, list[str]] = {}
    for detail in error.errors(include_url=False):
        place, around = _followed(model, detail["loc"])
        if detail["type"] == "extra_forbidden":
            messages[f"unknown key {place!r}; {nearest(str(detail['loc'][-1]), _keys_of(around))}"] = []
        else:
            message = detail["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            plain = _MESSAGES.get(detail["type"], "").format_map(detail.get("ctx", {}))
            messages.setdefault(place, []).append(plain or message)
    said = {place: ", or ".join(each).replace(", or must be ", ", or ") for place, each in messages.items()}
    problems = [": ".join(filter(None, pair)) for pair in said.items()]
    more = len(problems) - MAX_PROBLEMS
    return "; ".join([*problems[:MAX_PROBLEMS], *([f"and {more} more"] if more > 0 else [])])


def _followed(annotation: Any, place: Sequence[int | str]) -> tuple[str, Any]:
    """Return where a value is, as its writer knows it, and the annotation of the table or list that it is in.

    Elements of lists are counted from 1, as in `rule 1.use`. Pydantic names members of unions too, which are left out.
    """
    words, around = "", annotation
    for part in place:
        members = _members(annotation)
        if len(members) > 1:
            annotation = next((member for member in members if part in _names_of(member)), Any)
            continue
        words += f" {part + 1}" if isinstance(part, int) else f".{part}"
        around = members[0]
        annotation = _inside(around, part)
    return words.lstrip(". "), around


def _members(annotation: Any) -> list[Any]:
    """Return the members of a union without None, or what is no union, without what else is annotated."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _members(arguments[0])
    return [member for member in arguments if member is not NoneType] if origin in (Union, UnionType) else [annotation]


def _names_of(member: Any) -> list[str]:
    """Return what pydantic may call a member of a union: its tag, else its type."""
    tags = [part.tag for part in get_args(member) if isinstance(part, Tag)]
    return tags or [getattr(member, "__name__", ""), str(member)]


def _inside(annotation: Any, part: int | str) -> Any:
    """Return the annotation of what stands under a key, or of an element of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field for name, field in annotation.model_fields.items()}
        return fields[str(part)].annotation if part in fields else annotation  # of a list of such models
    arguments = [argument for argument in get_args(annotation) if argument is not ...]
    return arguments[-1] if arguments else Any


def _keys_of(annotation: Any) -> list[str]:
    """Return the valid keys of a table."""
    fields = getattr(annotation, "model_fields", {})
    return [field.alias or name for name, field in fields.items() if not field.exclude]
