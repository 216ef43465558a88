"""Text as scrapers leave it, made plain: markup, entities, control codes and cut marks."""

import re
from html import unescape

from selectolax.lexbor import LexborHTMLParser

__all__ = ["clean_line", "clean_text", "one_line"]

_TAG = re.compile(r"</?[a-zA-Z][a-zA-Z0-9:-]{0,30}(?:\s[^<>]*)?/?>|<!--|<!\[CDATA\[")
_CLOSING_TAG = re.compile(r"</[a-zA-Z][a-zA-Z0-9]{0,10}\s*>")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_CUT_MARK = re.compile(r"\[\+\d{1,9} chars\]$")
_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROL = re.compile(  # control codes but tab and newline; zero-width and text-direction codes
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_BREAK = re.compile(r"[\x0b\x0c\x85]")  # vertical tab, form feed, next line: white space between words
_SURROGATE = re.compile(r"[\ud800-\udfff]")

MOST_OPEN_TAGS = 2000  # more are no page but an accident or an attack, and cost the parser quadratic time
_SILENT = "script, style, noscript, template, iframe, object, svg, button, nav"
_BLOCKS = (
    "address, article, aside, blockquote, dd, div, dl, dt, figcaption, figure, footer, h1, h2, h3, h4, h5,"
    " h6, header, hr, li, main, ol, p, pre, section, table, td, th, tr, ul"
)


def clean_text(text: str) -> tuple[str, bool]:
    """Return `text` as plain text, and whether the scraper had cut it.

    Markup is stripped where there is any, and its blocks become paragraphs parted by blank lines.
    NewsAPI's `[+N chars]` is taken off; escape sequences, control and direction codes are dropped;
    surrogates that stand alone become U+FFFD. All other text stays as it is, to the character.
    """
    text = _without_codes(text)
    if "<" in text and _TAG.search(text):
        text = _without_codes(_without_markup(text))
    elif "&" in text and _ENTITY.search(text):
        text = _without_codes(unescape(text))
        if _CLOSING_TAG.search(text):  # markup that was escaped whole, as feeds do
            text = _without_codes(_without_markup(text))
    text = text.strip()
    if text.endswith("chars]") and (mark := _CUT_MARK.search(text, max(0, len(text) - 20))):
        return text[: mark.start()].rstrip().removesuffix("…").removesuffix("...").rstrip(), True
    return text, False


def clean_line(text: str) -> str:
    """Return `text` as one plain line."""
    return " ".join(clean_text(text)[0].split())


def one_line(text: str) -> str:
    """Return `text` as one line without control codes; what looks like markup stays."""
    return " ".join(_without_codes(text).split())


def _without_codes(text: str) -> str:
    if text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable():
        return text  # a tenth of the time of what follows
    text = _BREAK.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _CONTROL.sub("", _ESCAPE_SEQUENCE.sub("", text))
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _without_markup(markup: str) -> str:
    markup = markup.replace("<![CDATA[", "").replace("]]>", "")
    if markup.count("<") - 2 * markup.count("</") > MOST_OPEN_TAGS:
        return unescape(_TAG.sub(" ", markup))
    tree = LexborHTMLParser(markup)
    if tree.css_first(_BLOCKS):  # then the blocks make the paragraphs, and line ends are only white space
        tree = LexborHTMLParser(re.sub(r"\s+", " ", markup))
    for node in tree.css(_SILENT):
        node.decompose()
    for node in tree.css("br"):
        node.replace_with("\n")
    for node in tree.css(_BLOCKS):
        node.insert_before("\n\n")
        node.insert_after("\n\n")
    text = tree.body.text() if tree.body else ""
    text = re.sub(r"[ \t\xa0]+", " ", text)
    return re.sub(r" ?\n ?(?:\n ?)+", "\n\n", text)
