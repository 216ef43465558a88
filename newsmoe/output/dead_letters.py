"""The elements with errors, in a separate file for a person to inspect."""

import json
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, Protocol

from newsmoe.errors import InputError
from newsmoe.output.atomic import atomic_write_text, translate_errors
from newsmoe.paths import beside
from newsmoe.record import ItemError

KEYS = ("input", "index", "element", "errors")


class InputElements(Protocol):
    """An input that was read; `newsmoe.ingest.source.Source` is one."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def count(self) -> int:
        """How many elements it has."""

    def elements(self) -> Iterator[Any]:
        """Yield them as they stand in the file."""


def default_errors(output: Path) -> Path:
    """Return where dead letters go: `analyzed_news_data.errors.jsonl` beside `analyzed_news_data.json`."""
    return beside(output, ".errors.jsonl")


def write_dead_letters(
    path: Path,
    sources: Sequence[InputElements],
    failed: Mapping[int, Sequence[ItemError]],
    *,
    like: Path | None = None,
    append: bool = False,
) -> None:
    """Write a line for each element with errors: the input, its index there, the element, the errors.

    The element is null where the input was changed or removed since it was read, and its message where it
    could not be decoded. Where no element has errors, the file of an earlier run is removed. With `append`,
    its lines stay for records that the output still holds: of other inputs, and of what could not be read. A new
    file has the permissions of the output, `like`.
    """
    starts = list(accumulate((source.count for source in sources[:-1]), initial=0))
    start_of = {source.name: start for source, start in zip(sources, starts, strict=True)}
    still_valid = partial(_still_valid, path if append and _is_ours(path) else None, start_of, failed)
    if not (failed or any(still_valid())):
        if _is_ours(path):
            with translate_errors(path):
                path.unlink()
        return
    numbers = list(failed)
    with translate_errors(path), atomic_write_text(path, like=like) as file:
        file.writelines(still_valid())
        for source, start in zip(sources, starts, strict=True):
            ends = bisect_left(numbers, start), bisect_left(numbers, start + source.count)
            indices = [number - start for number in numbers[slice(*ends)]]
            for index, element in zip(indices, _elements(source, indices), strict=True):
                errors = [error.model_dump() for error in failed[start + index]]
                letter = dict(zip(KEYS, (source.name, index, element, errors), strict=True))
                file.write(json.dumps(letter, ensure_ascii=True, default=str) + "\n")


def _elements(source: InputElements, indices: Sequence[int]) -> Iterator[Any]:
    """Yield the elements at these indices, None where the input is gone or has changed since."""
    elements, position = source.elements(), 0
    for index in indices:
        element = None
        with suppress(InputError):
            element = next(islice(elements, index - position, None), None)
        yield element
        position = index + 1


def _still_valid(path: Path | None, start_of: Mapping[str, int], failed: Collection[int]) -> Iterator[str]:
    """Yield the lines of `path` whose elements this run did not analyze again."""
    if path is None:
        return
    with translate_errors(path), path.open(encoding="utf-8") as file:
        for line in file:
            letter = _letter(line)
            start = start_of.get(letter.get("input", ""))
            unread = all(error["stage"] == "read" for error in letter.get("errors", ()))
            if letter and (start is None or (unread and start + letter["index"] not in failed)):
                yield line


def _is_ours(path: Path) -> bool:
    """Tell whether newsmoe wrote a file: a user may have given the name to something else."""
    try:
        with path.open(encoding="utf-8") as file:
            return bool(_letter(file.readline()))
    except (OSError, UnicodeDecodeError):
        return False


def _letter(line: str) -> dict[str, Any]:
    """Return the dead letter in a line, an empty one where there is none."""
    try:
        letter = json.loads(line)
    except ValueError:
        return {}
    return letter if isinstance(letter, dict) and tuple(letter) == KEYS else {}
