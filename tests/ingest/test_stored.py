"""Objects and lists that a table holds as text."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.article import Article
from newsmoe.ingest.source import open_source
from newsmoe.ingest.stored import stored_value
from tests.strategies import FEW

BODY = "The quay at Garrow reopens on Friday, after the town's council found money for a second crane."
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values, max_size=3),
    max_leaves=9,
)


@FEW
@given(VALUES)
def test_what_python_printed_is_read_back(value: object) -> None:
    element = {"value": value}
    assert stored_value(repr(element)) == element
    assert stored_value(repr([element, element])) == [element, element]


@pytest.mark.parametrize(
    "text",
    [
        "{'a', 'b'}", "{'a': ObjectId('5f')}", "{'a': 1", "{'a': 'b}", "[{'a': b}]", "{'a': __import__('os')}", "{'",
        "[{'a': 1}] and more", "{'a': 1,,}", "{'a': 'b' 'c'}", "[{'", "['One', two]",
    ],
)  # fmt: skip
def test_what_is_no_printed_object_stays_a_text(text: str) -> None:
    assert stored_value(text) == text


@pytest.mark.parametrize(
    "text",
    ["[{'" + r"\'" * 200_000 + "}]", "[" * 200_000 + "{'a': 1}]", "{'a': " * 50_000 + "}", "[{'a" * 100_000 + "]"],
)
def test_a_hostile_text_takes_linear_time(text: str) -> None:
    start = perf_counter()
    assert stored_value(text) == text
    assert perf_counter() - start < 5


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"content": [{"type": "text/html", "language": None, "value": f"<p>{BODY}</p>"}]}, {"content": BODY}),
        ({"source": {"id": None, "name": "The Garrow Post"}}, {"source": "The Garrow Post"}),
        ({"tags": [{"term": "Local", "scheme": None}, {"term": "Quay's"}]}, {"topics": ("Local", "Quay's")}),
        ({"authors": [{"name": "Ines O'Hall"}, {"name": "Jo Doe"}]}, {"author": "Ines O'Hall, Jo Doe"}),
        ({"title": {"rendered": "Quay <b>reopens</b>"}}, {"headline": "Quay reopens"}),
    ],
)
def test_cells_that_pandas_printed_are_read(
    tmp_path: Path, cells: Mapping[str, object], expected: Mapping[str, Any]
) -> None:
    text = io.StringIO()
    row = {"title": "Quay reopens", "content": BODY, **cells}
    csv.writer(text).writerows([row, row.values()])
    path = tmp_path / "a.csv"
    path.write_text(text.getvalue())
    with open_source(str(path)) as source:
        (article,) = source.articles()
    assert isinstance(article, Article)
    assert {field: getattr(article, field) for field in expected} == expected
