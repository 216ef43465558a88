"""The text in a structured value: lists of paragraphs, and the block formats of editors and exports.

EditorJS, Draft.js, ProseMirror, Portable Text, Slate, Lexical, Quill, Contentful, Telegram and Apple News differ in
names only: a node has a text, or nodes below it, and a type that tells whether it stands inside a line.
"""

import re
from collections.abc import Mapping
from typing import Any

from newsmoe.ingest.names import words_of
from newsmoe.ingest.stored import stored_value
from newsmoe.ingest.uncommon_names import is_of_another_text
from newsmoe.text.cleaning import clean_text
from newsmoe.text.language_codes import language_code

TEXTS = (
    "text", "plain_text", "value", "rendered", "main", "#text", "_content", "content", "$t", "$text", "__cdata",
    "@value", "_", "html", "innerHTML", "body", "plaintext", "markdown", "raw", "insert", "full", "default",
    "stringValue", "S", "bodyTextSummary", "bodyHtml", "*", "markup", "block",
)  # fmt: skip
CONTAINERS = (
    "blocks", "children", "content", "text", "data", "items", "root", "model", "ops", "paragraphs", "innerBlocks",
    "content_elements", "rich_text", "parts", "sections", "document", "doc", "body", "value", "nodes", "p",
    "paragraph", "textData", "slots", "main", "body.content", "block", "components",
)  # fmt: skip
INNER_BLOCKS = "innerBlocks"
"""The container whose blocks hold the text, where there are any, and not the markup around them (WordPress)."""
MAIN = "main"
"""The role of a text that is the article's, where there are several (IPTC's ninjs)."""
_INLINE = (
    "text span link bold italic strong em a underline strike strikethrough code text_link mention mention_name hashtag"
    " cashtag email phone url hyperlink spoiler custom_emoji entry-hyperlink mark linebreak line_break hardBreak br"
    " hard_break"
)
INLINE = frozenset(_INLINE.split())
_NOT_READ = (
    "image img video embed gallery audio figure caption ad advertisement divider delimiter linktool attaches"
    " oembed iframe script raw_html_ad social service thematicbreak author_info box"
)
NOT_READ = frozenset(_NOT_READ.split())
_ROLES_NOT_READ = (
    "title author illustrator photographer caption photo portrait image figure logo gallery mosaic audio music video"
    " webvideo embedvideo embedwebvideo podcast pullquote aside article_link link_button map place divider datatable"
    " htmltable tweet facebook_post instagram tiktok arkit banner_advertisement medium_rectangle_advertisement"
    " replica_advertisement"
)
ROLES_NOT_READ = frozenset(_ROLES_NOT_READ.split())
"""Roles of Apple's components beside the text, or that repeat the headline or a part of the text."""
ASIDES = frozenset({"related", "recommended", "interstitial", "newsletter", "byline", "kicker"})
"""Words in the types of blocks about the article, or about others: `related-content`, `interstitial_link`."""
TAGS = frozenset(["p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "ul", "ol", "blockquote", "pre"])
"""Names of HTML's elements, under which a block has its text, as in `{"h2": "..."}`."""
EDITORS = frozenset({"ops", "blocks", "root"})
"""Keys of the nodes in the document of an editor, which nothing else has."""
LINE_BREAKS = frozenset({"linebreak", "line_break", "hardBreak", "br", "hard_break"})
LOCALE = re.compile("[a-z]{2}(?:[-_][A-Za-z]{2,4})?")
HEADLINES, FIRST = frozenset({"headline", "title"}), 5
"""Types of a block that is the headline, and how many blocks may be before it."""
TYPES = ("type", "_type", "nodeType", "blockName", "slice_type")
OPENING = "([“‘"
END = 24  # characters of a text, which tell whether it ends a line
MIN_SPACES = 3  # in a text under an uncommon name
MAX_DEPTH = 40

_TAGS_AT_START, _TAGS_AT_END = re.compile(r"(?:<[a-z][a-z0-9]*>)+"), re.compile(r"(?:</[a-z][a-z0-9]*>\s*)+\Z")
_NO_SPACE = re.compile(r"[.!?…][\"”’)]?\Z")
_ENDS = re.compile(r"[.!?…:][\"”’)]?\s*\Z")
_CONTINUES = re.compile(r"\s*[a-z,;)]|[.:’”]")
"""How the rest of a sentence begins."""


def text_in(value: Any) -> str | None:
    """Return the text in a value with breaks between its blocks; None where it holds no text."""
    match value:
        case str():
            stored = stored_value(value)
            return value if isinstance(stored, str) else text_in(stored) or value
        case list() | tuple():
            return _joined(value, 0)
        case Mapping() if value and all(isinstance(key, str) and key.isdecimal() for key in value):
            return _joined([*value.values()], 0)  # an array that became an object
        case Mapping():
            return _node(value, 0)
    return None


def headline_in(value: Any) -> str | None:
    """Return the text of the block that says that it is the headline, of those at the beginning of some."""
    first = value[:FIRST] if isinstance(value, list) else ()
    blocks = (part for part in first if isinstance(part, Mapping) and not HEADLINES.isdisjoint(_kinds(part)))
    return next(filter(None, (_node({**block, "role": None}, 0) for block in blocks)), None)


def _type(node: Mapping[str, Any]) -> str:
    return next((kind for key in TYPES if isinstance(kind := node.get(key), str)), "")


def _kinds(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the type of a block, and its role, which Apple's components have instead."""
    return tuple(kind for kind in (_type(node), node.get("role")) if isinstance(kind, str))


def is_block(value: Mapping[str, Any]) -> bool:
    """Tell whether an object is a block of an editor, or a document of them."""
    return bool(_type(value)) or any(isinstance(value.get(key), list | Mapping) for key in EDITORS)


def is_locale(key: str) -> bool:
    """Tell whether a key names the language of a text: `en`, `en-US`, `eng`."""
    return bool(LOCALE.fullmatch(key)) or (len(key) == 3 and key.islower() and language_code(key) is not None)


def _is_aside(node: Mapping[str, Any]) -> bool:
    """Tell whether a block is about the article, or about others."""
    kinds = _kinds(node)
    is_beside = _type(node).casefold() in NOT_READ or not ROLES_NOT_READ.isdisjoint(kinds[1:])
    return is_beside or any(not ASIDES.isdisjoint(words_of(kind)) for kind in kinds)


def _node(node: Mapping[str, Any], depth: int) -> str | None:
    kind = _type(node)
    if kind in LINE_BREAKS:
        return "\n"
    if depth > MAX_DEPTH or _is_aside(node):
        return None
    if isinstance(blocks := node.get(INNER_BLOCKS), list) and blocks:
        return _joined(blocks, depth + 1)
    if isinstance(lead := node.get("summary"), list) and isinstance(sections := node.get("sections"), list):  # fundus
        return _joined([lead, *sections], depth + 1)
    for key in TEXTS:
        if isinstance(text := node.get(key), str) and text.strip():
            return clean_text(text)[0] if "role" in node and node.get("format") == "html" else text  # beside plain ones
    inner = _inner_text(node, kind, depth)
    if inner is not None:
        return inner
    if all(is_locale(key) and isinstance(text, str) for key, text in node.items()):  # one text in languages
        return next((text for key, text in node.items() if text.strip()), None)
    return next((text for key in TEXTS if isinstance(text := node.get(key), str)), None)


def _inner_text(node: Mapping[str, Any], kind: str, depth: int) -> str | None:
    """Return the first text in the nodes below a node; "" where there are only empty ones."""
    empty: str | None = None
    objects = [key for key, inner in node.items() if kind and isinstance(inner, Mapping)]
    only = objects if len(objects) == 1 else ()  # such as `props`
    for key in (*CONTAINERS, "attributes", kind, *only):  # Notion's have what is in them under their type
        inner = node.get(key)
        text = _node(inner, depth + 1) if isinstance(inner, Mapping) else None
        if isinstance(inner, list):
            text = _joined(inner, depth + 1, inline_leaves=key in ("children", "rich_text", "ops"))
        if text:
            return text
        empty = empty if text is None else text
    return empty


def _only_text(node: Mapping[str, Any]) -> str | None:
    """Return the text of a node that has a single one, under whatever name but that of something else."""
    if _is_aside(node):
        return None
    texts = [
        text
        for key, text in node.items()
        if isinstance(text, str) and text.count(" ") >= MIN_SPACES and not is_of_another_text(str(key))
    ]
    return texts[0] if len(texts) == 1 else None


def _is_inline(part: Any, inline_leaves: bool) -> bool:
    if not isinstance(part, Mapping):
        return False
    kind = _type(part)
    is_leaf = not any(isinstance(part.get(key), list | Mapping) for key in CONTAINERS)
    if kind in INLINE:  # a text with blocks in it is a block, as BBC's are
        return not isinstance(part.get("content"), str) and (is_leaf or kind != "text")
    return inline_leaves and not kind and is_leaf


def _piece(node: str | list[Any] | Mapping[str, Any], depth: int) -> str | None:
    if isinstance(node, str):
        return node
    if not isinstance(node, Mapping):
        return _joined(node, depth + 1)
    text = _node(node, depth)
    if text is None and node and TAGS.issuperset(node):
        return _joined([*node.values()], depth + 1)
    if text is None and not _is_aside(node):
        inner = (_only_text(part) for part in node.values() if isinstance(part, Mapping))
        text = _only_text(node) or next(filter(None, inner), None)
    return text


def _joined(parts: list[Any] | tuple[Any, ...], depth: int, *, inline_leaves: bool = False) -> str | None:
    """Join nodes: those inside a line as they are, with blank lines between blocks."""
    if depth > MAX_DEPTH:
        return None
    nodes = [part for part in parts if isinstance(part, str | list | Mapping)]
    nodes = [node for node in nodes if isinstance(node, Mapping) and node.get("role") == MAIN] or nodes
    inline = any(_is_inline(node, inline_leaves) for node in nodes)
    pieces: list[tuple[str, bool]] = []
    for node in nodes:
        if text := _piece(node, depth):
            pieces.append((text, inline and (isinstance(node, str) or _is_inline(node, inline_leaves))))
    if not pieces:
        return "" if all(part is None or part == "" for part in parts) else None
    between_strings = all(isinstance(node, str) for node in nodes)
    separator = "\n" if depth and between_strings else "\n\n"
    first, before_inline = pieces[0]
    parts, end = [first], first[-END:]
    for text, is_inline in pieces[1:]:
        ends = _is_paragraph(end, text)  # paragraphs that are called texts
        runs_on = (is_inline and before_inline and not ends) or (between_strings and _touch(end, text))
        if not runs_on:
            _strip_end(parts)
            text = separator + text.lstrip()
        parts.append(text)
        end, before_inline = (end + text)[-END:], is_inline
    return "".join(parts)


def _is_paragraph(before: str, text: str) -> bool:
    """Tell whether a text begins with a sentence, and the one before it, of which this is the end, ended with one."""
    if before.endswith(">"):
        before = _TAGS_AT_END.sub("", before)
    if text.startswith("<"):
        text = _TAGS_AT_START.sub("", text, count=1)
    return bool(_NO_SPACE.search(before[-2:])) and text[:1].isupper()


def _strip_end(parts: list[str]) -> None:
    """Remove the white space at the end of parts, in all of them the time of a single pass."""
    while len(parts) > 1 and not parts[-1].strip():
        parts.pop()
    parts[-1] = parts[-1].rstrip()


def _touch(before: str, after: str) -> bool:
    """Tell whether two texts are pieces of a line, which was cut where an element began or ended."""
    space = before[len(before.rstrip()) :] + after[: len(after) - len(after.lstrip())]
    if "\n" in space or not before.strip():
        return False
    if before[-1] in OPENING:
        return True
    if _CONTINUES.match(after):
        return bool(space) or not after[0].isalpha()
    return bool(space) and not _ENDS.search(before)
