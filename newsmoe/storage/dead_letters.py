"""The elements that something went wrong with, for a person to look at."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from newsmoe.analysis import ItemError
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

    Where there are none, a file that an earlier run left is removed.

    Args:
        path: JSON Lines.
        sources: what was read, in order.
        failed: errors by the element's number over all sources.
    """
    if not failed:
        path.unlink(missing_ok=True)
        return
    lines, number = [], 0
    for source in sources:
        for place, element in enumerate(source.elements()):
            if number in failed:
                letter = {
                    "input": source.name,
                    "index": place,
                    "element": element.message if isinstance(element, BadElement) else element,
                    "errors": [error.model_dump() for error in failed[number]],
                }
                lines.append(json.dumps(letter, ensure_ascii=True, default=_as_text))
            number += 1
    write_text(path, "\n".join(lines) + "\n")


def _as_text(value: Any) -> str:
    return str(value)
