"""Which of an element's values are the URL, the date, the author and the like of the article."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from newsmoe.ingest import values
from newsmoe.ingest.fields import Shape, path_name, value_at
from newsmoe.ingest.key_paths import KeyPath
from newsmoe.ingest.names import LABELS_OF_OUTLETS, SUBJECTS, folded
from newsmoe.ingest.unwrap import unwrapped
from newsmoe.ingest.values import MAX_LINE
from newsmoe.text.dates import moment_of

_OF_SEVERAL = re.compile(
    r".*(?:tags|keywords?|topics|categories|subjects|subjectterms|schlagworter|kategorien|themen|motscles|themes"
    r"|categorias|etiquetas|temas|palabrasclave|palavraschave|parolechiave|argomenti|etiketler|tagi|trefwoorden|теги"
    r"|标签|標籤|关键词|關鍵詞|キーワード|키워드)"
)
"""Names, folded, of topics of which several may stand in one text, between commas."""

LABEL_WORDS = 2  # at most, of a subject that is a topic, and no second title
_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "id": values.identifier_of,
    "author": values.author_of,
    "source": values.source_of,
    "language": values.line_or_none,
}


def first_value(element: Mapping[str, Any], shape: Shape, field: str, read: set[str]) -> Any:
    """Return the first value of a field, and add its key to those that were read; a key is read once."""
    for path in shape.fields[field]:
        key = path[0]
        value = element.get(key) if len(path) == 1 else value_at(element, path)
        if value is None or key in read or (converted := _converted(unwrapped(value), field, path, shape)) is None:
            continue
        if len(path) == 1:
            read.add(key)
        return converted[:MAX_LINE] if isinstance(converted, str) else converted
    return None


def _converted(value: Any, field: str, path: KeyPath, shape: Shape) -> Any:
    """Return what a value says of a field; None where it says nothing."""
    if field == "topics":
        if isinstance(value, str) and path_name(path) in SUBJECTS and len(value.split()) > LABEL_WORDS:
            return None
        is_of_several = _OF_SEVERAL.fullmatch(str(folded(path[-1])))
        among_several = values.SEPARATORS_OF_LISTS if is_of_several else values.SEPARATORS
        return values.topics_of(value, values.SPACES if shape.has_spaced_topics else among_several)
    is_label = field == "source" and folded(path[0]) in LABELS_OF_OUTLETS
    return values.label_of(value) if is_label else _CONVERTERS[field](value)


def first_date(
    element: Mapping[str, Any], shape: Shape, read: set[str], users: Sequence[str] | None
) -> tuple[str | None, KeyPath | None]:
    """Return a date and its path; of the user's names the first counts, whether it is understood or not."""
    first: tuple[str | None, KeyPath | None] = None, None
    for path in shape.fields["publication_date"]:
        value = value_at(element, path)
        if value is None or path[0] in read or (date := values.date_of(unwrapped(value))) is None:
            continue
        if first[0] is None:
            first = date[:MAX_LINE], path
        elif path in shape.late_dates:
            break
        if users or moment_of(date):
            return date[:MAX_LINE], path
    return first


def first_url(element: Mapping[str, Any], shape: Shape) -> tuple[str, KeyPath | None]:
    """Return the URL and its path: the first value with a scheme, else the first."""
    first: tuple[str, KeyPath | None] = "", None
    for path, by_name in shape.urls:
        value = element.get(path[0]) if len(path) == 1 else value_at(element, path)
        if value is None or not (url := values.url_of(unwrapped(value))):
            continue
        if "://" in url:
            return url, path if by_name else None
        if not first[0] and by_name:
            first = url, path
    return first
