"""From the places where an article names something to entities: mentions of the same thing are joined."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from newsmoe.prediction import Entity, Mention

PERSON, NATIONALITY = "person", "norp"
"""Types of entity, in lower case, whose mentions are joined by rules of their own."""

HEADLINE_WEIGHT = 3.0
"""Of a mention in the headline, of one at the start of the content 1."""

HALF_WEIGHT_AT = 1000
"""Characters into the content at which a mention has half of that weight: some 170 words, where news agencies
expect that an editor may cut."""

COMPANY_FORMS = frozenset({
    "ag", "asa", "bv", "co", "company", "corp", "corporation", "gmbh", "group", "holdings", "inc",
    "limited", "llc", "llp", "ltd", "nv", "plc", "pty", "sa", "se", "spa",
})  # fmt: skip
"""Last words of a company's name that a second mention leaves out."""

_WORD = re.compile(r"\w+")
_POSSESSIVE = re.compile(r"['’]s?$")
MAX_ACRONYM = 8


class _Form(NamedTuple):
    """All mentions of one type that are written alike, whatever their case."""

    words: tuple[str, ...]
    type: str
    mentions: list[Mention]

    @property
    def text(self) -> str:
        """The most frequent writing, the first of equals; one in capitals and small letters goes before all others."""
        texts = Counter(mention.text for mention in self.mentions)
        return min(texts, key=lambda text: (text.isupper() or text.islower(), -texts[text]))


def entities_of(mentions: Iterable[tuple[Mention, str]]) -> tuple[Entity, ...]:
    """Return the entities, the most salient first, of mentions in the article's order with their types.

    Mentions that are written alike have the type of most of them: a tagger reads each in its own sentence. Joined are
    mentions that are written alike; a surname or first name and the full name; an acronym and its long form; a company
    with and without its legal form. Only mentions of one type are. Where several full names fit, it is the last before
    the short one, or else the first after it.
    """
    forms = _forms(_voted(list(mentions)))
    longest_first = sorted(forms, key=lambda form: (-len(form.words), -len(form.mentions[0].text), _place(form)))
    groups: list[list[_Form]] = []
    for form in longest_first:
        fitting = [group for group in groups if _is_short_for(form, group[0])]
        if fitting:
            _nearest(form, fitting).append(form)
        else:
            groups.append([form])
    weights = [sum(_weight(mention) for form in group for mention in form.mentions) for group in groups]
    total = sum(weights)
    entities = [_entity(group, weight / total) for group, weight in zip(groups, weights, strict=True)]
    return tuple(sorted(entities, key=lambda entity: (-round(entity.salience, 9), _order(entity.mentions[0]))))


def _voted(mentions: Sequence[tuple[Mention, str]]) -> Iterator[tuple[Mention, str]]:
    """Yield the mentions, with the type that most of those have that are written alike, of equals the first."""
    types: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for mention, type in mentions:
        types[_words(mention.text)][type] += 1
    for mention, _ in mentions:
        ((leading, _),) = types[_words(mention.text)].most_common(1)
        yield mention, leading


def _forms(mentions: Iterable[tuple[Mention, str]]) -> list[_Form]:
    forms: defaultdict[tuple[tuple[str, ...], str], list[Mention]] = defaultdict(list)
    for mention, type in mentions:
        forms[_words(mention.text, is_nationality=type.casefold() == NATIONALITY), type].append(mention)
    return [_Form(words, type, mentions) for (words, type), mentions in forms.items()]


def _words(text: str, *, is_nationality: bool = False) -> tuple[str, ...]:
    """Return the words by which mentions are told apart: in lower case, without article and possessive ending."""
    words = _WORD.findall(_POSSESSIVE.sub("", text.replace(".", "")).casefold())
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    if is_nationality and len(words) == 1:
        words = [words[0].removesuffix("s")]
    return tuple(words) or (text.casefold(),)


def _is_short_for(short: _Form, full: _Form) -> bool:
    """Tell whether one form can be a shorter name of what the other, longer one, names."""
    if short.type != full.type or len(short.words) >= len(full.words):
        return False
    if short.type.casefold() == PERSON:
        size = len(short.words)
        return full.words[-size:] == short.words or full.words[:size] == short.words
    if len(short.words) == 1 and _is_acronym(short.mentions[0].text, full.mentions[0].text):
        return True
    size = len(short.words)
    return full.words[:size] == short.words and COMPANY_FORMS.issuperset(full.words[size:])


def _is_acronym(short: str, full: str) -> bool:
    letters = short.replace(".", "")
    if not (letters.isupper() and 2 <= len(letters) <= MAX_ACRONYM):
        return False
    words = _WORD.findall(full.removeprefix("the ").removeprefix("The "))
    every = "".join(word[0] for word in words).upper()
    capitals = "".join(word[0] for word in words if word[0].isupper())
    return letters in (every, capitals)


def _nearest(short: _Form, groups: Sequence[list[_Form]]) -> list[_Form]:
    """Return the group whose first full mention is the last before the short one, else the first after it."""
    before = [group for group in groups if _place(group[0]) < _place(short)]
    return max(before, key=_place_of_group) if before else min(groups, key=_place_of_group)


def _place_of_group(group: Sequence[_Form]) -> tuple[bool, int]:
    return _place(group[0])


def _place(form: _Form) -> tuple[bool, int]:
    return _order(form.mentions[0])


def _order(mention: Mention) -> tuple[bool, int]:
    return mention.field == "content", mention.start


def _weight(mention: Mention) -> float:
    return HEADLINE_WEIGHT if mention.field == "headline" else 1 / (1 + mention.start / HALF_WEIGHT_AT)


def _entity(group: Sequence[_Form], salience: float) -> Entity:
    mentions = sorted((mention for form in group for mention in form.mentions), key=_order)
    return Entity(group[0].text, group[0].type, tuple(mentions), salience)
