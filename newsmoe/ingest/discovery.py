"""What folders and patterns stand for: the files in them that hold articles."""

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from newsmoe.errors import InputError
from newsmoe.ingest.formats_by_suffix import is_readable


def find_inputs(names: Iterable[str], outputs: Iterable[Path] = ()) -> list[str]:
    """Return the names with the files that stand for each folder and each pattern such as `inbox/*.json`.

    A folder stands for the files in it whose suffix is one of a format that is read, by name. What newsmoe
    wrote (`analyzed_*`, `*.run.json`, `*.errors.jsonl`), hidden files and `outputs` are left out. A file that
    is there is taken, whatever marks are in its name; `**` in a pattern stands for any folders.
    """
    written = {_real(path) for path in outputs}
    return [found for name in names for found in _files(name, written)]


def _files(name: str, written: set[Path]) -> Iterator[str]:
    if not name:  # which would be this folder, where a shell's variable is not set
        raise InputError("an input has no name; give a file, a folder, a pattern, or - for standard input")
    path = Path(name)
    if path.is_dir():
        candidates = [file for file in _listing(path) if is_readable(file)]
        nothing = "no article files are in this folder"
    elif glob.has_magic(name) and not path.exists():
        candidates = [Path(found) for found in glob.iglob(name, recursive=True)]
        nothing = "no file matches"
    else:
        yield name
        return
    files = [file for file in sorted(candidates) if _is_input(file, written)]
    if not files:
        raise InputError(
            f"{name}: {nothing}; what newsmoe wrote (analyzed_*, *.run.json, *.errors.jsonl) does not count"
        )
    yield from map(str, files)


def _is_input(file: Path, written: set[Path]) -> bool:
    ours = file.name.startswith("analyzed_") or file.name.endswith((".run.json", ".errors.jsonl"))
    if ours or file.name.startswith(".") or not file.is_file():
        return False
    real = _real(file)
    return written.isdisjoint((real, *real.parents))


def _listing(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from None


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
