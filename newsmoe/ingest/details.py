"""Which of an element's values are the URL, the date, the author and the like of the article."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from newsmoe.ingest import values
from newsmoe.ingest.fields import KeyPath, Shape, value_at
from newsmoe.ingest.names import LABELS_OF_OUTLETS, folded
from newsmoe.ingest.unwrap import unwrapped
from newsmoe.ingest.values import MAX_LINE
from newsmoe.text.dates import moment_of

_CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "id": values.identifier_of,
    "topics": values.topics_of,
    "author": values.author_of,
    "source": values.source_of,
    "language": values.line_or_none,
}


def first_value(element: Mapping[str, Any], field: str, paths: Sequence[KeyPath], read: set[str]) -> Any:
    """Return the first value of a field, and add its key to those that were read; a key is read once."""
    for path in paths:
        key = path[0]
        value = element.get(key) if len(path) == 1 else value_at(element, path)
        is_label = field == "source" and folded(key) in LABELS_OF_OUTLETS
        convert = values.label_of if is_label else _CONVERTERS[field]
        if value is None or key in read or (converted := convert(unwrapped(value))) is None:
            continue
        if len(path) == 1:
            read.add(key)
        return converted[:MAX_LINE] if isinstance(converted, str) else converted
    return None


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
