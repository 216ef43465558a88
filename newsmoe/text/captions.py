"""Captions of photos and videos, which scrapers leave among the sentences of an article.

The patterns are of English, and look for how captions are worded: in the present tense, with the full date, with who is
on the left, or with the programme that a video is from.
"""

import re

_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|Sept?(?:ember|\.)?"
    r"|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_DATE = rf"(?:{_MONTH} \d{{1,2}},? (?:19|20)\d\d|\d{{1,2}} {_MONTH},? (?:19|20)\d\d)"
_TOLD = re.compile(  # words of a sentence that tells what happened, where a caption describes what can be seen
    r"\b(?:has|have|had|will|would|was|were|said|says|told|i|we|you|he|she|they|it|since|until|by|from|ago|week|year)\b"
    r"|[“”\"]",
    re.IGNORECASE,
)
_REPORTED = re.compile(r"\b(?:said|told|will|announced|died|posted|released)\b|[“”\"]", re.IGNORECASE)
_FULLY_DATED = re.compile(rf"\b(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? {_DATE}")  # as agencies date their photos
_DATED = re.compile(rf"\W{_DATE}(?:,? (?:in|at|near|outside) [A-Z][^.“”\"]{{2,60}})?[.)\s]*$")
_QUOTE = "[‘'’“”\"]"
_PROGRAMME = rf"{_QUOTE}[A-Z][^‘'’“”\"]{{2,40}}(?:['’]s [^‘'’“”\"]{{2,30}})?"  # of a channel, in quotes
_REPORTER = r"(?:correspondent|contributor|anchor|analyst|reporter|panel|host|editor)s?"
_VERB = r"(?:reports?|discuss(?:es)?|joins?|joined|explains?|reacts?|weighs? in|breaks? down|examines?)"
_CHANNEL = r"(?:[A-Z]{2,5}|Fox|Sky)(?: News| Business)?"
_NAMES = r"(?:[A-Z][\w.'’-]*,? (?:and )?)"
_VIDEO = re.compile(
    rf"(?!.*\b(?:said|told|says|tells)\b).*\b(?:on|joins?|joined) (?:the )?{_PROGRAMME}[.,!]?{_QUOTE}[.!]?$"
    rf"|.*\b(?:joins|joined) {_PROGRAMME}{_QUOTE} (?:to|with|and)\b"
    rf"|{_CHANNEL} (?:[\w-]+ ){{0,4}}{_REPORTER} {_NAMES}{{0,6}}(?:{_VERB}|has (?:the|more))\b"
    rf"|{_CHANNEL}['’]s? {_NAMES}{{1,4}}(?:{_VERB}|has the|on the|on how)\b"
    r"|[^“”\"]*\b[A-Z][\w.'’-]+ [A-Z][\w'’-]+ "
    r"(?:has the (?:latest|details)|has more (?:on|from)|joins us|weighs in|reacts|discusses|breaks down"
    r"|reports (?:on|from))\b"
)
_PHOTO = re.compile(
    r"^(?:FILE PHOTO\b|CLOSE\s+(?:A |[A-Z][a-z]))"  # the button over a video in the pages of Gannett
    rf"|\b[Ii]n this (?:{_DATE} |undated |recent |combination |[A-Z]\w+(?: \d{{4}})? )*"
    r"(?:file |handout |illustration |aerial )*(?:photo|picture|image|illustration|sketch|frame)"
    r"|\b(?:photo|image|picture) (?:provided|released) by\b|\b(?:file|undated|handout) photo\b"
    r"|\bposes for (?:a |an )?(?:\w+ )?(?:photo|portrait|picture)"
    r"|\b[A-Z][\w.]+ \((?:L|C|\d{1,2})\) (?!said|was|had|has|is)[a-z]+s\b"
)
_SIDE = (
    r"(?:standing |seated |sitting )?(?:(?:far|top|bottom|(?:second|third)(?: from)?) )?(?:left|right|cent(?:er|re))"
    r"(?: (?:left|right|back|front))?"
)
_PLACED = re.compile(
    rf", {_SIDE}, |(?<!\b[Tt]he )\((?:(?:pictured |seen )?{_SIDE}|(?:not )?(?:pictured|seen)|out of frame)\)"
)
_SEEN = re.compile(r"\b(?:is|are) (?:seen|pictured|photographed|shown|displayed)(?! as\b)")
_TALK = re.compile(  # of a video over the article: what its guests talk about
    r"(?!.*\b(?:is|has|have|had|will|would|was|were|said|told)\b)[^“”\"]{10,300}?(?<!\bto )(?<!\bmay )"
    r"\b(?:discuss(?:es|ess)?|joins? ['‘A-Z]|weighs? in|breaks? down|chats? with|calls? out|speaks? exclusively"
    r"|sounds? off)\b",
    re.DOTALL,
)


def is_caption(sentence: str, *, is_first: bool = False) -> bool:
    """Tell whether a sentence of English is worded like the caption of a photo or a video.

    More of them are recognized where it is the first one of an article, above which a video often stands.
    """
    if is_first and _TALK.match(sentence):
        return True
    if _FULLY_DATED.search(sentence) and not _REPORTED.search(sentence):
        return True
    if (_DATED.search(sentence) or _SEEN.search(sentence)) and not _TOLD.search(sentence):
        return True
    return bool(_VIDEO.match(sentence) or _PHOTO.search(sentence) or _PLACED.search(sentence))
