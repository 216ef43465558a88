"""Articles that stand in a text as JSON, as queues, proxies and databases keep them."""

import csv
import io
import json
from pathlib import Path
from time import perf_counter
from typing import Any

import pytest

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import InputError
from newsmoe.ingest.source import open_source
from newsmoe.settings.model import Settings

BODY = "The weir at Ostley holds again. Divers closed the gap on Monday, and the meadows behind it are dry by now."


def story(number: int) -> dict[str, Any]:
    return {"title": f"Weir {number}", "content": f"{BODY} Part {number}.", "url": f"https://ostley.example/{number}"}


STORIES = [story(1), story(2)]
TEXTS = [json.dumps(each) for each in STORIES]


def lines(*values: Any) -> str:
    return "\n".join(map(json.dumps, values))


def table(*rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def read(folder: Path, content: str, name: str, items: str | None = None) -> tuple[list[Any], list[str]]:
    path = folder / name
    path.write_text(content)
    with open_source(str(path), Settings(items=items)) as source:
        articles = list(source.articles())
        assert source.count == len(articles)
        return articles, [message.removeprefix(f"{path}: ") for message in source.log_notices()]


WRAPPED = {
    "Kafka": ("n.jsonl", lines(*({"topic": "t", "offset": 3, "value": text} for text in TEXTS)), "value"),
    "Kafka Connect": ("n.jsonl", lines(*({"schema": {}, "payload": text} for text in TEXTS)), "payload"),
    "SQS": ("n.json", json.dumps({"Records": [{"messageId": "m", "body": text} for text in TEXTS]}), "Records[].body"),
    "SNS in SQS": (
        "n.jsonl",
        lines(*({"Body": json.dumps({"Type": "Notification", "Message": text})} for text in TEXTS)),
        "Body.Message",
    ),
    "SNS with a subject": ("n.jsonl", lines(*({"Subject": "News", "Message": text} for text in TEXTS)), "Message"),
    "Docker's log": ("n.jsonl", lines(*({"log": f"{text}\n", "stream": "stdout"} for text in TEXTS)), "log"),
    "API Gateway": ("n.json", json.dumps({"code": 200, "body": json.dumps({"news": STORIES})}), "body.news[]"),
    "a list in a text": ("n.json", json.dumps({"statusCode": 200, "body": json.dumps(STORIES)}), "body[]"),
    "a string": ("n.json", json.dumps(json.dumps(STORIES)), "the top level"),
    "strings": ("n.json", json.dumps(TEXTS), "the top level"),
    "lines of strings": ("n.jsonl", lines(*TEXTS), "the top level"),
    "a column": ("n.csv", table(["id", "doc"], *enumerate(TEXTS)), "doc"),
    "a column beside headlines": (
        "n.csv", table(["title", "raw"], *([each["title"], json.dumps(each)] for each in STORIES)), "raw"
    ),
    "a column that Python printed": ("n.csv", table(["id", "doc"], *enumerate(map(str, STORIES))), "doc"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "place"), WRAPPED.values(), ids=WRAPPED)
def test_json_in_text_is_read_and_that_is_said(name: str, content: str, place: str, tmp_path: Path) -> None:
    items, messages = read(tmp_path, content, name)
    fields = [{"title": item.headline, "content": item.content, "url": item.url} for item in items]
    assert fields == STORIES
    assert messages == [f"2 articles read from {place} (JSON in text)"]


def test_the_user_names_a_place_in_a_text(tmp_path: Path) -> None:
    document = {"top": STORIES, "body": json.dumps({"posts": STORIES[:1], "note": "x"})}
    items, _ = read(tmp_path, json.dumps(document), "n.json", items="body.posts")
    assert [item.headline for item in items] == ["Weir 1"]
    (item,), _ = read(tmp_path, json.dumps([{"body": "no JSON"}]), "n.json", items="body")
    assert isinstance(item, InvalidItem)


@pytest.mark.parametrize("text", [TEXTS[0], f"Such as {TEXTS[0]} for the weir, says the manual of the service."])
def test_an_article_that_is_or_quotes_json_stays(text: str, tmp_path: Path) -> None:
    element = {"title": "How the gauge answers", "content": text, "url": "https://ostley.example/gauge"}
    (item,), messages = read(tmp_path, json.dumps([element]), "n.json")
    assert (item.headline, item.url, messages) == ("How the gauge answers", element["url"], [])


def test_json_without_the_keys_of_an_article_is_a_text(tmp_path: Path) -> None:
    text = '{"height": 3, "unit": "metres"}'
    (item,), _ = read(tmp_path, json.dumps([{"text": text}]), "n.json")
    assert isinstance(item, Article)
    assert item.content == text


@pytest.mark.parametrize("content", ['"title","content"\n"a","b"', '"[1] weir"', lines(*TEXTS)])
def test_what_is_no_single_document_in_a_string_is_an_error(content: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not valid JSON"):
        read(tmp_path, content, "n.json")


def test_a_column_of_other_json_is_no_header_of_articles(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column of the first row is a headline or content"):
        read(tmp_path, table(["id", "doc"], [1, '{"height": 3}'], [2, '["a"]']), "n.csv")


@pytest.mark.parametrize("open_, close", [('{"a":', "}"), ("[", "]"), ('{"body":', "}")])
def test_a_hostile_text_takes_linear_time(open_: str, close: str, tmp_path: Path) -> None:
    deep = open_ * 100_000 + "1" + close * 100_000
    start = perf_counter()
    items, _ = read(tmp_path, lines(*({"value": deep, "body": deep[: 9 * 300]} for _ in range(3))), "n.jsonl")
    assert len(items) == 3
    assert perf_counter() - start < 5
