"""What is read of the well-known sources: each row of the table in `docs/inputs.md`."""

import json
from pathlib import Path

import pytest

from newsmoe.article import Article
from newsmoe.ingest.source import open_source
from tests.ingest.shapes import AUTHOR, BODY, DATE, HEADLINE, SHAPES, SOURCE, URL, Shape

USUAL = {
    "headline": HEADLINE, "content": BODY, "url": URL, "publication_date": DATE, "author": AUTHOR, "source": SOURCE,
    "truncated": False,
}  # fmt: skip


def write(folder: Path, shape: Shape) -> str:
    path = folder / ("news.jsonl" if shape.lines else "news.json")
    documents = shape.document if shape.lines else [shape.document]
    path.write_text("\n".join(map(json.dumps, documents)))
    return str(path)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_known_shape_is_read_right(shape: Shape, tmp_path: Path) -> None:
    path = write(tmp_path, shape)
    with open_source(path) as source:
        items = list(source.articles())
        messages = source.log_notices()
    assert len(items) == source.count == shape.count
    assert isinstance(items[0], Article), items[0]
    expected = USUAL | shape.expected
    assert {field: getattr(items[0], field) for field in expected} == expected
    number = "1 article" if shape.count == 1 else f"{shape.count} articles"
    where = [f"{path}: {number} read from {shape.place}"] if shape.place else []
    assert [message for message in messages if " read from " in message] == where
