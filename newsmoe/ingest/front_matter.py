"""The fields before a text: in Markdown between lines of three hyphens, or pluses (TOML), and the headers of a mail."""

import re
import tomllib
from email import message_from_string
from email.utils import parseaddr
from typing import Any, NamedTuple

_BLOCK = re.compile(
    r"\s*+---[ \t]*\r?\n(?P<fields>(?=[\w-]+[ \t]*:)(?:[\w-]+[ \t]*:.*\n|[ \t]+\S.*\n|-[ \t].*\n|[ \t\r]*\n|#.*\n)++)"
    r"(?:---|\.\.\.)[ \t]*(?:\r?\n|\Z)"
)
_TOML = re.compile(r"\s*+\+\+\+[ \t]*\r?\n(?P<fields>.*?\n)\+\+\+[ \t]*(?:\r?\n|\Z)", re.DOTALL)
_HEADER = r"[A-Z][A-Za-z-]*+:(?:[ \t].*+|[ \t]*+)\r?\n(?:[ \t]++\S.*+\r?\n)*+"
_MAIL = re.compile(
    rf"(?=(?:.*\n){{0,12}}?From: .*@)(?=(?:.*\n){{0,12}}?Subject: )(?P<fields>(?:{_HEADER}){{2,}}+)\r?\n"
)
_STARTS = ("---", "+++", "From: ", "Subject: ", "Newsgroups: ", "Path: ", "Xref: ")
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
    return text.startswith(_STARTS)


def split(text: str) -> FrontMatter | None:
    """Return the fields before a text, and the text; None where there are none."""
    if toml := _TOML.match(text):
        return _split_toml(toml["fields"], text[toml.end() :])
    if mail := _MAIL.match(text):
        return FrontMatter(_headers(mail["fields"]), text[mail.end() :])
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


def _headers(text: str) -> dict[str, Any]:
    """Return the headers of a mail that are fields of an article."""
    message = message_from_string(text)
    names = {"subject": "Subject", "author": "From", "date": "Date"}
    fields = {field: " ".join(str(value).split()) for field, name in names.items() if (value := message[name])}
    if author := parseaddr(fields.get("author", ""))[0]:
        fields["author"] = author
    return fields


def _split_toml(fields: str, text: str) -> FrontMatter | None:
    try:
        return FrontMatter(tomllib.loads(fields.replace("\r\n", "\n")), text)
    except (ValueError, RecursionError):
        return None


def _plain(value: str) -> str:
    value = value.strip()
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
