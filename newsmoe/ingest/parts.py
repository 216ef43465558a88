"""Articles whose text is in numbered parts, such as `paragraph1`, `paragraph2`."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from newsmoe.ingest.fields import CACHED_SHAPES, FieldFinder, keys_of
from newsmoe.ingest.names import MAX_NAME, folded

JOINED = "paragraphs"
"""The key of the parts as a list."""
MANY = 3  # parts, without a headline beside them
_PART = re.compile(r"(?P<stem>.*?[^\W\d_])[ _.-]?(?P<number>\d{1,3})")
_TEXTS = frozenset(
    {"paragraph", "para", "p", "content", "text", "txt", "body", "part", "articletext", "articlecontent"}
    | {"articlebody", "bodytext", "contenttext", "newstext", "absatz", "paragraphe", "parrafo"}
)
_OTHERS = frozenset({"title", "headline", "heading", "url", "link", "label", "question", "source"})
"""Stems of what there is of each of several articles, or of pairs, and not of parts."""


def with_joined_parts(element: Mapping[str, Any], finder: FieldFinder) -> Mapping[str, Any]:
    """Return an element with a list of its parts in their place; other elements as they are."""
    parts = _parts_in(keys_of(element), finder)
    if not parts:
        return element
    others = {key: value for key, value in element.items() if key not in parts}
    return {**others, JOINED: [element[key] for key in parts if isinstance(element[key], str)]}


@lru_cache(CACHED_SHAPES)
def _parts_in(keys: tuple[str, ...], finder: FieldFinder) -> tuple[str, ...]:
    """Return the keys of the parts of a text, in order."""
    series: dict[object, dict[int, str]] = {}
    for key in keys:
        if isinstance(key, str) and key[-1:].isdecimal() and len(key) <= MAX_NAME and (match := _PART.fullmatch(key)):
            series.setdefault(folded(match["stem"]), {})[int(match["number"])] = key
    if JOINED in keys or not _OTHERS.isdisjoint(series) or "content" in finder.users:
        return ()
    has_headline = any(finder.shape(keys).headlines)
    for stem in _TEXTS & series.keys():
        parts = series[stem]
        numbers = sorted(parts)
        are_all = numbers[0] < 2 and numbers == [*range(numbers[0], numbers[0] + len(numbers))]
        if are_all and len(numbers) >= (2 if has_headline else MANY):
            return tuple(parts[number] for number in numbers)
    return ()
