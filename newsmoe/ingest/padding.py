"""What web services and scripts put around JSON: a call (JSONP), an assignment, a guard, comments before it."""

import re
from typing import Protocol

MAX_START = 1 << 12  # characters, in which the JSON begins
MAX_CLOSING = 64  # characters after its end

_NAME = r"[A-Za-z_$][\w$.]*+(?:\[[^\]\n]{1,50}\])*+"
_PADDING = re.compile(
    r"(?:\s|/\*.*?\*/|//[^\n]*+)*+"
    r"(?:\)\]\}'?+,?+|(?:for|while)\s*+\((?:;;|1|true)\);?+)?+\s*+"  # so that no other site can run it
    rf"(?:typeof {_NAME} === 'function' && )?+"
    rf"(?:(?:(?:export\s++)?+(?:var|let|const)\s++)?{_NAME}\s*+[=(]\s*+|export\s++default\s++)*"
    r"(?=[\[{\"])",
    re.DOTALL,
)
_CLOSING = " \t\r\n;)"


def end_of_padding(text: str, pos: int = 0) -> int:
    """Return where the JSON begins in a text; `pos` where nothing of the kind is before it."""
    padding = _PADDING.match(text, pos, pos + MAX_START)
    return padding.end() if padding else pos


class Readable(Protocol):
    """What text is read from, such as a file."""

    def read(self, size: int, /) -> str:
        """Return at most so many more characters; "" at the end."""


class Unclosed:
    """A stream of what is inside: the start that was read, and all else but the marks at its end that close it."""

    def __init__(self, start: str, stream: Readable) -> None:
        self._text, self._stream = start, stream

    def read(self, size: int, /) -> str:
        """Return more text; "" at the end."""
        text, more = self._text, " "
        while more and len(text) <= MAX_CLOSING:
            more = self._stream.read(size)
            text += more
        end = len(text) - MAX_CLOSING if more else len(text.rstrip(_CLOSING))
        self._text = text[end:] if more else ""
        return text[:end]
