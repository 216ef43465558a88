"""The elements that something went wrong with, for a person to look at."""

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from newsmoe.analysis import ItemError
from newsmoe.errors import InputError
from newsmoe.storage.json_stream import BadElement
from newsmoe.storage.readers import Source
from newsmoe.storage.replace import blaming, replacing_text

__all__ = ["default_errors", "write_dead_letters"]

KEYS = ("input", "index", "element", "errors")


def default_errors(output: Path) -> Path:
    """Return where they go: `analyzed_news_data.errors.jsonl` beside `analyzed_news_data.json`."""
    return output.with_suffix(".errors.jsonl")


def write_dead_letters(
    path: Path, sources: Sequence[Source], failed: Mapping[int, Sequence[ItemError]]
) -> None:
    """Write a line for each element with errors: the input, its place there, the element, the errors.

    The element is null where the input was changed or removed since it was read.
    Where there are none, a file that an earlier run left is removed.

    Args:
        path: JSON Lines.
        sources: what was read, in order, still open.
        failed: errors by the element's number over all sources, which rises.

    Raises:
        OutputError: it cannot be written.
    """
    if not failed:
        if _is_ours(path):
            with blaming(path):
                path.unlink()
        return
    first, numbers = 0, deque(failed)
    with replacing_text(path) as put:
        for source in sources:
            places: deque[int] = deque()
            while numbers and numbers[0] < first + source.count:
                places.append(numbers.popleft() - first)
            for place, element in _elements(source, places):
                errors = [error.model_dump() for error in failed[first + place]]
                letter = dict(zip(KEYS, (source.name, place, element, errors), strict=True))
                put(json.dumps(letter, ensure_ascii=True, default=_as_text) + "\n")
            first += source.count


def _elements(source: Source, places: deque[int]) -> Iterator[tuple[int, Any]]:
    """Yield the elements at these places, with None where the input is gone or another by now."""
    with suppress(InputError):
        for place, element in enumerate(source.elements() if places else ()):
            if place == places[0]:
                yield places.popleft(), element.message if isinstance(element, BadElement) else element
            if not places:
                return
    yield from ((place, None) for place in places)


def _is_ours(path: Path) -> bool:
    """Tell whether a file is one of these: a user may have given the name to something else."""
    try:
        with path.open("rb") as file:
            letter = json.loads(file.readline())
    except (OSError, ValueError):
        return False
    return isinstance(letter, dict) and tuple(letter) == KEYS


def _as_text(value: Any) -> str:
    return str(value)
