"""What pages put around an article: share buttons, links to other stories, credits, bylines, newsletter boxes.

`python -m tests.benchmarks.boilerplate` has the figures.
"""

import re
from collections.abc import Iterable, Iterator, Set

from newsmoe.text.boilerplate_patterns import BYLINE, LEADING, LINE, SENTENCE, SHARE_BUTTON, SOURCE_LINE
from newsmoe.text.credits import credited_captions

MAX_LENGTH = 240  # characters of a line or sentence; longer ones have something of the article in them
SHORT_LINE = 80
TAIL = 200  # characters at the end of a line in which sentences are looked at


def _words(words: str) -> Set[str]:
    return frozenset(words.split())


_FIRST_WORDS = _words(
    "first originally last published posted updated modified date share tweet pin email e-mail print copy "
    "getty facebook twitter x instagram linkedin whatsapp telegram pinterest reddit spread view leave ad "
    "advertisement advertisements sponsored promoted paid related recommended read you most top more up "
    "trending story tags skip hide toggle show enlarge play usa cnn bbc reuters associated afp analysis/opinion "
    "watch subscribe sign file courtesy photo photos filed tagged hashtags stay estimated reading by january "
    "february march april may june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday click like placeholder we loading load-date length end submitted [link]"
)
"""How a short line begins that may be boilerplate; looked up first, because it takes a hundredth of the time."""
_SENTENCE_FIRST_WORDS = _words(
    "you continue story article post report scroll just must watch see view hear read photo "
    "photos video map gallery media image images picture illustration illustrations photograph photographs related "
    "also don't don’t please click sign by thanks thank invalid enter get download completing this subscribed "
    "newsletter catch send share "
    "follow like join additional reporting editing writing compiled edited with copyright views opinions have "
    "do got email e-mail ireport ireport.com fox try again subscribe let © (c)"
)
_STARTS = frozenset(word[:3] for word in _SENTENCE_FIRST_WORDS)
_MARKS = "([•*"
_OTHER_STARTS = f"{_MARKS}© \n\t"
_HINTS = (
    ("»", ("»",)),
    ("(", ("(photo", "(ap", "(reporting")),
    ("/", ("/ap",)),
    (":", ("related:",)),
    (
        "",
        ("getty", "reuters", "contributed ", "inbox", "rights reserved", " here.", "sign up", "delivered ")
        + (" on twitter", " on facebook", "expressed ", "not responsible", "your story", "appeared first")
        + ("first appeared", "receive new posts", "on medium, where", "to the editor", "think about this article"),
    ),
)
"""How a sentence begins, and what else is in one, that may be boilerplate; looked up first, for the same reason."""
_BEFORE = (". ", "! ", "? ", "… ", "» ", '" ', "” ", ") ", "\n")
_AFTER = (*_BEFORE, ".\n")
_SOURCES = ("appeared first on", "first appeared on", "on Medium, where", "a reader-supported publication")
_DATABASE = ("\nLoad-Date: ", "\nEnd of Document")  # what Nexis puts around an article
_DASHES = frozenset("-–—:")


def without_boilerplate(text: str) -> str:
    """Return a text without the lines and sentences that are no part of the article, if anything else is left."""
    spans = boilerplate_spans(text)
    if not spans:
        return text
    parts, position = [], 0
    for start, end in spans:
        parts.append(text[position:start])
        position = max(position, end)
    parts.append(text[position:])
    remaining = re.sub(r"\s*\n\s*\n\s*", "\n\n", _joined(parts)).strip()
    return remaining if re.search(r"\w", remaining) else text


def _joined(parts: Iterable[str]) -> str:
    """Join what is left of a text; where two words would touch, a paragraph ends."""
    joined = ""
    for part in filter(None, parts):
        touch = joined and not (joined[-1].isspace() or part[0].isspace())
        joined += f"\n\n{part}" if touch else part
    return joined


def boilerplate_spans(text: str) -> list[tuple[int, int]]:
    """Return where lines and sentences that are no part of the article begin and end, in order."""
    return sorted(
        [*_leading(text), *_short_lines(text), *_source_lines(text), *_sentences(text), *credited_captions(text)]
    )


def _leading(text: str) -> Iterator[tuple[int, int]]:
    if text[:2].lower() == "by" and (match := LEADING.match(text)):
        yield match.span()


def _source_lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield where lines begin and end that say in which feed an article was, whatever its title has in it."""
    if any(hint in text for hint in _SOURCES):
        yield from (match.span() for match in SOURCE_LINE.finditer(text))


def _short_lines(text: str) -> Iterator[tuple[int, int]]:
    position, shares = 0, False
    is_of_database = any(hint in text for hint in _DATABASE)
    for line in text.split("\n") if "\n" in text or len(text) <= SHORT_LINE else ():
        start, position = position, position + len(line) + 1
        if not (stripped := line.strip()):
            continue
        first = stripped.split(maxsplit=1)[0].rstrip(":|,./-!").lower() if len(line) <= SHORT_LINE else ""
        may_be = first in _FIRST_WORDS or first[:1].isdigit()
        is_part = (
            (may_be and any(pattern.fullmatch(stripped) for pattern in (LINE, BYLINE, SENTENCE)))
            or (shares and SHARE_BUTTON.fullmatch(stripped))
            or (is_of_database and stripped == "Body")
        )
        shares = bool(is_part) and (shares or first == "share")
        if is_part:
            yield start, min(position, len(text))


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    """Yield where sentences begin and end that are boilerplate, at the ends of lines."""
    position = 0
    for line in text.split("\n"):
        start, position = position, position + len(line) + 1
        if len(line) > TAIL:
            start, line = position - 1 - TAIL, line[-TAIL:]
        lowered = line.lower()
        if len(lowered) != len(line):  # a few letters become two
            lowered = line
        for first, last in {_sentence_at(text, start + place) for place in _places(lowered)}:
            sentence = text[first:last].strip()
            if len(sentence) <= MAX_LENGTH and text[last : last + 1] not in _DASHES and SENTENCE.fullmatch(sentence):
                yield _without_line_end(text, first, last)


def _without_line_end(text: str, first: int, last: int) -> tuple[int, int]:
    """Return a sentence's bounds without the line end behind it, which ends what is before it in the line."""
    if text[last - 1] == "\n" and first and text[first - 1] != "\n":
        last -= 1
        while first and text[first - 1] == " ":
            first -= 1
    return first, last


def _places(lowered: str) -> Iterator[int]:
    """Yield places in sentences that may be boilerplate."""
    position = 0
    for piece in lowered.split(". "):
        if (piece[:3] in _STARTS or piece[:2] in _STARTS or piece[:1] in _OTHER_STARTS) and _may_begin(piece[:16]):
            yield position
        position += len(piece) + 2
    for mark, hints in _HINTS:
        for hint in hints if mark in lowered else ():
            if hint in lowered:  # in half the time of `find`
                yield from (match.start() for match in re.finditer(re.escape(hint), lowered))


def _sentence_at(text: str, place: int) -> tuple[int, int]:
    """Return where the sentence around a place begins and ends, as far as it is not too long."""
    first, last = max(0, place - MAX_LENGTH), min(len(text), place + MAX_LENGTH + 2)
    starts = (at + len(mark) for mark in _BEFORE if (at := text.rfind(mark, first, place)) >= 0)
    ends = (at + len(mark) for mark in _AFTER if (at := text.find(mark, place, last)) >= 0)
    return max(starts, default=first), min(ends, default=last)


def _may_begin(start: str) -> bool:
    """Tell whether a sentence that begins so, in lower case, may be boilerplate."""
    if start[:1] in _MARKS:
        return True
    first = start.split(None, 1)
    return bool(first) and first[0].rstrip(":|>.,") in _SENTENCE_FIRST_WORDS
