"""What stands before the first words of an article and is no part of its sentence: place, agency, author."""

import re

_DASH = r"\s?(?:--+|[-–—])\s+"
_AGENCY = (
    r"\(\s?(?:cnn(?: (?:business|money|student news))?|ap|afp|reuters|upi|xinhua|bloomberg|ians|ani|pti|efe|dpa|bbc"
    r"|the associated press|associated press|agence france-presse|mashable|wired|financial times"
    r"|[\w-]+\.(?:com|org))\s?\)"
)
_BRACKETS = r"\(\s?[^()]{2,40}\)"
_CAPITALS = r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ.'’/-]+"
_PLACE = rf"{_CAPITALS}(?:,? (?:{_CAPITALS}|[A-Z][\w.'’-]*|[a-z]{{2,3}}\s|\d{{1,2}},?)){{0,6}}"
_NAME = r"[A-Z][\w.'’-]+(?: [A-Z][\w.'’-]+){1,2}"
_ROLE = r"(?:[A-Z][\w'’-]* )*(?:[Cc]orrespondent|[Rr]eporter|[Ee]ditor|[Ww]riter|[Ss]taff)"
_DATELINE = re.compile(
    rf"\s*(?:(?:[^.()\n]{{2,60}}\s)?(?i:{_AGENCY})(?:{_DASH}|\s*)"  # LONDON, England (CNN) --
    rf"|(?:{_PLACE}\s)?{_BRACKETS}{_DASH}"  # PARIS (Le Monde) -
    rf"|{_PLACE}{_DASH}(?=[A-ZÀ-ÖØ-Þ\"“‘'\d]))"  # WASHINGTON — The; but not: NASA — the agency
)
_BYLINE = re.compile(
    rf"\s*By (?:{_NAME},? (?:for [A-Z][\w ]{{2,30}}|{_ROLE})\s*[|•–—-]?|{_CAPITALS}(?: {_CAPITALS}){{1,2}})"
    r"\s+(?=[A-Z\"“‘(])"
)


def without_dateline(sentence: str) -> str:
    """Return a sentence without byline and dateline at its front; unchanged where nothing else would be left."""
    start = 0
    for pattern in (_BYLINE, _DATELINE):
        if match := pattern.match(sentence, start):
            start = match.end()
    rest = sentence[start:]
    return rest if re.search(r"\w", rest) else sentence
