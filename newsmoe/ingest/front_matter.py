"""The fields that Markdown of static sites has before its text, between lines of three hyphens, or pluses (TOML)."""

import re
import tomllib
from typing import Any, NamedTuple

_BLOCK = re.compile(
    r"\s*+---[ \t]*\r?\n(?P<fields>(?=[\w-]+[ \t]*:)(?:[\w-]+[ \t]*:.*\n|[ \t]+\S.*\n|-[ \t].*\n|[ \t\r]*\n|#.*\n)++)"
    r"(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)"
)
_TOML = re.compile(r"\s*+\+\+\+[ \t]*\r?\n(?P<fields>.*?\n)\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_FIELD = re.compile(r"([\w-]+)[ \t]*:[ \t]*(.*)")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")
_FOLDED = frozenset({">", ">-", "|", "|-"})
"""What stands in place of a value that follows in lines of its own."""


class FrontMatter(NamedTuple):
    """Fields, and the text after them."""

    fields: dict[str, Any]
    text: str


def may_start(text: str) -> bool:
    """Tell whether a text may start with fields."""
    return text.startswith(("---", "+++"))


def split(text: str) -> FrontMatter | None:
    """Return the fields before a text, and the text; None where there are none."""
    if toml := _TOML.match(text):
        return _split_toml(toml["fields"], text[toml.end() :])
    if not text.lstrip().startswith("---") or not (block := _BLOCK.match(text)):
        return None
    fields: dict[str, str | list[str]] = {}
    key = ""
    for line in block["fields"].splitlines():
        if field := _FIELD.fullmatch(line):
            key, value = field[1], _plain(field[2])
            is_list = value.startswith("[") and value.endswith("]")
            fields[key] = [_plain(item) for item in value[1:-1].split(",")] if is_list else value
            continue
        values = fields.get(key)
        if item := _ITEM.fullmatch(line):
            fields[key] = [*(values if isinstance(values, list) else []), _plain(item[1])]
        elif isinstance(values, str) and line.strip():
            fields[key] = " ".join(part for part in (values, line.strip()) if part not in _FOLDED).strip()
    return FrontMatter(fields, text[block.end() :])


def _split_toml(fields: str, text: str) -> FrontMatter | None:
    try:
        return FrontMatter(tomllib.loads(fields.replace("\r\n", "\n")), text)
    except (ValueError, RecursionError):
        return None


def _plain(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
