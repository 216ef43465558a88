"""Names that scripts of single people have for the fields of an article."""

import pytest

from newsmoe.article import Article
from newsmoe.ingest.normalise import Normaliser

BODY = (
    "The tram to Fenwick runs on Sundays again. Riders had asked the town for it since the spring of last year, and the"
    " town found the money by closing the baths an hour earlier."
)
DATE = "2026-03-02T08:30:00Z"
IMAGE = {"type": "image", "title": "A tram at night", "url": "https://img.example/a.jpg"}


def read(element: dict[str, object]) -> tuple[Article, list[str]]:
    normaliser = Normaliser()
    item = normaliser(element)
    assert isinstance(item, Article), item
    return item, list(normaliser.notices())


@pytest.mark.parametrize(
    "name",
    [
        "website", "web_name", "portal", "portalName", "Paper Name", "press", "media", "Media Outlet", "news_agency",
        "journal", "feed_title", "feed", "site_title", "Outlet Name", "publicationTitle", "prism:publicationName",
        "domain_name", "clean_url", "channel",
    ],
)  # fmt: skip
def test_an_outlet_has_many_names(name: str) -> None:
    item, notices = read({"title": "Tram", "text": BODY, name: "Fenwick Post"})
    assert (item.source, notices) == ("Fenwick Post", [])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("media", [IMAGE]), ("media", IMAGE), ("media", "https://img.example/a.jpg"),
        ("channel", {"id": 5, "name": "x"}), ("website", "https://paper.example"), ("paper_text", BODY * 2),
        ("press", BODY),
    ],
)  # fmt: skip
def test_an_image_a_url_or_a_text_is_no_outlet(name: str, value: object) -> None:
    assert read({"title": "Tram", "text": BODY * 3, name: value})[0].source is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("written_by", "Ada Byron"), ("writtenBy", "By Ada Byron"), ("Writers", ["Ada Byron"]),
        ("author_list", "Ada Byron"),
        ("publishedBylines", [{"id": 1, "name": "Ada Byron", "bio": "Ada writes about the town."}]),
        ("creators", [{"creatorType": "author", "firstName": "Ada", "lastName": "Byron"}]),
        ("user", {"id": 7, "name": "Ada Byron"}), ("submitted_by", "Ada Byron"), ("art_author", "Ada Byron"),
        ("author", {"type": "https://schema.org/Person", "properties": {"name": "Ada Byron"}}),
    ],
)  # fmt: skip
def test_an_author_has_many_names(name: str, value: object) -> None:
    item, notices = read({"title": "Tram", "text": BODY, name: value})
    assert (item.author, notices) == ("Ada Byron", [])


@pytest.mark.parametrize("name", ["ptime", "ctime", "dt", "ts", "create_dt", "providerPublishTime"])
def test_a_date_has_short_names(name: str) -> None:
    item, notices = read({"title": "Tram", "text": BODY, name: DATE, "mtime": "2026-03-09T00:00:00Z"})
    assert (item.publication_date, notices) == (DATE, [])


@pytest.mark.parametrize("name", ["hed", "HL", "head", "hl1", "article_name", "Subject Line", "art_title", "dc:title"])
def test_a_headline_may_be_abbreviated(name: str) -> None:
    item, notices = read({name: "Tram runs on Sundays", "text": BODY})
    assert (item.headline, notices) == ("Tram runs on Sundays", [])


@pytest.mark.parametrize("value", [{"text": ["<em>Tram</em>"]}, ["Tram"], {"title": "Tram"}])
def test_an_object_is_no_abbreviated_headline(value: object) -> None:
    item, notices = read({"title": "Tram runs on Sundays", "text": BODY, "hl": value})
    assert (item.headline, notices) == ("Tram runs on Sundays", [])
    assert read({"text": BODY, "hl": value})[0].headline == ""


@pytest.mark.parametrize("pages", [[{"page": 1, "text": BODY[:60]}, {"page": 2, "text": BODY[60:]}]])
def test_pages_are_a_text(pages: object) -> None:
    assert read({"title": "Tram", "pages": pages})[0].content.split() == f"{BODY[:60]} {BODY[60:]}".split()
    assert read({"title": "Tram", "summary": BODY, "pages": 12})[0].content == BODY
    assert read({"title": "Tram", "summary": BODY, "pages": "12-14"})[0].content == BODY


def test_details_are_a_text_and_that_is_said() -> None:
    item, notices = read({"title": "Tram", "details": BODY})
    assert item.content == BODY
    assert notices == ["the content of 1 of 1 articles was read from 'details', which is not a common name"]
