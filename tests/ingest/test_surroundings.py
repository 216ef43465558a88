"""What only the objects around articles say of them."""

import json
from pathlib import Path
from typing import Any

import pytest

from newsmoe.article import Article
from newsmoe.ingest import json_buffer
from newsmoe.ingest.source import open_source

BODY = "The tram to Fenwick runs on Sundays again. Riders had asked the town for it since the spring of last year."
ITEMS = [{"title": f"Tram {number}", "url": f"https://fenwick.example/{number}", "text": BODY} for number in (1, 2)]
PAPER, LINK = "Fenwick Post", "https://fenwick.example"
LD = {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "Tram 1", "articleBody": BODY}
SITE = {"@type": "WebSite", "name": PAPER, "url": LINK}


def read(folder: Path, document: Any) -> list[Article]:
    path = folder / "news.json"
    path.write_text(json.dumps(document))
    with open_source(str(path)) as source:
        return [item for item in source.articles() if isinstance(item, Article)]


FEEDS = {
    "JSON Feed": {"version": "https://jsonfeed.org/version/1.1", "title": PAPER, "feed_url": LINK, "items": ITEMS},
    "rss-parser": {"items": ITEMS, "title": PAPER, "description": "All the news of the town.", "link": LINK},
    "rss2json": {"feed": {"title": PAPER, "description": "All the news of the town."}, "items": ITEMS},
    "feedparser": {"feed": {"title": PAPER, "subtitle": "All the news.", "link": LINK}, "entries": ITEMS},
    "xmltodict": {"rss": {"channel": {"title": PAPER, "description": "All the news of the town.", "item": ITEMS}}},
    "xml2js": {"rss": {"channel": [{"title": [PAPER], "link": [LINK], "item": ITEMS}]}},
    "a name": {"source": PAPER, "count": 2, "articles": ITEMS},
    "an object": {"publisher": {"name": PAPER, "url": LINK}, "articles": ITEMS},
    "several": [{"source": PAPER, "articles": ITEMS[:1]}, {"articles": ITEMS[1:], "source": PAPER}],
    "JSON in text": {"site_name": PAPER, "body": json.dumps({"articles": ITEMS})},
    "outlets": {"outlets": [{"name": PAPER, "homepage": LINK, "articles": ITEMS}]},
    "metadata": {"metadata": {"source": PAPER, "total": 2}, "articles": ITEMS},
    "by outlet": {"newspapers": {PAPER: {"articles": ITEMS}}},
}


@pytest.mark.parametrize("chunk", [30, 1 << 18])
@pytest.mark.parametrize("document", FEEDS.values(), ids=FEEDS)
def test_the_outlet_of_a_feed_is_that_of_its_articles(
    document: Any, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_buffer, "CHUNK", chunk)
    articles = read(tmp_path, document)
    assert [(item.headline, item.url, item.source) for item in articles] == [
        (item["title"], item["url"], PAPER) for item in ITEMS
    ]


@pytest.mark.parametrize("name", ["rss-parser", "feedparser", "a name"])
def test_a_long_feed_has_an_outlet_too(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_buffer, "SMALL", 100)
    monkeypatch.setattr(json_buffer, "CHUNK", 100)
    assert [item.source for item in read(tmp_path, FEEDS[name])] == [PAPER, PAPER]


@pytest.mark.parametrize(
    "document",
    [
        {"title": "My collection", "articles": ITEMS},
        {"status": "ok", "totalResults": 2, "articles": ITEMS},
        {"source": "https://fenwick.example/rss", "articles": ITEMS},
        {"politics": ITEMS[:1], "sport": ITEMS[1:]},
        {"part1.json": ITEMS[:1], "part2.json": ITEMS[1:]},
        {"body.content": {"items": ITEMS}, "body.head": {"items": []}},
        {"date": "2026-03-09", "sources": [{"articles": ITEMS}]},
    ],
)
def test_other_titles_and_keys_are_no_outlet(document: Any, tmp_path: Path) -> None:
    assert [(item.source, item.publication_date) for item in read(tmp_path, document)] == [(None, None)] * 2


def test_what_an_article_says_goes_before_its_surroundings(tmp_path: Path) -> None:
    items = [{**ITEMS[0], "source": {"name": "Bay News"}}, {**ITEMS[1], "source": None}]
    articles = read(tmp_path, {"source": PAPER, "articles": items})
    assert [item.source for item in articles] == ["Bay News", PAPER]


def test_a_feed_with_one_entry_is_no_article(tmp_path: Path) -> None:
    channel = {"title": PAPER, "description": "All the news of the town and its trams.", "link": LINK, "item": ITEMS[0]}
    (article,) = read(tmp_path, {"rss": {"channel": channel}})
    assert (article.headline, article.url, article.source) == ("Tram 1", ITEMS[0]["url"], PAPER)


@pytest.mark.parametrize(
    "document",
    [
        [{"url": LINK + "/1", "json_ld": [SITE, LD]}, {"url": LINK + "/1", "json_ld": [LD]}],
        [{"url": LINK + "/1", "metadata": {"json-ld": [LD], "microdata": []}}],
        [{"url": LINK + "/1", "ld": {"@context": "https://schema.org", "@graph": [SITE, LD]}}],
        {"url": LINK + "/1", "json_ld": [LD]},
        {LINK + "/1": [LD], LINK + "/2": [{**LD, "url": LINK + "/1"}]},
    ],
)
def test_the_url_of_a_page_is_that_of_its_json_ld(document: Any, tmp_path: Path) -> None:
    articles = read(tmp_path, document)
    assert {(item.headline, item.url) for item in articles} == {("Tram 1", f"{LINK}/1")}


def test_the_url_of_a_list_is_not_that_of_its_articles(tmp_path: Path) -> None:
    items = [{"title": "Tram 1", "text": BODY}, {"title": "Tram 2", "text": BODY}]
    assert [item.url for item in read(tmp_path, {"url": LINK, "articles": items})] == ["", ""]
    listed = {"@type": "ItemList", "url": LINK, "itemListElement": [LD, {**LD, "headline": "Tram 2"}]}
    assert [item.url for item in read(tmp_path, listed)] == ["", ""]


def test_lists_may_stand_under_days_and_hosts(tmp_path: Path) -> None:
    articles = read(tmp_path, {"2026-03-02": ITEMS[:1], "2026-03-03": [{**ITEMS[1], "date": "2026-03-04"}]})
    assert [item.publication_date for item in articles] == ["2026-03-02", "2026-03-04"]
    articles = read(tmp_path, [{"date": "2026-03-02", "articles": ITEMS[:1]}, {"date": "today", "articles": ITEMS[1:]}])
    assert [item.publication_date for item in articles] == ["2026-03-02", None]
    articles = read(tmp_path, {"fenwick.example": ITEMS[:1], "www.bay.example": ITEMS[1:]})
    assert [item.source for item in articles] == ["fenwick.example", "www.bay.example"]
