"""JSON Lines: one record a line."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import OutputError
from newsmoe.output.formats import TaskColumns, Writer, text_output
from newsmoe.output.seen import Seen
from newsmoe.output.table import as_json
from newsmoe.record import Record

suffixes = (".ndjson", ".jsonlines")
stdout = True


@contextmanager
def open_writer(path: Path, columns: TaskColumns) -> Iterator[Writer]:
    """Yield a writer of lines."""
    with text_output(path) as file:
        yield Writer(lambda record, _: file.write(as_json(record) + "\n"))


@contextmanager
def open_appender(path: Path, columns: TaskColumns) -> Iterator[Writer]:
    """Yield a writer that adds records to those in `path`, and replaces those in which an expert had failed.

    The old lines are copied into the temporary file first, rather than the file being grown in its place:
    they must be read anyway to know which articles are there, and a run that breaks off leaves the file as
    it was. A record holds no hash of its article, so that articles are told apart from those of earlier runs by id,
    URL and headline.
    """
    with closing(Seen()) as done, closing(Seen()) as new, closing(Seen()) as redone, text_output(path) as file:
        for line, record in _records(path):
            if not _may_be_redone(record):
                done.add(*_identity(record))
                file.write(line)

        def write(record: Record, _: str) -> None:
            redone.add(*_identity(record))
            file.write(as_json(record) + "\n")

        def holds(item: Article | InvalidItem) -> bool:
            return done.has(*_identity(item)) or not new.add(*_identity(item), item.key)

        yield Writer(write, holds)
        for line, record in _records(path):
            if _may_be_redone(record) and not redone.has(*_identity(record)):
                file.write(line)


def _records(path: Path) -> Iterator[tuple[str, Record]]:
    """Yield the old lines with what they hold; the last one only if it is whole."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in filter(bytes.strip, file):
            try:
                yield line.decode().rstrip("\r\n") + "\n", Record.model_validate_json(line)
            except ValueError:
                if not line.endswith(b"\n") and not _is_json(line):
                    return
                raise OutputError(
                    f"{path}: holds something else than records, such as"
                    f" {line[:40].decode(errors='replace')!r}; name another output with -o"
                ) from None


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _may_be_redone(record: Record) -> bool:
    return any(error.stage != "read" for error in record.errors)


def _identity(of: Article | InvalidItem | Record) -> tuple[str | int | None, ...]:
    message = getattr(of, "message", None)
    if isinstance(of, Record):
        message = next((error.message for error in of.errors if error.stage == "read"), None)
    return of.id, of.url, of.headline, message
