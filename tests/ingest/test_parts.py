"""Texts and dates in parts, each under a key of its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from newsmoe.article import Article
from newsmoe.ingest.normalise import Normaliser
from newsmoe.ingest.source import open_source

PARTS = (
    "The tram to Fenwick runs on Sundays again, as it did before the war.",
    "Riders had asked the town for it since the spring of last year.",
    "The town found the money by closing the baths an hour earlier.",
)


def read(element: dict[str, Any], fields: dict[str, list[str]] | None = None) -> tuple[Article, list[str]]:
    normaliser = Normaliser(fields)
    item = normaliser(element)
    assert isinstance(item, Article), item
    return item, list(normaliser.notices())


@pytest.mark.parametrize("name", ["paragraph{}", "content_{}", "Text {}", "body-{}", "p{}", "part.{}"])
@pytest.mark.parametrize("first", [0, 1])
def test_numbered_parts_are_a_text(name: str, first: int) -> None:
    parts = {name.format(number): part for number, part in reversed([*enumerate(PARTS, first)])}
    item, notices = read({"title": "Tram", **parts, name.format(first + 3): ""})
    assert (item.content, item.extra, notices) == ("\n\n".join(PARTS), {}, [])
    assert read(parts)[0].content == "\n\n".join(PARTS)


@pytest.mark.parametrize(
    "element",
    [
        {"text1": PARTS[0], "text2": PARTS[1]},
        {"title1": "Tram", "title2": "Bus", "text1": PARTS[0], "text2": PARTS[1]},
        {"title": "Tram", "text5": PARTS[0], "text7": PARTS[1]},
        {"title": "Tram", "text2": PARTS[0]},
    ],
)
def test_pairs_and_gaps_are_no_parts(element: dict[str, Any]) -> None:
    element = {key: text * 2 if text in PARTS else text for key, text in element.items()}
    assert read(element)[0].content in [part * 2 for part in PARTS]


def test_the_user_names_a_part() -> None:
    item, _ = read({"title": "Tram", "text1": PARTS[0], "text2": PARTS[1]}, {"content": ["text2"]})
    assert item.content == PARTS[1]


@pytest.mark.parametrize("parts", [(2026, 3, 2), ("2026", "03", "2"), ("2026.0", "3.0", 2.0)])
def test_a_date_may_be_in_columns_and_that_is_said(parts: tuple[Any, ...]) -> None:
    item, notices = read({"title": "Tram", "text": PARTS[0], **dict(zip(("Year", "month", "day"), parts, strict=True))})
    assert item.publication_date == "2026-03-02"
    said = "the date of 1 of 1 articles was read from 'Year, month, day', which is not a common name"
    assert notices == [said]


@pytest.mark.parametrize("parts", [("2026", "March", "Monday"), (2026, 13, 1), (None, 3, 2), ("inf", 3, 2)])
def test_other_parts_are_no_date(parts: tuple[Any, ...]) -> None:
    element = {"title": "Tram", "text": PARTS[0], **dict(zip(("year", "month", "day"), parts, strict=True))}
    assert read(element)[0].publication_date is None


def test_the_text_of_a_link_is_the_headline_and_that_is_said() -> None:
    item, notices = read({"story": "Tram", "story-href": "https://fenwick.example/1", "content": PARTS[0]})
    assert (item.headline, item.url) == ("Tram", "https://fenwick.example/1")
    assert notices == ["the headline of 1 of 1 articles was read from 'story', which is not a common name"]


@pytest.mark.parametrize("is_nested", [False, True])
def test_chroma_has_texts_and_their_details_in_lists(is_nested: bool, tmp_path: Path) -> None:
    details = [{"title": f"Tram {number}", "url": f"https://fenwick.example/{number}"} for number in range(len(PARTS))]
    path = tmp_path / "news.json"
    lists = {"ids": ["a", "b", "c"], "documents": [*PARTS], "metadatas": details}
    columns = {name: [column[:2], column[2:]] if is_nested else column for name, column in lists.items()}
    path.write_text(json.dumps({**columns, "embeddings": None, "uris": None}))
    with open_source(str(path)) as source:
        items = [item for item in source.articles() if isinstance(item, Article)]
    assert [(item.headline, item.content, item.url) for item in items] == [
        (detail["title"], part, detail["url"]) for detail, part in zip(details, PARTS, strict=True)
    ]
