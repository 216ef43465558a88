"""How much an object looks like an article."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from newsmoe.ingest.contents import SHORT, Content, find_content
from newsmoe.ingest.evidence import Strength
from newsmoe.ingest.fields import FieldFinder, path_name, value_at
from newsmoe.ingest.key_paths import KeyPath
from newsmoe.ingest.names import WEAK_HEADLINES
from newsmoe.ingest.others import is_other
from newsmoe.ingest.outlets import host_of
from newsmoe.ingest.wrappers import find_article, find_heading, with_details

HEADLINE, NAME, DATE, URL, NAMED = 2.0, 0.75, 1.5, 1.0, 0.5
BODY, TEASER, WORDS, LONG = 3.0, 2.0, 0.5, 2000  # LONG in characters, for which a body gets 2 more
ENOUGH = 2.0


_LETTER = re.compile(r"[^\W\d_]")


class Likeness(NamedTuple):
    """What of an article is in an object."""

    score: float
    has_text: bool  # a headline, and a content of more than some words
    is_whole: bool  # with a body
    wrapper: KeyPath  # to the object inside that holds it
    content_path: KeyPath  # to its content; to that object where it has none
    has_content: bool  # any words
    has_headline: bool  # of its own, and not only a name
    is_other: bool = False  # it says that it is no article
    host: str = ""  # of its URL

    @property
    def is_article(self) -> bool:
        """Whether the object is probably an article."""
        return self.score >= ENOUGH


NOTHING = Likeness(0.0, False, False, (), (), False, False)


def likeness_of(element: Mapping[str, Any], finder: FieldFinder) -> Likeness:
    """Return how much an object looks like an article."""
    if is_other(element):
        return NOTHING._replace(is_other=True)
    shape = finder.shape(element)
    content, _ = find_content(element, finder, shape)
    wrapper, element, shape, content, _ = find_article(element, finder, content)
    element, shape, (headline, path, _) = find_heading(element, finder, shape, content)
    element, shape = with_details(element, finder, shape, content)
    dated, linked, authored, named = (
        any(value_at(element, path) is not None for path in shape.fields[field])
        for field in ("publication_date", "url", "author", "source")
    )
    is_prose = content is not None and content.strength is Strength.PROSE
    if not headline and not (is_prose and (dated or linked or len(content.text if content else "") >= SHORT)):
        return NOTHING._replace(has_content=content is not None)
    details = DATE * dated + URL * linked + NAMED * authored + NAMED * named
    weak = path is not None and (path_name(path) in WEAK_HEADLINES or not _LETTER.search(headline))
    score = _content_score(content) + details + (NAME if weak else HEADLINE) * bool(headline)
    return Likeness(
        score,
        has_text=is_prose and bool(headline),
        is_whole=content is not None and content.is_whole,
        wrapper=wrapper,
        content_path=(*wrapper, *(content.path if content else ())),
        has_content=content is not None,
        has_headline=bool(headline) and not weak,
        host=next(filter(None, (host_of(value_at(element, path)) for path in shape.fields["url"])), ""),
    )


def _content_score(content: Content | None) -> float:
    if content is None:
        return 0.0
    if content.strength is not Strength.PROSE:
        return WORDS
    return BODY + 2 * min(len(content.text), LONG) / LONG if content.is_body else TEASER
