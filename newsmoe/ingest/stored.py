"""Values that a table holds as text: JSON, the same as Python prints it, and lists of texts as NumPy prints them."""

import json
import re
from typing import Any

_STRING = r"'(?:[^'\\]|\\.)*+'|\"(?:[^\"\\]|\\.)*+\""
_NO_STRING = r"None|nan"
_PRINTED_LIST = re.compile(rf"\[\s*+(?:(?:{_STRING}|{_NO_STRING})\s*+,?+\s*+)*+\]\s*+", re.DOTALL)
_PRINTED_OBJECT = re.compile(r"(?:\[\s*+)*+\{\s*+'")
_STRINGS = re.compile(_STRING, re.DOTALL)
_PYTHONS = re.compile(  # a string that does not close goes on to the end, so that no part of it is looked at twice
    r"'(?:[^'\\]|\\.)*+(?:'|\Z)|\"(?:[^\"\\]|\\.)*+(?:\"|\Z)|\b(?:None|True|False|nan)\b", re.DOTALL
)
_IN_JSON = {"None": "null", "True": "true", "False": "false", "nan": "NaN"}
_ESCAPE = re.compile(r"\\(?:([\\'\"nrt])|x([0-9a-f]{2})|u([0-9a-f]{4})|U(000[0-9a-f]{5}|0010[0-9a-f]{4}))")
_CHARACTERS = {"n": "\n", "r": "\r", "t": "\t"}


def stored_value(text: str) -> Any:
    """Return the list or object that a text stands for; else the text itself."""
    if text[:1] not in ("{", "[") or text.rstrip()[-1:] not in ("}", "]"):
        return text
    try:
        return json.loads(_PYTHONS.sub(_in_json, text) if _PRINTED_OBJECT.match(text) else text)
    except (ValueError, RecursionError):
        if not _PRINTED_LIST.fullmatch(text):
            return text
    return [_content(string[0]) for string in _STRINGS.finditer(text)]


def object_in(value: Any) -> Any:
    """Return the object that a text stands for; any other value itself."""
    return stored_value(value) if isinstance(value, str) and value[:1] == "{" else value


def _in_json(literal: re.Match[str]) -> str:
    return _IN_JSON.get(literal[0]) or json.dumps(_content(literal[0]))


def _content(string: str) -> str:
    return _ESCAPE.sub(_character, string[1:-1])


def _character(escape: re.Match[str]) -> str:
    letter, *digits = escape.groups()
    return _CHARACTERS.get(letter, letter) if letter else chr(int("".join(filter(None, digits)), 16))
