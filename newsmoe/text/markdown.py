"""Text out of Markdown, in which some scrapers, forums and editors give articles.

A text is Markdown if it has a link or an image of it, or several headings and words in bold; any other text may have
these marks as they are.
"""

import re

MIN_SIGNS = 2  # headings and words in bold that make a text Markdown

# what is in brackets is taken whole or not at all, so that brackets without an end take linear time
_LABEL = r"(?<!\\)\[((?:[^\[\]\n\\]|\\.|\[[^\[\]\n]*\])*+)\]"
_TARGET = r"(?:<[^<>\n]*>|(?:[^()\s<>]|\([^()\s]*\))*+)(?:\s+(?:\"[^\"\n]*\"|'[^'\n]*'))?\s*\)"
_IMAGE = re.compile(rf"!{_LABEL}\({_TARGET}")
_LINK = re.compile(rf"{_LABEL}\((?=<?(?:[a-z][a-z+.-]*:|www\.|[/#.?])){_TARGET}")
_BOLD = r"(?<![\w*\\])\*\*(?=[^\s*])[^*\n]*[^\s*\\]\*\*(?![\w*])"
_SIGN = re.compile(rf"^(?:##{{1,5}} +|# +(?!\d))\S|{_BOLD}", re.MULTILINE)
_EMPHASIS = re.compile(
    r"(?<![a-z0-9*\\])(\*{1,3})(?=[^\s*])([^*\n]*[^\s*\\])\1(?![a-z0-9*])"
    r"|(?<![\w\\])(_{1,3})(?=[^\s_])([^_\n]*[^\s_\\])\3(?!\w)|(?<!`)`([^`\n]+)`(?!`)",
    re.IGNORECASE,
)
MAX_NESTED = 3  # emphasis inside emphasis
_HEADING = re.compile(r"#{1,6}\s+(.*?)(?:(?<=\S)\s+#+)?")
_BULLET = re.compile(r"[*+-]\s+")
_NUMBER = re.compile(r"\d{1,3}[.)]\s")
_RULE = re.compile(r"[-*_=|:~#\s]+|```+[\w-]*")  # also the rule below a table's head, and the fence of code
_SENTENCE = re.compile(r".{40,}[.…][\"”’)]?", re.DOTALL)
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def without_marks(text: str) -> str:
    """Return the text of Markdown, without images and navigation; any other text as it is."""
    if not _is_markdown(text):
        return text
    text = _IMAGE.sub("", text.replace("\\\n", " "))
    paragraphs = re.split(r"\n\s*\n", text)
    remaining = "\n\n".join(map(_without_navigation, paragraphs))
    text = _LINK.sub(r"\1", remaining if re.search(r"\w", remaining) else text)
    text = "\n".join(map(_plain_line, text.split("\n")))
    for _ in range(MAX_NESTED):
        text = _EMPHASIS.sub(r"\2\4\5", text)
    return re.sub(r"\n\s*\n", "\n\n", _ESCAPED.sub(r"\1", text)).strip()


def _is_markdown(text: str) -> bool:
    if "](" in text and (_LINK.search(text) or _IMAGE.search(text)):
        return True
    if "**" not in text and "# " not in text:
        return False
    return sum(1 for _ in zip(range(MIN_SIGNS), _SIGN.finditer(text), strict=False)) == MIN_SIGNS


def _without_navigation(paragraph: str) -> str:
    """Return a paragraph without the lines that consist of links, unless such a line goes on with its neighbours."""
    if "](" not in paragraph:
        return paragraph
    lines = paragraph.split("\n")
    texts = [line for line in lines if not _is_links(line)]
    if all(_HEADING.match(line.lstrip()) for line in texts):
        return "\n".join(texts)
    return "\n".join(line for line in lines if not (_BULLET.match(line.lstrip()) and _is_links(line)))


def _is_links(line: str) -> bool:
    """Tell whether a line has nothing but links, none of which is a sentence."""
    labels = [match[1] for match in _LINK.finditer(line)]
    if not labels or any(map(_SENTENCE.fullmatch, labels)) or _HEADING.match(line.lstrip()):
        return False
    return not re.search(r"\w", _NUMBER.sub("", _LINK.sub("", line), count=1))


def _plain_line(line: str) -> str:
    """Return a line without the marks at its start, and with blank lines around a heading."""
    line = line.strip()
    if line.startswith(">"):
        line = line.lstrip("> \t")
    if _RULE.fullmatch(line):
        return ""
    if heading := _HEADING.fullmatch(line):
        return f"\n{heading[1]}\n"
    return _BULLET.sub("", line, count=1) if _BULLET.match(line) else line
