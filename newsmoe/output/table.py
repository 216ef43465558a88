"""Records as rows of a table, as CSV, Parquet and SQLite hold them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from newsmoe.article import Article, InvalidItem
from newsmoe.record import Record
from newsmoe.text.cleaning import one_line

TaskColumns = Mapping[str, Sequence[str]]
"""For each task of the run the keys of its answers that have a column each; where there are none, the whole
answer stands in one column as JSON."""

Write = Callable[[Record, str], None]
"""Writes a record; the text is the key of the article that it is about."""


@dataclass(frozen=True)
class Writer:
    """An open output.

    Attributes:
        write: writes a record.
        holds: tells whether the output has a record of the article from before, which shall stay.
    """

    write: Write
    holds: Callable[[Article | InvalidItem], bool] = lambda _: False


FIRST = ("id", "headline", "url", "status")
LAST = ("errors", "experts")
WHOLE = "json"
_CODES = re.compile(r"[\x7f-\x9f]")


def columns(predictions: TaskColumns) -> list[str]:
    """Return the names of the columns: `sentiment.label` is the key `label` of the answers to `sentiment`."""
    return [
        *FIRST,
        *(f"{task}.{key}" for task, keys in predictions.items() for key in keys or (WHOLE,)),
        *LAST,
    ]


def is_number(column: str) -> bool:
    """Tell whether the column holds numbers; all others hold text."""
    return column.endswith(".score")


def row(record: Record, predictions: TaskColumns) -> list[str | float | None]:
    """Return the values under `columns(answers)`; None where there is none."""
    return [
        None if record.id is None else str(record.id),
        record.headline,
        record.url,
        record.status,
        *(
            _cell(record.analyses.get(task), key)
            for task, keys in predictions.items()
            for key in keys or (WHOLE,)
        ),
        "; ".join(one_line(f"{error.stage} {error.type}: {error.message}") for error in record.errors),
        ", ".join(dict.fromkeys(entry.expert for entry in record.route if entry.expert)),
    ]


def _cell(prediction: Mapping[str, Any] | None, key: str) -> str | float | None:
    if prediction is None:
        return None
    if key == WHOLE:
        return _escaped(to_json(prediction).decode())
    value = prediction.get(key)
    if is_number(f".{key}"):
        return float(value) if isinstance(value, int | float) else None
    return None if value is None else str(value)


def as_json(record: Record, indent: int | None = None) -> str:
    """Return the record as JSON."""
    return _escaped(record.model_dump_json(indent=indent))


def _escaped(text: str) -> str:
    """Escape the control codes that JSON lets stand, so that records can be shown on a terminal."""
    if text.replace("\n", "").isprintable():
        return text  # a quarter of the time
    return _CODES.sub(lambda code: f"\\u{ord(code[0]):04x}", text)
