"""What a text itself says of what it is: prose, an identifier, a URL, or a word for no text."""

import re
from enum import IntEnum
from itertools import islice
from math import isfinite

from newsmoe.article import UNSPACED
from newsmoe.ingest.failures import is_failure

LONG_WORD = 24  # characters; beyond it a word alone is an identifier
START = 400  # characters, which tell what the rest is
PROSE_WORDS = 4
UNSPACED_PROSE = 8  # characters
LONGEST = 32  # characters of a word for no value
NOTICE_LENGTH = 200  # characters of a publisher's sentence in place of a text
PAGE_LENGTH = 700  # characters of a page that asks for cookies, or whether its reader is human
SPACES = 15  # in so many characters of prose

_NO_WORDS = (
    "none null nil nan na n/a n.a nat undefined false true removed deleted missing empty tbd \\n #n/a #ref! #value!"
    " #name?"
)
_NO_VALUES = frozenset(_NO_WORDS.split()) | {
    "not available", "not applicable", "no title", "no headline", "untitled", "just a moment", "access denied",
    "403 forbidden", "404 not found", "page not found", "attention required! | cloudflare", "are you a robot?",
    "pardon our interruption",
}  # fmt: skip
_NO_CONTENTS = _NO_VALUES | {
    "no content", "no text", "no description", "no summary", "no content available", "no description available",
    "content not available", "content unavailable",
}  # fmt: skip
_NOTICE = re.compile(
    r"\s*\[\s*(?:removed|deleted)\b[^\]]*\]\s*\Z"
    r"|\W*(?:(?:this |the )?(?:full )?(?:content|article|story|field|feature|text)\s+(?:is )?)?"
    r"(?:(?:only|exclusively) available|available (?:only|exclusively)|available(?=.*\bonly\b)|(?:only )?reserved)"
    r" (?:in|on|for|to|with)\b.*\b(?:plans?|subscribers?|subscriptions?|members?|users?|customers?)\b"
    r"|\W*(?:please )?(?:subscribe|upgrade|sign in|log in|register)(?: now)? to"
    r" (?:read|continue|view|access|unlock|see)\b",
    re.DOTALL | re.IGNORECASE,
)
_NO_PAGE = re.compile(  # what a site gives a program in place of an article
    r"\W*(?:(?:please )?(?:enable|turn on|activate) (?:javascript|js|cookies)\b"
    r"|[^.!?]{0,80}\bjavascript\b[^.!?]{0,60}\b(?:in your browser|disabled|to (?:run|view|use|continue|proceed))\b"
    r"|your browser (?:is ?n[o'’]?t|is not) supported\b|(?:please )?(?:update|upgrade) your browser\b"
    r"|(?:just a moment|one more step)\W*(?:\n|\Z|please|checking|verif|complete)"
    r"|checking (?:your browser|if the site connection is secure)|press (?:&|and) hold to|pardon our interruption"
    r"|(?:(?:please )?(?:confirm|prove|verify)|verifying) (?:that )?you(?: are|['’]re) "
    r"(?:a )?(?:human|not a (?:ro)?bot)"
    r"|(?:sorry, )?you (?:have been blocked|(?:don['’]t|do not) have permission to (?:access|view))\b"
    r"|access (?:to this (?:page|site|resource) (?:has been|is) )?denied\W*(?:\n|\Z|you\b|because\b|reference\b)"
    r"|(?:error )?(?:403|404|429|451|50[0-4])[\s:–-]+(?:forbidden|(?:page )?not found|too many requests|bad gateway"
    r"|service unavailable|internal server error|gateway time-?out)\b"
    r"|(?:the )?page (?:you (?:requested|are looking for)|not found|(?:cannot|could not|can['’]t) be found)\b"
    r"|we (?:value|care about|respect) your privacy\b"
    r"|(?:by (?:using|continuing|clicking)"
    r"|(?:we|this (?:web)?site|our (?:web)?sites?)(?: and (?:our|its) (?:\w+ ){0,3}partners)? (?:uses?|stores?|sets?))"
    r"\b[^.]{0,120}\bcookies\b"
    r"(?=.*\b(?:accept|consent|privacy|preferences|settings|experience|policy|agree)\b))",
    re.DOTALL | re.IGNORECASE,
)
_FEED_FACTS = re.compile(  # which Reddit's feeds and those of Hacker News have in place of a text
    r"submitted by\s+/?u/\S+(?:\s+to\s+/?r/\S+)?\s+\[link\]\s+\[comments\]\s*\Z"
    r"|article url:\s*\S+\s+comments url:\s*\S+(?:\s+points:\s*\d+)?(?:\s+# comments:\s*\d+)?\s*\Z",
    re.IGNORECASE,
)
_SPACED_WORD = re.compile(r"[^\W\d_]")
_UNSPACED = re.compile(UNSPACED)
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9+.-]*://|www\.|mailto:|data:)\S*|/\S*", re.IGNORECASE)
_PLAIN_WORD = re.compile(r"[\"'“‘«(¡¿]*(?:[^\W\d_]|\ufffd)+(?:['’-][^\W\d_]+)?[.,;:!?…\"'”’»)]*")
_INNER_CAPITAL = re.compile(r"[^\W\d_A-Z][A-Z]")


class Strength(IntEnum):
    """How much a text looks like the text of an article."""

    NONE = 0  # empty, a word for no value, an identifier, a number, a URL
    WEAK = 1  # a few words, which may be anything
    PROSE = 2


def is_missing(value: object) -> bool:
    """Tell whether a value stands for none: null, NaN, white space, an empty array or object."""
    if isinstance(value, str):
        return not value or value.isspace()
    if isinstance(value, float):
        return not isfinite(value)
    return value is None or (isinstance(value, list | dict) and not value)


def is_no_value(text: str, *, content: bool = False) -> bool:
    """Tell whether a text says that there is none: `[Removed]`, `null`, a notice about paid plans or cookies."""
    if len(text) > LONGEST:
        is_none = bool(_FEED_FACTS.match(text))
    else:
        bare = text.strip("[](){}<>\"'*-–—. \n\t\xa0").casefold()
        is_none = not bare or bare in (_NO_CONTENTS if content else _NO_VALUES)
    is_notice = len(text) <= NOTICE_LENGTH and bool(_NOTICE.match(text))
    return is_none or is_notice or (content and is_no_page(text))


def is_no_page(text: str) -> bool:
    """Tell whether a text is what a site shows in place of a page, such as that it needs JavaScript, or a failure."""
    return len(text) <= PAGE_LENGTH and (bool(_NO_PAGE.match(text)) or is_failure(text))


def strength_of(text: str) -> Strength:
    """Return how much a clean text looks like an article's, or a part of it."""
    if len(text) > NOTICE_LENGTH and text.count(" ", 0, NOTICE_LENGTH) > SPACES and text[0].isalpha():  # most texts
        return Strength.NONE if is_no_page(text) else Strength.PROSE
    if is_no_value(text, content=True):
        return Strength.NONE
    start = text[:START]
    all_words = (word for word in start.split() if _SPACED_WORD.search(word) and not _ADDRESS.fullmatch(word))
    words = list(islice(all_words, PROSE_WORDS))
    if len(words) == PROSE_WORDS or len(_UNSPACED.findall(start)) >= UNSPACED_PROSE:
        return Strength.PROSE
    if len(words) > 1 or (len(words) == 1 and _is_word(words[0])):
        return Strength.WEAK
    return Strength.NONE


def is_address(text: str) -> bool:
    """Tell whether a text is a URL and nothing else."""
    return bool(_ADDRESS.fullmatch(text.strip()))


def _is_word(word: str) -> bool:
    return len(word) <= LONG_WORD and bool(_PLAIN_WORD.fullmatch(word)) and not _INNER_CAPITAL.search(word)
