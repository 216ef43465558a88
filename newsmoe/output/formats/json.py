"""One JSON array of records, indented for people."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from newsmoe.output.formats import TaskColumns, Writer, text_output
from newsmoe.output.table import as_json
from newsmoe.record import Record

stdout = True


@contextmanager
def open_writer(path: Path, columns: TaskColumns) -> Iterator[Writer]:
    """Yield a writer of an array."""
    before = "[\n"
    with text_output(path) as file:

        def write(record: Record, _: str) -> None:
            nonlocal before
            file.write(before + as_json(record, indent=2))
            before = ",\n"

        yield Writer(write)
        file.write("[]\n" if before == "[\n" else "\n]\n")
