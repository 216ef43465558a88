"""What belongs to a headline and what does not: the outlet at its end, and itself again before the content."""

import re

from newsmoe.ingest.evidence import Strength, strength_of

MIN_SPACES = 3  # in a headline that is left out of a content; a shorter one may be how a sentence begins
SEPARATORS = frozenset("-–—|·•")
"""Marks between a title and its outlet."""
_EDITION_WORDS = (
    "us uk news online world international global india australia canada english español sport sports business"
)
_EDITIONS = frozenset(_EDITION_WORDS.split())
"""Words after the name of an outlet that say which part of it."""

_HEADING = re.compile(r"#{1,6}[ \t]+")
"""What Markdown writes before a heading."""
_ARTICLE = re.compile(r"\bthe\s+\Z", re.IGNORECASE)


def without_headline(text: str, headline: str) -> str:
    """Return a content without the headline at its beginning, if a text of its own follows."""
    mark = _HEADING.match(text) if text.startswith("#") else None
    start = mark.end() if mark else 0
    if not headline or not text.startswith(headline, start) or headline.count(" ") < MIN_SPACES:
        return text
    rest = text[start + len(headline) :]
    remaining = rest.lstrip()
    is_apart = len(remaining) < len(rest) and not remaining[:1].islower() and remaining[:1] not in SEPARATORS
    return remaining if is_apart and strength_of(remaining) is Strength.PROSE else text


def without_outlet(headline: str, source: str | None) -> str:
    """Return a headline without ` - The Paper` at its end, as news services add it, where that is the source.

    The name may be there twice, without `The`, or with a word for an edition after it.
    """
    name = (source or "").casefold().removeprefix("the ")
    while name and (place := (folded_headline := headline.casefold()).rfind(name)) > 0:
        if len(folded_headline) != len(headline):  # a few letters become two
            break
        before = _ARTICLE.sub("", headline[:place]).rstrip()
        title = before[:-1].rstrip()
        after = headline[place + len(name) :].casefold().split()
        is_outlet = (
            before[-1:] in SEPARATORS and before[-2:-1].isspace() and headline[len(before) : place][:1].isspace()
        )
        if not title or not is_outlet or not _EDITIONS.issuperset(after):
            break
        headline = title
    return headline
