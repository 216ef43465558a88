"""Which of an element's texts is the article: a whole text rather than a teaser, and no word for none."""

import re
from collections.abc import Mapping
from html import unescape
from typing import Any, NamedTuple

from newsmoe.article import UNSPACED
from newsmoe.ingest import front_matter
from newsmoe.ingest.blocks import is_block
from newsmoe.ingest.evidence import Strength, is_address, is_no_page, is_no_value, strength_of
from newsmoe.ingest.fields import FieldFinder, Shape, path_name, value_at
from newsmoe.ingest.key_paths import KeyPath
from newsmoe.ingest.names import ABBREVIATED_HEADLINES, NOT_AN_ARTICLE, SECTIONS, SUBJECTS, WEAK_HEADLINES, folded
from newsmoe.ingest.stored import object_in, stored_value
from newsmoe.ingest.uncommon_names import is_of_another_text
from newsmoe.ingest.values import text_of
from newsmoe.text.cleaning import clean_line, clean_text
from newsmoe.text.markup import is_only_links

ENOUGH = 500  # characters; a longer text is an article, and no teaser
WORTH_A_MESSAGE = 250  # characters of a text under no common name, beside a teaser
SHORT = 100  # characters; a longer text is no mere label
SENTENCE_ENDS = ".!?…\"”'’»)。！？"
LONGER, TWICE, MUCH_LONGER = 1.5, 2, 3  # times the length that make another text the article
URLS = ("url", "link")
NAME = "name"
MAX_CHARACTERS = 500_000  # of a content, some hundred pages; what comes later is not read
MAX_LISTS = 3  # inside each other
LABEL = re.compile("[a-z][A-Za-z]{2,}(?:[,/_-][A-Za-z]+)*")
LETTERS = re.compile(UNSPACED)  # of scripts without spaces between words
FORMATTED = frozenset({"value", "format"})
MIN_UNNAMED, MIN_UNNAMED_WORDS = 80, 12  # of a text under a name that is not known
SENTENCES = 2000  # characters of it, in which there are some


class Content(NamedTuple):
    """A text that may be the article's."""

    path: KeyPath
    text: str
    truncated: bool
    strength: Strength
    is_body: bool

    @property
    def is_whole(self) -> bool:
        """Whether the text is an article that nothing was cut off from."""
        return self.is_body and self.strength is Strength.PROSE and not self.truncated and len(self.text) >= SHORT


def find_content(element: Mapping[str, Any], finder: FieldFinder, shape: Shape) -> tuple[Content | None, list[KeyPath]]:
    """Return the text of an element that is the article, and the paths of values that could not be read.

    It is the first under the user's names; else the first under the common ones, unless a later one shows that
    it is a teaser, or cut.
    """
    best, unreadable = _mapped_content(element, shape) if shape.mapped else (None, [])
    for path, is_body in shape.contents if best is None else ():
        value = value_at(element, path)
        if value is None or (best is not None and isinstance(value, str) and len(value) <= len(best.text)):
            continue  # not even cleaned
        if best is not None and best.is_whole and not is_body and not _is_twice_as_long(value, best):
            continue
        if _is_no_text(value, path, finder, element, shape):
            continue
        if (text := text_of(value)) is None:
            unreadable.append(path)
            continue
        if _is_only_links(text, element, shape):
            continue
        content = _content(path, text, is_body)
        if content.strength and (best is None or is_better(content, best)):
            best = content
    return best, unreadable


def _is_no_text(value: Any, path: KeyPath, finder: FieldFinder, element: Mapping[str, Any], shape: Shape) -> bool:
    """Tell whether a value is an article, or a list of some, or the names of sections."""
    if folded(path[-1]) in SECTIONS:
        return not _holds_objects(value) or any(name in part for part in value for name in URLS)
    if isinstance(value, str):
        return value[:1] == "{" and _is_json_of_article(value, finder, element, shape)
    return _holds_articles(value, finder, element, shape)


def _is_json_of_article(text: str, finder: FieldFinder, element: Mapping[str, Any], shape: Shape) -> bool:
    """Tell whether a text is JSON of an article; beside a headline it must be one with a headline and a content."""
    inner = object_in(text)
    has_headline = any(value_at(element, path) is not None for path in shape.headlines)
    return isinstance(inner, Mapping) and (finder.holds_article if has_headline else finder.may_be_article)(inner)


def _is_twice_as_long(value: Any, content: Content) -> bool:
    return isinstance(value, str) and len(value) >= TWICE * len(content.text)


def _holds_objects(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(part, Mapping) for part in value)


def _holds_articles(value: Any, finder: FieldFinder, element: Mapping[str, Any], shape: Shape, depth: int = 0) -> bool:
    """Tell whether a value is an article, or a list of some, rather than the text or the sections of this one."""
    if isinstance(value, list):
        inner = (part for part in value if isinstance(part, list | Mapping))
        return depth < MAX_LISTS and any(_holds_articles(part, finder, element, shape, depth + 1) for part in inner)
    if not isinstance(value, Mapping) or not finder.holds_article(value):
        return False
    has_headline = any(value_at(element, path) is not None for path in shape.fields["headline"])
    return not (depth and has_headline) or any(name in value for name in URLS)


def _is_only_links(text: str, element: Mapping[str, Any], shape: Shape) -> bool:
    """Tell whether links fill the place of a text beside a headline; they may be escaped, and cut."""
    markup = unescape(text) if "&lt;a " in text[:SHORT] else text
    if "<a " not in markup or not is_only_links(markup):
        return False
    return any(value_at(element, path) is not None for path in shape.headlines)


def _mapped_content(element: Mapping[str, Any], shape: Shape) -> tuple[Content | None, list[KeyPath]]:
    unreadable: list[KeyPath] = []
    for path in shape.mapped:
        if (text := text_of(value_at(element, path))) is None:
            unreadable.append(path)
        elif (content := _content(path, text, is_body=True)).text and not is_no_value(content.text, content=True):
            return content, []
    return None, unreadable


def unnamed_content(element: Mapping[str, Any], shape: Shape) -> Content | None:
    """Return the longest prose of an element that is under none of the common names."""
    used = {path[0] for paths in shape.fields.values() for path in paths}
    best: Content | None = None
    for key, stored in element.items():
        value = stored_value(stored) if isinstance(stored, str) else stored
        if not _is_text(value) or not isinstance(key, str) or key in used:
            continue
        if is_of_another_text(key) or (isinstance(value, str) and not _is_prose(value)):
            continue
        if not isinstance(value, str) and NOT_AN_ARTICLE.search(key.casefold()):
            continue
        text = text_of(value)
        if not text or not _is_prose(text) or (best is not None and len(text) <= len(best.text)):
            continue
        if isinstance(value, str) or _is_of_sentences(text):
            content = _content((key,), text, is_body=True)
            is_text = _is_prose(content.text) and not _is_only_links(text, element, shape)
            best = content if is_text else best
    return best


def much_longer_text(element: Mapping[str, Any], shape: Shape, content: Content | None) -> str | None:
    """Return the key of a text under no common name that may be the article, where a teaser was read."""
    if content is None or len(content.text) >= (SHORT if content.is_body else ENOUGH):
        return None
    enough = max(WORTH_A_MESSAGE, MUCH_LONGER * len(content.text))
    values = map(element.get, shape.unnamed)
    if not any(isinstance(value, list) or (isinstance(value, str) and len(value) >= enough) for value in values):
        return None  # most articles
    longer = unnamed_content(element, shape)
    return longer.path[0] if longer is not None and len(longer.text) >= enough else None


def _is_text(value: Any) -> bool:
    """Tell whether a value is a text, a list of some, blocks, or a text with its format, as Drupal has it."""
    if isinstance(value, list):
        return all(isinstance(part, str | None) or (isinstance(part, Mapping) and _is_text(part)) for part in value)
    return isinstance(value, str) or (isinstance(value, Mapping) and (value.keys() >= FORMATTED or is_block(value)))


class Headline(NamedTuple):
    """A headline, empty where there is none, its path, and the paths of values that could not be read."""

    text: str
    path: KeyPath | None
    unreadable: list[KeyPath]


def find_headline(element: Mapping[str, Any], shape: Shape, *, beside_content: bool) -> Headline:
    """Return the first headline under one of the common names."""
    unreadable: list[KeyPath] = []
    for path in shape.fields["headline"]:
        value = value_at(element, path)
        if value is None or (path_name(path) in WEAK_HEADLINES and not beside_content):
            continue
        if path_name(path) == NAME and shape.has_handle:  # of a person
            continue
        if path_name(path) in ABBREVIATED_HEADLINES and not isinstance(value, str):
            continue
        if (text := text_of(value)) is None:
            unreadable.append(path)
        elif (line := clean_line(text)) and not _is_no_headline(line, path):
            return Headline(line, path, [])
    return Headline("", None, unreadable)


def _is_no_headline(line: str, path: KeyPath) -> bool:
    if folded(path[-1]) in SUBJECTS and LABEL.fullmatch(line):
        return True
    return ("/" in line and is_address(line)) or is_no_value(line)


def is_better(content: Content, best: Content) -> bool:
    """Tell whether a text is the article rather than `best`, which comes before it."""
    if content.strength != best.strength:
        return content.strength > best.strength
    ratio = len(content.text) / len(best.text)
    if best.is_body and not content.is_body:
        is_label = len(best.text) < SHORT and best.text[-1] not in SENTENCE_ENDS  # such as "Read the full story"
        is_article = len(content.text) >= ENOUGH and len(best.text) < SHORT  # beside a notice or the like
        goes_on = content.text.startswith(best.text[:-1])  # where the other breaks off
        return is_article or (ratio >= TWICE and (best.truncated or is_label or goes_on))
    if best.truncated and not content.truncated:
        return ratio > 1
    return ratio >= (LONGER if best.truncated or len(best.text) < ENOUGH else MUCH_LONGER)


def _content(path: KeyPath, text: str, is_body: bool) -> Content:
    if front_matter.may_start(text) and (parts := front_matter.split(text)):
        text = parts.text
    text, truncated = clean_text(text)
    if len(text) > MAX_CHARACTERS:
        text, truncated = text[:MAX_CHARACTERS], True
    return Content(path, text, truncated, strength_of(text), is_body)


def _is_of_sentences(text: str) -> bool:
    """Tell whether most of a text is in lines that are prose, and not in lists of words or names."""
    lines = text[:SENTENCES].splitlines()
    return 2 * sum(len(line) for line in lines if strength_of(line) is Strength.PROSE) >= sum(map(len, lines))


def _is_prose(text: str) -> bool:
    is_data = text[:1] in ("[", "{") and text[1:2] in ('"', "'", "{", "[")
    start = text[:SENTENCES]
    are_words = len(start.split()) >= MIN_UNNAMED_WORDS or len(LETTERS.findall(start)) >= MIN_UNNAMED
    return len(text) >= MIN_UNNAMED and are_words and not is_data and not is_no_page(text)
