"""Captions of photos, found by the credit that stands behind them.

A credit names who took a photo, mostly in brackets, where another sentence would go on. The patterns are of English.
`python -m tests.benchmarks.boilerplate` has the figures.
"""

import re
from collections.abc import Iterator
from itertools import chain

from newsmoe.text.sentences import split_sentences

MAX_CAPTION = 600
"""Characters before an agency's credit in which its caption is looked for."""
MAX_UNSURE_CAPTION = 250
"""Characters before another credit, which stands behind paragraphs of the article too, that may be a caption."""

AGENCY = (
    r"(?:AP|AFP|Reuters|REUTERS|EPA|PA|Getty(?: Images)?|(?:The )?Associated Press|Shutterstock|iStock|Alamy|Xinhua"
    r"|Bloomberg|Anadolu|Handout)"
)
"""Pattern of an agency in the credit of a photo."""
_PAPER = (
    r"(?:[Tt]he )?[A-Z][\w.' -]{2,24}[ -](?:News|Times|Post|Tribune|Press|Journal|Herald|Star|Sun|Globe|Chronicle"
    r"|Register|Gazette)"
)
_CREDITED = (  # capitalized words, and what stands between them
    r"(?=[A-Z@])(?:[A-ZÀ-ÖØ-Þ@][\w.'’-]*+|(?:of|the|for|by|and|de|del|von|van|bin|al|el|picture|alliance|photo|file)\b"
    r"|[,/&|;-]| ){2,40}?"
)
_OF_AGENCY = (  # AP Photo/Ann Lee, File; Ann Lee/AFP via Getty Images; Bo Hill/The Bay Times
    r"(?:(?:AP|AFP|Reuters) (?:[Ff]ile )?[Pp]hoto\b[^()\[\]\n]{0,60}"
    rf"|{_CREDITED}(?: ?/ ?| via )(?:{AGENCY}\b[^()\[\]\n]{{0,40}}|{_PAPER}))"
)
_KIND = r"(?:Photo|PHOTO|Photograph|Image|Picture|Illustration|Video|Credit|Courtesy)s?"
_NAMES = r"[A-Z@](?:[\w.'’@&/|, -](?! (?:is|was|has|had|were|are|said) )){2,70}"
_DOMAIN = r"[a-z][\w-]+(?:\.\w{2,6})+"
_NO_PHOTO = rf"(?!{_KIND}:|[A-Z]+/[A-Z]+\))"  # (Photo: Getty) stands behind other sentences too; (CBS/AP) report
_WITHIN = (  # apart, since a pattern that begins with one letter is found in a third of the time
    re.compile(rf"\(\(?{_NO_PHOTO}{_OF_AGENCY}\)\)?\.?"),
    re.compile(rf"\[{_NO_PHOTO}{_OF_AGENCY}\]\.?"),
    re.compile(rf"\| {_CREDITED} ?/ ?{AGENCY}(?=\s)"),
)
_OPENING = re.compile(  # Ferries leave the quay. (Video: Ann Lee)
    rf"(?P<caption>[^\n]{{20,{MAX_UNSURE_CAPTION}}}?[.!?][\"”’']?) ?[(\[]{_KIND}\b[^()\[\]\n]{{2,70}}[)\]]"
)
_OF_OTHERS = (  # (Photo: Bay Police), (Bay News Debate); but not (Reuters), (Related: ...), (Reporting by Ann Lee)
    rf"(?:[(\[]{_KIND}\b[^()\[\]\n]{{2,70}}[)\]]"
    r"|[(\[](?!(?i:reporting|editing|writing|additional|with|compiled|edited|translated|by|read|see|more|also)\b)"
    rf"(?=[^()\[\]]*[ /]){_CREDITED}[)\]]"
    rf"|(?:[|–—-] ?)?(?:{_KIND}\b:? ?(?:{_NAMES}|{_DOMAIN})|[A-Z]{{2,5}} Photo\b(?: {_NAMES})?|Getty Images))"
)
_END = r"[.!?][\"”'’]? {0,2}"
_LINES = (
    re.compile(rf".{{20,{MAX_CAPTION}}}?{_END}(?:[(\[]{{1,2}}{_OF_AGENCY}[)\]]{{1,2}} ?){{1,3}}(?:@\w+)?"),
    re.compile(rf".{{20,{MAX_CAPTION}}}?{_END}(?:[|–—-] ?)?{_NAMES} ?/ ?{AGENCY}"),
    re.compile(rf".{{20,{MAX_UNSURE_CAPTION}}}?{_END}{_OF_OTHERS}"),
)
_MARKS = frozenset(".!?…\"”'’,;:")  # at the end of lines of the article, which are looked at no further
_CAPTION_ENDS = _MARKS | {")"}  # the bracket is that of another credit
_GLUED = re.compile(r"[a-z\d][\"”)]?[.!?][\"”’']{0,3}(?=[A-Z“\"])")  # the end of a sentence, without a space behind it


def credited_captions(text: str) -> Iterator[tuple[int, int]]:
    """Yield where captions begin, and where their credits end.

    A line that ends with a credit is a caption, unless it is the last one, where an agency may sign its article. Within
    a line, it is the sentence before an agency's credit; and the first one of the text, before any credit in brackets.
    """
    if (opening := _OPENING.match(text)) and len(split_sentences(opening["caption"], "en")) == 1:
        yield opening.span()
    position = 0
    for line in text.split("\n")[:-1]:
        shown = line.rstrip()
        if shown and shown[-1] not in _MARKS and any(pattern.fullmatch(shown) for pattern in _LINES):
            yield position, position + len(line) + 1
        position += len(line) + 1
    for credit in chain.from_iterable(pattern.finditer(text) for pattern in _WITHIN):
        start = max(text.rfind("\n", 0, credit.start()) + 1, credit.start() - MAX_CAPTION)
        before = text[start : credit.start()]
        caption = _GLUED.split((split_sentences(before, "en") or [""])[-1])[-1]
        if caption[-1:] in _CAPTION_ENDS or text[credit.end() : credit.end() + 1] in ("", "\n"):
            yield start + before.rfind(caption), credit.end()
