"""Tables whose rows hold several articles, and whose columns are paths."""

import csv
from pathlib import Path

import pytest

from newsmoe.article import Article
from newsmoe.ingest.source import open_source

BODY = "The tram to Fenwick runs on Sundays again. Riders had asked the town for it since the spring of last year."
ARTICLES = [
    {
        "source.id": "post",
        "source.name": "Fenwick Post",
        "title": f"Tram {number}",
        "url": f"https://fenwick.example/{number}",
        "content": f"{BODY} Part {number}.",
    }
    for number in (1, 2, 3)
]


def read(folder: Path, *rows: dict[str, str]) -> tuple[list[Article], list[str]]:
    path = folder / "news.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [*rows[0]])
        writer.writeheader()
        writer.writerows(rows)
    with open_source(str(path)) as source:
        items = [item for item in source.articles() if isinstance(item, Article)]
        assert len(items) == source.count
        return items, [notice.removeprefix(f"{path}: ") for notice in source.notices()]


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(
    "column", ["articles.{}.{}", "articles/{}/{}", "articles_{}_{}", "data.articles[{}].{}", "{}.{}"]
)
def test_each_article_of_a_row_is_read(column: str, first: int, tmp_path: Path) -> None:
    row = {"status": "ok", "totalResults": "2"}
    for number, article in enumerate(ARTICLES[:2], first):
        row |= {column.format(number, name): value for name, value in article.items()}
    short = {name: value for name, value in zip(row, ["ok", "1", *ARTICLES[2].values()], strict=False)}
    items, notices = read(tmp_path, row, short)
    assert [(item.headline, item.url, item.content, item.source) for item in items] == [
        (article["title"], article["url"], article["content"], "Fenwick Post") for article in ARTICLES
    ]
    named = column.format(first, "source.id")
    assert notices == [f"rows hold several articles (in columns such as {named!r}); 3 articles were read from them"]


@pytest.mark.parametrize("name", ["related.{}.{}", "comments.{}.{}", "images_{}_{}"])
def test_what_an_article_has_beside_it_is_no_article(name: str, tmp_path: Path) -> None:
    row = {"title": "Tram", "text": BODY}
    row |= {name.format(number, key): f"{key} {number}" for number in (0, 1) for key in ("title", "url", "text")}
    items, notices = read(tmp_path, row)
    assert ([(item.headline, item.content) for item in items], notices) == ([("Tram", BODY)], [])


def test_columns_may_be_paths(tmp_path: Path) -> None:
    row = {
        "id": "7", "article.image.title": "A tram in the snow", "article.image.url": "https://img.example/tram.jpg",
        "article.source.title": "Fenwick Post", "article.source.url": "https://fenwick.example",
        "article.author.url": "https://fenwick.example/ada", "article.author.name": "Ada Byron",
        "article.title": "Tram", "article.body.text": BODY, "article.link.url": "https://fenwick.example/1",
        "_source.date": "2026-03-02",
    }  # fmt: skip
    (item,), notices = read(tmp_path, row)
    assert (item.headline, item.content, item.url) == ("Tram", BODY, "https://fenwick.example/1")
    assert (item.source, item.author, item.publication_date) == ("Fenwick Post", "Ada Byron", "2026-03-02")
    assert notices == []
