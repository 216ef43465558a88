"""JSON: articles anywhere in a document."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from newsmoe.errors import InputError
from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.files import max_characters, open_text
from newsmoe.ingest.json_buffer import JsonSyntaxError
from newsmoe.ingest.json_stream import elements, survey
from newsmoe.ingest.location import Location, locate
from newsmoe.ingest.others import without_others
from newsmoe.ingest.padding import end_of_padding
from newsmoe.ingest.places import Place
from newsmoe.ingest.survey import Survey

magic = ("[", "{")


def matches(start: str) -> bool:
    """Tell whether a text that starts so is JSON in a call, an assignment or the like."""
    return end_of_padding(start.lstrip()) > 0


def read(name: str, path: Path, *, place: Place | None = None, lines: bool = False) -> Iterator[Any]:
    """Yield the elements at a place of a JSON document or, with `lines`, of JSON Lines."""
    if place is None:
        place = find_place(name, path, FieldFinder()).place
    with _named_errors(name), open_text(path) as stream:
        read = elements(stream, place, lines=lines, limit=max_characters(path))
        yield from without_others(read, path) if place.has_others else read


def find_place(name: str, path: Path, finder: FieldFinder) -> Location:
    """Return where the articles are."""
    return locate(look_through(name, path, finder))


def look_through(name: str, path: Path, finder: FieldFinder) -> Survey:
    """Return what is where in a document."""
    with _named_errors(name), open_text(path) as stream:
        return survey(stream, finder, max_characters(path))


@contextmanager
def _named_errors(name: str) -> Iterator[None]:
    try:
        yield
    except JsonSyntaxError as error:
        raise InputError(f"{name}: not valid JSON: {error}") from None
