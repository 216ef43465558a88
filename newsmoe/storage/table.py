"""Records as rows of a table, as CSV, Parquet and SQLite hold them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from newsmoe.analysis import Analysis
from newsmoe.article import Article, Unreadable
from newsmoe.storage.text import one_line

__all__ = ["AnswerKeys", "Write", "Writer", "as_json", "columns", "is_number", "row"]

AnswerKeys = Mapping[str, Sequence[str]]
"""For each task of the run the keys of its answers that have a column each; where there are none, the whole
answer stands in one column as JSON."""

Write = Callable[[Analysis, str], None]
"""Writes a record; the text is the key of the article that it is about."""


@dataclass(frozen=True)
class Writer:
    """An open output.

    Attributes:
        write: writes a record.
        holds: tells whether the output has a record of the article from before, which shall stay.
    """

    write: Write
    holds: Callable[[Article | Unreadable], bool] = lambda _: False


FIRST = ("id", "headline", "url", "status")
LAST = ("errors", "experts")
WHOLE = "json"
_CODES = re.compile(r"[\x7f-\x9f]")


def columns(answers: AnswerKeys) -> list[str]:
    """Return the names of the columns: `sentiment.label` is the key `label` of the answers to `sentiment`."""
    return [*FIRST, *(f"{task}.{key}" for task, keys in answers.items() for key in keys or (WHOLE,)), *LAST]


def is_number(column: str) -> bool:
    """Tell whether the column holds numbers; all others hold text."""
    return column.endswith(".score")


def row(analysis: Analysis, answers: AnswerKeys) -> list[str | float | None]:
    """Return the values under `columns(answers)`; None where there is none."""
    return [
        None if analysis.id is None else str(analysis.id),
        analysis.headline,
        analysis.url,
        analysis.status,
        *(
            _cell(analysis.analyses.get(task), key)
            for task, keys in answers.items()
            for key in keys or (WHOLE,)
        ),
        "; ".join(one_line(f"{error.stage} {error.type}: {error.message}") for error in analysis.errors),
        ", ".join(dict.fromkeys(entry.expert for entry in analysis.route if entry.expert)),
    ]


def _cell(answer: Mapping[str, Any] | None, key: str) -> str | float | None:
    if answer is None:
        return None
    if key == WHOLE:
        return _escaped(to_json(answer).decode())
    value = answer.get(key)
    if is_number(f".{key}"):
        return float(value) if isinstance(value, int | float) else None
    return None if value is None else str(value)


def as_json(analysis: Analysis, indent: int | None = None) -> str:
    """Return the record as JSON."""
    return _escaped(analysis.model_dump_json(indent=indent))


def _escaped(text: str) -> str:
    """Escape the control codes that JSON lets stand, so that records can be shown on a terminal."""
    if text.replace("\n", "").isprintable():
        return text  # a quarter of the time
    return _CODES.sub(lambda code: f"\\u{ord(code[0]):04x}", text)
