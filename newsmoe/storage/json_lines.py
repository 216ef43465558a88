"""JSON Lines that are added to."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from newsmoe.analysis import Analysis
from newsmoe.article import Article, Unreadable
from newsmoe.errors import OutputError
from newsmoe.storage.replace import blaming, replacing_text
from newsmoe.storage.seen import Seen
from newsmoe.storage.table import Answers, Writer, as_json

__all__ = ["append_lines"]


@contextmanager
def append_lines(path: Path, _: Answers) -> Iterator[Writer]:
    """Give a writer that adds records to those in `path`.

    The old lines are copied into the temporary file first, rather than the file being grown in its place:
    they must be read anyway to know which articles are there, and a run that breaks off leaves the file as
    it was. A record holds no hash of its article, so that articles are told apart by id, URL and headline.

    Raises:
        OutputError: the file holds something else than records.
    """
    with closing(Seen()) as seen, replacing_text(path) as put:
        if path.is_file():
            for line in _whole_lines(path):
                seen.add(*_identity_of_record(line, path))
                put(line + "\n")

        def write(analysis: Analysis, _: str) -> None:
            put(as_json(analysis) + "\n")

        yield Writer(write, lambda item: seen.has(*_identity(item)))


def _whole_lines(path: Path) -> Iterator[str]:
    """Yield the lines; the last one is left out where it has no end and is only half a record."""
    with blaming(path, UnicodeDecodeError), path.open("rb") as file:
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


def _identity(item: Article | Unreadable) -> tuple[str | int | None, ...]:
    message = item.message if isinstance(item, Unreadable) else None
    return item.id, item.url, item.headline, message


def _identity_of_record(line: str, path: Path) -> tuple[str | int | None, ...]:
    try:
        record = Analysis.model_validate_json(line)
    except ValueError:
        raise OutputError(
            f"{path}: holds something else than records, such as {line[:40]!r}; name another output with -o"
        ) from None
    unread = [error.message for error in record.errors if error.stage == "read"]
    return record.id, record.url, record.headline, unread[0] if unread else None
