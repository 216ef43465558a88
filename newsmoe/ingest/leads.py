"""The lead of an article, where a site shows it above the body and a scraper keeps it apart."""

import re
from collections.abc import Mapping
from typing import Any

from newsmoe.article import UNSPACED
from newsmoe.ingest.contents import MAX_CHARACTERS, Content
from newsmoe.ingest.evidence import Strength, strength_of
from newsmoe.ingest.fields import Shape, value_at
from newsmoe.ingest.key_paths import KeyPath
from newsmoe.ingest.values import text_of
from newsmoe.text.cleaning import clean_text

BEGINNING = 500  # characters of a body, beside twice the lead's, in which a copy of the lead is looked for
COPIED = 0.5  # share of its runs of three words that make a lead a copy
_WORD = re.compile(rf"{UNSPACED}|\w+")


def with_lead(element: Mapping[str, Any], shape: Shape, content: Content | None) -> tuple[Content | None, KeyPath]:
    """Return a content with the lead before it, and the lead's path; without a path where there is none of its own."""
    if content is None or not content.is_whole or content.path in shape.mapped:
        return content, ()
    for path in shape.leads:
        value = value_at(element, path)
        if value is None or path == content.path:
            continue
        lead, truncated = clean_text(text_of(value) or "")
        if not truncated and strength_of(lead) is Strength.PROSE and not _is_copy(lead, content.text):
            return content._replace(text=f"{lead}\n\n{content.text}"[:MAX_CHARACTERS]), path
    return content, ()


def _is_copy(lead: str, text: str) -> bool:
    """Tell whether a body begins with much of what its lead says, in the same words."""
    runs = _runs(lead)
    return len(runs & _runs(text[: BEGINNING + 2 * len(lead)])) >= COPIED * len(runs)


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return set(zip(words, words[1:], words[2:], strict=False))
