"""Which field is what, where names alone don't tell."""

import json
from html import escape
from typing import Any

import pytest

from newsmoe.article import Article, InvalidItem
from newsmoe.ingest.normalise import Normaliser

BODY = (
    "The night bus to the harbour ran without lights on Friday. Riders had asked the operator for a repair since May,"
    " and the operator says that the parts have come at last."
)
TEASER = "The night bus ran without lights, and riders are cross."
CUT = "The night bus to the harbour ran without lights on Fr… [+96 chars]"


def article(element: dict[str, Any], fields: dict[str, list[str]] | None = None) -> Article:
    item = Normaliser(fields)(element)
    assert isinstance(item, Article), item
    return item


def notices(*elements: dict[str, Any], fields: dict[str, list[str]] | None = None) -> list[str]:
    normaliser = Normaliser(fields)
    for element in elements:
        normaliser(element)
    return list(normaliser.notices())


@pytest.mark.parametrize(
    "no_value",
    [
        "None", "null", "NaN", "N/A", "n/a", "[Removed]", "[deleted]",
        "[ Removed by Reddit ]", "[deleted by user]", "This content is available to subscribers only.",
        "<NA>", "-", "undefined", "No content available",
        "ONLY AVAILABLE IN PAID PLANS", "Only available in professional and corporate plans.", "<p></p>", "&nbsp;",
        "This content is only available to subscribers.", "Subscribe to continue reading.", "https://a.example/bus/7",
        "Please enable JS and disable any ad blocker", "You need to enable JavaScript to run this app.",
        "JavaScript is disabled in your browser. Please enable JavaScript to proceed.",
        "Just a moment...\n\nEnable JavaScript and cookies to continue", "403 Forbidden\n\nnginx",
        "Access Denied\n\nYou don't have permission to access this page on this server. Reference #18.5",
        "Verify you are human by completing the action below.", "The page you are looking for does not exist.",
        "We use cookies and other technologies to show you content that fits your interests and to measure how our"
        " pages are used. You can accept all of them, or choose in your settings. " + "More in our policy. " * 10,
        "5f3c9a7e-77aa", "ddUyQWzRTpxMioPQvsIx", "2024-05-03", 77, "77", "night-bus-without-lights",
        "/2024/05/03/night-bus", False, {"id": 7}, [None], [7],
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["content", "text", "article"])
def test_a_word_for_no_value_an_identifier_or_a_url_is_no_content(name: str, no_value: object) -> None:
    """The description is read where there is one, else the headline alone."""
    element = {"id": 1, "title": "Night bus without lights", name: no_value}
    assert article(element).content == ""
    assert article({**element, "description": BODY}).content == BODY


LINK = '<a href="https://a.example/1">Night bus without lights</a>'
POST = (
    '<a href="/u/ann"> /u/ann </a>',
    '<br/> <span><a href="/1">[link]</a></span> <span><a href="/1">[comments]</a></span>',
)


@pytest.mark.parametrize(
    "links",
    [
        f'{LINK}&nbsp;&nbsp;<font color="#6f6f6f">Harrowmere Post</font>',
        f"<ol><li>{LINK} <font>The Harrowmere and Valley Post</font></li><li>{LINK} Bay News</li></ol>",
        f"<ul>{f'<li>{LINK}</li>' * 5}</ul>",
        f"<table><td><a href='/1'><img src='a'></a></td><td> submitted by {POST[0]} to r/buses {POST[1]}</td></table>",
        "submitted by   /u/ann \n [link]   [comments]",
        f"<p>Article URL: {LINK}</p>\n<p>Comments URL: {LINK}</p>\n<p>Points: 120</p>\n<p># Comments: 4</p>",
        f'{escape(LINK)}&amp;nbsp;&amp;nbsp;&lt;font color="#6f6f6f"&gt;Harrowm',
        escape(LINK)[:-20],
        '&lt;a href="https://a.example/' + "1" * 90,
        "Article URL: https://a.example/1 Comments URL: https://b.example/2 Points: 120 # Comments: 4",
    ],
)
@pytest.mark.parametrize("name", ["content", "description", "remarks"])
def test_links_in_place_of_a_text_are_no_content(name: str, links: str) -> None:
    element = {"title": "Night bus without lights", name: links}
    assert article(element).content == ""
    assert article({**element, "summary": BODY}).content == BODY


@pytest.mark.parametrize(
    ("html", "content"),
    [
        (f"<p>{BODY}</p> submitted by {POST[0]} {POST[1]}", BODY),
        ("<a href='/1'>The night bus ran without lights.</a>", "The night bus ran without lights."),
        ("<a href='/1'><img src='a'></a>Riders are cross", "Riders are cross"),
        ("<a href='/1'>Night bus</a> riders are still cross with it", "Night bus riders are still cross with it"),
        ("<a href='/1'>Night bus</a> is late.", "Night bus is late."),
        (f"<p>Riders are cross.</p><p>{LINK}</p>", "Riders are cross.\n\nNight bus without lights"),
        ("<p>Points: 120</p>", "Points: 120"),
    ],
)
def test_a_text_with_links_is_a_content(html: str, content: str) -> None:
    assert article({"title": "Night bus without lights", "description": html}).content == content


def test_links_without_a_headline_are_a_content() -> None:
    assert article({"description": LINK}).content == "Night bus without lights"


@pytest.mark.parametrize(
    "text",
    [
        "Roofs.",
        "Storm",
        "Überflutung",
        "夜行バスは明かりなしで走った。",
        "Read it: https://a.example",
        BODY,
        "Access denied to the beach for years: now the town has won in court.",
        "We use cookies in our cake, says the baker of Lundsay, who won a prize on Monday.",
        "Just a moment of silence was all that the town had planned for its mayor.",
        "The page was found in an attic. The museum says that it is 400 years old.",
    ],
)
def test_words_are_a_content(text: str) -> None:
    assert article({"content": text}).content == text


@pytest.mark.parametrize("no_value", ["[Removed]", "None", "null", "https://a.example/1"])
def test_a_word_for_no_value_is_no_headline(no_value: str) -> None:
    assert article({"headline": no_value, "content": BODY}).headline == ""
    assert article({"headline": no_value, "title": "Night bus", "content": BODY}).headline == "Night bus"


@pytest.mark.parametrize("field", ["author", "source", "date", "topics", "url"])
def test_a_word_for_no_value_is_none_in_other_fields(field: str) -> None:
    name = "publication_date" if field == "date" else field
    assert not getattr(article({"headline": "Night bus", field: "None"}), name)


@pytest.mark.parametrize(
    ("element", "key"),
    [
        ({"document": BODY, "summary": TEASER}, "document"),
        ({"article": BODY, "highlights": TEASER}, "article"),
        ({"text": TEASER, "ctext": BODY}, "ctext"),
        ({"content": CUT, "full_content": BODY}, "full_content"),
        ({"content": CUT, "text": BODY}, "text"),
        ({"content": CUT, "description": BODY}, "description"),
        ({"content": "Read the full story", "description": BODY}, "description"),
        ({"content": "Read the full story on our website.", "description": BODY}, "description"),
        ({"content": "We use cookies. By staying here you accept that.", "description": f"{BODY} " * 9}, "description"),
        ({"content": TEASER, "body": BODY * 2}, "body"),
        ({"description": TEASER, "content:encoded": f"<p>{BODY}</p>"}, "content:encoded"),
        ({"summary": TEASER, "Full Text": BODY}, "Full Text"),
        ({"abstract": TEASER, "lead_paragraph": BODY}, "lead_paragraph"),
        ({"text": BODY, "html": f"<html><body>{'<p>Menu item of the page</p>' * 200}</body></html>"}, "text"),
        ({"plaintext": BODY, "html": f"<p>{BODY}</p>"}, "plaintext"),
        ({"content": "The bus was late.", "summary": BODY}, "content"),
        ({"content": BODY, "summary": f"{TEASER} {BODY} " * 4}, "content"),
        ({"content": BODY, "summary": f"{BODY} {TEASER} " * 4}, "summary"),
        ({"text": None, "maintext": BODY}, "maintext"),
    ],
)
def test_of_a_teaser_and_an_article_the_article_is_read(element: dict[str, Any], key: str) -> None:
    for ordered in (element, dict(reversed(element.items()))):
        content = article(ordered).content
        expected = article({"content": element[key]}).content
        assert content == expected
        assert key not in article(ordered).extra


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Full Text", "content"), ("full-text", "content"), ("fullText", "content"), ("DOCUMENT", "content"),
        ("article_content", "content"), ("text_clean", "content"), ("newsBody", "content"),
        ("fields.bodyText", "content"),
        ("short_description", "content"), ("selftext", "content"), ("news_title", "headline"),
        ("webTitle", "headline"), ("title_raw", "headline"), ("title.rendered", "headline"), ("headlines", "headline"),
        ("web_url", "url"), ("webUrl", "url"), ("news_url", "url"), ("share_url", "url"), ("SOURCEURL", "url"),
        ("pageUrl", "url"), ("mainEntityOfPage", "url"), ("webPublicationDate", "publication_date"),
        ("date_download", "publication_date"), ("versionCreated", "publication_date"), ("siteName", "source"),
        ("source.name", "source"), ("dc:creator", "author"), ("published_utc", "publication_date"),
        ("dateCreated", "publication_date"), ("date_gmt", "publication_date"), ("Datum", "publication_date"),
        ("first_published_at", "publication_date"), ("fecha", "publication_date"),
        ("releaseDate", "publication_date"), ("modified", "publication_date"),
    ],
)  # fmt: skip
def test_a_name_is_recognised_in_its_spellings(name: str, field: str) -> None:
    value = BODY if field == "content" else "https://a.example/1" if field == "url" else "Night bus"
    beside = {} if field in ("content", "headline") else {"title": "Other"}
    assert getattr(article({**beside, name: value}), field) == value


def test_a_url_under_source_is_the_articles_url() -> None:
    item = article({"title": "Night bus", "source": "https://a.example/bus/7", "source-hostname": "a.example"})
    assert (item.url, item.source) == ("https://a.example/bus/7", "a.example")
    item = article({"title": "Night bus", "source": "https://a.example/", "url": "https://a.example/bus/7"})
    assert (item.url, item.source) == ("https://a.example/bus/7", None)


def test_a_url_that_is_the_id_is_both() -> None:
    item = article({"title": "Night bus", "guid": {"rendered": "https://a.example/?p=7"}})
    assert (item.id, item.url) == ("https://a.example/?p=7", "https://a.example/?p=7")


def test_the_url_with_a_scheme_is_preferred() -> None:
    element = {"title": "Night bus", "url": "/bus/7", "webUrl": "https://a.example/bus/7"}
    assert article(element).url == "https://a.example/bus/7"
    assert article({"title": "Night bus", "url": "bus/7"}).url == "bus/7"


def test_a_name_is_a_headline_only_beside_a_content() -> None:
    assert article({"name": "Night bus", "description": BODY}).headline == "Night bus"
    assert isinstance(Normaliser()({"name": "The Paper", "url": "https://a.example"}), InvalidItem)


def test_a_long_text_under_another_name_is_read_and_that_is_said() -> None:
    elements = [{"title": "Night bus", "Meldetext": BODY}, {"title": "Day bus", "content": BODY}]
    assert article(elements[0]).content == BODY
    (notice,) = notices(*elements)
    assert "content of 1 of 2 articles" in notice
    assert "'Meldetext'" in notice


def test_a_text_without_words_under_a_common_name_is_read_and_nothing_is_said() -> None:
    element = {"title": "Results", "content": "3 - 1\n" * 40}
    assert article(element).content.startswith("3 - 1")
    assert notices(element) == []


@pytest.mark.parametrize("key", ["error_message", "copyright", "image_caption", "author_bio", "prompt", "tags"])
def test_a_long_text_about_something_else_is_no_content(key: str) -> None:
    assert article({"title": "Night bus", key: BODY}).content == ""


def test_data_in_a_string_is_no_content() -> None:
    assert article({"title": "Night bus", "stats": json.dumps([{"Label": BODY}])}).content == ""


@pytest.mark.parametrize("value", [{"a": 1}, True, [7]])
def test_a_value_that_cannot_be_read_costs_its_field_and_that_is_said(value: object) -> None:
    element = {"title": "Night bus", "body": value}
    assert article(element).headline == "Night bus"
    (notice,) = notices(element, {"title": "Day bus", "body": BODY})
    assert "'body' holds no text that can be read in 1 of 2 articles" in notice


@pytest.mark.parametrize(
    "element",
    [
        {"_id": "7", "_source": {"title": "Night bus", "text": BODY}},
        {"kind": "t3", "data": {"title": "Night bus", "selftext": BODY, "author": {"name": "A", "bio": TEASER}}},
        {"id": "7", "webTitle": "Night bus", "fields": {"trailText": TEASER, "bodyText": BODY}},
        {"type": "news", "attributes": {"title": "Night bus", "body": {"value": f"<p>{BODY}</p>"}}},
        {"id": "7", "attributes": {"title": "Night bus", "publishedAt": "2026-03-02", "copytext": BODY}},
        {
            "id": "7",
            "attributes": {
                "title": "Night bus",
                "created": "2026-03-02",
                "field_copy": {"value": f"<p>{BODY}</p>", "format": "full_html"},
            },
        },
        {"title": [{"value": "Night bus"}], "field_copy": [{"value": f"<p>{BODY}</p>", "format": "full_html"}]},
        {"cursor": "x", "node": {"article": {"title": "Night bus", "content": {"text": BODY}}}},
        {"title": "Night bus", "description": TEASER, "article": {"headline": "Night bus", "articleBody": BODY}},
        {"article": {"headline": "Night bus", "articleBody": BODY}, "author": {"name": "A", "description": BODY * 2}},
    ],
)
def test_an_article_may_be_wrapped(element: dict[str, Any]) -> None:
    item = article(element)
    assert (item.headline, item.content) == ("Night bus", BODY)


@pytest.mark.parametrize("place", ["quoted_status", "previous", "version", "replyTo"])
@pytest.mark.parametrize("name", ["id", "url"])
def test_another_article_inside_an_element_is_not_its_text(place: str, name: str) -> None:
    teaser = {"text": "The night bus starts on Monday.", name: "1"}
    item = article({**teaser, place: {"title": "Old news", "text": BODY, name: "77"}})
    assert (item.headline, item.content) == ("", "The night bus starts on Monday.")


def test_what_is_around_a_wrapped_article_belongs_to_it() -> None:
    item = article(
        {
            "_id": "7",
            "score": 2,
            "url": "https://a.example/7",
            "_source": {"title": "Night bus", "text": BODY, "date": "2024"},
        }
    )
    assert (item.id, item.url, item.publication_date) == ("7", "https://a.example/7", "2024")
    assert item.extra == {"score": 2}


def test_a_dotted_name_leads_into_an_object() -> None:
    fields = {"content": ["page.main.copy"], "headline": ["page.kicker"]}
    item = article({"title": "x", "page": {"kicker": "Night bus", "main": {"copy": BODY}}}, fields)
    assert (item.headline, item.content) == ("Night bus", BODY)
    assert article({"page.kicker": "Night bus"}, fields).headline == "Night bus"


def test_a_mapping_that_never_matches_is_said() -> None:
    fields = {"headline": ["kicker"], "content": ["copy", "lede"]}
    (notice,) = notices({"title": "Night bus", "copy": BODY}, fields=fields)
    assert "[fields] headline: no article has a key 'kicker'" in notice
    assert notices(fields=fields) == []


def test_the_parts_of_an_article_may_be_called_contents() -> None:
    parts = [{"type": "title", "content": "Night bus"}, {"type": "sanitized_html", "content": f"<p>{BODY}</p>"}]
    item = article({"title": "Night bus", "contents": [{"type": "kicker", "content": "Town"}, *parts]})
    assert item.content.removeprefix("Night bus").strip() == BODY


@pytest.mark.parametrize("label", ["transport", "health-care,taxes", "worldNews"])
def test_a_label_under_subject_is_no_headline(label: str) -> None:
    assert article({"subject": label, "text": BODY}).headline == ""
    assert article({"subject": "Buses", "text": BODY}).headline == "Buses"


@pytest.mark.parametrize("heading", ["Night bus runs without lights", "# Night bus runs without lights"])
def test_the_headline_before_a_content_is_left_out(heading: str) -> None:
    assert article({"title": "Night bus runs without lights", "text": f"{heading}\n\n{BODY}"}).content == BODY


@pytest.mark.parametrize(
    "value",
    [
        {"ops": [{"insert": f"{BODY}\n"}, {"insert": {"image": "https://a.example/bus.jpg"}}]},
        {"root": {"children": [{"type": "paragraph", "children": [{"type": "text", "text": BODY}]}]}},
        [{"type": "lead", "text": "For a year."}, {"type": "p", "text": BODY}],
    ],
)
def test_an_editors_document_under_another_name_is_read_and_that_is_said(value: object) -> None:
    element = {"title": "Night bus", "manuscript": value}
    assert BODY in article(element).content
    (notice,) = notices(element)
    assert "read from 'manuscript'" in notice


@pytest.mark.parametrize("words", [BODY.split(), ["Harrowmere", "Ann Lee", "The Bay", "Fenwick"] * 9])
def test_a_list_of_words_or_names_is_no_content(words: list[str]) -> None:
    assert article({"title": "Night bus", "places": words}).content == ""


def test_a_text_that_cannot_be_read_is_said_beside_a_teaser() -> None:
    teaser = {"title": "Night bus", "description": TEASER, "body": {"sys": {"id": "b1"}}}
    assert article(teaser).content == TEASER
    (notice,) = notices(teaser, {"title": "Day bus", "description": TEASER, "text": BODY, "body": {"id": 1}})
    assert "'body' holds no text that can be read in 1 of 2 articles" in notice


def test_the_metadata_beside_a_headline_have_what_it_lacks() -> None:
    details = {"canonical": "https://a.example/7", "publish_time": "2026-03-02", "author_name": "Ann Lee", "lang": "en"}
    item = article({"title": "Night bus", "text": BODY, "meta": {**details, "og": {"site_name": "Bay News"}}})
    assert (item.url, item.publication_date, item.author) == ("https://a.example/7", "2026-03-02", "Ann Lee")
    assert (item.source, item.language) == ("Bay News", "en")


def test_the_metadata_have_no_say_where_the_article_has_a_key() -> None:
    meta = {"author": "admin", "created_at": "2026-03-09", "updated": "2026-03-10", "site_name": "Bay News"}
    item = article({"title": "Night bus", "text": BODY, "authors": [], "meta_data": meta})
    assert (item.author, item.publication_date, item.source) == (None, None, "Bay News")


def test_sections_are_a_text_beside_the_headline_around_them() -> None:
    sections = [{"heading": "Lights", "body": BODY}, {"heading": "Parts", "body": "They have come at last."}]
    item = article({"title": "Night bus", "summary": "For a year.", "detail": {"sections": sections}})
    assert item.content == f"{BODY}\n\nThey have come at last."


def test_prose_without_spaces_under_another_name_is_read_and_that_is_said() -> None:
    body = "市は火曜日、中心部の古い橋を二か月間閉鎖し、橋脚を取り替えると発表した。" * 4
    element = {"title": "橋が二か月閉鎖", "outline_with_ruby": body}
    assert article(element).content == body
    assert "read from 'outline_with_ruby'" in notices(element)[0]
