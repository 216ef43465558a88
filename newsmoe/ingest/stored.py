"""Values that a table holds as text: JSON, and lists of texts as Python and NumPy print them."""

import json
import re
from typing import Any

_STRING = r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\""
_NO_STRING = r"None|nan"
_PRINTED_LIST = re.compile(rf"\[\s*+(?:(?:{_STRING}|{_NO_STRING})\s*+,?+\s*+)*+\]\s*+", re.DOTALL)
_STRINGS = re.compile(_STRING, re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:([\\'\"nrt])|x([0-9a-f]{2})|u([0-9a-f]{4})|U(000[0-9a-f]{5}|0010[0-9a-f]{4}))", re.IGNORECASE
)
_CHARACTERS = {"n": "\n", "r": "\r", "t": "\t"}


def stored_value(text: str) -> Any:
    """Return the list or object that a text stands for; else the text itself."""
    if text[:1] not in ("{", "[") or text.rstrip()[-1:] not in ("}", "]"):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        if not _PRINTED_LIST.fullmatch(text):
            return text
    return [_ESCAPE.sub(_character, string[0][1:-1]) for string in _STRINGS.finditer(text)]


def _character(escape: re.Match[str]) -> str:
    letter, *digits = escape.groups()
    return _CHARACTERS.get(letter, letter) if letter else chr(int("".join(filter(None, digits)), 16))
