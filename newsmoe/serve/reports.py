"""Pages of records: of those that a client sends, and of files that others have written."""

import os
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from newsmoe.errors import ConfigError, InputError
from newsmoe.ingest.own_output import RECORDS, own_output
from newsmoe.record import Record
from newsmoe.report.files import page_of, page_of_records
from newsmoe.serve.bodies import BODY
from newsmoe.validation import describe

MAX_FILES = 1_000  # that are listed, the newest first

_RECORDS = TypeAdapter(list[Record])


def report_of(body: bytes) -> str:
    """Return the page of the records in a body: a list, or one a line.

    Raises:
        InputError: it holds something else.
    """
    try:
        if body.lstrip()[:1] == b"{":
            records = [Record.model_validate_json(line, strict=True) for line in body.splitlines() if line.strip()]
        else:
            records = _RECORDS.validate_json(body, strict=True)
    except ValidationError as error:
        raise InputError(
            f"{BODY}: is no list of records, as /v1/analyze returns them: {describe(error, Record)}"
        ) from None
    return page_of_records("records", records)


class RecordsFolder:
    """A folder into which another process, such as a watch, writes records.

    Raises:
        ConfigError: there is no such folder.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_dir():
            raise ConfigError(f"{path}: no such folder of records; check --records")
        self.path = path

    def files(self) -> list[dict[str, Any]]:
        """Return names, sizes and times of the files, the newest first."""
        stats = {name: stat for name, path in self._paths().items() if (stat := _stat(path))}
        newest = sorted(stats, key=lambda name: -stats[name].st_mtime)
        records = (name for name in newest if own_output(self.path / name) == RECORDS)
        return [
            {
                "name": name,
                "bytes": stats[name].st_size,
                "modified": datetime.fromtimestamp(stats[name].st_mtime, UTC).isoformat(timespec="seconds"),
            }
            for name in islice(records, MAX_FILES)
        ]

    def page(self, name: str) -> str | None:
        """Return the page of a file; None where there is no such one among the files."""
        path = self._paths().get(name)
        if path is None or own_output(path) != RECORDS:
            return None
        try:
            return page_of([path])
        except InputError as error:
            raise InputError(str(error).replace(str(path), name)) from None

    def _paths(self) -> dict[str, Path]:
        """Return the files below the folder by name; links, hidden files, and names that are no text are left out."""
        paths = {}
        for folder, folders, names in os.walk(self.path):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for path in (Path(folder) / name for name in names if not name.startswith(".")):
                name = str(path.relative_to(self.path))
                if name.isprintable() and path.is_file() and not path.is_symlink():
                    paths[name] = path
        return paths


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:  # it is gone, or replaced just now
        return None
