"""Elements of a JSON document or of JSON Lines, one at a time, with memory for one element."""

import re
from collections.abc import Iterator
from contextlib import suppress
from io import StringIO
from typing import Any

from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.files import MAX_CHARACTERS
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.json_buffer import Buffer, JsonSyntaxError
from newsmoe.ingest.location import locate
from newsmoe.ingest.padding import Readable
from newsmoe.ingest.places import ARRAY, LINES_OF_CELLS, Place, as_objects, elements_at
from newsmoe.ingest.survey import SAMPLED, Node, Survey, is_sampled

PATIENCE = 4
"""Characters looked at in vain, for each one that was read, after which a value is looked for in its own line only."""
FIRST_PATIENCE = 1 << 20
_ARRAY_START = re.compile(r"\[\s*+")
_LINES_OF_CELLS = re.compile(r'\[ *+"[^\n{]*\]\s*\n\[')
_JSON_IN_TEXT = re.compile(r'"\s*+[\[{]')
MAX_COLUMNS = 16  # columns of a table, of which each may be as long as an article; it is in memory as a whole

TOP = Place()
"""The elements of an array that is the document; else each value of it."""


class LoneObject(dict[str, Any]):
    """An object that is the whole document."""


def elements(
    stream: Readable, place: Place = TOP, *, lines: bool = False, limit: int = MAX_CHARACTERS
) -> Iterator[Any]:
    """Yield the elements at a place of the document, of several one after the other, or of each line, in `stream`.

    A value that cannot be decoded, or has more characters than `limit`, becomes a `BadElement` where the next one can
    still be found.
    """
    buffer = Buffer(stream, MAX_COLUMNS * limit if place.is_read_whole else limit).without_padding()
    if not lines and buffer.peek() == '"' and _JSON_IN_TEXT.match(buffer.start(), buffer.pos):
        buffer = _document_in_text(buffer)
    first = buffer.peek()
    if not first and not lines:  # of lines there are none where a scraper has met no article
        raise buffer.error("the file is empty")
    if place == LINES_OF_CELLS:
        yield from as_objects(_values(buffer, TOP, lines=True))
    elif first == "[":
        array = Place(((ARRAY,),)) if place == TOP else place
        yield from elements_at(buffer, array)
        while _is_of_objects(buffer):  # a scraper that ran again has appended its array
            yield from elements_at(buffer, array)
        if buffer.peek():
            raise buffer.error("more text after the end of the JSON document")
    elif lines or first == "{":
        yield from _values(buffer, place, lines=lines)
    elif first:
        raise buffer.error(f"found {first!r} where a JSON array or object should start")


def _document_in_text(buffer: Buffer) -> Buffer:
    """Return a buffer of the document in the text that starts here."""
    document = Buffer(StringIO(buffer.value()), buffer.limit)
    if buffer.peek():
        raise buffer.error("more text after a text that is JSON; name a file of several .jsonl")
    return document


def _is_of_objects(buffer: Buffer) -> bool:
    """Tell whether an array starts here that is empty, or whose first element is an object."""
    buffer.peek()
    while (start := _ARRAY_START.match(buffer.text, buffer.pos)) and start.end() == len(buffer.text) and buffer.fill():
        pass
    return start is not None and buffer.text[start.end() : start.end() + 1] in ("{", "]")


def _values(buffer: Buffer, place: Place, *, lines: bool) -> Iterator[Any]:
    """Yield the elements of each value; raise where not one value could be decoded, and none before them."""
    problem, count, in_vain = None, 0, 0
    while following := buffer.peek():
        if following == ",":  # between values, where somebody cut the brackets off an array
            buffer.expect(",")
            continue
        is_lost = in_vain > FIRST_PATIENCE + PATIENCE * buffer.read
        part = buffer.rest_of_line() if is_lost else buffer
        try:
            is_scalar = following not in ("[", "{")
            for element in [part.value()] if is_scalar else elements_at(part, place, inside=lines):
                alone = count == 0 and place == TOP and isinstance(element, dict) and not lines and not buffer.peek()
                yield LoneObject(element) if alone else element
            if is_lost and part.peek():
                raise part.error("more text after a value")
            count += 1
        except JsonSyntaxError as error:
            if not (count or lines):
                raise
            problem = str(error)
            if not is_lost:
                in_vain += buffer.looked_at
                buffer.skip_line()
            yield BadElement(f"not valid JSON: {problem}")
    if problem and not count:
        raise JsonSyntaxError(f"{problem}; expected a JSON array of articles, or JSON Lines")


def survey(stream: Readable, finder: FieldFinder, limit: int = MAX_CHARACTERS) -> Survey:
    """Return what is where in a document; a top level that is all articles is not read to its end.

    An error ends the survey; whoever reads the document meets it again.
    """
    buffer, surveyor = Buffer(stream, limit).without_padding(), Survey(finder)
    with suppress(JsonSyntaxError):
        if buffer.peek() == "[" and not _LINES_OF_CELLS.match(buffer.start(), buffer.pos):
            surveyor.root.arrays = 1
            _look_at(buffer, surveyor, surveyor.root, buffer.items())
        else:
            _look_at(buffer, surveyor, None, iter(buffer.peek, ""))
            surveyor.is_whole = surveyor.documents == 1 and not buffer.peek()
    return surveyor


def _look_at(buffer: Buffer, surveyor: Survey, array: Node | None, values: Iterator[object]) -> None:
    """Look at the elements of an array, or at values that follow one another."""
    root = surveyor.root
    for number, _ in enumerate(values):
        if number == SAMPLED and _is_settled(surveyor):
            return
        if array is not None:
            surveyor.read_inner(buffer, array, ARRAY, number)
        elif buffer.peek() == ",":
            buffer.expect(",")
        elif is_sampled(number):
            surveyor.read(buffer, root)
            surveyor.documents += 1
        else:
            buffer.skip()


def _is_settled(surveyor: Survey) -> bool:
    """Tell whether all that was looked at are articles of the top level, with nothing else in them."""
    root = surveyor.root
    top = root.children.get(ARRAY, Node()) if root.arrays else root
    location = locate(surveyor)
    return location.place == TOP and top.articles == top.objects == SAMPLED and not location.unread
