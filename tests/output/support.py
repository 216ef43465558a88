"""What the tests of the output share."""

from pathlib import Path
from types import MappingProxyType
from typing import Any

from newsmoe.output.formats import TaskColumns
from newsmoe.output.writers import open_writer
from newsmoe.prediction import InputStats
from newsmoe.record import Record

TITLES = """
from contextlib import contextmanager

from newsmoe.output.formats import Writer, text_output

stdout = True


@contextmanager
def open_writer(path, columns):
    with text_output(path) as file:
        yield Writer(lambda record, key: file.write(f"{record.id}: {record.headline}\\n"))
"""
"""A writer of a plug-in: a line a record."""


def record(identifier: int | str | None = 1, **analyses: dict[str, Any]) -> Record:
    return Record(
        id=identifier,
        headline="Storm hits – now",
        url=None,
        status="ok",
        analyses=analyses,
        route=[],
        errors=[],
        input=InputStats(),
    )


def write_all(path: Path, format: str, records: list[Record], columns: TaskColumns = MappingProxyType({})) -> None:
    with open_writer(path, format, columns) as writer:
        for record in records:
            writer.write(record, "key")
