"""Text out of HTML, and out of what looks like it.

A scan for tags rather than a tree: scrapers' markup is cut, unbalanced and nested at will, and a parser of HTML
loses what follows an element without an end, joins the cells of half a table, and takes quadratic time for
100,000 nested elements. A scan is linear, and what is no tag stays as it is.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence, Set
from html import unescape
from itertools import chain
from operator import attrgetter
from typing import NamedTuple


def _set(names: str) -> Set[str]:
    return frozenset(names.split())


_ELEMENTS = _set(
    "a abbr acronym address applet area article aside audio b base basefont big blink blockquote body br button"
    " canvas caption center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed"
    " fieldset figcaption figure font footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i"
    " iframe img input ins kbd label legend li link main map mark marquee menu meta meter nav nobr noframes noscript"
    " object ol optgroup option output p param picture pre progress q rp rt ruby s samp script search section select"
    " slot small source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead"
    " time title tr track tt u ul var video wbr xmp"
)
"""HTML's elements, which are recognised without an end tag; it may be omitted or truncated."""
_BLOCKS = _set(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure"
    " footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu ol p pre section summary table tbody td tfoot"
    " th thead tr ul"
)
_RAW = _set("script style iframe noframes textarea title xmp")
"""Elements in which there are no other elements."""
_NOT_READ = _RAW | _set("audio button canvas datalist head nav noscript object select svg template video")

_CAPTION_CLASS = re.compile(
    r"\bclass\s*=\s*[\"'](?:[^\"']*\s)?(?:(?:wp|image|img|photo|picture|media|figure|video|gallery)[_-]{1,2})?caption"
    r"(?:[_-]{1,2}text)?[\"'\s]",
    re.IGNORECASE,
)
MAX_CAPTION = 1000
"""Characters of the caption of a photo, markup included."""

_NAME = r"[a-zA-Z][a-zA-Z0-9.:_-]{0,30}"
_SWITCHES = (
    "align|allowfullscreen|alt|async|autofocus|autoplay|bgcolor|border|cellpadding|cellspacing|checked|class|clear"
    "|color|cols|colspan|compact|content|controls|crossorigin|default|defer|dir|disabled|download|draggable|face|for"
    "|frameborder|height|hidden|href|hspace|id|inert|ismap|itemprop|itemscope|itemtype|lang|loading|loop|media|multiple"
    "|muted|name|nomodule|noshade|novalidate|nowrap|onclick|onload|open|playsinline|property|readonly|rel|required"
    "|reversed|role|rows|rowspan|scope|selected|size|sizes|src|srcset|start|style|tabindex|target|title|type|usemap"
    "|valign|value|vspace|width|[a-z]+-[a-z-]+"
)
"""Attributes, which may stand without a value."""
_TAG = re.compile(
    rf"<(/?)({_NAME})(?=[\s/>])((?>[^<>=]+|=\s*\"[^\"<]*\"|=\s*'[^'<]*'|=)*+)>|<(?:!doctype\b|!\[|\?[a-z])[^<>]{{0,999}}>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(rf"\s*(?:/|\s(?:{_SWITCHES})(?=[\s=/]|$)|\s[\w:@.-]+\s*=)", re.IGNORECASE)
_SWITCHES_ONLY = re.compile(rf"(?>\s+(?:{_SWITCHES})(?=[\s/]|$))*+\s*/?\s*", re.IGNORECASE)
_CUT_TAG = re.compile(rf"</?({_NAME})(\s+[\w:-]+\s*=[^<>]*|(?:\s+[a-zA-Z-]*)?)\Z")
"""The rest of a text that was cut inside a tag; it has a `=`, unless there are whole tags before it."""
_NAMED = re.compile(rf"</({_NAME})\s*>|</?([a-zA-Z]\w*:[a-zA-Z][\w-]*)(?=[\s/>])|<({_NAME})\s[^<>=]*=\s*[\"']")
_CODE = re.compile(
    r"\s*(?:(?:var|let|const|function|import|window|document)\b|[($!]|if\s*\(|@media|[\w.#:*, -]{1,80}\{|//|/\*|[{\[]"
    r"|\Z)"
)
"""How the content of a script or style sheet begins."""
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_ESCAPED_TWICE = re.compile(r"&(?!(?:lt|gt);)(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
"""Entities that nobody writes about, where they are still there after decoding."""
_UNMISTAKABLE = _set("blockquote br div h1 h2 h3 h4 h5 h6 hr img input li ol p table td th tr ul wbr")
"""Elements that nobody writes about in news; a tag of them is markup although it was escaped."""

MAX_LINKS = 1000  # characters of a teaser that is only links, as of five stories
MAX_LABEL, MAX_NAME = 3, 8  # words beside a link that are no text: as they are, or set apart
_SET_APART = _set("cite font small")
_SENTENCE_END = re.compile(r"[.…][\"”’)]?\s*\Z")
_NUMBER = re.compile(r"[^\w]*[\w ]{1,20}:\s*\d[\d.,]*\s*")  # such as "Points: 12"

MAX_LEVELS = 4
"""Times that markup may have been escaped, and it itself."""


class _Tag(NamedTuple):
    start: int
    end: int
    name: str  # empty for a declaration
    closes: bool
    attributes: str


def plain_text(text: str) -> str:
    """Return `text` without markup and entities, also where they were escaped, once or twice.

    Blocks become paragraphs separated by blank lines; captions of photos are dropped, unless there is nothing else.
    What looks like a tag but is none of HTML or XML, such as `<redacted>`, is text.
    """
    plain = _without_level(text)
    for _ in range(MAX_LEVELS - 1):
        if "<" in plain and any(map(_is_unmistakable, _tags(plain))):
            plain = _without_level(plain)
        elif "&" in plain and (_ESCAPED_TWICE.search(plain) or any(map(_is_unmistakable, _tags(unescape(plain))))):
            plain = unescape(plain)
        else:
            break
    return plain


def is_only_links(markup: str) -> bool:
    """Tell whether each block of some HTML is links, perhaps with a label or a short name beside them.

    So aggregators fill the place of a teaser: headlines with their outlets, "Comments URL: ...".
    """
    links = False
    inside, position, size = "", 0, 0
    block: list[tuple[str, str]] = []  # each text, and what it is in
    for tag in chain(_tags(markup), [_Tag(len(markup), len(markup), "br", False, "")]):
        text = unescape(markup[position : tag.start])
        position, size = tag.end, size + len(text)
        block.append((text, inside))
        if size > MAX_LINKS:
            return False
        if tag.name == "a" or (inside != "a" and tag.name in _SET_APART):
            inside = "" if tag.closes else tag.name
        elif tag.name == "br" or tag.name in _BLOCKS:
            if not _is_block_of_links(block):
                return False
            links = links or any(name == "a" and re.search(r"\w", text) for text, name in block)
            block = []
    return links


def _is_block_of_links(block: Sequence[tuple[str, str]]) -> bool:
    linked = [text for text, name in block if name == "a"]
    apart = "".join(text for text, name in block if name in _SET_APART)
    bare = "".join(text for text, name in block if not name)
    if not any(re.search(r"\w", text) for text in linked):
        return not re.search(r"\w", apart + bare) or bool(_NUMBER.fullmatch(apart + bare))
    is_beside = len(bare.split()) <= MAX_LABEL and len(apart.split()) <= MAX_NAME
    return is_beside and not any(map(_SENTENCE_END.search, (*linked, bare)))


def _without_level(text: str) -> str:
    """Return `text` without its markup and with its entities decoded, once."""
    if "<" in text:
        markup = _without_comments(text.replace("<![CDATA[", "").replace("]]>", "")) if "<!" in text else text
        if (tags := list(_tags(markup))) or markup != text:
            return _without_tags(markup, tags, _is_left_out) or _without_tags(markup, tags)
    return unescape(text) if "&" in text and _ENTITY.search(text) else text


def _without_comments(markup: str) -> str:
    """Drop comments; of one without an end only the mark that opens it."""
    *pieces, last = markup.split("-->")
    return "".join(piece.partition("<!--")[0] for piece in pieces) + last.replace("<!--", "")


def _tags(markup: str) -> Iterator[_Tag]:
    """Yield the tags of HTML's elements, and of others that have an end tag, a prefix, or a quoted attribute."""
    names: Set[str] | None = None
    count = 0
    for match in _TAG.finditer(markup):
        slash, name, attributes = match.groups()
        if name is None:
            yield _Tag(match.start(), match.end(), "", False, "")
            continue
        name = name.lower()
        if name in _ELEMENTS:
            is_tag = not attributes or _starts_as_attributes(attributes)
        else:
            if names is None:
                names = {other.lower() for others in _NAMED.findall(markup) for other in others if other}
            is_tag = name in names
        if is_tag:
            count += 1
            yield _Tag(match.start(), match.end(), name, slash == "/", attributes)
    cut = markup.rfind("<")
    rest = _CUT_TAG.match(markup, cut) if cut >= 0 else None
    if rest and rest[1].lower() in _ELEMENTS and (count or "=" in rest[2]):
        yield _Tag(cut, len(markup), "", False, rest[2])


def _starts_as_attributes(text: str) -> bool:
    return bool(_ATTRIBUTE.match(text) if "=" in text else _SWITCHES_ONLY.fullmatch(text))


def _is_unmistakable(tag: _Tag) -> bool:
    return bool(tag.name) and (tag.closes or tag.name in _UNMISTAKABLE) or "=" in tag.attributes


_LEFT_OUT = _set("figcaption rt rp")
"""Captions, and how letters are read, which stands beside them in Japanese."""


def _is_left_out(tag: _Tag) -> bool:
    return tag.name in _LEFT_OUT or bool(tag.name in _BLOCKS and _CAPTION_CLASS.search(tag.attributes))


def _without_tags(markup: str, tags: Sequence[_Tag], is_left_out: Callable[[_Tag], bool] = lambda tag: False) -> str:
    """Return the text between the tags, with a line end for each `br` and blank lines around each block.

    Short elements that are left out are so with what is in them.
    """
    ends = {tag.name: number for number, tag in enumerate(tags) if tag.closes}  # the last of each name
    parts, position, number = [], 0, 0
    while number < len(tags):
        tag = tags[number]
        parts.append(markup[position : tag.start])
        number, position = number + 1, tag.end
        if tag.name in _NOT_READ and not tag.closes:
            if (last := ends.get(tag.name, -1)) >= number:
                end = _number_of_end(tags, number, tag.name)
                number = last if end is None else end
                position = tags[number].start
            elif tag.name in ("script", "style") and _CODE.match(markup, position):
                position = len(markup)
                break
        elif not tag.closes and is_left_out(tag):
            stop = bisect_right(tags, position + MAX_CAPTION, lo=number, key=attrgetter("start"))
            if (end := _number_of_end(tags, number, tag.name, stop)) is not None:
                number, position = end, tags[end].start
        parts.append("\0" if tag.name == "br" else "\1" if tag.name in _BLOCKS else "")
    text = "".join((*parts, markup[position:]))
    if any(tag.name in _BLOCKS for tag in tags):  # then blocks make the paragraphs, and line ends are white space
        text = re.sub(r"\s+", " ", text)
    text = unescape(text.replace("\0", "\n").replace("\1", "\n\n"))
    text = re.sub(r"[ \t\xa0]+", " ", text)
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" ?\n ?", "\n", text)).strip()


def _number_of_end(tags: Sequence[_Tag], number: int, name: str, stop: int | None = None) -> int | None:
    """Return the number of the end tag that belongs to an element, if it is before `stop`."""
    depth = 1
    for place in range(number, len(tags) if stop is None else stop):
        if tags[place].name == name:
            depth += -1 if tags[place].closes else name not in _RAW
            if depth == 0:
                return place
    return None
