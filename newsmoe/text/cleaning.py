"""Cleaning of text from scrapers: markup, entities, control codes, and marks of truncation."""

import re
from collections.abc import Set
from html import unescape

from selectolax.lexbor import LexborHTMLParser

_NAME = r"[a-zA-Z][a-zA-Z0-9.:_-]{0,30}"
_SWITCH = (
    r"(?:[a-z]+-[a-z-]+|allowfullscreen|async|autofocus|autoplay|checked|compact|controls|default|defer|disabled"
    r"|hidden|inert|ismap|itemscope|loop|multiple|muted|nomodule|noshade|novalidate|nowrap|open|playsinline"
    r"|readonly|required|reversed|selected)"
)
"""An attribute without a value."""
_TAG = re.compile(rf"</?({_NAME})(?:\s[^<>=]*=[^<>]*>|(?:\s+{_SWITCH})*\s*(?:/\s*)?>)", re.IGNORECASE)
_CLOSING_TAG = re.compile(rf"</({_NAME})\s*>")
_OTHER_TAG = re.compile(rf"</({_NAME})\s*>|</?([a-zA-Z]\w*:[a-zA-Z][\w-]*)(?=[\s/>])|<({_NAME})\s[^<>=]*=\s*[\"']")
_LESS_THAN = re.compile(
    rf"<(?!!--|!doctype\b|!\[|\?[a-z])"
    rf"(?:/?({_NAME})(?=(?:\s+{_SWITCH})*\s*(?:(?:/\s*)?>|\Z)|\s+[a-zA-Z-]+\Z|\s[^<>=]*=))?",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_CUT_MARK = re.compile(r"\[\+\d{1,9} chars\]$")
_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[@-Z\\^_])")
_CONTROL = re.compile(  # control codes but tab and newline; zero-width and text-direction codes
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]"
)
_BREAK = re.compile(r"[\x0b\x0c\x85]")  # vertical tab, form feed, next line: white space between words
_SURROGATE = re.compile(r"[\ud800-\udfff]")

_HTML = (
    "a abbr address area article aside audio b base blockquote body br button canvas caption center cite "
    "code col dd del details dfn div dl dt em embed fieldset figcaption figure font footer form frame "
    "frameset h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main "
    "map mark meta nav noscript object ol option p param picture pre q s samp script section select small "
    "source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead "
    "time title tr track tt u ul var video wbr"
)
_ELEMENTS = frozenset(_HTML.split())
"""HTML's elements, which are recognised without an end tag; it may be omitted or truncated."""

MAX_OPEN_TAGS = 2000  # more are an accident or an attack, and cost the parser quadratic time
_NOT_READ = "script, style, noscript, template, iframe, object, svg, button, nav"
_BLOCKS = (
    "address, article, aside, blockquote, dd, div, dl, dt, figcaption, figure, footer, h1, h2, h3, h4, h5,"
    " h6, header, hr, li, main, ol, p, pre, section, table, td, th, tr, ul"
)


def clean_text(text: str) -> tuple[str, bool]:
    """Return `text` as plain text, and whether the scraper had truncated it.

    Markup is stripped, and its blocks become paragraphs separated by blank lines; what looks like a tag but
    is none of HTML or XML, such as `<redacted>`, is text. NewsAPI's `[+N chars]`, escape sequences, control
    and direction codes are removed; lone surrogates become U+FFFD. All other text stays the same.
    """
    text = _without_codes(text)
    if "<" in text and _has_markup(text):
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
    """Return `text` as one line without control codes; markup stays."""
    return " ".join(_without_codes(text).split())


def _without_codes(text: str) -> str:
    if text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable():
        return text  # a tenth of the time of what follows
    text = _BREAK.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _CONTROL.sub("", _ESCAPE_SEQUENCE.sub("", text))
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _has_markup(text: str) -> bool:
    if "<!--" in text or "<![CDATA[" in text:
        return True
    names = _names_of_tags(text)
    return any(tag[1].lower() in names for tag in _TAG.finditer(text))


def _names_of_tags(text: str) -> Set[str]:
    """Return names of elements: HTML's, and others with an end tag, a prefix, or a quoted attribute."""
    named = {name.lower() for names in _OTHER_TAG.findall(text) for name in names if name}
    return _ELEMENTS | named


def _without_markup(markup: str) -> str:
    markup = markup.replace("<![CDATA[", "").replace("]]>", "")
    names = _names_of_tags(markup)
    # the parser would take every "<" before a letter for a tag, and drop what follows up to a ">"
    markup = _LESS_THAN.sub(lambda less: less[0] if (less[1] or "").lower() in names else f"&lt;{less[0][1:]}", markup)
    if markup.count("<") - 2 * markup.count("</") > MAX_OPEN_TAGS:
        return unescape(_TAG.sub(" ", markup))
    tree = LexborHTMLParser(markup)
    if tree.css_first(_BLOCKS):  # then blocks make the paragraphs, and line ends are white space
        tree = LexborHTMLParser(re.sub(r"\s+", " ", markup))
    for node in tree.css(_NOT_READ):
        node.decompose()
    for node in tree.css("br"):
        node.replace_with("\n")
    for node in tree.css(_BLOCKS):
        node.insert_before("\n\n")
        node.insert_after("\n\n")
    text = tree.body.text() if tree.body else ""
    text = re.sub(r"[ \t\xa0]+", " ", text)
    return re.sub(r" ?\n ?(?:\n ?)+", "\n\n", text)
