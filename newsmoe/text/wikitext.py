"""Text out of wikitext, in which dumps and the API of MediaWiki have pages, such as those of Wikinews.

mwparserfromhell parses all of it, with a compiled extension; here only the plain text is wanted, in linear time.
"""

import re

MAX_NESTED = 6  # templates and links inside each other
KINDS = 2  # of signs that make a text wikitext
_SIGN = re.compile(r"\[\[[^\[\]\n]++\]\]|'''|\{\{[^{}]++\}\}|^==++[^=\n]++==++[ \t]*+$", re.MULTILINE)
_COMMENT = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->|\Z)")
_NOTE = re.compile(r"<ref\b[^<>]*+>|</ref\s*+>", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{\{(?:[^{}]|\{(?!\{)|\}(?!\}))*+\}\}")
_LINK = re.compile(r"\[\[([^\[\]]*+)\]\]")
_OUTWARD = re.compile(r"\[(?:https?:)?//[^\s\[\]]++(?:[ \t]++([^\[\]\n]*+))?\]")
_NO_TEXT = re.compile(
    r"\s*(?:file|image|category|media|datei|bild|kategorie|fichier|catégorie|archivo|categoría|ficheiro|categoria"
    r"|immagine|файл|категория|文件|分类|ファイル)\s*:",
    re.IGNORECASE,
)
"""The namespaces of images and categories."""
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]+)?:")
"""What a link to the same page in another language begins with."""
_QUOTES = re.compile(r"'{2,5}")
_HEADING = re.compile(r"^==++([^=\n]++)==++[ \t]*+$", re.MULTILINE)
_APPENDIX = re.compile(
    r"sources?|references?|notes|footnotes|external links|see also|further reading|related (?:news|articles)|quellen"
    r"|einzelnachweise|weblinks|siehe auch|fuentes|referencias|véase también|enlaces externos|voir aussi|références"
    r"|liens externes|fonti|note|collegamenti esterni|источники|примечания|ссылки",
    re.IGNORECASE,
)
"""The headings of what follows an article."""
_SWITCH = re.compile(r"__[A-Z]{3,}__")
_MARK = re.compile(r"^[*#:;]++[ \t]*+", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n[ \t]*+\n\s*+")


def without_wikitext(text: str) -> str:
    """Return the text of wikitext, without templates, notes, images and what follows an article; others as they are."""
    if not _is_wikitext(text):
        return text
    text = _without_tables(_without_notes(_COMMENT.sub("", text)))
    for _ in range(MAX_NESTED):
        inner = _LINK.sub(_label, _TEMPLATE.sub("", text))
        if inner == text:
            break
        text = inner
    text = _HEADING.sub(lambda heading: f"\n{heading[1].strip()}\n", _without_appendix(text))
    text = _OUTWARD.sub(lambda link: link[1] or "", text)
    text = _MARK.sub("", _QUOTES.sub("", _SWITCH.sub("", text)))
    return _BLANK_LINES.sub("\n\n", text).strip()


def _is_wikitext(text: str) -> bool:
    if "[[" not in text and "{{" not in text and "'''" not in text:
        return False  # most texts
    kinds = {sign[0][:2] for sign in _SIGN.finditer(text)}
    return len(kinds) >= KINDS and not kinds.isdisjoint(("[[", "=="))


def _label(link: re.Match[str]) -> str:
    """Return the text of a link; none for an image, a category or the page in another language."""
    target, bar, label = link[1].partition("|")
    if _NO_TEXT.match(target) or (not bar and _LANGUAGE.match(target)):
        return ""
    return label or target.lstrip(":").rpartition(":")[2]


def _without_notes(text: str) -> str:
    """Return a text without its footnotes; one that does not end stays."""
    parts, position, start = [], 0, -1
    for tag in _NOTE.finditer(text):
        is_end = tag[0].startswith("</")
        if tag[0].endswith("/>") and start < 0:
            start, is_end = tag.start(), True
        if is_end and start >= 0:
            parts.append(text[position:start])
            position, start = tag.end(), -1
        elif not is_end and start < 0:
            start = tag.start()
    return "".join((*parts, text[position:]))


def _without_tables(text: str) -> str:
    """Return a text without its tables; where one does not end, the text itself."""
    if "{|" not in text:
        return text
    depth, lines = 0, []
    for line in text.split("\n"):
        mark = line.lstrip(" \t:")[:2]
        depth += mark == "{|"
        if not depth:
            lines.append(line)
        depth -= mark == "|}" and depth > 0
    return text if depth else "\n".join(lines)


def _without_appendix(text: str) -> str:
    for heading in _HEADING.finditer(text):
        if _APPENDIX.fullmatch(heading[1].strip()) and text[: heading.start()].strip():
            return text[: heading.start()]
    return text
