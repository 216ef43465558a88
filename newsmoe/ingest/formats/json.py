"""JSON: an array of articles, or an object that holds one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from newsmoe.errors import InputError
from newsmoe.ingest.files import open_text
from newsmoe.ingest.json_stream import JsonSyntaxError, elements

magic = ("[", "{")


def read(name: str, path: Path, *, lines: bool = False) -> Iterator[Any]:
    """Yield the elements of a JSON document or, with `lines`, of JSON Lines."""
    try:
        with open_text(path) as stream:
            yield from elements(stream, lines=lines)
    except JsonSyntaxError as error:
        raise InputError(f"{name}: not valid JSON: {error}") from None
