"""A sliding piece of a JSON document, and its tokens and values.

Built on the standard library's scanner rather than on a streaming parser (ijson and its kind) for three
things that scrapers' files need: `NaN`, which Python's own `json.dump` writes, is understood; an error
names line and column; and one value that cannot be decoded can be stepped over.
"""

import json
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

from newsmoe.ingest.files import MAX_CHARACTERS, too_long
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.padding import MAX_START, Readable, Unclosed, end_of_padding

CHUNK = 1 << 18
AHEAD = 1 << 15  # characters that are read before a value is decoded, so that it is seldom cut
SMALL = 1 << 18  # characters of an array or object that is decoded as a whole
MAX_DIGITS = 4300  # of an integer; Python refuses to convert more
MAX_BEFORE_ERROR = 1 << 12  # characters before an error, in which Python's decoder counts lines each time
EDGE = 16  # characters: an error this close to the end of the buffer may be a cut literal or escape
_SPACES = " \t\n\r\ufeff\x1e"  # with the byte order mark of files that were joined, and the mark of JSON text sequences
_SPACE = re.compile(f"[{_SPACES}]*")
_BRACKET_OR_STRING = re.compile(r'[\[\]{}]|"[^"\\]*(?:\\.[^"\\]*)*("?)', re.DOTALL)


def _integer(digits: str) -> int | None:
    return int(digits) if len(digits) < MAX_DIGITS else None


_decoder = json.JSONDecoder(parse_constant=lambda _: None, parse_int=_integer, strict=False)  # no NaN


class JsonSyntaxError(ValueError):
    """The document breaks the grammar; says at which line and column, both counted from 1."""


class Buffer:
    """A sliding piece of the stream; `pos` is the place that is read next.

    Attributes:
        limit: characters of a value, beyond which it is an error.
        looked_at: characters from where a value began to the furthest that was looked at before it failed.
    """

    def __init__(
        self, stream: Readable, limit: int = MAX_CHARACTERS, *, text: str = "", line: int = 1, column: int = 1
    ) -> None:
        self.stream = stream
        self.limit = limit
        self.text = text
        self.pos = 0
        self.looked_at = 0
        self._dropped = 0  # characters before those held
        self._at, self._line, self._column = 0, line, column  # a place that was read, and where it is in the document

    @property
    def read(self) -> int:
        """Characters that were read so far."""
        return self._dropped + self.pos

    def fill(self) -> bool:
        """Drop what was read, and read as much as is left, so that long values cost linear time."""
        more = self.stream.read(max(CHUNK, len(self.text) - self.pos))
        if not more:
            return False
        self._drop()
        self.text += more
        return True

    def _drop(self) -> None:
        """Drop what was read."""
        self._mark_place()
        self._dropped += self.pos
        self.text, self.pos, self._at = self.text[self.pos :], 0, 0

    def _mark_place(self) -> None:
        """Keep where the place that is read next is, so that line ends are counted once."""
        self._line, self._column = self._place(self.pos)
        self._at = self.pos

    def _place(self, pos: int) -> tuple[int, int]:
        """Return line and column of a place that is not before the last one that was kept."""
        last = self.text.rfind("\n", self._at, pos)  # much faster than to count
        if last < 0:
            return self._line, self._column + pos - self._at
        return self._line + self.text.count("\n", self._at, last + 1), pos - last

    def error(self, message: str, pos: int | None = None) -> JsonSyntaxError:
        """Return an error at `pos`, by default the place that is read next."""
        pos = self.pos if pos is None else pos
        self.looked_at = max(self.looked_at, pos - self.pos)
        line, column = self._place(pos)
        return JsonSyntaxError(f"{message} (line {line}, column {column})")

    def peek(self) -> str:
        """Return the next character that is not white space, or '' at the end."""
        while True:
            character = self.text[self.pos : self.pos + 1]
            if not character:
                if not self.fill():
                    return ""
            elif character not in _SPACES:
                return character
            elif space := _SPACE.match(self.text, self.pos):
                self.pos = space.end()

    def without_padding(self) -> "Buffer":
        """Return a buffer of the JSON that is in a call, an assignment or the like; this one where there is none."""
        if self.peek() in ("", "[", "{"):
            return self
        start = end_of_padding(self.start(), self.pos)
        if start == self.pos:
            return self
        line, column = self._place(start)
        stream = Unclosed(self.text[start:], self.stream)
        return Buffer(stream, self.limit, line=line, column=column)

    def start(self) -> str:
        """Return the text with at least so much of it as tells what a document is."""
        while len(self.text) - self.pos < MAX_START and self.fill():
            pass
        return self.text

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

    def small_object(self) -> Any:
        """Return the object that starts here, if it is small, and stay before it; else None."""
        start = self.read
        is_small, value = self.small_value()
        self.pos = start - self._dropped
        return value if is_small else None

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
        if len(self.text) - self.pos < AHEAD:
            self.fill()
        while True:
            try:
                decoded, end = _decoder.raw_decode(self.text, self.pos)
            except RecursionError:
                return self._skip_nested()
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated string") or error.pos > len(self.text) - EDGE
                if cut and self._fill_value():
                    continue
                self.looked_at = (len(self.text) if cut else error.pos) - self.pos
                at_end = "the file ends too early: " if error.pos >= len(self.text) else ""
                raise self.error(at_end + error.msg, min(error.pos, len(self.text))) from None
            may_go_on = self.text[end - 1].isdigit() and end > len(self.text) - EDGE
            if may_go_on and self._fill_value():
                continue
            if end - self.pos > self.limit:
                raise self.error(f"a value is {too_long(self.limit)}")
            self.pos = end
            return decoded

    def _fill_value(self) -> bool:
        """Read more of the value that starts here."""
        if len(self.text) - self.pos > self.limit:
            raise self.error(f"a value is {too_long(self.limit)}")
        return self.fill()

    def _skip_nested(self) -> BadElement:
        read, depth = _scan_brackets(self.text, self.pos, 0)
        while depth:
            read -= self.pos  # which filling moves
            if not self._fill_value():
                raise self.error("the file ends inside a nested value", len(self.text))
            read, depth = _scan_brackets(self.text, self.pos + read, depth)
        self.pos = read
        return BadElement("nested too deeply to be decoded")

    def skip_line(self) -> None:
        """Go to the end of the line."""
        while (end := self.text.find("\n", self.pos)) < 0:
            self.pos = len(self.text)
            if not self.fill():
                break
        self.pos = end if end >= 0 else len(self.text)
        self.looked_at = 0
        if self.pos > MAX_BEFORE_ERROR:
            self._drop()

    def rest_of_line(self) -> "Buffer":
        """Return what is left of the line as a document of its own, and go to the line's end."""
        self._mark_place()
        line, column = self._line, self._column
        while (end := self.text.find("\n", self.pos)) < 0 and len(self.text) - self.pos <= self.limit and self.fill():
            pass
        text = self.text[self.pos : end if end >= 0 else None]
        part = Buffer(StringIO(), self.limit, text=text, line=line, column=column)
        self.skip_line()
        return part


def _scan_brackets(text: str, pos: int, depth: int) -> tuple[int, int]:
    """Go on from `pos`, inside of `depth` brackets, until all are closed or `text` ends; return place and depth."""
    for token in _BRACKET_OR_STRING.finditer(text, pos):
        if token[0][0] == '"':
            if not token[1]:
                return token.start(), depth
            continue
        depth += 1 if token[0] in "[{" else -1
        if depth == 0:
            return token.end(), depth
    return len(text), depth
