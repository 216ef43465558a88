"""An article's other values: what is read into no field, and kept aside."""

from collections.abc import Mapping
from typing import Any

from newsmoe.ingest.fields import keys_of

MAX_EXTRA = 100_000  # characters, keys and values in one of them


def others_of(element: Mapping[str, Any], read: set[str]) -> dict[str, Any]:
    """Return the values that were not read, without those as large as a book."""
    extra = {key: element[key] for key in keys_of(element) if key not in read}
    if _is_large([*extra.values()]):  # all together, which takes less time than each alone
        return {key: value for key, value in extra.items() if not _is_large(value)}
    return extra


def _is_large(value: Any) -> bool:
    """Tell whether there are more than `MAX_EXTRA` characters, keys and values in a value."""
    size, left = 0, [value]
    for inner in left:  # which grows by what is in it
        if isinstance(inner, str):
            size += len(inner)
        elif isinstance(inner, dict):
            left += inner
            left += inner.values()
        elif isinstance(inner, list):
            left += inner
        if size + len(left) - 1 > MAX_EXTRA:  # but for the value itself
            return True
    return False
