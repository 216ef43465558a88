"""JSON Lines that are added to."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import OutputError
from newsmoe.output.atomic import atomic_write_text, translate_errors
from newsmoe.output.seen import Seen
from newsmoe.output.table import TaskColumns, Writer, as_json
from newsmoe.record import Record


@contextmanager
def append_lines(path: Path, _: TaskColumns) -> Iterator[Writer]:
    """Give a writer that adds records to those in `path`; where an expert had failed, the new one stays.

    The old lines are copied into the temporary file first, rather than the file being grown in its place:
    they must be read anyway to know which articles are there, and a run that breaks off leaves the file as
    it was. A record holds no hash of its article, so that articles are told apart by id, URL and headline.
    """
    with closing(Seen()) as kept, closing(Seen()) as redone, atomic_write_text(path) as put:
        for line, record in _records(path):
            if not _may_be_redone(record):
                kept.add(*_identity_of(record))
                put(line)

        def write(record: Record, _: str) -> None:
            redone.add(*_identity_of(record))
            put(as_json(record) + "\n")

        yield Writer(write, lambda item: not kept.add(*_identity(item)))
        for line, record in _records(path):
            if _may_be_redone(record) and not redone.has(*_identity_of(record)):
                put(line)


def _records(path: Path) -> Iterator[tuple[str, Record]]:
    """Yield the old lines with what they hold; none where there is no old file."""
    for line in _whole_lines(path) if path.is_file() else ():
        try:
            yield line + "\n", Record.model_validate_json(line)
        except ValueError:
            raise OutputError(
                f"{path}: holds something else than records, such as {line[:40]!r};"
                " name another output with -o"
            ) from None


def _whole_lines(path: Path) -> Iterator[str]:
    """Yield the lines; the last one is left out where it has no end and is only half a record."""
    with translate_errors(path, UnicodeDecodeError), path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n") and not _is_json(line):
                return
            if line.strip():
                yield line.decode().rstrip("\r\n")


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


def _may_be_redone(record: Record) -> bool:
    return any(error.stage != "read" for error in record.errors)


def _identity(item: Article | InvalidItem) -> tuple[str | int | None, ...]:
    message = item.message if isinstance(item, InvalidItem) else None
    return item.id, item.url, item.headline, message


def _identity_of(record: Record) -> tuple[str | int | None, ...]:
    message = next((error.message for error in record.errors if error.stage == "read"), None)
    return record.id, record.url, record.headline, message
