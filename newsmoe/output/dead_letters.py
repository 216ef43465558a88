"""The elements that something went wrong with, for a person to look at."""

import json
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from newsmoe.errors import InputError
from newsmoe.ingest.json_stream import BadElement
from newsmoe.ingest.source import Source
from newsmoe.output.atomic import atomic_write_text, translate_errors
from newsmoe.record import ItemError

KEYS = ("input", "index", "element", "errors")


def default_errors(output: Path) -> Path:
    """Return where they go: `analyzed_news_data.errors.jsonl` beside `analyzed_news_data.json`."""
    return output.with_suffix(".errors.jsonl")


def write_dead_letters(
    path: Path, sources: Sequence[Source], failed: Mapping[int, Sequence[ItemError]], *, append: bool = False
) -> None:
    """Write a line for each element with errors: the input, its place there, the element, the errors.

    The element is null where the input was changed or removed since it was read.
    Where there are none, a file that an earlier run left is removed. Where the output was added to, the lines
    of what still stands there with errors stay: of other inputs, and of what could not be read.
    """
    firsts = list(accumulate((source.count for source in sources[:-1]), initial=0))
    again = {source.name: first for source, first in zip(sources, firsts, strict=True)}
    old = path if append and _is_ours(path) else None
    kept = partial(_still_true, old, again, failed)
    if not (failed or any(kept())):
        if _is_ours(path):
            with translate_errors(path):
                path.unlink()
        return
    numbers = deque(failed)
    with atomic_write_text(path) as put:
        for line in kept():
            put(line)
        for source, first in zip(sources, firsts, strict=True):
            places: deque[int] = deque()
            while numbers and numbers[0] < first + source.count:
                places.append(numbers.popleft() - first)
            for place, element in _elements(source, places):
                errors = [error.model_dump() for error in failed[first + place]]
                letter = dict(zip(KEYS, (source.name, place, element, errors), strict=True))
                put(json.dumps(letter, ensure_ascii=True, default=_as_text) + "\n")


def _elements(source: Source, places: deque[int]) -> Iterator[tuple[int, Any]]:
    """Yield the elements at these places, with None where the input is gone or another by now."""
    with suppress(InputError):
        for place, element in enumerate(source.elements() if places else ()):
            if place == places[0]:
                yield places.popleft(), element.message if isinstance(element, BadElement) else element
            if not places:
                return
    yield from ((place, None) for place in places)


def _still_true(path: Path | None, again: Mapping[str, int], failed: Collection[int]) -> Iterator[str]:
    """Yield the lines of a file, if there is one, whose elements adding to the output did not do again."""
    if path is None:
        return
    with translate_errors(path), path.open(encoding="utf-8") as file:
        for line in file:
            letter = _letter(line)
            first = again.get(letter.get("input", ""))
            unread = all(error["stage"] == "read" for error in letter.get("errors", ()))
            if letter and (first is None or (unread and first + letter["index"] not in failed)):
                yield line


def _is_ours(path: Path) -> bool:
    """Tell whether a file is one of these: a user may have given the name to something else."""
    try:
        with path.open(encoding="utf-8") as file:
            return bool(_letter(file.readline()))
    except (OSError, UnicodeDecodeError):
        return False


def _letter(line: str) -> dict[str, Any]:
    """Return what stands in a line of such a file, nothing where it is no such line."""
    try:
        letter = json.loads(line)
    except ValueError:
        return {}
    return letter if isinstance(letter, dict) and tuple(letter) == KEYS else {}


def _as_text(value: Any) -> str:
    return str(value)
