"""What stands before the first words of an article and is no part of its sentence: place, agency, author, credit."""

import re

_DASH = r"\s?(?:--+|[-–—―])\s+"
_AGENCY = (  # none of those in credits that stand behind other names too: the Palestinian Authority (PA) said
    r"\(\s?(?:cnn(?: (?:business|money|student news))?|ap|afp|reuters|upi|xinhua|bloomberg|ians|ani|pti|efe|dpa|bbc"
    r"|the associated press|associated press|agence france-presse|mashable|wired|financial times"
    r"|[\w-]+\.(?:com|org))\s?\)"
)
_BRACKETS = r"\(\s?[^()]{2,40}\)"
_CAPITALS = r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ.'’/-]+"
_PLACE = rf"{_CAPITALS}(?:,? {{1,2}}(?:{_CAPITALS}|[A-Z][\w.'’-]*|[a-z]{{2,3}}\s|\d{{1,4}},?)){{0,6}}"
_BEGINNING = r"(?=[A-ZÀ-ÖØ-Þ\"“‘'\d])"
_NAME = r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+){1,2}"
_ROLE = (
    r"(?:(?:[A-Z][\w'’-]*|and|of) )*(?:[Cc]orrespondent|[Rr]eporter|[Ee]ditor|[Ww]riter|[Ss]taff|BBC (?:News|Sport))"
)
_DATELINE = re.compile(
    rf"\s*(?:(?:[^.()\n]{{2,60}}\s)?(?i:{_AGENCY})(?:{_DASH}|\s*)"  # LONDON, England (CNN) --
    rf"|(?:{_PLACE}\s)?{_BRACKETS}{_DASH}"  # PARIS (Le Monde) -
    rf"|{_PLACE}{_DASH}{_BEGINNING}"  # WASHINGTON — The; but not: NASA — the agency
    rf"|(?:[A-Z][\w.'’-]*,?\s){{0,4}}CNN(?: Business)?\s*{_DASH}{_BEGINNING})"  # Hong Kong CNN — The
)
_OPENING = re.compile(  # of an article only: Kampala – The
    rf"\s*[A-Z][\w.'’-]+(?:,? [A-Z][\w.'’-]+){{0,2}}\s?[–—―]\s+{_BEGINNING}(?!.*[–—―])"
)
_SLUG = re.compile(
    r"\s*(?:FIRST ON [A-Z]+|EXCLUSIVE|BREAKING(?: NEWS)?|JUST IN|DEVELOPING|UPDATED?|ANALYSIS|OPINION)\s?[:|]\s*"
)
_CREDIT = re.compile(
    r"\s*(?:\((?:[Pp]hoto|[Cc]redit|[Cc]ourtesy|[Ii]mage|[Pp]icture)s?\b[^()\n]{2,80}\)"
    r"|REUTERS ?/ ?[A-Z][\w.'’-]+ [A-Z][\w.'’-]+(?: ?/ ?(?:File Photo|Illustration|Pool|Handout))?(?: - \w+)?\s)\s*"
)
_BYLINE = re.compile(
    rf"\s*By (?:{_NAME},? (?:for [A-Z][\w ]{{2,30}}|{_ROLE})\s*[|•–—-]?|{_CAPITALS}(?: {_CAPITALS}){{1,2}})"
    r"\s+(?=[A-Z\"“‘(])"
)


def without_dateline(sentence: str, *, is_first: bool = False) -> str:
    """Return a sentence without credit, byline and dateline at its front; unchanged where nothing else would be left.

    The first one of an article may begin with a place that elsewhere would be the item of a list.
    """
    start = 0
    for pattern in (_CREDIT, _SLUG, _BYLINE, _DATELINE, *([_OPENING] if is_first else [])):
        if match := pattern.match(sentence, start):
            start = match.end()
    rest = sentence[start:]
    return rest if re.search(r"\w", rest) else sentence
