"""Values that JSON and scrapers may hold, for property tests."""

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from newsmoe.ingest.fields import FieldFinder

FEW = settings(max_examples=20)

ANY_TEXT = st.text(st.characters(codec=None), max_size=8)  # lone surrogates too

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | st.sampled_from(["", "é", "😀"])
KEYS = ANY_TEXT.filter(lambda key: not FieldFinder().has_text([key]))
"""No name of a headline or content: hypothesis takes words from our code, and articles inside values are found."""
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
CELLS = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ["=1+1", "@SUM(A1)", "\tx", "\r", '"', "a\r\nb", "a\nb", ",", "'", "\x00", "é😀", "\u2028"]
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=3)


def as_read(document: str) -> Any:
    """Decode as the standard library does, with `None` for NaN and infinite values."""
    return json.loads(document, parse_constant=lambda _: None)


def dumped(value: object) -> str:
    """Dump for a comparison that distinguishes `1` from `True` and `1.0`."""
    return json.dumps(value)
