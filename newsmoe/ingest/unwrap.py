"""Values inside what databases, editors and converters of XML wrap around them.

Firestore `{"stringValue": "x"}`, DynamoDB `{"S": "x"}`, MongoDB `{"$oid": "x"}`, Drupal `[{"value": "x"}]`, Contentful
`{"en-US": "x"}`, xml-js `{"_text": "x"}`, Strapi `{"data": {"attributes": {...}}}` and the like.
"""

import re
from collections.abc import Mapping
from typing import Any

from newsmoe.ingest.blocks import is_locale
from newsmoe.ingest.evidence import is_missing
from newsmoe.ingest.stored import stored_value
from newsmoe.text.language_codes import language_code

MAX_WRAPPERS = 12  # inside each other

_SURE_WRAPPERS = ("$oid", "rendered", "basic")
"""Keys of the value itself, whatever is beside it."""

_NUMBER_KEYS = frozenset({"$numberLong", "$numberInt", "$numberDouble", "N", "integerValue", "doubleValue"})
_WRAPPERS = _NUMBER_KEYS | {
    "value", "values", "fields", "data", "attributes", "properties", "node", "nodes", "edges", "#text", "_text",
    "_cdata", "__cdata", "$t", "$text", "_", "@value", "_content", "stringValue", "timestampValue", "arrayValue",
    "mapValue", "S", "L", "M", "SS",
}  # fmt: skip
"""Keys of the value where all that is beside it says something of that value."""
_ATTRIBUTES = frozenset({"$", "_attributes", "@attributes"})
"""Keys of the attributes of an element of XML, in which the value is where nothing else is."""
_LIKELY = _WRAPPERS.union(_SURE_WRAPPERS, _ATTRIBUTES, ("type",))
_ABOUT = re.compile(
    r"[@$_].*|xml:.*|type|datatype|format|lang|language|role|id|meta|links|relationships|cursor|protected|processed"
    r"|contenttype"
)
_NO_REMARKS = frozenset({"@id", "$date", "_seconds"})
"""Keys that look like remarks, and are values."""
_NUMBER = re.compile(r"-?[0-9]{1,20}")


def unwrapped(value: Any) -> Any:
    """Return what is inside the wrappers around a value: a text, a number, a list of several, or an object."""
    for _ in range(MAX_WRAPPERS):
        if isinstance(value, str):
            inner = stored_value(value) if value[:1] in ("{", "[") else value
        elif isinstance(value, list):
            inner = value[0] if len(value) == 1 else value
        elif isinstance(value, dict | Mapping):
            inner = _inside(value)
        else:
            return value
        if inner is value:
            return value
        value = inner
    return value


def _inside(value: Mapping[str, Any]) -> Any:
    """Return what an object is a wrapper of; the object itself where it is none."""
    if _LIKELY.isdisjoint(value) and not all(isinstance(key, str) and is_locale(key) for key in value):
        return value  # most objects
    for key in _SURE_WRAPPERS:
        if not is_missing(value.get(key)):
            return value[key]
    kind = value.get("type")
    if isinstance(kind, str) and kind in value and all(key == kind or _is_remark(key) for key in value):
        return value[kind]  # a property of Notion
    keys = [key for key, inner in value.items() if isinstance(key, str) and not is_missing(inner)]
    if len(keys) == 1 and keys[0] in _ATTRIBUTES:
        return value[keys[0]]
    values = [key for key in keys if key in _WRAPPERS]
    remarks = [key for key in keys if key not in values and not (key == "name" and "type" in keys)]
    if len(values) == 1 and all(map(_is_remark, remarks)):
        return _typed(values[0], value[values[0]])
    if keys and keys != ["id"] and all(is_locale(key) and language_code(key) for key in keys):
        return value[keys[0]]
    return value


def _is_remark(key: str) -> bool:
    return bool(_ABOUT.fullmatch(key)) and key not in _NO_REMARKS


def _typed(key: str, value: Any) -> Any:
    is_number = key in _NUMBER_KEYS and isinstance(value, str) and _NUMBER.fullmatch(value)
    return int(value) if is_number else value
