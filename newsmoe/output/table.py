"""Records as rows of a table, for CSV, Parquet and SQLite; and as JSON."""

from pydantic_core import to_json

from newsmoe.output.formats import TaskColumns
from newsmoe.prediction import fields_of
from newsmoe.record import Record
from newsmoe.text.cleaning import escape_control_codes, one_line

FIRST = ("id", "headline", "url", "publication_date", "source", "author", "language", "status")
LAST = ("errors", "experts")
WHOLE = "json"
PREDICTIONS = ""
"""In place of a task: each expert's own prediction, as JSON."""

IDENTITY = ("key", "id", "url")
"""Columns that tell articles apart: the hash of the text, and where it comes from."""


def column_names(columns: TaskColumns) -> list[str]:
    """Return the columns' names: `sentiment_label` is the key `label` of predictions for `sentiment`."""
    return [*FIRST, *(f"{task or 'predictions'}_{key}" for task, key in _task_keys(columns)), *LAST]


def is_number(column: str) -> bool:
    """Tell whether the column holds numbers; those that are not of yes or no either hold text."""
    return column.endswith("_score")


def is_boolean(column: str) -> bool:
    """Tell whether the column says yes or no."""
    return column.endswith("_unsure")


def row(record: Record, columns: TaskColumns) -> list[str | float | None]:
    """Return the values under `column_names(columns)`; None where there is none."""
    return [
        None if record.id is None else str(record.id),
        record.headline,
        record.url,
        record.publication_date,
        record.source,
        record.author,
        record.language,
        record.status,
        *(_cell(_prediction(record, task), key) for task, key in _task_keys(columns)),
        "; ".join(one_line(f"{error.stage} {error.type}: {error.message}") for error in record.errors),
        ", ".join(dict.fromkeys(entry.expert for entry in record.route if entry.expert)),
    ]


def keyed_names(columns: TaskColumns) -> list[str]:
    """Return the names of the columns where the whole record is one too, and the article's key."""
    return ["key", *column_names(columns), "record"]


def keyed_row(record: Record, key: str, columns: TaskColumns) -> list[str | float | None]:
    """Return the values under `keyed_names(columns)`."""
    return [key, *row(record, columns), as_json(record)]


def as_json(record: Record, indent: int | None = None) -> str:
    """Return the record as JSON."""
    return escape_control_codes(record.model_dump_json(indent=indent))


def _task_keys(columns: TaskColumns) -> list[tuple[str, str]]:
    return [(task, key) for task, keys in columns.items() for key in keys or (WHOLE,)]


def _prediction(record: Record, task: str) -> object:
    return record.predictions if task == PREDICTIONS else record.analyses.get(task)


def _cell(prediction: object, key: str) -> str | float | None:
    if prediction is None:
        return None
    if key == WHOLE:
        return escape_control_codes(to_json(prediction).decode())
    value = fields_of(prediction).get(key)
    if is_number(f"_{key}"):
        return float(value) if isinstance(value, int | float) else None
    if is_boolean(f"_{key}"):
        return value if isinstance(value, bool) else None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return None if value is None else str(value)
