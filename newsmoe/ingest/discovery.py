"""The files with articles that folders and patterns stand for, and why other files are left out."""

import glob
import logging
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from newsmoe.errors import InputError
from newsmoe.ingest.files import is_sparse, translate_errors
from newsmoe.ingest.formats import READERS
from newsmoe.ingest.own_output import own_output
from newsmoe.ingest.remote import is_url, list_url, local_path
from newsmoe.settings.trust import is_foreign_link

TEMPORARY = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", "~")
"""Ends of the names of files that another program has not finished."""

MAX_SUFFIXES = 4  # in a message

HIDDEN, NOT_FINISHED, OUTPUT = "hidden", "temporary", "output of this run"
WRITTEN, EMPTY, SPECIAL, TWICE = "written by newsmoe", "empty", "not regular files", "read already"
FOREIGN, SPARSE = "links of other users", "files of holes"
UNKNOWN_SUFFIX = "with an unknown suffix"

_logger = logging.getLogger(__name__)


@dataclass
class Listing:
    """The input files that a folder or a pattern stands for.

    Attributes:
        name: of the folder, or the pattern.
        files: in the order of their names.
        urls: of the files, where the folder or pattern is a URL.
        left_out: how many files are no input, by reason.
        unreadable: folders in it that cannot be read, with the reason.
    """

    name: str
    files: list[Path] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    unreadable: dict[str, str] = field(default_factory=dict)
    suffixes: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Return how many files there are, and what is left out, in one line."""
        count = len(self.names)
        return f"{self.name}: {count} {'file' if count == 1 else 'files'} to read; {self.reasons}"

    @property
    def names(self) -> list[str]:
        """Paths and URLs of the files."""
        return [*map(str, self.files), *self.urls]

    @property
    def reasons(self) -> str:
        """What is left out, in words."""
        counts = sorted(self.left_out.items(), key=lambda item: (-item[1], item[0]))
        parts = [f"{count} {reason}{self._examples(reason)}" for reason, count in counts]
        return f"left out: {', '.join(parts)}" if parts else "nothing is left out"

    def _examples(self, reason: str) -> str:
        if reason != UNKNOWN_SUFFIX:
            return ""
        more = ", ..." if len(self.suffixes) > MAX_SUFFIXES else ""
        return f" ({', '.join(suffix for suffix, _ in self.suffixes.most_common(MAX_SUFFIXES))}{more})"


@dataclass
class Discovery:
    """All input files of a command, in the order in which they are read.

    Attributes:
        files: paths and URLs, or `-` for standard input.
        listings: the folders and patterns among the names.
    """

    files: list[str] = field(default_factory=list)
    listings: list[Listing] = field(default_factory=list)

    @property
    def left_out(self) -> dict[str, dict[str, int]]:
        """How many files are left out, by folder or pattern and reason."""
        return {listing.name: dict(listing.left_out) for listing in self.listings if listing.left_out}

    @property
    def unreadable(self) -> dict[str, str]:
        """Folders that cannot be read, with the reason."""
        return {name: reason for listing in self.listings for name, reason in listing.unreadable.items()}


def find_inputs(names: Iterable[str], outputs: Iterable[Path] = ()) -> list[str]:
    """Return the names, with the files for each folder and each pattern such as `inbox/*.json`; see `discover`."""
    return discover(names, outputs).files


def discover(names: Iterable[str], outputs: Iterable[Path] = ()) -> Discovery:
    """Return the names, with the files for each folder and each pattern; say what is left out of those.

    A folder stands for all files below it with the suffix of an input format. Hidden, temporary and empty
    files, what newsmoe wrote, and `outputs` are left out of folders and patterns. A name that exists is taken
    as it is, even with a `*` in it; `**` in a pattern stands for any folders. The same holds at URLs, but that
    files there are not opened to see whether newsmoe wrote them.
    """
    result = Discovery()
    for name in names:
        if not name:  # which would be this folder, where a shell's variable is not set
            raise InputError("an input has no name; give a file, a folder, a pattern, or - for standard input")
        name = (is_url(name) and local_path(name)) or name
        listing, problem = _listing_of(name, outputs)
        if listing is None:
            result.files.append(name)
            continue
        if not (listing.names or listing.unreadable):
            raise InputError(f"{name}: {problem}" + (f"; {listing.reasons}" if listing.left_out else ""))
        if listing.left_out:
            _logger.info("%s", listing)
        result.listings.append(listing)
        result.files += listing.names
    if result.unreadable and not result.files:
        raise InputError(next(iter(result.unreadable.values())))
    return result


def _listing_of(name: str, outputs: Iterable[Path]) -> tuple[Listing | None, str]:
    """Return what a folder or a pattern stands for, and a message where that is nothing; None for a file."""
    if is_url(name):
        return _list_url(name), "no input files there"
    if Path(name).is_dir():
        return list_folder(name, outputs), "no input files in this folder"
    if glob.has_magic(name) and not Path(name).exists():
        return _list_pattern(name, outputs), "no file matches"
    return None, ""


def list_folder(folder: str, outputs: Iterable[Path] = (), checked: Collection[str] = ()) -> Listing:
    """Return the input files below a folder; those that are `checked` already are not opened."""
    listing = Listing(folder)
    with translate_errors(folder):
        os.listdir(folder)
    _select(
        _walk(Path(folder), listing),
        outputs,
        listing,
        lambda file: None if str(file) in checked else _reason_by_content(file) if READERS.of(file) else UNKNOWN_SUFFIX,
    )
    return listing


def _list_url(url: str) -> Listing | None:
    """Return the input files at a URL, as far as their names tell; None where it is a file."""
    if (files := list_url(url)) is None:
        return None
    listing = Listing(url)
    for name, size in files:
        path = Path(name)
        reason = _reason_by_name(path) or (EMPTY if size == 0 else None)
        if reason is None and READERS.of(path) is None and not glob.has_magic(url):
            reason = UNKNOWN_SUFFIX
            listing.suffixes[path.suffix.lower() or "none"] += 1
        if reason is None:
            listing.urls.append(name)
        else:
            listing.left_out[reason] += 1
    return listing


def _list_pattern(pattern: str, outputs: Iterable[Path]) -> Listing:
    """Return the input files that match a pattern, whatever their suffix."""
    listing = Listing(pattern)
    matches = (file for file in _matches(pattern) if not os.path.isdir(file))
    _select(matches, outputs, listing, _reason_by_content)
    return listing


def _matches(pattern: str) -> Iterator[Path]:
    """Yield what matches a pattern; unlike those of `glob`, its `**` enter no folder twice, as by a link upwards."""
    parts = Path(pattern).parts
    if "**" not in parts:
        yield from map(Path, glob.iglob(pattern))
        return
    start = parts.index("**")
    for root in map(Path, glob.iglob(os.path.join(*parts[:start])) if start else [""]):
        for file in _walk(root, Listing(pattern)) if root.is_dir() else ():
            if _is_match(file.relative_to(root).parts, parts[start:]):
                yield file


def _is_match(names: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Tell whether the parts of a path are those of a pattern; only what begins with a dot matches hidden ones."""
    if not (names and pattern):
        return not names and set(pattern) <= {"**"}
    if pattern[0] == "**":
        return _is_match(names, pattern[1:]) or _is_match(names[1:], pattern)
    is_shown = pattern[0].startswith(".") or not names[0].startswith(".")
    return is_shown and fnmatchcase(names[0], pattern[0]) and _is_match(names[1:], pattern[1:])


def _walk(folder: Path, listing: Listing) -> Iterator[Path]:
    """Yield the files below a folder; each folder is entered once, by a link where there is no other way."""
    folders, links, seen = [folder], list[Path](), set[str]()
    while folders or links:
        folder = folders.pop() if folders else links.pop(0)
        if (real := os.path.realpath(folder)) in seen:
            continue
        seen.add(real)
        try:
            names = os.listdir(folder)
        except OSError as error:
            listing.unreadable[str(folder)] = f"{folder}: cannot be read: {error.strerror}"
            continue
        for path in (folder / name for name in sorted(names)):
            if not os.path.isdir(path):
                yield path
            elif is_foreign_link(path):
                listing.left_out[FOREIGN] += 1
            elif path.name.startswith("."):
                listing.left_out[HIDDEN] += 1
            else:
                (links if path.is_symlink() else folders).append(path)


def _select(
    files: Iterable[Path], outputs: Iterable[Path], listing: Listing, reason_of: Callable[[Path], str | None]
) -> None:
    """Sort files into those of a listing and those that are left out, also by `reason_of`."""
    written = set(map(os.path.realpath, outputs))
    seen: set[str] = set()
    for file in sorted(files):
        real = Path(os.path.realpath(file))
        reason = _reason_by_name(file) or (FOREIGN if is_foreign_link(file) else reason_of(file))
        if not written.isdisjoint(map(str, (real, *real.parents))):
            reason = OUTPUT
        elif str(real) in seen:
            reason = TWICE
        if reason is None:
            seen.add(str(real))
            listing.files.append(file)
            continue
        listing.left_out[reason] += 1
        if reason == UNKNOWN_SUFFIX:
            listing.suffixes[file.suffix.lower() or "none"] += 1


def _reason_by_name(file: Path) -> str | None:
    """Return why a file with this name is no input; None where it may be one."""
    if file.name.startswith("."):
        return HIDDEN
    return NOT_FINISHED if file.name.lower().endswith(TEMPORARY) else None


def _reason_by_content(file: Path) -> str | None:
    """Return why a file is no input; None where it is one."""
    if not os.path.isfile(file):
        return SPECIAL
    with suppress(OSError):  # it may be gone
        stat = os.stat(file)
        if stat.st_size == 0:
            return EMPTY
        if is_sparse(stat):
            return SPARSE
    return WRITTEN if own_output(file) else None
