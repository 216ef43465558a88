"""The elements that something went wrong with, for a person to look at."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from newsmoe.analysis import ItemError
from newsmoe.errors import InputError
from newsmoe.storage.json_stream import BadElement
from newsmoe.storage.readers import Source
from newsmoe.storage.replace import write_text

__all__ = ["default_errors", "write_dead_letters"]


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
        sources: what was read, in order.
        failed: errors by the element's number over all sources.
    """
    if not failed:
        path.unlink(missing_ok=True)
        return
    lines, first = [], 0
    for source in sources:
        places = [number - first for number in failed if first <= number < first + source.count]
        elements = _elements(source, places)
        for place in places:
            letter = {
                "input": source.name,
                "index": place,
                "element": elements.get(place),
                "errors": [error.model_dump() for error in failed[first + place]],
            }
            lines.append(json.dumps(letter, ensure_ascii=True, default=_as_text))
        first += source.count
    write_text(path, "\n".join(lines) + "\n")


def _elements(source: Source, places: Sequence[int]) -> dict[int, Any]:
    """Return the elements at these places; none where the input is gone or another by now."""
    wanted, found = set(places), {}
    with suppress(InputError):
        for place, element in enumerate(source.elements() if wanted else ()):
            if place in wanted:
                found[place] = element.message if isinstance(element, BadElement) else element
    return found


def _as_text(value: Any) -> str:
    return str(value)
