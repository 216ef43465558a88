"""A data set: files in folders by the values of some fields, as Hive has it: `topic=sport/part-00001-1f0c2a9e.csv`.

Files are made where no reader looks, and moved to their places at the end. The manifest names them all. It is
replaced last, so that whoever reads by it sees the old data set or the new one, and each of them whole.
"""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import TextIO

from newsmoe.errors import ConfigError, InputError, OutputError
from newsmoe.output.atomic import check_link, descriptor_of, write_text
from newsmoe.output.formats import STDOUT, WRITERS, OutputFormat, TaskColumns, Writer
from newsmoe.output.partitions import PartitionKey, check_keys
from newsmoe.output.run_report import installed_versions
from newsmoe.record import Record
from newsmoe.validation import Strict

FORMATS = ("parquet", "jsonl", "csv")
MANIFEST = "_manifest.json"  # readers of data sets pass over names that begin so
RECORDS_PER_FILE = 100_000
MAX_OPEN = 64  # spools at a time
MAX_PARTITIONS = 10_000

SPOOL = "spool"  # for each record a line with its key, and one with itself as JSON

_STAGING = (".newsmoe-", ".tmp")
_PART = re.compile(r"part-[0-9]{5,}-[0-9a-f]{8}\.[a-z]+")


class PartInfo(Strict):
    """A file of a data set: its path in the folder, its records and bytes, and the hash of its content."""

    path: str
    records: int
    bytes: int
    sha256: str


class Manifest(Strict):
    """What is in a data set, and what made it; `settings` is a hash of the run's."""

    newsmoe: str
    settings: str
    format: str
    partition_by: list[str]
    records: int
    files: list[PartInfo]


def check_dataset(path: Path, format: str, *, append: bool = False) -> None:
    """See whether a data set in `format` can be written to `path`."""
    if format not in FORMATS:
        formats = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
        raise ConfigError(f"{path}: --partition-by writes {formats}, not {format}; name one with --format")
    if append:
        raise ConfigError(f"{path}: --partition-by writes the whole data set; leave out --append")
    if path == STDOUT or descriptor_of(path) is not None or (path.exists() and not path.is_dir()):
        raise OutputError(f"{path}: is no folder, as --partition-by needs one; name another with -o")
    for file in _files_in(path):
        if not _PART.fullmatch(file.name):
            raise OutputError(f"{path}: holds something else than a data set of newsmoe, such as {file}; name another")


def read_manifest(path: Path) -> Manifest | None:
    """Return the manifest of the data set in the folder `path`; None where there is none.

    Raises:
        InputError: it is damaged, or names files outside the folder.
    """
    try:
        manifest = Manifest.model_validate_json((path / MANIFEST).read_bytes())
    except FileNotFoundError:
        return None
    except ValueError:
        raise InputError(f"{path / MANIFEST}: is no manifest of this newsmoe") from None
    for part in manifest.files:
        if not _PART.fullmatch(Path(part.path).name) or ".." in Path(part.path).parts or os.path.isabs(part.path):
            raise InputError(f"{path / MANIFEST}: names {part.path!r}, which is no file of a data set")
    return manifest


@dataclass(frozen=True)
class Dataset:
    """An output format: a folder of files in another format.

    Attributes:
        format: of the files.
        keys: what folders are named by.
        settings: hash of the run's, for the manifest.
    """

    format: str
    keys: tuple[PartitionKey, ...]
    settings: str = ""

    def errors(self) -> tuple[type[Exception], ...]:
        """Return what the format of the files raises."""
        errors: tuple[type[Exception], ...] = getattr(WRITERS.load(self.format), "errors", tuple)()
        return errors

    @contextmanager
    def open_writer(self, path: Path, columns: TaskColumns) -> Iterator[Writer]:
        """Yield a writer of records into the folder `path`; it replaces the data set that is there."""
        check_keys(self.keys, columns)
        made = not path.exists()
        path.mkdir(exist_ok=True)
        prefix, suffix = _STAGING
        for leftover in path.glob(f"{prefix}*{suffix}"):  # of a run that was killed; the lock is held now
            rmtree(leftover, ignore_errors=True)
        try:
            with TemporaryDirectory(suffix, prefix, path, ignore_cleanup_errors=True) as staging:
                parts = _Parts(WRITERS.load(self.format), f".{self.format}", columns, Path(staging))
                with closing(parts):
                    yield Writer(lambda record, key: parts.write(self._folder(record), record, key))
                    parts.finish()
                self._publish(path, Path(staging), parts.files)
        finally:
            if made:
                with suppress(OSError):  # unless there is something in it
                    path.rmdir()

    def _folder(self, record: Record) -> str:
        return "/".join(key.folder(record) for key in self.keys)

    def _publish(self, path: Path, staging: Path, files: Sequence[PartInfo]) -> None:
        """Move the files to their places, write the manifest, and remove the files that it does not name."""
        for file in files:
            target = path / file.path
            for folder in reversed(target.relative_to(path).parents[:-1]):
                check_link(path / folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            (staging / file.path).replace(target)
        manifest = Manifest(
            newsmoe=installed_versions().get("newsmoe", ""),
            settings=self.settings,
            format=self.format,
            partition_by=list(map(str, self.keys)),
            records=sum(file.records for file in files),
            files=sorted(files, key=lambda file: file.path),
        )
        write_text(path / MANIFEST, manifest.model_dump_json(indent=2) + "\n")
        named = {file.path for file in files}
        for old in _files_in(path):
            if old.as_posix() not in named:
                (path / old).unlink()
                with suppress(OSError):
                    os.removedirs((path / old).parent)


@dataclass
class _Parts:
    """The files of a data set on their way: first all records of a folder in a spool, then its files, one at a time.

    So it does not matter in which order records come: no folder has many small files, and one writer is open.
    """

    format: OutputFormat
    suffix: str
    columns: TaskColumns
    staging: Path
    files: list[PartInfo] = field(default_factory=list)
    _records: dict[str, int] = field(default_factory=dict)  # in the spool, by folder
    _open: dict[str, TextIO] = field(default_factory=dict)  # spools; the one that was used last is the last

    def write(self, folder: str, record: Record, key: str) -> None:
        """Add a record to the spool of its folder, which becomes a file when it is full."""
        if folder not in self._records:
            self._begin(folder)
        spool = self._open.pop(folder) if folder in self._open else self._reopened(folder)
        self._open[folder] = spool
        spool.write(f"{key}\n{record.model_dump_json()}\n")
        self._records[folder] += 1
        if self._records[folder] == RECORDS_PER_FILE:
            self._finish(folder)

    def finish(self) -> None:
        """Make files of all spools."""
        for folder, count in self._records.items():
            if count:
                self._finish(folder)

    def close(self) -> None:
        """Close the spools."""
        for spool in self._open.values():
            spool.close()

    def _begin(self, folder: str) -> None:
        if len(self._records) == MAX_PARTITIONS:
            raise OutputError(
                f"--partition-by makes more than {MAX_PARTITIONS:,} folders, the last one {folder}; name fields with"
                " fewer values, such as publication_date:month"
            )
        self._records[folder] = 0
        (self.staging / folder).mkdir(parents=True, exist_ok=True)

    def _reopened(self, folder: str) -> TextIO:
        if len(self._open) == MAX_OPEN:
            self._open.pop(next(iter(self._open))).close()
        return (self.staging / folder / SPOOL).open("a", encoding="utf-8", newline="\n")

    def _finish(self, folder: str) -> None:
        if folder in self._open:
            self._open.pop(folder).close()
        number, spool = len(self.files) + 1, self.staging / folder / SPOOL
        staged = spool.with_name(f"{number}{self.suffix}")
        with (
            spool.open(encoding="utf-8", newline="\n") as lines,
            self.format.open_writer(staged, self.columns) as writer,
        ):
            for key in lines:
                writer.write(Record.model_validate_json(next(lines)), key.removesuffix("\n"))
        spool.unlink()
        with staged.open("rb") as file:
            digest, size = file_digest(file, "sha256").hexdigest(), file.tell()
        # equal content has an equal name, and other content none that an older file has
        staged = staged.rename(staged.with_name(f"part-{number:05}-{digest[:8]}{self.suffix}"))
        path = staged.relative_to(self.staging).as_posix()
        self.files.append(PartInfo(path=path, records=self._records[folder], bytes=size, sha256=digest))
        self._records[folder] = 0


def _files_in(path: Path) -> Iterator[Path]:
    """Yield the files in a folder that readers of data sets see, by their paths in it; links are not followed."""
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith((".", "_"))]
        yield from (Path(folder, name).relative_to(path) for name in names if not name.startswith((".", "_")))
