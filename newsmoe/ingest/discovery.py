"""The files with articles that folders and patterns stand for."""

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from newsmoe.errors import InputError
from newsmoe.ingest.files import translate_errors
from newsmoe.ingest.formats import READERS


def find_inputs(names: Iterable[str], outputs: Iterable[Path] = ()) -> list[str]:
    """Return the names, with the files for each folder and each pattern such as `inbox/*.json`.

    A folder stands for the files in it with the suffix of an input format, by name. What newsmoe wrote
    (`analyzed_*`, `*.run.json`, `*.errors.jsonl`), hidden files and `outputs` are left out. A name that
    exists is taken as it is, even with a `*` in it; `**` in a pattern stands for any folders.
    """
    written = set(map(os.path.realpath, outputs))
    return [file for name in names for file in _files(name, written)]


def _files(name: str, written: set[str]) -> Iterator[str]:
    if not name:  # which would be this folder, where a shell's variable is not set
        raise InputError("an input has no name; give a file, a folder, a pattern, or - for standard input")
    path = Path(name)
    if path.is_dir():
        with translate_errors(name):
            candidates = [file for file in path.iterdir() if READERS.of(file)]
        problem = "no input files in this folder"
    elif glob.has_magic(name) and not path.exists():
        candidates = [Path(match) for match in glob.iglob(name, recursive=True)]
        problem = "no file matches"
    else:
        yield name
        return
    files = [file for file in sorted(candidates) if _is_input(file, written)]
    if not files:
        raise InputError(f"{name}: {problem}; newsmoe's own files are skipped (analyzed_*, *.run.json, *.errors.jsonl)")
    yield from map(str, files)


def _is_input(file: Path, written: set[str]) -> bool:
    ours = file.name.startswith("analyzed_") or file.name.endswith((".run.json", ".errors.jsonl"))
    if ours or file.name.startswith(".") or not file.is_file():
        return False
    real = Path(os.path.realpath(file))
    return written.isdisjoint(map(str, (real, *real.parents)))
