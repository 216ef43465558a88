"""Where in a document the articles are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import InputError
from newsmoe.ingest import json_buffer
from newsmoe.ingest.source import open_source
from newsmoe.settings.model import Settings
from tests.strategies import FEW, JSON

BODY = "The swimming hall closes for a year. Its roof has to be renewed, and the town has found the money for it."
NAMES = st.sampled_from(["title", "name", "data", "items", "text", "url", "description", "results", "content", "x"])
WORDS = st.sampled_from(["", "7", "None", "https://a.example", "red blue", "The roof of the old hall leaks again."])
TREES = st.recursive(
    WORDS | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def story(number: int, **more: Any) -> dict[str, Any]:
    return {"title": f"Hall {number}", "text": f"{BODY} Part {number}.", "url": f"https://a.example/{number}", **more}


STORIES = [story(1), story(2), story(3)]
LEFT_OUT = "objects that say that they are no articles: 1; they were left out"


def read(
    folder: Path, *documents: Any, items: str | None = None, name: str = "news.json"
) -> tuple[list[Article | InvalidItem], list[str]]:
    path = folder / name
    path.write_text("\n".join(map(json.dumps, documents)))
    with open_source(str(path), Settings(items=items)) as source:
        articles = list(source.articles())
        assert source.count == len(articles)
        return articles, [message.removeprefix(f"{path}: ") for message in source.log_notices()]


def headlines(items: list[Article | InvalidItem]) -> list[str | None]:
    return [item.headline for item in items]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("in")


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"a": {"b": [{"c": STORIES}]}}, "a.b[].c[]"),
        ({"meta": [1, 2], "x": {"y": STORIES}}, "x.y[]"),
        ([{"name": "Sport", "news": STORIES[:1]}, {"name": "Town", "news": STORIES[1:]}], "[].news[]"),
        ({"data": {"all": {"edges": [{"node": each, "cursor": "x"} for each in STORIES]}}}, "data.all.edges[].node"),
        ({"sport": STORIES[:2], "town": STORIES[2:]}, "*[]"),
        ({"total": 3, "stories": {each["title"]: each for each in STORIES}}, "stories.*"),
        ({"title": "The Paper", "description": "All the news of our town.", "link": "x", "list": STORIES}, "list[]"),
        ({"sources": [{"name": "P", "description": "All the news of our town.", "url": "u"}] * 9, "y": STORIES}, "y[]"),
        ({"rows": [["title", "text", "url"], *([*each.values()] for each in STORIES)]}, "rows[] (rows)"),
        ([["title", "text", "url"], *([*each.values()] for each in STORIES)], "[] (rows)"),
        ({"cols": ["title", "text", "url"], "body": [[*each.values()] for each in STORIES]}, "body[] (rows)"),
        ({key: [each[key] for each in STORIES] for key in ("title", "text", "url")}, "the top level (columns)"),
        ({**{key: [each[key] for each in STORIES] for key in ("title", "text", "url")}, "tags": [["Town"], [], []]},
         "the top level (columns)"),
        ({"columns": [{"name": key, "type": "varchar"} for key in ("title", "text", "url")],
          "data": [[*each.values()] for each in STORIES]}, "data[] (rows)"),
        ({"meta": {"view": {"name": "The Paper", "description": "All the news of our town.",
                            "columns": [{"name": key} for key in ("title", "text", "url")]}},
          "data": [[*each.values()] for each in STORIES]}, "data[] (rows)"),
        ({"table": {"cols": [{"id": "A", "label": key} for key in ("title", "text", "url")],
                    "rows": [{"c": [{"v": cell, "f": "x"} for cell in each.values()]} for each in STORIES]}},
         "table.rows[].c (rows)"),
        ({"schema": {"fields": [{"name": key} for key in ("title", "text", "url")]},
          "rows": [{"f": [{"v": cell} for cell in each.values()]} for each in STORIES]}, "rows[].f (rows)"),
        ({each["title"]: {"info": each} for each in STORIES}, "*.info"),
        ({"store": {"all": {each["title"]: {"node": {**each, "id": 1}} for each in STORIES}}}, "store.all.*.node"),
        ({"@graph": [{"@type": "WebSite", "name": "P", "url": "u", "description": "All the news of our town."},
                     *({"@type": ["NewsArticle"], **each} for each in STORIES)]}, "@graph[]"),
        ([{"@type": "BreadcrumbList", "name": "x y"}, *({"@type": "NewsArticle", **each} for each in STORIES)], "[]"),
    ],
)  # fmt: skip
def test_articles_are_found_wherever_they_are_and_that_is_said(document: Any, place: str, tmp_path: Path) -> None:
    items, messages = read(tmp_path, document)
    assert headlines(items) == ["Hall 1", "Hall 2", "Hall 3"]
    assert [item.content for item in items if isinstance(item, Article)] == [each["text"] for each in STORIES]
    assert [message for message in messages if message != LEFT_OUT] == [f"3 articles read from {place}"]


@pytest.mark.parametrize("document", [STORIES, {"articles": STORIES}, {"status": "ok", "results": STORIES}, STORIES[0]])
def test_nothing_is_said_of_the_usual_places(document: Any, tmp_path: Path) -> None:
    assert read(tmp_path, document)[1] == []


@pytest.mark.parametrize("wrap", [lambda each: {"_id": "7", "_source": each}, lambda each: {"page": {"docs": [each]}}])
def test_lines_may_be_wrapped(wrap: Any, tmp_path: Path) -> None:
    items, (message,) = read(tmp_path, *map(wrap, STORIES), name="news.jsonl")
    assert headlines(items) == ["Hall 1", "Hall 2", "Hall 3"]
    assert message in ("3 articles read from _source", "3 articles read from page.docs[]")


def test_lines_may_be_arrays_below_the_names_of_columns(tmp_path: Path) -> None:
    rows = [["title", "text", "url"], *([*each.values()] for each in STORIES), ["Hall 4", BODY, "", "x"]]
    for name in ("news.jsonl", "news.json"):
        (*items, last), messages = read(tmp_path, *rows, name=name)
        assert headlines(items) == ["Hall 1", "Hall 2", "Hall 3"]
        assert isinstance(last, InvalidItem)
        assert messages == ["4 articles read from the top level (rows)"]


def test_lists_in_articles_are_no_rows_below_names(tmp_path: Path) -> None:
    items, _ = read(tmp_path, {"fields": ["title", "text"], "news": [{**each, "tags": ["a", "b"]} for each in STORIES]})
    assert headlines(items) == ["Hall 1", "Hall 2", "Hall 3"]


def test_lists_of_paragraphs_and_images_are_no_columns(tmp_path: Path) -> None:
    (item,), _ = read(tmp_path, {"paragraphs": [BODY, "It reopens in May."], "images": [{"id": 1}, {"id": 2}]})
    assert isinstance(item, Article)
    assert item.content == f"{BODY}\n\nIt reopens in May."


LISTS: dict[str, Any] = {
    "data": [{"title": "Photo of the hall"}],
    "related": STORIES[1:],
    "comments": [{"author": "Ada", "text": BODY, "date": "2024-01-01"}] * 9,
    "images": [{"url": "https://a.example/x.png", "caption": "The roof of the hall", "title": "The hall"}] * 5,
    "tags": [{"name": "Hall", "description": "All about the swimming hall of our town.", "url": "u"}],
    "see": [
        {"title": "Pool", "url": "https://a.example/2", "description": "The pool opens again in May, says the town."}
    ],
}


@pytest.mark.parametrize("key", LISTS)
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("is_dated", [True, False])
def test_a_lone_article_is_one_whatever_lists_it_has(key: str, first: bool, is_dated: bool, tmp_path: Path) -> None:
    article = {"headline": "Hall closes", "articleBody": BODY, **({"date": "2024-01-01"} if is_dated else {})}
    document = {key: LISTS[key], **article} if first else {**article, key: LISTS[key]}
    items, messages = read(tmp_path, document)
    assert [(item.headline, item.content) for item in items if isinstance(item, Article)] == [("Hall closes", BODY)]
    assert bool(messages) == (key == "related")  # articles with texts of their own, which are not read
    assert len(read(tmp_path, [document])[0]) == 1


def test_a_teaser_with_related_teasers_is_an_article(tmp_path: Path) -> None:
    teaser = {"title": "Hall", "description": BODY, "url": "https://a.example/1", "publishedAt": "2024-01-01"}
    items, _ = read(tmp_path, {**teaser, "related": [{**teaser, "title": "Pool"}] * 3})
    assert headlines(items) == ["Hall"]


REMARKS = [
    {"author": "A. Reed", "text": f"{BODY} That is what I think, and number {number} agrees."} for number in range(4)
]


@pytest.mark.parametrize("key", ["comments", "children", "content", "thread", "values"])
@pytest.mark.parametrize("count", [1, 3])
def test_what_has_no_headline_is_part_of_what_has_one(key: str, count: int, tmp_path: Path) -> None:
    linked = [
        {"title": f"Hall {number}", "url": f"https://a.example/{number}", key: REMARKS} for number in range(count)
    ]
    articles, _ = read(tmp_path, linked if count > 1 else linked[0])
    assert headlines(articles) == [each["title"] for each in linked]


SECTIONS = [{"heading": heading, "text": f"{BODY} {heading} of it."} for heading in ("Half", "Rest")]


@pytest.mark.parametrize("key", ["sections", "body"])
@pytest.mark.parametrize("more", [{}, {"url": "https://a.example/1", "date": "2026-01-01"}])
@pytest.mark.parametrize("count", [1, 3])
def test_the_sections_of_an_article_are_its_content(key: str, more: dict[str, Any], count: int, tmp_path: Path) -> None:
    elements = [{"title": f"Hall {number}", **more, key: SECTIONS} for number in range(count)]
    articles, messages = read(tmp_path, elements if count > 1 else elements[0])
    assert headlines(articles) == [element["title"] for element in elements]
    whole = "\n\n".join(section["text"] for section in SECTIONS)
    assert {article.content for article in articles if isinstance(article, Article)} == {whole}
    assert messages == []


def test_sections_that_are_labels_or_hold_articles_are_no_content(tmp_path: Path) -> None:
    for labels in ("Town and sport news", ["News", "Town", "Swimming", "Sport"], [{"name": "Town", "id": 3}]):
        (article,), _ = read(tmp_path, {"title": "Hall", "url": "https://a.example/1", "sections": labels})
        assert isinstance(article, Article)
        assert article.content == ""
    for key in ("items", "stories", "articles"):
        pages = [{"title": "Town", key: STORIES[:1]}, {"title": "Sport", key: STORIES[1:]}]
        articles, _ = read(tmp_path, {"title": "The Paper", "sections": pages})
        assert headlines(articles) == ["Hall 1", "Hall 2", "Hall 3"]


def test_contents_of_different_kinds_are_no_place_of_articles(tmp_path: Path) -> None:
    contents: list[Any] = [{"blocks": [{"type": "paragraph", "data": {"text": BODY}}], "time": 5}, [BODY], BODY, 7]
    articles, _ = read(tmp_path, [{"title": f"Hall {number}", "content": text} for number, text in enumerate(contents)])
    assert headlines(articles) == ["Hall 0", "Hall 1", "Hall 2", "Hall 3"]
    assert [article.content for article in articles if isinstance(article, Article)] == [BODY, BODY, BODY, ""]


def test_a_feed_of_posts_without_headlines_is_an_envelope(tmp_path: Path) -> None:
    posts = [{"content_html": f"<p>{BODY}</p>", "url": f"https://a.example/{number}"} for number in range(3)]
    articles, _ = read(tmp_path, {"title": "The Paper", "home_page_url": "https://a.example", "items": posts})
    assert [article.url for article in articles if isinstance(article, Article)] == [post["url"] for post in posts]


def test_what_is_no_article_stays_an_invalid_item_in_its_place(tmp_path: Path) -> None:
    items, _ = read(tmp_path, {"x": {"hits": [{"_source": story(1)}, {"_source": None}, 5, {"_source": story(2)}]}})
    assert [isinstance(item, Article) for item in items] == [True, False, False, True]


def test_what_is_not_read_is_said(tmp_path: Path) -> None:
    document = {"top": {"headline": "Hall", "body": BODY, "by": "Ada"}, "latest": [*STORIES, *STORIES]}
    items, messages = read(tmp_path, document)
    assert len(items) == 6
    assert "what looks like articles at top was not read; --items reads them instead" in messages


@pytest.mark.parametrize(
    "document",
    [
        {"posts": [{"id": 1, **each, "quoted": {"id": 9, "title": "Old", "text": BODY * 2}} for each in STORIES]},
        {"items": [{"fields": each} for each in STORIES], "includes": {"Asset": [{"fields": STORIES[0]}]}},
    ],
)
def test_what_articles_quote_or_link_to_is_not_read(document: Any, tmp_path: Path) -> None:
    items, _ = read(tmp_path, document)
    assert headlines(items) == ["Hall 1", "Hall 2", "Hall 3"]


def test_an_object_that_is_a_headline_is_no_article(tmp_path: Path) -> None:
    items, _ = read(tmp_path, [{"id": 7, "headline": {"title": "Hall"}}, {"id": 8}])
    assert [item.id for item in items] == [7, 8]


@pytest.mark.parametrize("count", [2, 300])
@pytest.mark.parametrize(("name", "field"), [("https://a.example/{}", "url"), ("Hall {} leaks at night", "headline")])
def test_texts_under_their_urls_or_titles_are_articles(name: str, field: str, count: int, tmp_path: Path) -> None:
    names = [name.format(number) for number in range(count)]
    items, messages = read(tmp_path, {"pages": {each: f"{BODY * 12} {each}" for each in names}})
    assert [getattr(item, field) for item in items] == names
    assert all(isinstance(item, Article) and item.content.startswith(BODY) for item in items)
    assert messages == [f"{count} articles read from pages (by their names)"]


def test_an_object_of_long_texts_may_be_an_article(tmp_path: Path) -> None:
    (item,), _ = read(tmp_path, {"body": BODY * 3, "notes": BODY * 2, "some more of it": BODY * 2})
    assert isinstance(item, Article)
    assert item.content == BODY * 3


def test_cells_at_the_end_of_a_row_may_be_missing(tmp_path: Path) -> None:
    rows = [["title", "text", "notes"], ["Hall 1", BODY, "seen"], ["Hall 2", BODY], ["Hall 3", BODY, "", "x"]]
    items, _ = read(tmp_path, {"range": "A1:C4", "values": rows})
    assert [item.headline if isinstance(item, Article) else item.message for item in items] == [
        "Hall 1",
        "Hall 2",
        "4 values, where there are 3 columns",
    ]


def test_the_feed_around_its_entries_is_not_called_unread(tmp_path: Path) -> None:
    feed = {"title": "The Paper", "subtitle": "All the news of our town.", "link": "https://paper.example/"}
    _, messages = read(tmp_path, {"feed": feed, "entries": STORIES})
    assert messages == ["3 articles read from entries[]"]


def test_what_holds_the_article_that_was_read_is_not_called_unread(tmp_path: Path) -> None:
    links = [{"title": "About us", "url": "/about"}, {"title": "Terms", "url": "/terms"}]
    _, messages = read(tmp_path, {"props": {"pageProps": {"article": story(1), "links": links}}, "page": "/1"})
    assert messages == ["1 article read from props.pageProps.article"]


def test_objects_of_many_ids_are_read_in_order(tmp_path: Path) -> None:
    items, messages = read(tmp_path, {"stories": {f"s{number}": story(number) for number in range(500)}})
    assert [item.id for item in items] == [f"s{number}" for number in range(500)]
    assert messages == ["500 articles read from stories.*"]


def test_articles_under_the_same_key_twice_are_not_lost_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "news.json"
    path.write_text(f'{{"articles": {json.dumps(STORIES[:1])}, "articles": {json.dumps(STORIES[1:])}}}')
    with open_source(str(path)) as source, pytest.raises(InputError, match="has the same key twice"):
        list(source.articles())


def test_a_long_document_is_surveyed_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"status": "ok", "x": {"tags": ["a"] * 99, "y": [{"z": each, "n": 1} for each in STORIES]}}
    whole = read(tmp_path, document)
    for size in (1, 50, 300):
        monkeypatch.setattr(json_buffer, "SMALL", size)
        monkeypatch.setattr(json_buffer, "CHUNK", size)
        assert read(tmp_path, document) == whole


# the place that the user names


@pytest.mark.parametrize(
    ("document", "items", "expected"),
    [
        ({"response": {"docs": STORIES, "related": STORIES[:1]}}, "response.related", 1),
        ({"response": {"docs": STORIES}}, "response.docs[]", 3),
        ({"hits": {"hits": [{"_source": each} for each in STORIES]}}, "hits.hits[]._source", 3),
        ([{"arts": STORIES}, {"arts": STORIES}], "[].arts", 6),
        ([{"arts": STORIES}, {"arts": STORIES}], "arts", 6),
        ({"by_id": {"a": STORIES[0], "b": STORIES[1]}}, "by_id.*", 2),
        ({"main": STORIES[0], "other": STORIES}, "main", 1),
        ({"empty": [], "articles": STORIES}, "empty", 0),
    ],
)
def test_the_user_names_the_place(document: Any, items: str, expected: int, tmp_path: Path) -> None:
    assert len(read(tmp_path, document, items=items)[0]) == expected


def test_what_lacks_the_wrapper_that_the_user_named_is_an_invalid_item(tmp_path: Path) -> None:
    items, _ = read(tmp_path, {"hits": [{"_source": story(1)}, {"fields": story(2)}]}, items="hits[]._source")
    assert [isinstance(item, Article) for item in items] == [True, False]
    rows = [{"data": story(1)}, {"other": 1}, 5, {"data": story(2)}]
    for name, documents, place in (("news.jsonl", rows, "data"), ("news.json", [rows], "[].data")):
        items, _ = read(tmp_path, *documents, items=place, name=name)
        assert [isinstance(item, Article) for item in items] == [True, False, False, True]


def test_a_place_that_matches_nothing_is_an_error_with_a_list_of_what_is_there(tmp_path: Path) -> None:
    document = {"response": {"docs": STORIES, "facets": ["a", "b"]}}
    with pytest.raises(InputError) as error:
        read(tmp_path, document, items="respones.docs")
    assert "no articles at 'respones.docs' (--items)" in str(error.value)
    assert "response.docs[] (objects), response.facets[] (no objects)" in str(error.value)


@pytest.mark.parametrize("items", ["respones.docs", "[].respones", "docs.respones"])
def test_so_is_one_that_no_element_of_an_array_has(items: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read(tmp_path, [{"docs": {"n": number, "news": STORIES}} for number in range(3)], items=items)
    assert f"no articles at '{items}' (--items); there are [] (objects), [].docs.news[] (objects)" in str(error.value)


# whatever the document


def hidden(article: dict[str, Any], layers: list[Any]) -> Any:
    value: Any = article
    for layer in layers:
        value = [*layer, value] if isinstance(layer, list) else {**layer, "zone": value}
    return value


LAYERS = st.lists(st.lists(TREES, max_size=3) | st.dictionaries(NAMES, TREES, max_size=3), max_size=4)
OPTIONS = st.fixed_dictionaries(
    {}, optional={"url": st.just("https://a.example/1"), "date": st.just("2024"), "id": st.just(3)}
)


@given(LAYERS, OPTIONS, JSON)
def test_an_article_hidden_anywhere_is_found_or_missed_aloud(
    folder: Path, layers: list[Any], more: dict[str, Any], noise: Any
) -> None:
    article = {"headline": "Hall closes", "content": BODY, **more}
    document = hidden(article, [*layers, {"noise": noise}] if noise else layers)
    try:
        items, messages = read(folder, document)
    except InputError:
        return
    found_it = any(isinstance(item, Article) and item.content == BODY for item in items)
    is_said = any("not read" in message or "no text" in message for message in messages)
    assert found_it or is_said or any(isinstance(item, InvalidItem) for item in items)


def letters(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from letters(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from letters(inner)


@FEW
@given(TREES)
def test_no_text_is_made_up(folder: Path, document: Any) -> None:
    try:
        items, _ = read(folder, document)
    except InputError:
        return
    texts = "".join(letters(document))
    for item in items:
        if isinstance(item, Article):
            assert all(word in texts for word in item.content.split())


def test_what_stands_beside_lists_by_category_is_no_article(folder: Path) -> None:
    document = {"updated": "2026-05-01", "count": 3, "sport": STORIES[:2], "town": STORIES[2:]}
    articles, messages = read(folder, document)
    assert headlines(articles) == ["Hall 1", "Hall 2", "Hall 3"]
    assert messages == ["3 articles read from *[]"]


def test_one_article_beside_a_list_of_such_is_not_read_alone(folder: Path) -> None:
    stories = [{"title": f"Hall {number}", "description": f"{BODY} Part {number}."} for number in range(4)]
    articles, messages = read(folder, {"featured": stories[0], "others": stories[1:]})
    assert headlines(articles) == ["Hall 0", "Hall 1", "Hall 2", "Hall 3"]
    assert messages == ["4 articles read from featured, others[]"]


def test_lists_by_category_may_stand_in_texts(folder: Path) -> None:
    document = {"updated": "2026-05-01", "sport": json.dumps(STORIES[:2]), "town": json.dumps(STORIES[2:])}
    articles, _ = read(folder, document)
    assert headlines(articles) == ["Hall 1", "Hall 2", "Hall 3"]


def test_a_key_that_is_a_language_is_no_id(tmp_path: Path) -> None:
    documents = [{"story": {"en": story, "pt-BR": {**story, "language": "es"}, "x1": story}} for story in STORIES[:2]]
    items, _ = read(tmp_path, documents)
    assert len(items) == 6
    assert {item.id for item in items}.isdisjoint({"en", "pt-BR"})
    assert [item.language for item in items if isinstance(item, Article)][:2] == ["en", "es"]
    assert items[2].id == "x1"


def test_an_array_in_few_of_the_articles_is_no_place_of_articles(tmp_path: Path) -> None:
    """An article may have those of others below it; a group without a URL has only those."""
    results = [{"title": f"Hall {number}", "link": f"https://a.example/{number}"} for number in range(3)]
    cluster = {
        "title": "Halls",
        "stories": [{"title": f"Fair {n}", "link": f"https://b.example/{n}"} for n in range(4)],
    }
    articles, _ = read(tmp_path, {"news_results": [*results, {**cluster, "link": "https://a.example/4"}]})
    assert headlines(articles) == ["Hall 0", "Hall 1", "Hall 2", "Halls"]
    articles, _ = read(tmp_path, {"news_results": [*results, cluster]})
    assert headlines(articles) == ["Hall 0", "Hall 1", "Hall 2", "Fair 0", "Fair 1", "Fair 2", "Fair 3"]


def test_the_text_of_an_article_is_no_place_of_articles(tmp_path: Path) -> None:
    pages = [
        {
            "Name": f"Hall {number}",
            "Summary": {"type": "rich_text", "rich_text": [{"type": "text", "plain_text": BODY * 2}]},
        }
        for number in range(3)
    ]
    articles, _ = read(tmp_path, pages)
    assert headlines(articles) == ["Hall 0", "Hall 1", "Hall 2"]


def test_sections_with_headings_are_no_articles(tmp_path: Path) -> None:
    sections = [{"heading": "Roof", "body": BODY}, {"heading": "Door", "body": BODY}]
    articles, _ = read(tmp_path, [{"title": "Hall", "summary": "It leaks.", "detail": {"sections": sections}}])
    assert headlines(articles) == ["Hall"]


def test_arrays_keyed_twice_are_all_read(tmp_path: Path) -> None:
    by_day = {"A": {"2026-03-02": STORIES[:1], "2026-03-03": STORIES[1:2]}, "B": {"2026-03-02": STORIES[2:]}}
    articles, _ = read(tmp_path, by_day)
    assert headlines(articles) == ["Hall 1", "Hall 2", "Hall 3"]


def test_an_object_that_some_articles_lack_is_no_place_of_articles(tmp_path: Path) -> None:
    """What a scraper adds to the entries of a feed may be missing where it failed."""
    entries = [{"title": f"Hall {number}", "summary": "It leaks.", "scraped": None} for number in range(4)]
    entries[0]["scraped"] = entries[1]["scraped"] = {"title": "The hall", "body_text": BODY * 2}
    articles, _ = read(tmp_path, {"entries": entries})
    assert [item.content[:9] for item in articles if isinstance(item, Article)] == [BODY[:9]] * 2 + ["It leaks."] * 2
