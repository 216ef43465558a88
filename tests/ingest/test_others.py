"""Elements among articles that say that they are none."""

import json
from pathlib import Path
from typing import Any

import pytest

from newsmoe.article import Article
from newsmoe.ingest.source import open_source

BODY = "The ferry at Quell has a new engine. It makes less noise than the old one did, and the crossing is shorter."


def story(number: int) -> dict[str, Any]:
    return {"title": f"Ferry {number}", "text": f"{BODY} Part {number}."}


DESIGN = {"_id": "_design/ferry", "views": {"all": {"map": "function (doc) {}"}}}
SHAPES: dict[str, tuple[list[Any], str]] = {
    "Elasticsearch": (
        [{"index": {"_index": "n", "_id": "1"}}, story(1),
         {"delete": {"_id": "9"}}, {"create": {"_id": "2"}}, story(2)],
        "the top level",
    ),
    "Elasticsearch, updates": ([part for number in (1, 2) for part in (
        {"update": {"_id": str(number), "retry_on_conflict": 3}}, {"doc": story(number)})], "doc"),
    "CouchDB": ([{"rows": [
        {"id": DESIGN["_id"], "key": DESIGN["_id"], "value": {"rev": "1-a"}, "doc": DESIGN},
        *({"id": str(number), "key": "k", "value": {"rev": "1-a"}, "doc": {"_id": str(number), **story(number)}}
          for number in (1, 2))]}], "rows[].doc"),
    "Singer": (
        [{"type": "SCHEMA", "stream": "news", "schema": {}},
         *({"type": "RECORD", "stream": "news", "record": {"id": str(number), **story(number)}} for number in (1, 2)),
         {"type": "STATE", "value": {"bookmark": 2}}],
        "record",
    ),
    "Telegram": (
        [{"name": "Ferries", "type": "public_channel", "messages": [
            {"id": 0, "type": "service", "action": "create_channel", "title": "Ferries", "text": ""},
            *({"id": str(number), "type": "message", "date": "2026-03-02T08:00:00", **story(number)}
              for number in (1, 2))]}],
        "messages[]",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("documents", "place"), SHAPES.values(), ids=SHAPES)
def test_they_are_left_out_and_that_is_said(documents: list[Any], place: str, tmp_path: Path) -> None:
    path = tmp_path / "news.json"
    path.write_text("\n".join(map(json.dumps, documents)))
    with open_source(str(path)) as source:
        items = list(source.articles())
        messages = [message.removeprefix(f"{path}: ") for message in source.log_notices()]
    assert source.count == 2
    assert [(item.id, item.headline, isinstance(item, Article)) for item in items] == [
        ("1", "Ferry 1", True),
        ("2", "Ferry 2", True),
    ]
    rows = next(rows for rows in (*documents[0].values(), documents) if isinstance(rows, list))
    left_out = len(rows) - 2
    assert messages == [
        f"2 articles read from {place}",
        f"objects that say that they are no articles: {left_out}; they were left out",
    ]


@pytest.mark.parametrize(
    "element",
    [{"index": story(1)}, {"type": "STATE", **story(1)}, {"_id": "design/1", **story(1)}, {"create": {"id": 1}}],
)
def test_what_only_resembles_them_is_not_left_out(element: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text("\n".join(map(json.dumps, [story(2), element])))
    with open_source(str(path)) as source:
        assert len(list(source.articles())) == 2


def test_only_the_document_after_an_action_has_its_id(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    path.write_text("\n".join(map(json.dumps, [{"index": {"_id": "1"}}, story(1), story(2), {"id": "3", **story(3)}])))
    with open_source(str(path)) as source:
        first, second, third = source.articles()
    assert first.id == "1"
    assert second.id not in ("1", None)
    assert third.id == "3"
