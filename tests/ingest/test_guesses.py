"""Headlines, dates and URLs under names that are not common: what is read, what is not, and what is said."""

from typing import Any

import pytest

from newsmoe.article import Article
from newsmoe.ingest.normalise import Normaliser

BODY = "The swimming hall closes for a year. Its roof has to be renewed, and the town has found the money for it."
URL = "https://paper.example/hall"


def read(element: dict[str, Any]) -> tuple[Article, list[str]]:
    normaliser = Normaliser()
    item = normaliser(element)
    assert isinstance(item, Article), item
    return item, [notice.removesuffix(", which is not a common name") for notice in normaliser.notices()]


@pytest.mark.parametrize("name", ["bill_title", "seoTitle", "BILL-HEADLINE"])
def test_a_name_that_ends_with_title_is_the_headlines(name: str) -> None:
    item, notices = read({name: "Swimming hall closes for a year", "content": BODY})
    assert item.headline == "Swimming hall closes for a year"
    assert notices == [f"the headline of 1 of 1 articles was read from {name!r}"]


@pytest.mark.parametrize(
    "element",
    [
        {"book_title": "Halls of the North", "content": BODY},
        {"source_link_title": "https://paper.example/hall", "content": BODY},
        {"image_title": "The hall from above", "content": BODY},
        {"location": "A town by the sea", "content": BODY},
        {"note_title": "untitled", "content": BODY},
        {"t": "Swimming hall closes for a year", "content": BODY},
        {"t": "Swimming hall closes for a year", "u": "The roof has to be renewed", "b": BODY},
        {"question": "Why does the swimming hall close?", "b": BODY},
    ],
)
def test_other_short_texts_are_no_headline(element: dict[str, Any]) -> None:
    assert read(element)[0].headline == ""


def test_in_abbreviations_the_single_short_text_is_the_headline() -> None:
    element = {"t": "Swimming hall closes for a year", "b": BODY, "l": URL, "k": "Town", "q": ["Paper"]}
    item, notices = read(element)
    assert (item.headline, item.content, item.url) == ("Swimming hall closes for a year", BODY, URL)
    assert notices == [
        "the content of 1 of 1 articles was read from 'b'",
        "the headline of 1 of 1 articles was read from 't'",
        "the URL of 1 of 1 articles was read from 'l'",
    ]


@pytest.mark.parametrize("name", ["html_url", "Link on the Article", "kaynak_url", "l", "read_at"])
def test_the_only_url_of_a_page_is_the_articles(name: str) -> None:
    element = {"title": "Hall", name: URL, "site": "https://paper.example", "photo": "https://cdn.example/1", "x": "y"}
    item, notices = read(element)
    assert item.url == URL
    assert notices == [f"the URL of 1 of 1 articles was read from {name!r}"]


def test_a_column_without_a_name_is_no_headline() -> None:
    assert read({"": "1", "title": "", "text": BODY})[0].headline == ""


def test_of_several_urls_the_one_with_a_links_name_is_read() -> None:
    assert read({"title": "Hall", "pdf_a": URL, "b": f"{URL}/b", "c_link": f"{URL}/c"})[0].url == f"{URL}/c"


@pytest.mark.parametrize(
    "others",
    [
        {"a": URL, "b": f"{URL}/b"},
        {"a_link": URL, "b_link": f"{URL}/b"},
        {"a": "https://paper.example/"},
        {"a": f"{URL}.jpg?width=3"},
        {"feed_link": URL},
        {"profile_url": URL},
        {"a": f"see {URL}"},
    ],
)
def test_other_urls_are_not_the_articles(others: dict[str, str]) -> None:
    assert read({"title": "Hall", **others})[0].url == ""


@pytest.mark.parametrize("name", ["EditionDate", "print_date", "AIR DATE", "xtime"])
def test_the_only_date_is_read(name: str) -> None:
    item, notices = read({"title": "Hall", name: "19/09/2026", "crawl_date": "2026-09-20", "day": "Monday"})
    assert item.publication_date == "2026-09-19"
    assert notices == [f"the date of 1 of 1 articles was read from {name!r}"]


@pytest.mark.parametrize(
    "others",
    [
        {"a_date": "2026-09-19", "b_date": "2026-09-20"},
        {"due_date": "2026-09-19"},
        {"edition_date": "03/04/2026"},
        {"edition_date": "20260919"},
        {"story": {"date": "2026-09-19"}},
    ],
)
def test_other_dates_are_not_of_the_publication(others: dict[str, Any]) -> None:
    assert read({"title": "Hall", **others})[0].publication_date is None


def test_a_much_longer_text_than_the_teaser_is_said() -> None:
    element = {"title": "Hall", "description": "For a year.", "explainer": f"{BODY} " * 6}
    item, notices = read(element)
    assert item.content == "For a year."
    assert notices == [
        "'explainer' holds a longer text than what was read, in 1 of 1 articles; if that is the article, write"
        ' content = "explainer" under [fields] in newsmoe.toml'
    ]


@pytest.mark.parametrize(
    "element",
    [
        {"title": "Hall", "description": "For a year.", "explainer": BODY},
        {"title": "Hall", "description": "For a year.", "image_description_text": f"{BODY} " * 6},
        {"title": "Hall", "content": "The hall closes for a year. " * 5, "explainer": f"{BODY} " * 6},
    ],
)
def test_other_texts_are_not_said(element: dict[str, Any]) -> None:
    assert not [notice for notice in read(element)[1] if "longer" in notice]
