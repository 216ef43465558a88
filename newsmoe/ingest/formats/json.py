"""JSON: articles anywhere in a document."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from newsmoe.errors import InputError
from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.files import max_characters, open_text
from newsmoe.ingest.flattened import single_articles
from newsmoe.ingest.groups import ungrouped
from newsmoe.ingest.json_buffer import JsonSyntaxError
from newsmoe.ingest.json_stream import elements, survey
from newsmoe.ingest.literals import MAX_BYTES, AsJson, LiteralError, is_script
from newsmoe.ingest.location import Location, locate
from newsmoe.ingest.others import without_others
from newsmoe.ingest.padding import end_of_padding
from newsmoe.ingest.places import Place
from newsmoe.ingest.survey import Survey

magic = ("[", "{")


def matches(start: str) -> bool:
    """Tell whether a text that starts so is JSON in a call, an assignment or the like, or a script with arrays."""
    return end_of_padding(start.lstrip()) > 0 or is_script(start)


def read(name: str, path: Path, *, place: Place | None = None, lines: bool = False) -> Iterator[Any]:
    """Yield the elements at a place of a JSON document or, with `lines`, of JSON Lines."""
    if place is None:
        place = find_place(name, path, FieldFinder()).place
    with _named_errors(name), open_text(path) as stream:
        document = AsJson(stream) if place.is_code else stream
        plain = replace(place, is_code=False, is_flattened=False, is_grouped=False)
        read = elements(document, plain, lines=lines, limit=max_characters(path))
        if place.is_flattened:
            read = single_articles(read, (), path)
        if place.is_grouped:
            read = ungrouped(read, path)
        yield from without_others(read, path) if place.has_others else read


def find_place(name: str, path: Path, finder: FieldFinder) -> Location:
    """Return where the articles are."""
    return locate(look_through(name, path, finder))


def find_place_in_code(name: str, path: Path, finder: FieldFinder) -> Location:
    """Return where the articles are in a program's arrays and objects."""
    if path.stat().st_size > MAX_BYTES:
        raise InputError(f"{name}: too large for a script")
    with _named_errors(name), open_text(path) as stream:
        location = locate(survey(AsJson(stream), finder, max_characters(path)))
    return replace(location, place=replace(location.place, is_code=True))


def look_through(name: str, path: Path, finder: FieldFinder) -> Survey:
    """Return what is where in a document."""
    with _named_errors(name), open_text(path) as stream:
        return survey(stream, finder, max_characters(path))


@contextmanager
def _named_errors(name: str) -> Iterator[None]:
    try:
        yield
    except (JsonSyntaxError, LiteralError) as error:
        raise InputError(f"{name}: not valid JSON: {error}") from None
