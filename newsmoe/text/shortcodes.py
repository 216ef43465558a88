"""Text without WordPress's shortcodes, which are in what an editor stored: `[caption width="300"]...[/caption]`."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_ALONE = frozenset({"gallery", "playlist"})  # shortcodes that need neither attributes nor an end
_MEDIA = (
    "audio caption code css embed facebook html iframe instagram javascript js php script soundcloud sourcecode style"
    " tiktok tweet twitter vc_raw_html vc_raw_js video vimeo wp_caption youtube"
)
_DROPPED = _ALONE.union(_MEDIA.split())
"""Shortcodes that go with what is in them."""
MAX_DROPPED = 5_000  # characters in such a shortcode; after more, the end may be another's

_TAG = re.compile(r"(?<!\[)\[(/?)([a-z][\w-]{0,40})((?:\s(?:[^\[\]\"']|\"[^\"]*\"|'[^']*')*+)?)\](?![\](])")
_QUOTED = re.compile(r"\s+[\w-]+=(?:[\"'“”″]|&quot;|&#82(?:20|21|43);)")
_ATTRIBUTE = re.compile(r"\s+(?:[\w-]+=|https?://)")


class _Tag(NamedTuple):
    start: int
    end: int
    name: str
    closes: bool


def without_shortcodes(text: str) -> str:
    """Return a text without shortcodes, and without what is in those of captions, media and code.

    A shortcode has an end of its name, or an attribute in quotes, or is one of WordPress; `[sic]` and `[1]` are text.
    """
    if not (tags := list(_tags(text)) if "[" in text else []):
        return text
    parts, position = [], 0
    number, closed = 0, False
    while number < len(tags):
        tag = tags[number]
        between = text[position : tag.start]
        parts.append(between)
        number, position = number + 1, tag.end
        is_dropped = tag.name in _DROPPED and not tag.closes
        if is_dropped or (closed and not tag.closes and not between.strip()):  # such as between two columns
            parts.append("\n\n")
        closed = tag.closes
        if is_dropped and number < len(tags) and _is_end(tags[number], tag):
            number, position = number + 1, tags[number].end
    return re.sub(r"\n\s*\n", "\n\n", "".join((*parts, text[position:])))


def _is_end(tag: _Tag, start: _Tag) -> bool:
    return tag.closes and tag.name == start.name and tag.start - start.end <= MAX_DROPPED


def _tags(text: str) -> Iterator[_Tag]:
    """Yield the tags that are unmistakably those of shortcodes."""
    matches = list(_TAG.finditer(text))
    starts: dict[str, int] = {}  # where each name is first opened
    ends: dict[str, int] = {}  # where each name is last closed
    for match in matches:
        if match[1]:
            ends[match[2]] = match.start()
        else:
            starts.setdefault(match[2], match.start())
    for match in matches:
        slash, name, attributes = match.groups()
        if slash:
            is_shortcode = starts.get(name, len(text)) < match.start() and not attributes
        else:
            pattern = _ATTRIBUTE if name in _DROPPED else _QUOTED
            is_alone = name in _ALONE and not attributes
            is_shortcode = is_alone or ends.get(name, -1) > match.start() or bool(pattern.match(attributes))
        if is_shortcode:
            yield _Tag(match.start(), match.end(), name, bool(slash))
