"""Sentences that cannot be understood without the one before them."""

import re

_WORDS = (
    # pronouns and determiners for what was named before
    r"he|she|it|they|him|her|them|his|hers|its|their|theirs|himself|herself|itself|themselves"
    r"|this|that|these|those|such|both|neither|either|another|others?"
    r"|the (?:former|latter|pair|duo|trio|two|items?|same)"
    r"|(?:one|some|all|most|none|many|few|several) of (?:them|these|those)"
    # connectives
    r"|but|and|or|so|yet|however|nevertheless|nonetheless|instead|meanwhile|moreover|furthermore|besides|therefore|thus"
    r"|hence|consequently|similarly|likewise|otherwise|afterwards?|also|then|still|indeed|alternatively|additionally"
    r"|(?:in|by) contrast|in (?:addition|turn|response|return|other words)|as a result|as such"
    r"|for (?:example|instance|that)"
    r"|on the (?:other hand|contrary)|at the same time|after (?:that|this)|because of (?:that|this)|even so|that said"
)
_OPEN = re.compile(rf"[\"“”'‘’(\[…–—-]*\s*(?:{_WORDS})\b(?!\s*[.…])", re.IGNORECASE)
_FORWARD = re.compile(
    r"it(?:'s|’s| is| was) (?:\w+ ){1,3}(?:that|to|who)\b|this (?:week|month|year|morning|summer)\b", re.IGNORECASE
)
"""What such a word may begin without pointing back."""


def opens_with_reference(sentence: str) -> bool:
    """Tell whether a sentence of English begins by pointing back to something before it."""
    return bool(_OPEN.match(sentence)) and not _FORWARD.match(sentence)
