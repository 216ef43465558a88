"""Shapes of exports and converters that are like no others."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from newsmoe.article import Article
from newsmoe.ingest.source import open_source

BODY = "The tram to Fenwick runs on Sundays again. Riders had asked the town for it since the spring of last year."
MORE = "The depot needed new tracks, which took the town a year to lay. The first tram left at six in the morning."
PLAIN = {"title": "Tram", "text": BODY}


def read(folder: Path, document: Any, name: str = "news.json") -> tuple[list[Article], list[str]]:
    path = folder / name
    path.write_bytes(document if isinstance(document, bytes) else json.dumps(document).encode())
    with open_source(str(path)) as source:
        items = [item for item in source.articles() if isinstance(item, Article)]
        assert len(items) == source.count
        return items, [notice.removeprefix(f"{path}: ") for notice in source.notices()]


def nitf(title: str) -> dict[str, Any]:
    head = {"docdata": {"date.issue": {"@norm": "2026-03-02T08:30:00Z"}}}
    top = {"hedline": {"hl1": title, "hl2": "Riders are glad"}, "byline": {"person": "Ada Byron"}}
    return {"head": head, "body": {"body.head": top, "body.content": {"block": {"p": [BODY, MORE]}}}}


@pytest.mark.parametrize("has_container", [True, False])
def test_a_document_of_apple_news_has_the_text_of_its_components(has_container: bool, tmp_path: Path) -> None:
    top = [{"role": "title", "text": "Tram"}, {"role": "byline", "text": "By Ada Byron"}]
    components = [
        {"role": "photo", "URL": "bundle://tram.jpg", "caption": "The first tram of the day in the snow."},
        *([{"role": "header", "components": top}] if has_container else top),
        {"role": "intro", "text": "Riders are glad about it."},
        {"role": "section", "components": [{"role": "body", "text": f"<p>{BODY}</p>", "format": "html"}]},
        {"role": "heading2", "text": "The depot"},
        {"role": "pullquote", "text": "It took the town a year to lay the tracks."},
        {"role": "body", "text": MORE},
        {"role": "caption", "text": "Riders wait for the first tram of the day."},
    ]
    details = {"canonicalURL": "https://fenwick.example/1", "datePublished": "2026-03-02T08:30:00Z"}
    for title in ({"title": "Tram"}, {} if not has_container else {"title": "Tram"}):
        document = {"version": "1.7", "subtitle": "Trams again", "components": components, "metadata": details, **title}
        (item,), _ = read(tmp_path, document)
        assert item.content == f"Riders are glad about it.\n\n{BODY}\n\nThe depot\n\n{MORE}"
        assert (item.headline, item.url) == ("Tram", "https://fenwick.example/1")


@pytest.mark.parametrize("is_text", [True, False])
def test_nitf_as_json_has_its_headline_text_author_and_date(is_text: bool, tmp_path: Path) -> None:
    stories = [nitf("Tram"), nitf("Bus")]
    for story in stories if not is_text else ():
        story["body"]["body.head"]["hedline"]["hl1"] = {
            "#text": story["body"]["body.head"]["hedline"]["hl1"],
            "@id": "h",
        }
    for document in (stories, {"articles": stories}, [{"nitf": story} for story in stories]):
        items, notices = read(tmp_path, document)
        assert [item.headline for item in items] == ["Tram", "Bus"]
        assert {item.content for item in items} == {f"{BODY}\n{MORE}"}
        assert {(item.author, item.publication_date) for item in items} == {("Ada Byron", "2026-03-02T08:30:00Z")}
        assert notices == []


@pytest.mark.parametrize(
    ("element", "author"),
    [
        ({"text": BODY, "user": "kim"}, "kim"),
        ({"text": BODY, "name": "Kim Ode", "screen_name": "kim"}, "kim"),
        ({"text": BODY, "account": {"username": "kim", "display_name": "Kim Ode"}}, "Kim Ode"),
        ({**PLAIN, "user": {"name": "Kim Ode", "username": "kim"}}, "Kim Ode"),
        ({**PLAIN, "user": "scraper-7", "author": "Ada Byron"}, "Ada Byron"),
        ({**PLAIN, "account": "acme-production"}, None),
        ({**PLAIN, "auteur": {"prenom": "Ada", "nom": "Byron"}}, "Ada Byron"),
        ({**PLAIN, "autor": {"nombre": "Ada", "apellidos": "Byron"}}, "Ada Byron"),
        ({**PLAIN, "autor": {"nombre": "Ada Byron"}}, "Ada Byron"),
        ({**PLAIN, "authors": {"1": {"name": "Ada Byron"}, "2": {"name": "Bo Lee"}}}, "Ada Byron, Bo Lee"),
        ({**PLAIN, "author": {"type": "rich_text", "rich_text": [{"plain_text": "Ada Byron"}]}}, "Ada Byron"),
        ({**PLAIN, "source": {"name": "Fenwick Post", "authors": ["Ada Byron"]}}, "Ada Byron"),
    ],
)
def test_who_wrote_or_posted_a_text_is_its_author(element: Any, author: str | None, tmp_path: Path) -> None:
    (item,), notices = read(tmp_path, [element])
    assert (item.author, notices) == (author, [])
    assert item.headline in ("", "Tram")


@pytest.mark.parametrize("poster", [{"user": "editor1"}, {"account": {"id": 7, "plan": "pro"}}])
def test_a_name_beside_a_user_may_be_the_headline(poster: Any, tmp_path: Path) -> None:
    (item,), _ = read(tmp_path, [{"name": "Tram", "body": BODY, **poster}])
    assert item.headline == "Tram"


def test_a_bare_user_beside_a_headline_is_a_guess(tmp_path: Path) -> None:
    (item,), notices = read(tmp_path, [{**PLAIN, "user": "scraper-7"}])
    said = "the author of 1 of 1 articles was read from 'user', which is not a common name"
    assert (item.author, notices) == ("scraper-7", [said])


@pytest.mark.parametrize(
    "element",
    [
        {"Título": "Tram", "Subtítulo": "Riders are glad.", "Conteúdo da notícia": BODY},
        {"ueberschrift": "Tram", "vorspann": "Riders are glad.", "Fließtext": BODY},
        {"titre": "Tram", "résumé": "Riders are glad.", "Texte intégral de l'article": "x", "texte de l’article": BODY},
    ],
)
def test_names_with_accents_are_words(element: Any, tmp_path: Path) -> None:
    (item,), _ = read(tmp_path, [element])
    assert (item.headline, item.content.removeprefix("Riders are glad.\n\n")) == ("Tram", BODY)


@pytest.mark.parametrize("name", ["издание", "新聞社", "Veículo", "Gazete", "매체"])
def test_outlets_have_names_in_many_languages(name: str, tmp_path: Path) -> None:
    (item,), _ = read(tmp_path, [{**PLAIN, name: "Fenwick Post"}])
    assert item.source == "Fenwick Post"


@pytest.mark.parametrize(
    ("element", "url"),
    [
        ({"url": {"base": "https://fenwick.example", "path": "/tram"}}, "https://fenwick.example/tram"),
        ({"warc_headers": {"WARC-Target-URI": "https://fenwick.example/1"}}, "https://fenwick.example/1"),
        ({"media": {"images": []}, "metadata": {"url": "https://fenwick.example/1"}}, "https://fenwick.example/1"),
        ({"warc_headers": {"warc-target-uri": "https://fenwick.example/1"}}, "https://fenwick.example/1"),
    ],
)
def test_a_url_may_be_in_parts_or_headers(element: Any, url: str, tmp_path: Path) -> None:
    (item,), _ = read(tmp_path, [{**PLAIN, **element}])
    assert item.url == url


def test_a_url_in_an_object_such_as_a_request_is_a_guess(tmp_path: Path) -> None:
    (item,), notices = read(tmp_path, [{**PLAIN, "request": {"url": "https://fenwick.example/1", "status": 200}}])
    said = "the URL of 1 of 1 articles was read from 'request.url', which is not a common name"
    assert (item.url, notices) == ("https://fenwick.example/1", [said])
    for pages in (
        {"a_url": "https://a.example/1", "b_url": "https://a.example/2"},
        {"image_url": "https://a.example/1"},
    ):
        (item,), notices = read(tmp_path, [{**PLAIN, "request": pages}])
        assert (item.url, notices) == ("", [])


def test_an_object_under_a_name_of_outlets_is_none(tmp_path: Path) -> None:
    (item,), _ = read(tmp_path, [{**PLAIN, "media": {"images": []}, "metadata": {"og:site_name": "Fenwick Post"}}])
    assert item.source == "Fenwick Post"


def test_an_article_beside_its_page_is_read(tmp_path: Path) -> None:
    page = f"<html><head><title>Tram | Fenwick Post</title></head><body><p>Menu</p><p>{BODY}</p></body></html>"
    (item,), _ = read(tmp_path, [{"url": "https://fenwick.example/1", "html": page, "extracted": PLAIN}])
    assert (item.headline, item.content, item.url) == ("Tram", BODY, "https://fenwick.example/1")


@pytest.mark.parametrize("names", [("https://a.example/1.html", "https://a.example/2.html"), ("1.html", "2.html")])
def test_articles_under_their_urls_or_files_are_no_columns(names: tuple[str, ...], tmp_path: Path) -> None:
    items, _ = read(tmp_path, {name: {**PLAIN, "author": "Ada Byron"} for name in names})
    assert [(item.headline, item.content) for item in items] == [("Tram", BODY)] * 2
    assert [item.url or item.id for item in items] == list(names)


def test_tags_of_a_page_are_no_article(tmp_path: Path) -> None:
    tags = [{"og:title": "Tram | Fenwick Post", "og:description": BODY, "article:published_time": "2026-03-02"}]
    element = {
        "title": "Tram",
        "link": "https://fenwick.example/1",
        "snippet": "Riders are glad.",
        "page": {"metatags": tags},
    }
    items, _ = read(tmp_path, {"items": [element, element]})
    assert [(item.headline, item.url) for item in items] == [("Tram", "https://fenwick.example/1")] * 2


def test_an_object_with_the_text_has_the_details_too(tmp_path: Path) -> None:
    inner = {"author": "Ada Byron", "published": "2026-03-02", "content": BODY}
    (item,), _ = read(tmp_path, [{"link": "https://fenwick.example/1", "headline": "Tram", "full_article": inner}])
    assert (item.headline, item.content, item.author) == ("Tram", BODY, "Ada Byron")
    assert item.publication_date == "2026-03-02"
    editor = {"time": 1774400000000, "blocks": [{"type": "paragraph", "data": {"text": BODY}}], "version": "2.29"}
    (item,), _ = read(tmp_path, [{"title": "Tram", "content": editor}])
    assert (item.content, item.publication_date) == (BODY, None)


def test_an_article_beside_its_text_has_the_headline(tmp_path: Path) -> None:
    about = {"headline": "Tram", "meta": {"published": "2026-03-02", "writer": "Ada Byron"}}
    (item,), _ = read(tmp_path, [{"article": about, "text": BODY, "outlet": "Fenwick Post"}])
    assert (item.headline, item.content, item.source) == ("Tram", BODY, "Fenwick Post")
    assert (item.author, item.publication_date) == ("Ada Byron", "2026-03-02")


def test_what_stands_around_an_article_is_not_lost(tmp_path: Path) -> None:
    elements = [{"news": {**PLAIN, "title": title}, "reporter": {"name": "Ada Byron"}} for title in ("Tram", "Bus")]
    items, _ = read(tmp_path, {"page": 1, "news_list": elements})
    assert [(item.headline, item.author) for item in items] == [("Tram", "Ada Byron"), ("Bus", "Ada Byron")]


def test_lines_of_a_log_are_no_articles(tmp_path: Path) -> None:
    log = {"type": "log", "message": "Fetched the front page of the paper without an error", "time": "2026-04-01"}
    items, notices = read(tmp_path, [{"type": "article", "data": PLAIN}, log])
    assert [item.headline for item in items] == ["Tram"]
    assert notices == ["objects that say that they are no articles: 1; they were left out"]


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"title": "Tram", "body": "Riders are glad.", "body_long": BODY}, ("Tram", BODY, None, None, None)),
        ({"title": "Tram", "news_detail": BODY}, ("Tram", BODY, None, None, None)),
        (
            {
                "タイトル": "電車",
                "記事本文": BODY,
                "記事URL": "https://a.example/1",
                "執筆者": "山田",
                "配信元": "海岸新聞",
            },
            ("電車", BODY, "山田", "海岸新聞", None),
        ),
        ({"Titel": "Tram", "Text": BODY, "Autor:in": "Ada Byron"}, ("Tram", BODY, "Ada Byron", None, None)),
        ({**PLAIN, "dates": {"published": "2026-03-02"}}, ("Tram", BODY, None, None, "2026-03-02")),
        ({**PLAIN, "medio_comunicacion": "El Faro"}, ("Tram", BODY, None, "El Faro", None)),
    ],
)
def test_names_of_fields_are_recognized(element: Any, expected: tuple[object, ...], tmp_path: Path) -> None:
    (item,), _ = read(tmp_path, [element])
    assert (item.headline, item.content, item.author, item.source, item.publication_date) == expected


def test_a_list_of_sources_names_the_outlets(tmp_path: Path) -> None:
    sources = [{"name": "Fenwick Post", "url": "https://fenwick.example", "country": "UK", "news": [PLAIN]}]
    (item,), _ = read(tmp_path, {"scraped": "2026-04-01", "sources": sources})
    assert (item.source, item.url) == ("Fenwick Post", "")


@pytest.mark.parametrize(
    ("rubrik", "headline"), [("The tram runs on Sundays", "The tram runs on Sundays"), ("Town", "")]
)
def test_a_word_for_a_headline_or_a_section_is_a_guess(rubrik: str, headline: str, tmp_path: Path) -> None:
    (item,), notices = read(tmp_path, [{"rubrik": rubrik, "brödtext": BODY, "skribent": "Ada Byron"}])
    assert (item.headline, item.author, len(notices)) == (headline, "Ada Byron", bool(headline))


def test_a_longer_text_beside_a_teaser_is_named(tmp_path: Path) -> None:
    _, notices = read(
        tmp_path, [{"title": "Tram", "teaser": "Riders are glad about it.", "Meldetext": f"{BODY} {MORE} {BODY}"}]
    )
    assert ["'Meldetext' holds a longer text" in notice for notice in notices] == [True]


def test_a_date_may_have_its_zone_after_a_comma(tmp_path: Path) -> None:
    (item,), _ = read(tmp_path, [{**PLAIN, "date": "03/17/2026, 08:30 AM, +0000 UTC"}])
    assert item.publication_date == "2026-03-17T08:30:00+00:00"


FLAT = {f"articles/{number}/{name}": f"{value} {number}" for number in (0, 1) for name, value in PLAIN.items()}


@pytest.mark.parametrize("document", [{"status": "ok", **FLAT}, [FLAT], [{**FLAT, "source/name": "Fenwick Post"}]])
def test_flattened_objects_hold_several_articles(document: Any, tmp_path: Path) -> None:
    items, notices = read(tmp_path, document)
    assert [(item.headline, item.content) for item in items] == [("Tram 0", f"{BODY} 0"), ("Tram 1", f"{BODY} 1")]
    said = "objects hold several articles (under keys such as 'articles/0/title'); 2 articles were read from them"
    assert notices == [said]


def test_a_row_of_a_sheet_may_hold_several_articles(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["status", *FLAT], ["ok", *FLAT.values()]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    items, notices = read(tmp_path, file.getvalue(), "news.xlsx")
    assert [item.headline for item in items] == ["Tram 0", "Tram 1"]
    assert notices == [
        "rows hold several articles (in columns such as 'articles/0/title'); 2 articles were read from them"
    ]


def test_keys_may_be_paths_with_slashes(tmp_path: Path) -> None:
    element = {"article/title": "Tram", "article/text": BODY, "article/source/name": "Fenwick Post"}
    (item,), _ = read(tmp_path, [{**element, "article/image/title": "A tram in the snow"}])
    assert (item.headline, item.content, item.source) == ("Tram", BODY, "Fenwick Post")


def test_a_list_of_articles_may_stand_under_a_title(tmp_path: Path) -> None:
    for items in ([PLAIN, {**PLAIN, "title": "Bus"}], [{"title": "Tram"}, {"title": "Bus"}]):
        articles, _ = read(tmp_path, {"title": "News of the week", "items": items})
        assert [item.headline for item in articles] == ["Tram", "Bus"]


def listed(*hosts: str) -> list[dict[str, str]]:
    return [{**PLAIN, "url": f"https://{host}/{number}"} for number, host in enumerate(hosts)]


@pytest.mark.parametrize(
    "document",
    [
        {"BBC": listed("a.example"), "CNN": listed("b.example", "b.example")},
        {"Fenwick News": listed("www.fenwicknews.example"), "Bay": listed("bay.example")},
        {"The Northern Standard": listed("nstandard.example"), "New Bay Voices": listed("nbvoices.example")},
        {"data": {"Fenwick Post": {"url": "https://a.example", "articles": listed("a.example")}}},
        {"BBC": {**PLAIN, "url": "https://a.example/1"}, "Reuters": {**PLAIN, "url": "https://b.example/1"}},
    ],
)
def test_the_name_of_an_outlet_over_a_list_is_its_source(document: Any, tmp_path: Path) -> None:
    items, notices = read(tmp_path, document)
    names = [*document.get("data", document)]
    assert list(dict.fromkeys(item.source for item in items)) == names
    said = ", ".join(map(repr, names))
    assert notices == [f"the names under which the articles stand were read as their sources: {said}"]


@pytest.mark.parametrize(
    "document",
    [
        {"politics": listed("a.example"), "sport": listed("sport.example")},
        {"India": listed("indiatoday.example"), "Japan": listed("japantimes.example")},
        {"AAPL": listed("a.example"), "TSLA": listed("b.example")},
        {"a": {"b": listed("a.example")}},
        {"news": {"articles": listed("news.example")}},
        {"Top news": listed("a.example"), "Latest post": listed("b.example")},
    ],
)
def test_other_names_over_lists_are_no_outlets(document: Any, tmp_path: Path) -> None:
    items, notices = read(tmp_path, document)
    assert ({item.source for item in items}, notices) == ({None}, [])
