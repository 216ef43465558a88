"""Cleaning of text from scrapers: markup, Markdown, shortcodes, entities, control codes, and marks of a cut."""

import re

from newsmoe.text.cut_marks import without_cut_mark
from newsmoe.text.markdown import without_marks
from newsmoe.text.markup import plain_text
from newsmoe.text.mojibake import without_mojibake
from newsmoe.text.shortcodes import without_shortcodes
from newsmoe.text.wikitext import without_wikitext

_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROL = re.compile(  # control codes but tab and newline; zero-width and text-direction codes
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_BREAK = re.compile(r"[\x0b\x0c\x85]")  # vertical tab, form feed, next line: white space between words
_RAW_IN_JSON = re.compile(r"[\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


def clean_text(text: str) -> tuple[str, bool]:
    """Return `text` as plain text, and whether the scraper had truncated it.

    Markup is stripped, also where it was escaped, and its blocks become paragraphs separated by blank lines; what
    looks like a tag but is none of HTML or XML, such as `<redacted>`, is text. The mark of a cut at the end, escape
    sequences, control and direction codes are removed; lone surrogates become U+FFFD. Line breaks and quotes that
    all were escaped as in JSON are restored, and so are letters that were decoded wrongly. What is unmistakably
    Markdown loses its marks, images and navigation, wikitext its templates, notes and marks, and shortcodes of
    WordPress go. All other text stays the same.
    """
    return without_cut_mark(without_marks(_plain(without_shortcodes(without_wikitext(text))).strip()))


def clean_line(text: str) -> str:
    """Return `text` as one plain line."""
    return " ".join(_plain(text).split())


def one_line(text: str) -> str:
    """Return `text` as one line without control codes; markup stays."""
    return " ".join(_without_codes(text).split())


def escape_control_codes(json: str) -> str:
    """Return JSON with the control codes escaped that it may hold raw, so that it can be shown on a terminal."""
    if json.replace("\n", "").isprintable():
        return json  # a quarter of the time
    return _RAW_IN_JSON.sub(lambda code: f"\\u{ord(code[0]):04x}", json)


def _plain(text: str) -> str:
    text = without_mojibake(text)
    text = _without_codes(_unescaped(text) if "\\" in text else text)
    return _without_codes(plain_text(text)) if "<" in text or "&" in text else text


def _unescaped(text: str) -> str:
    """Return a text that was escaped as in JSON without that; where it is not certain, the text itself."""
    if "\\n\\n" in text and "\n" not in text:
        text = text.replace("\\r\\n", "\n").replace("\\n", "\n")
    quotes = text.count('"')
    return text.replace('\\"', '"') if quotes > 1 and text.count('\\"') == quotes else text


def _without_codes(text: str) -> str:
    if text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable():
        return text  # a tenth of the time of what follows
    text = _BREAK.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _CONTROL.sub("", _ESCAPE_SEQUENCE.sub("", text))
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)
