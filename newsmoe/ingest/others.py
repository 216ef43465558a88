"""Elements that say themselves that they are no articles, and stand among articles."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from newsmoe.ingest.files import remark

_ARTICLE_TYPE = re.compile(r"(?:^|[:/#])(?:\w*(?:Article|Posting|Report|Review|NewsItem|Story)|CreativeWork|News)$")
_ACTIONS = frozenset({"index", "create", "update", "delete"})
_OF_ACTIONS = re.compile(r"_.+|routing|version|version_type|pipeline|require_alias|retry_on_conflict|dynamic_templates")
"""Keys in the action before each document of a bulk file of Elasticsearch."""
_MESSAGES = {
    "SCHEMA": "schema", "STATE": "value", "ACTIVATE_VERSION": "version", "LOG": "log", "TRACE": "trace",
    "service": "action", "log": "message", "debug": "message",
}  # fmt: skip
"""What a message of Singer or Airbyte, other than a record, one of Telegram's own, or a log's has beside its type."""


def is_other(element: Any) -> bool:
    """Tell whether an object says that it is no article: by its type in JSON-LD, or as a part of an export."""
    if not isinstance(element, Mapping):
        return False
    identifiers = (element.get("_id"), element.get("id"))
    is_design = any(isinstance(value, str) and value.startswith("_design/") for value in identifiers)  # of CouchDB
    return is_design or _action(element) is not None or _is_message(element) or _is_other_type(element)


def without_others(elements: Iterable[Any], path: Path) -> Iterator[Any]:
    """Yield the elements that may be articles, with the id that the action before them names; say how many are none."""
    left_out, identifier = 0, None
    for element in elements:
        if is_other(element):
            left_out += 1
            identifier = (_action(element) or {}).get("_id")
        else:
            yield {"_id": identifier, **element} if identifier is not None and isinstance(element, dict) else element
            identifier = None
    if left_out:
        remark(path, f"objects that say that they are no articles: {left_out}; they were left out")


def _action(element: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what an action of a bulk file says of the next document; None for anything else."""
    if len(element) != 1 or _ACTIONS.isdisjoint(element):
        return None
    ((value),) = element.values()
    return value if isinstance(value, dict) and all(map(_OF_ACTIONS.fullmatch, value)) else None


def _is_message(element: Mapping[str, Any]) -> bool:
    kind = element.get("type")
    return isinstance(kind, str) and kind in _MESSAGES and _MESSAGES[kind] in element


def _is_other_type(element: Mapping[str, Any]) -> bool:
    types = element.get("@type")
    names = [types] if isinstance(types, str) else types
    return isinstance(names, list) and not any(isinstance(name, str) and _ARTICLE_TYPE.search(name) for name in names)
