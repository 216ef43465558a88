"""Records, read back from every format that newsmoe writes.

The file may be anybody's: a value of another shape costs that value only, and an element that is no object becomes a
record with an error, so that there are as many records as elements.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from itertools import chain, islice, zip_longest
from math import isfinite
from pathlib import Path
from typing import Any, get_args

from newsmoe.errors import InputError
from newsmoe.ingest.files import translate_errors
from newsmoe.ingest.formats import READERS, format_of
from newsmoe.ingest.location import Location
from newsmoe.ingest.places import Place
from newsmoe.ingest.source import read_elements
from newsmoe.output.dataset import read_manifest
from newsmoe.output.formats.csv import unescape_formula
from newsmoe.output.formats.sqlite import TABLE
from newsmoe.output.table import FIRST, LAST, WHOLE
from newsmoe.prediction import InputStats, JsonFields
from newsmoe.record import MAX_MESSAGE, ItemError, Record, RouteEntry, Stage
from newsmoe.sqlite import SIGNATURE, UnsafeSchemaError, check_schema, connect

FORMATS = ("json", "jsonl", "csv", "tsv", "xlsx", "parquet", "sqlite")
LOOKED_AT = 20  # elements, of which one must look like a record
MAX_DEPTH = 50
PREDICTIONS = f"predictions_{WHOLE}"

_SIGNS = {"parquet": b"PAR1", "sqlite": SIGNATURE, "xlsx": b"PK\x03\x04"}
_OF_A_RECORD = frozenset({"analyses", "route", "status"})
_OF_A_RUN = frozenset({"exit_code", "statuses", "output"})
_STATUSES = ("ok", "partial", "failed")
_STAGES: tuple[Stage, ...] = get_args(Stage)
_ERROR = re.compile(rf"({'|'.join(_STAGES)}) ([^:;]+): ")


def read_records(path: Path) -> Iterator[Record]:
    """Yield the records of a file in any format that newsmoe writes, of a folder of Parquet files, or of a data set.

    Tables hold less than a record: one from CSV or XLSX has no scores but the best, and no reasons in its route.

    Raises:
        InputError: the file cannot be read, or holds no records; says where, and what to do.
    """
    format = _format_of(path)
    if format not in FORMATS:
        raise InputError(f"{path}: records are read from {', '.join(FORMATS)}, not from {format}")
    with translate_errors(str(path)):
        elements = _elements(path, format)
        first = list(islice(elements, LOOKED_AT))
        if first and not any(isinstance(element, dict) and _OF_A_RECORD & element.keys() for element in first):
            raise InputError(f"{path}: {_remedy(path, first[0])}")
        for element in chain(first, elements):
            yield as_record(element)


def _remedy(path: Path, element: Any) -> str:
    if isinstance(element, dict) and element.keys() >= _OF_A_RUN:
        return f"is the report of a run, not its records, which are in {element['output']}"
    return f"holds no records of newsmoe; 'newsmoe analyze {path}' makes some"


def as_record(element: Any) -> Record:
    """Return a record of what JSON holds for one, with as many of its values as have the right type."""
    element = _valid(element)
    if not isinstance(element, dict):
        message = str(element)[:MAX_MESSAGE] or "empty"
        error = ItemError(type="InvalidItem", message=message, stage="read")
        values: dict[str, Any] = {"status": "failed"}
        return _record(values, [error])
    return _record(element, [_error(value) for value in _objects(element.get("errors"))])


def _record(values: Mapping[str, Any], errors: list[ItemError]) -> Record:
    id, status = values.get("id"), values.get("status")
    texts = {key: value if isinstance(value := values.get(key), str) else None for key in FIRST[1:-1]}
    analyses = _tasks(values.get("analyses"))
    if status not in _STATUSES:
        status = "ok" if not errors else "partial" if analyses else "failed"
    return Record(
        id=id if isinstance(id, str | int) and not isinstance(id, bool) else None,
        **texts,
        status=status,
        analyses=analyses,
        route=[_route_entry(value) for value in _objects(values.get("route"))],
        errors=errors,
        input=_input_stats(values.get("input")),
        predictions=None if values.get("predictions") is None else _of_experts(values["predictions"]),
    )


def _valid(value: Any, depth: int = 0) -> Any:
    """Return a value of JSON without lone surrogates, which cannot be written; what is nested too deep is null."""
    match value:
        case str():
            return value if value.isascii() else value.encode(errors="replace").decode()
        case dict() if depth < MAX_DEPTH:
            return {_valid(str(key)): _valid(inner, depth + 1) for key, inner in value.items()}
        case list() if depth < MAX_DEPTH:
            return [_valid(inner, depth + 1) for inner in value]
        case dict() | list():
            return None
        case float() if not isfinite(value):
            return None
    return value


def _objects(value: object) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _tasks(value: object) -> dict[str, JsonFields]:
    items = value.items() if isinstance(value, dict) else ()
    return {
        str(task): _objects(prediction) if isinstance(prediction, list) else prediction
        for task, prediction in items
        if isinstance(prediction, dict | list)
    }


def _of_experts(value: object) -> dict[str, dict[str, JsonFields]]:
    return {task: _tasks(experts) for task, experts in _tasks(value).items()}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _error(value: Mapping[str, Any]) -> ItemError:
    stage = value.get("stage")
    return ItemError(
        task=_text(value.get("task")) or None,
        expert=_text(value.get("expert")) or None,
        type=_text(value.get("type")) or "Error",
        message=_text(value.get("message")),
        stage=stage if stage in _STAGES else "predict",
    )


def _route_entry(value: Mapping[str, Any]) -> RouteEntry:
    weight = value.get("weight")
    is_weight = isinstance(weight, int | float) and isfinite(weight)
    return RouteEntry(
        task=_text(value.get("task")),
        expert=_text(value.get("expert")) or None,
        weight=min(1.0, max(0.0, float(weight or 0))) if is_weight else 0.0,
        reason=_text(value.get("reason")),
    )


def _input_stats(value: object) -> InputStats:
    values = value if isinstance(value, dict) else {}
    counts = {key: count for key in ("tokens", "windows") if isinstance(count := values.get(key), int)}
    return InputStats(**counts, truncated=values.get("truncated") is True)


def _format_of(path: Path) -> str:
    """Return the format by the content where that tells, else by the suffix."""
    with translate_errors(str(path)):
        if path.is_dir():
            manifest = read_manifest(path)
            return manifest.format if manifest else "parquet"
        with path.open("rb") as file:
            start = file.read(16)
    by_content = (format for format, sign in _SIGNS.items() if start.startswith(sign))
    return next(by_content, None) or ("json" if READERS.of(path) is None else format_of(path))


def _elements(path: Path, format: str) -> Iterator[Any]:
    if path.is_dir():
        return chain.from_iterable(_elements(part, format) for part in _parts(path))
    if format == "parquet":
        return map(_stored, read_elements(str(path), path, format))
    if format == "sqlite":
        return _sqlite_elements(path)
    elements = read_elements(str(path), path, format, Location(Place()) if format in ("json", "jsonl") else None)
    return elements if format in ("json", "jsonl") else map(_of_columns, elements)


def _parts(path: Path) -> Sequence[Path]:
    """Return the files of a data set, or of a folder of Parquet files."""
    if manifest := read_manifest(path):
        return [path / part.path for part in manifest.files]
    parts = sorted(path.glob("*.parquet"))
    if not parts:
        raise InputError(f"{path}: the folder has no *.parquet in it; name a file, or a folder of Parquet files")
    return parts


def _sqlite_elements(path: Path) -> Iterator[Any]:
    try:
        with closing(connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
            check_schema(base, frozenset([TABLE]), alone=False)
            base.text_factory = partial(str, encoding="utf-8", errors="replace")
            rows = base.execute(f"SELECT * FROM {TABLE}")
            names = [column[0] for column in rows.description]
            for row in rows:
                yield _stored(dict(zip(names, row, strict=True)))
    except (sqlite3.Error, UnsafeSchemaError) as error:
        raise InputError(f"{path}: no records of newsmoe can be read from it: {error}") from None


def _stored(row: Any) -> Any:
    """Return the record that a row holds as JSON; what its columns say where that is broken."""
    try:
        record = json.loads(row["record"])
    except (TypeError, KeyError, ValueError, RecursionError):
        record = None
    return record if isinstance(record, dict) else _of_columns(row)


def _of_columns(row: Any) -> Any:
    """Return what the columns of a table hold, in the shape of a record."""
    if not isinstance(row, dict) or "status" not in row:
        return row
    columns = {str(name): unescape_formula(value) for name, value in row.items() if value not in (None, "")}
    errors, experts = (str(columns.get(name, "")) for name in LAST)
    element: dict[str, Any] = {name: columns.get(name) for name in FIRST}
    element["analyses"] = _analyses(columns)
    element["errors"] = list(_errors_in(errors))
    element["route"] = [{"expert": name, "weight": 1.0} for name in experts.split(", ") if name]
    if PREDICTIONS in columns:
        element["predictions"] = _json(columns[PREDICTIONS])
    return element


def _analyses(columns: Mapping[str, Any]) -> dict[str, Any]:
    analyses: dict[str, Any] = {}
    for name, value in columns.items():
        task, _, key = name.rpartition("_")
        if not task or name in (*FIRST, *LAST, PREDICTIONS):
            continue
        if key == WHOLE:
            analyses[task] = _json(value)
        elif key in _CELLS:
            analyses.setdefault(task, {})[key] = _CELLS[key](value)
    return analyses


def _json(text: object) -> Any:
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError):
        return None


def _score(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


_CELLS: Mapping[str, Any] = {
    "summary": str,
    "label": str,
    "score": _score,
    "unsure": lambda value: str(value).lower() == "true",
    "labels": lambda value: str(value).split("; "),
}
"""What the cells of a task's columns hold."""


def _errors_in(text: str) -> Iterable[dict[str, Any]]:
    """Yield the errors that a cell names, each as `stage type: message`."""
    starts = list(_ERROR.finditer(text))
    for start, following in zip_longest(starts, starts[1:]):
        message = text[start.end() : following.start() if following else None].removesuffix("; ")
        yield {"stage": start[1], "type": start[2], "message": message}
