"""Elements of a JSON document, one at a time, with memory for one element.

Built on the standard library's scanner rather than on a streaming parser (ijson and its kind) for three
things that scrapers' files need: `NaN`, which Python's own `json.dump` writes, is understood; an error
names line and column; and one value that cannot be decoded can be stepped over.
"""

import json
import re
from collections.abc import Generator, Iterator, Mapping
from typing import Any, TextIO

from newsmoe.ingest.formats import BadElement

ENVELOPE_KEYS = ("articles", "items", "data", "results")
"""Keys under which an object may hold the array of articles."""
VAGUE_KEYS = ("data", "results")
TEXT_KEYS = frozenset({"headline", "title", "content", "text", "body"})
"""An object with a text under one of these, before a vague key, is an article that has a list. Before `items`
a title alone may be that of a feed; `articles` always are the envelope's content."""

CHUNK = 1 << 18
MAX_DIGITS = 4300  # of an integer; Python refuses to convert more
EDGE = 16  # characters: an error this close to the end of the buffer may be a cut literal or escape
_SPACE = re.compile(r"[ \t\n\r\ufeff]*")  # with the byte order mark, which is inside files that were joined
_OPENING = re.compile(r"\[[ \t\n\r]*([^ \t\n\r])")
_BRACKET_OR_STRING = re.compile(r'[\[\]{}]|"[^"\\]*(?:\\.[^"\\]*)*("?)', re.DOTALL)


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) < MAX_DIGITS else None


_decoder = json.JSONDecoder(parse_constant=lambda _: None, parse_int=_integer, strict=False)  # no NaN


class JsonSyntaxError(ValueError):
    """The document breaks the grammar; says at which line and column, both counted from 1."""


class LoneObject(dict[str, Any]):
    """An object that is the whole document and holds no array of articles."""


def elements(stream: TextIO, *, lines: bool = False) -> Iterator[Any]:
    """Yield the elements of the array, of the envelope around one, or of the JSON Lines in `stream`.

    An object that holds no array is an element itself, a `LoneObject` unless more values follow. A value that
    cannot be decoded becomes a `BadElement` where the next one can still be found.
    """
    buffer = _Buffer(stream)
    first = buffer.peek()
    if not first and not lines:  # of lines there are none where a scraper has met no article
        raise buffer.error("the file is empty")
    if first == "[":
        yield from _array(buffer)
    elif lines:
        yield from _lines(buffer)
    elif first == "{":
        if not (yield from _envelope(buffer)):
            yield from _lines(buffer, decoded=True)
    else:
        raise buffer.error(f"found {first!r} where a JSON array or object should start")
    if buffer.peek():
        raise buffer.error("more text after the end of the JSON document")


def _array(buffer: "_Buffer") -> Iterator[Any]:
    buffer.expect("[")
    closing = buffer.expect("]") if buffer.peek() == "]" else ""
    while closing != "]":
        yield buffer.value()
        closing = buffer.expect(",]")


def _may_hold(key: str, members: Mapping[str, Any], count: int) -> bool:
    """Tell whether an array under a key of an object would be the articles, or some of them."""
    vague = key in VAGUE_KEYS
    texts = TEXT_KEYS if vague else TEXT_KEYS - {"title"}
    is_article = any(isinstance(text := members.get(name), str) and text.strip() for name in texts)
    return key == ENVELOPE_KEYS[0] or (key in ENVELOPE_KEYS and not is_article and not (vague and count))


def _envelope(buffer: "_Buffer") -> Generator[Any, None, bool]:
    """Yield what an object holds, or the object itself; return whether it held an array."""
    members = LoneObject()
    held, count = False, 0
    buffer.expect("{")
    closing = buffer.expect("}") if buffer.peek() == "}" else ""
    while not closing.endswith("}"):
        if buffer.peek() != '"':
            raise buffer.error("expected a key in double quotes")
        key = buffer.value()
        buffer.expect(":")
        if _may_hold(key, members, count) and buffer.opens_array(of_objects=key != ENVELOPE_KEYS[0]):
            held = True
            for count, element in enumerate(_array(buffer), start=1):  # noqa: B007  # an empty array leaves 0
                yield element
        else:
            members[key] = buffer.value()
        closing = buffer.expect(",}")
    if not held:
        alone = not buffer.peek()
        lists = [members[key] for key in ENVELOPE_KEYS if isinstance(members.get(key), list)]
        if alone and lists and TEXT_KEYS.isdisjoint(members):
            yield from lists[0]
        else:
            bad = (value for value in members.values() if isinstance(value, BadElement))
            yield next(bad, members if alone else dict(members))
    return held


def _lines(buffer: "_Buffer", *, decoded: bool = False) -> Iterator[Any]:
    """Yield values; raise where not one of them could be decoded, and none before them had been."""
    problem = None
    while following := buffer.peek():
        if following == ",":  # between values, where somebody cut the brackets off an array
            buffer.expect(",")
            continue
        try:
            yield buffer.value()
            decoded = True
        except JsonSyntaxError as error:
            problem = str(error)
            buffer.skip_line()
            yield BadElement(f"not valid JSON: {problem}")
    if problem and not decoded:
        raise JsonSyntaxError(f"{problem}; expected a JSON array of articles, or JSON Lines")


class _Buffer:
    """A sliding piece of the stream; `pos` is the place that is read next."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.text = ""
        self.pos = 0
        self.line, self.column = 1, 1  # of the first character held

    def fill(self) -> bool:
        """Drop what was read, and read as much as is left, so that long values cost linear time."""
        more = self.stream.read(max(CHUNK, len(self.text) - self.pos))
        if not more:
            return False
        self.line, self.column = self._place(self.pos)
        self.text, self.pos = self.text[self.pos :] + more, 0
        return True

    def _place(self, pos: int) -> tuple[int, int]:
        newlines = self.text.count("\n", 0, pos)
        column = pos - self.text.rfind("\n", 0, pos) if newlines else self.column + pos
        return self.line + newlines, column

    def error(self, message: str, pos: int | None = None) -> JsonSyntaxError:
        """Return an error at `pos`, by default the place that is read next."""
        line, column = self._place(self.pos if pos is None else pos)
        return JsonSyntaxError(f"{message} (line {line}, column {column})")

    def peek(self) -> str:
        """Return the next character that is not white space, or '' at the end."""
        while True:
            if space := _SPACE.match(self.text, self.pos):
                self.pos = space.end()
            if self.pos < len(self.text):
                return self.text[self.pos]
            if not self.fill():
                return ""

    def expect(self, wanted: str) -> str:
        """Consume one of the characters in `wanted` and return it."""
        character = self.peek()
        if not character or character not in wanted:
            what = repr(character) if character else "the end of the file"
            raise self.error(f"found {what} where {' or '.join(map(repr, wanted))} should stand")
        self.pos += 1
        return character

    def opens_array(self, *, of_objects: bool) -> bool:
        """Tell whether an array starts here, and optionally whether it is empty or starts with an object."""
        if self.peek() != "[":
            return False
        while not (opening := _OPENING.match(self.text, self.pos)) and self.fill():
            pass
        return not of_objects or bool(opening and opening[1] in "{]")

    def value(self) -> Any:
        """Decode the value that starts here; a `BadElement` where it is nested too deeply."""
        if not self.peek():
            raise self.error("the file ends where a value should stand")
        while True:
            try:
                decoded, end = _decoder.raw_decode(self.text, self.pos)
            except RecursionError:
                return self._skip_nested()
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated string") or error.pos > len(self.text) - EDGE
                if cut and self.fill():
                    continue
                at_end = "the file ends too early: " if error.pos >= len(self.text) else ""
                raise self.error(at_end + error.msg, min(error.pos, len(self.text))) from None
            may_go_on = self.text[end - 1].isdigit() and end > len(self.text) - EDGE
            if may_go_on and self.fill():
                continue
            self.pos = end
            return decoded

    def _skip_nested(self) -> BadElement:
        while (end := _nested_end(self.text, self.pos)) is None:
            if not self.fill():
                raise self.error("the file ends inside a nested value", len(self.text))
        self.pos = end
        return BadElement("nested too deeply to be decoded")

    def skip_line(self) -> None:
        """Go to the end of the line."""
        while (end := self.text.find("\n", self.pos)) < 0 and self.fill():
            pass
        self.pos = end if end >= 0 else len(self.text)


def _nested_end(text: str, pos: int) -> int | None:
    """Return the place after the bracketed value at `pos`, or None where `text` ends before it."""
    depth = 0
    for token in _BRACKET_OR_STRING.finditer(text, pos):
        if token[0][0] == '"':
            if not token[1]:
                return None
            continue
        depth += 1 if token[0] in "[{" else -1
        if depth == 0:
            return token.end()
    return None
