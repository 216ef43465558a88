"""A sliding piece of a JSON document, and its tokens and values.

Built on the standard library's scanner rather than on a streaming parser (ijson and its kind) for three
things that scrapers' files need: `NaN`, which Python's own `json.dump` writes, is understood; an error
names line and column; and one value that cannot be decoded can be stepped over.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO

from newsmoe.ingest.formats import BadElement

CHUNK = 1 << 18
SMALL = 1 << 18  # characters of an array or object that is decoded as a whole
MAX_DIGITS = 4300  # of an integer; Python refuses to convert more
EDGE = 16  # characters: an error this close to the end of the buffer may be a cut literal or escape
_SPACE = re.compile(r"[ \t\n\r\ufeff]*")  # with the byte order mark, which is inside files that were joined
_BRACKET_OR_STRING = re.compile(r'[\[\]{}]|"[^"\\]*(?:\\.[^"\\]*)*("?)', re.DOTALL)


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) < MAX_DIGITS else None


_decoder = json.JSONDecoder(parse_constant=lambda _: None, parse_int=_integer, strict=False)  # no NaN


class JsonSyntaxError(ValueError):
    """The document breaks the grammar; says at which line and column, both counted from 1."""


class Buffer:
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
        character = self.text[self.pos : self.pos + 1]
        if not character or character not in wanted:
            character = self.peek()
        if not character or character not in wanted:
            what = repr(character) if character else "the end of the file"
            raise self.error(f"found {what} where {' or '.join(map(repr, wanted))} should stand")
        self.pos += 1
        return character

    def small_value(self) -> tuple[bool, Any]:
        """Decode the array or object that starts here, if it is small; tell whether it does."""
        while len(self.text) - self.pos < SMALL and self.fill():
            pass
        try:
            decoded, self.pos = _decoder.raw_decode(self.text, self.pos)
        except RecursionError:
            return True, self._skip_nested()
        except json.JSONDecodeError:  # cut, or an error that whoever looks inside will meet
            return False, None
        return True, decoded

    def skip(self) -> None:
        """Step over the value that starts here, in memory for a small value or a string."""
        if self.peek() not in ("[", "{"):
            self.value()
        elif not self.small_value()[0]:
            for _ in self.items() if self.peek() == "[" else self.members():
                self.skip()

    def elements(self) -> Iterator[Any]:
        """Yield the elements of the array that starts here."""
        for _ in self.items():
            yield self.value()
            while self.text.startswith(", {", self.pos):  # most arrays of objects, in half the time
                self.pos += 2
                yield self.value()

    def items(self) -> Iterator[None]:
        """Go to each element of the array that starts here; the caller steps over it."""
        self.expect("[")
        closing = self.expect("]") if self.peek() == "]" else ""
        while closing != "]":
            yield
            closing = self.expect(",]")

    def members(self) -> Iterator[str]:
        """Go to each value of the object that starts here, and yield its key; the caller steps over it."""
        self.expect("{")
        closing = self.expect("}") if self.peek() == "}" else ""
        while closing != "}":
            if self.peek() != '"':
                raise self.error("expected a key in double quotes")
            key = self.value()
            self.expect(":")
            yield key
            closing = self.expect(",}")

    def value(self) -> Any:
        """Decode the value that starts here; a `BadElement` where it is nested too deeply."""
        if not self.text.startswith("{", self.pos) and not self.peek():
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
