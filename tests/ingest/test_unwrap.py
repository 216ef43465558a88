"""Values inside what databases, editors and converters of XML wrap around them."""

from collections.abc import Mapping
from typing import Any

import pytest

from newsmoe.article import Article
from newsmoe.ingest.normalise import Normaliser
from newsmoe.ingest.unwrap import unwrapped

BODY = "The quay at Garrow reopens on Friday, after the town's council found money for a second crane."
URL = "https://garrow.example/quay"
DATE = "2026-03-02T08:30:00Z"
HALF_PAST_8 = "2026-03-02T08:30:00+00:00"
WRAPPERS = {
    "Firestore REST": lambda text: {"stringValue": text},
    "DynamoDB": lambda text: {"S": text},
    "Drupal": lambda text: [{"value": text, "format": "basic_html", "lang": None}],
    "Contentful": lambda text: {"en-US": text, "de-DE": "Kai"},
    "SPARQL": lambda text: {"type": "literal", "xml:lang": "en", "value": text},
    "xml-js": lambda text: {"_attributes": {"lang": "en"}, "_text": text},
    "xml-js CDATA": lambda text: {"_cdata": text},
    "xml2js": lambda text: [{"_": text, "$": {"type": "text"}}],
    "xmltodict": lambda text: {"@type": "text", "#text": text},
    "JSON-LD": lambda text: {"@value": text, "@language": "en"},
    "Kontent.ai": lambda text: {"type": "text", "name": "A field", "value": text},
    "Notion": lambda text: {"id": "x", "type": "url", "url": text},
    "WordPress": lambda text: {"rendered": text, "raw": "<!-- quay -->", "protected": False},
}


def article(element: Mapping[str, Any]) -> Article:
    item = Normaliser()(element)
    assert isinstance(item, Article), item
    return item


@pytest.mark.parametrize("wrapper", WRAPPERS.values(), ids=WRAPPERS)
def test_all_fields_are_read_inside_a_wrapper(wrapper: Any) -> None:
    fields = {
        "id": "a7", "title": "Quay reopens", "content": BODY, "url": URL, "date": DATE, "author": "Ines Hall",
        "source": "The Garrow Post", "language": "en", "tags": "Harbour",
    }  # fmt: skip
    read = article({key: wrapper(text) for key, text in fields.items()})
    assert (read.id, read.headline, read.content, read.url) == ("a7", "Quay reopens", BODY, URL)
    assert (read.publication_date, read.author, read.source) == (DATE, "Ines Hall", "The Garrow Post")
    assert (read.language, read.topics) == ("en", ("Harbour",))


@pytest.mark.parametrize(
    "value",
    [
        {"timestampValue": DATE},
        {"__datatype__": "timestamp", "value": DATE},
        [{"value": DATE, "format": "Y-m-d"}],
        {"en-US": DATE},
        {"id": "x", "type": "date", "date": {"start": DATE, "end": None}},
        {"type": "literal", "datatype": "http://schema.example/dateTime", "value": DATE},
    ],
)
def test_dates_are_unwrapped(value: object) -> None:
    assert article({"title": "Quay", "publishedAt": value}).publication_date == DATE


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ({"__datatype__": "timestamp", "value": {"_seconds": 1772440200, "_nanoseconds": 5}}, HALF_PAST_8),
        ({"N": "1772440200"}, HALF_PAST_8),
        ({"integerValue": "20260302"}, "2026-03-02"),
        ({"date-parts": [[2026, 3, 2]]}, "2026-03-02"),
        ({"date-parts": [["2026", 3, "12"]]}, "2026-03-12"),
        ({"date-parts": [[2026]]}, "2026"),
        ({"type": "date", "date": {"start": "2026-03-02", "end": None}}, "2026-03-02"),
        ({"date": "2026-03-02 08:30:00.000000", "timezone_type": 3, "timezone": "UTC"}, "2026-03-02 08:30:00.000000"),
        ("{'$date': 1772440200000}", HALF_PAST_8),
    ],
)
def test_dates_in_objects_are_read(value: object, date: str | None) -> None:
    assert article({"title": "Quay", "date": value}).publication_date == date


@pytest.mark.parametrize(
    ("value", "author"),
    [
        ({"data": {"id": 3, "attributes": {"name": "Ines Hall", "email": "ines@garrow.example"}}}, "Ines Hall"),
        ({"data": [{"id": 3, "attributes": {"name": "Ines"}}, {"id": 4, "attributes": {"name": "Jo"}}]}, "Ines, Jo"),
        ({"node": {"name": "Ines Hall"}}, "Ines Hall"),
        ({"edges": [{"node": {"name": "Ines"}}, {"node": {"name": "Jo"}}]}, "Ines, Jo"),
        ({"nodes": [{"name": "Ines"}, {"name": "Jo"}]}, "Ines, Jo"),
        ([{"family": "Hall", "given": "Ines"}, {"literal": "Garrow Wire"}], "Ines Hall, Garrow Wire"),
        ({"firstName": "Ines", "lastName": "Hall", "title": "Editor"}, "Ines Hall"),
        ([{"first_name": "Ines", "last_name": "Hall"}], "Ines Hall"),
        ([{"family": "Hall"}], "Hall"),
        ({"lastName": "Hall", "displayName": "Ines Hall"}, "Ines Hall"),
        ({"lastName": "Hall", "name": "Ines Hall"}, "Ines Hall"),
        ({"L": [{"S": "Ines"}, {"S": "Jo"}]}, "Ines, Jo"),
        ({"arrayValue": {"values": [{"stringValue": "Ines"}, {"stringValue": "Jo"}]}}, "Ines, Jo"),
        ({"M": {"name": {"S": "Ines"}}}, "Ines"),
        ({"id": "ines"}, None),
        ({"value": "Ines", "score": 3}, None),
    ],
)
def test_names_are_unwrapped(value: object, author: str | None) -> None:
    assert article({"title": "Quay", "author": value}).author == author


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ({"type": "uri", "value": URL}, URL),
        ([{"rel": "self"}, {"rel": "alternate", "href": URL}], URL),
        ({"@id": URL, "#text": "Quay"}, URL),
        ([{"value": [URL]}], URL),
        ({"type": "uri", "value": {"a": 1}}, ""),
    ],
)
def test_urls_are_unwrapped(value: object, url: str) -> None:
    assert article({"title": "Quay", "url": value}).url == url


@pytest.mark.parametrize(
    ("value", "identifier"),
    [({"N": "12"}, 12), ({"$numberLong": "12"}, 12), ([12], 12), ({"value": "a7"}, "a7"), ("{'$oid': '5f'}", "5f")],
)
def test_identifiers_are_unwrapped(value: object, identifier: object) -> None:
    assert article({"title": "Quay", "id": value}).id == identifier


def test_of_headlines_with_roles_the_main_one_is_read() -> None:
    headlines = [{"role": "kicker", "value": "Harbour"}, {"role": "main", "value": "Quay reopens"}]
    assert article({"headlines": headlines, "body_text": BODY}).headline == "Quay reopens"
    assert (
        article({"headlines": {"basic": "Quay reopens", "web": "Quay"}, "body_text": BODY}).headline == "Quay reopens"
    )


def test_an_article_in_firestore_is_read_whole() -> None:
    fields = {"title": {"stringValue": "Quay"}, "text": {"stringValue": BODY}, "url": {"stringValue": URL}}
    read = article(
        {"name": "projects/garrow/documents/a7", "fields": {**fields, "published": {"timestampValue": DATE}}}
    )
    assert (read.headline, read.content, read.url, read.publication_date) == ("Quay", BODY, URL, DATE)


def test_wrappers_inside_each_other_have_an_end() -> None:
    value: object = "Ines"
    for _ in range(10_000):
        value = {"value": value}
    assert isinstance(unwrapped(value), dict)
    assert article({"title": "Quay", "author": value, "url": value, "date": value, "id": value}).author is None
