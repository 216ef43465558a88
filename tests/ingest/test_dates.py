"""Dates of publication, in the forms in which scrapers write them."""

import csv
import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from newsmoe.article import Article
from newsmoe.ingest.normalise import Normaliser
from newsmoe.ingest.source import open_source

HALF_PAST_8 = "2026-03-02T08:30:00+00:00"


def read(value: object, name: str = "date") -> str | None:
    article = Normaliser()({"headline": "Night bus", name: value})
    assert isinstance(article, Article)
    return article.publication_date


def notices(*elements: dict[str, Any]) -> list[str]:
    normaliser = Normaliser()
    for element in elements:
        normaliser({"headline": "Night bus", **element})
    return list(normaliser.notices())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 02 Mar 2026 08:30:00 GMT", HALF_PAST_8),
        ("Mon, 02 Mar 2026 23:30:05 -0500", "2026-03-02T23:30:05-05:00"),
        ("2 Mar 2026 08:30 +0530", "2026-03-02T08:30:00+05:30"),
        ("Mon, 02 Mar 26 08:30:00 EST", "2026-03-02T08:30:00-05:00"),
        ("Mon, 02 Mar 2026 08:30:00 XYZ", "2026-03-02T08:30:00"),
        ("2026-03-02 08:30:00 UTC", HALF_PAST_8),
        ("2026-03-02T08:30:00+01:00[Europe/Paris]", "2026-03-02T08:30:00+01:00"),
        ("March 4, 2026", "2026-03-04"),
        ("4 March 2026", "2026-03-04"),
        ("Sept. 4th, 2026", "2026-09-04"),
        ("Wednesday 4 March 2026 08.30 GMT", "2026-03-04T08:30:00+00:00"),
        ("Mar 2, 2026 8:30 am EST", "2026-03-02T08:30:00-05:00"),
        ("Mar 2, 2026 at 8:30 p.m.", "2026-03-02T20:30:00"),
        ("Mar 2, 2026 12:05 AM", "2026-03-02T00:05:00"),
        ("2026/03/02", "2026-03-02"),
        ("2026-3-2 8:30", "2026-03-02T08:30:00"),
        ("02.03.2026", "2026-03-02"),
        ("25/03/2026", "2026-03-25"),
        ("03/25/2026 08:30", "2026-03-25T08:30:00"),
        ("03/03/2026", "2026-03-03"),
        ("02-Mar-2026", "2026-03-02"),
        ("Thu Mar 02 08:30:00 +0000 2026", HALF_PAST_8),
        ("Mon Mar  2 08:30:00 2026", "2026-03-02T08:30:00"),
        ("Mon Mar 02 2026 08:30:00 GMT+0100 (CET)", "2026-03-02T08:30:00+01:00"),
        ("Mon Mar 02 2026 09:30:00 GMT+0100 (Central European Standard Time)", "2026-03-02T09:30:00+01:00"),
        ("March 2, 2026 Monday", "2026-03-02"),
        ("March 2, 2026 Monday 8:30 AM GMT", HALF_PAST_8),
        ("Mar 2, 2026 @ 08:30:00.000", "2026-03-02T08:30:00"),
        ("/Date(1772440200000)/", HALF_PAST_8),
        ("/Date(-1000000000000+0100)/", "1938-04-24T22:13:20+00:00"),
        ("Date(2026,0,5)", "2026-01-05"),
        ("Date(2026,11,31,8,30,0)", "2026-12-31T08:30:00"),
    ],
)
def test_a_date_in_words_or_numbers_becomes_iso(text: str, expected: str) -> None:
    assert read(text) == expected
    assert read(f" {text}\n") == expected


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 02 Mrz 2026", "2. März 2026", "2 mars 2026", "2 de marzo de 2026", "2 de março de 2026",
        "lunedì 2 marzo 2026",
        "2 maart 2026", "den 2 mars 2026", "2. maaliskuuta 2026", "2 марта 2026 г.", "2 березня 2026", "2 marca 2026",
        "2. března 2026", "2 martie 2026", "2026. március 2.", "2 Mart 2026", "Senin, 2 Maret 2026", "2 Μαρτίου 2026",
        "2026年3月2日", "2026年03月02日(月)", "2026년 3월 2일", "2026. 3. 2.", "Thứ hai, 02.03.2026",
        "Published: March 2, 2026", "Posted on 02.03.2026", "Stand: 02.03.2026", " - 02.03.2026", "2March, 2026",
    ],
)  # fmt: skip
def test_a_date_may_be_in_another_language_and_have_a_word_before_it(text: str) -> None:
    assert read(text) == "2026-03-02"


@pytest.mark.parametrize(
    "text",
    [
        "2. März 2026, 08:30 Uhr", "2 mars 2026 à 08h30", "02.03.2026 às 08h30", "2 Mart 2026 - 08:30",
        "2026年3月2日08:30",
        "2026. 3. 2. 오전 8:30", "2026/3/2 上午 8:30", "Thứ hai, 2 Mar 2026, 08:30",
    ],
)  # fmt: skip
def test_the_time_may_be_in_another_language(text: str) -> None:
    assert read(text) == "2026-03-02T08:30:00"


def test_the_afternoon_may_be_in_another_language() -> None:
    assert read("2026년 3월 2일 오후 3:05") == "2026-03-02T15:05:00"


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (20260302, "2026-03-02"),
        (2026030208, "2026-03-02T08:00:00"),
        (20260302083000, "2026-03-02T08:30:00"),
        (1772440200, HALF_PAST_8),
        (1772440200000, HALF_PAST_8),
        (1772440200000000, HALF_PAST_8),
        (1772440200000000000, HALF_PAST_8),
        (1772440200.0, HALF_PAST_8),
        (20261302, "20261302"),
        (46083, "46083"),
        (2026, "2026"),
        (0, "0"),
        (-1, "-1"),
        (99999999999, "99999999999"),
        (4294967295, "4294967295"),
    ],
)
@pytest.mark.parametrize("format", ["json", "csv"])
def test_a_number_is_a_date_only_if_its_size_is_plausible(
    tmp_path: Path, format: str, number: float, expected: str
) -> None:
    path = tmp_path / f"a.{format}"
    with path.open("w", newline="") as file:
        if format == "json":
            json.dump([{"title": "Night bus", "date": number}], file)
        else:
            csv.writer(file).writerows([("title", "date"), ("Night bus", number)])
    with open_source(str(path)) as source:
        (article,) = source.articles()
    assert isinstance(article, Article)
    assert article.publication_date == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"seconds": 1772440200, "nanoseconds": 5}, HALF_PAST_8),
        ({"_seconds": 1772440200, "_nanoseconds": 5}, HALF_PAST_8),
        ({"year": 2026, "month": 3, "day": 2}, "2026-03-02"),
        ({"year": 2026, "month": 13, "day": 2}, None),
        ({"iso": "2026-03-02"}, "2026-03-02"),
        ({"$date": {"$numberLong": "-1000000000000"}}, "1938-04-24T22:13:20+00:00"),
        ([2026, 3, 2], "2026-03-02"),
        ([2026, 3, 2, 8, 30], HALF_PAST_8),
        ([2026, 3, 2, "8"], None),
        ([2, 3, 2026], None),
        (["March 2, 2026"], "2026-03-02"),
        (date(2026, 3, 2), "2026-03-02"),
        (datetime(2026, 3, 2, 8, 30), "2026-03-02T08:30:00"),
    ],
)
def test_a_date_may_be_an_object_or_a_list(value: object, expected: str | None) -> None:
    assert read(value) == expected


@pytest.mark.parametrize(
    "text",
    [
        "03/04/2026", "2026-13-45", "0000-00-00 00:00:00", "Mon, 01 Jan 0001 00:00:00 GMT", "2 hours ago",
        "Mon, 02 Mrs 2026 08:30:00 GMT", "4 listopada 2026", "4 jui 2026", "hace 2 horas", "2026年13月2日",
        "4 June 26", "March 2026", "Expires: March 2, 2026", "Mar 2, 2026 13:05 pm", "31.03.26 08:30",
        "2026-03-02 08:30 +25:00",
        "1 " * 30 + "March", "Monday " * 9, "March 2, 2026 " + "Monday " * 9,
    ],
)  # fmt: skip
def test_what_may_be_no_date_stays_and_is_counted(text: str) -> None:
    assert read(text) == text.strip()
    (notice,) = notices({"date": text}, {"date": "2026-03-02"}, {})
    assert "the date of 1 of 3 articles could not be read" in notice
    assert text.strip()[:40] in notice


def test_the_notice_names_a_few_dates() -> None:
    (notice,) = notices(*({"date": f"{day} days ago"} for day in range(2, 99)), {"date": {"start": [1]}})
    assert "98 of 98" in notice
    assert "('2 days ago', '3 days ago', '4 days ago')" in notice.replace("such as ", "")
    assert "an object" in notices({"date": {"about": "2026-03-02"}})[0]


@pytest.mark.parametrize("value", ["N/A", None, "", True, [], "2026-03-02", "20260302T083000Z", 1772440200])
def test_nothing_is_said_where_there_is_no_date_or_a_right_one(value: object) -> None:
    assert notices({"date": value}) == []


def test_the_time_of_a_change_is_the_last_resort() -> None:
    article = Normaliser()({"headline": "Night bus", "modified": "2026-03-04", "crawled": "2026-03-03"})
    assert isinstance(article, Article)
    assert article.publication_date == "2026-03-03"


DATE_NAMES = (
    "publishing_date", "publishedTime", "published_time", "datePosted", "posted_on", "published_on", "created_time",
    "display_date", "issued", "createdOn", "firstcreated", "first_publish_date", "firstCreated", "contentCreated",
    "published_dt", "dt_publicacao", "waktu_publish", "Post Created", "article_published_on", "publishTimestamp",
    "last_modified", "Date Posted",
)  # fmt: skip


@pytest.mark.parametrize("name", DATE_NAMES)
def test_names_of_dates_are_recognised_by_their_words(name: str) -> None:
    assert read("2026-03-02", name) == "2026-03-02"


@pytest.mark.parametrize(
    "name",
    [
        "publication",
        "publisher",
        "created_by",
        "display",
        "release",
        "post",
        "last_post",
        "pub",
        "display_name",
        "first",
    ]
    + ["datedatedate" * 9 + "x", "timestamp" * 20_000, "last" * 20_000],
)  # fmt: skip
def test_other_names_are_no_dates(name: str) -> None:
    assert read("2026-03-02", name) is None


@pytest.mark.parametrize(
    ("right", "others"),
    [
        ("first_publish_date", ("publish_date", "display_date", "last_updated_date")),
        ("firstcreated", ("versioncreated", "updated")),
        ("firstCreated", ("contentCreated", "versionCreated")),
        ("posted_on", ("created_at", "timestamp", "updated_on")),
        ("created_time", ("updated_time", "modified")),
        ("posted_date", ("posted_time",)),
        ("date", ("published_on", "dateTimePub", "created")),
        ("published", ("issued", "firstcreated")),
    ],
)
def test_publication_comes_before_creation_and_that_before_changes(right: str, others: tuple[str, ...]) -> None:
    article = Normaliser()({"headline": "Night bus", **dict.fromkeys(others, "2026-03-09"), right: "2026-03-02"})
    assert isinstance(article, Article)
    assert article.publication_date == "2026-03-02"


def test_of_two_dates_the_first_that_is_understood_is_read() -> None:
    assert read_first(date="Apr 08", timestamp=1523224871192) == "2018-04-08T22:01:11.192000+00:00"
    assert notices({"date": "Apr 08", "timestamp": 1523224871192}) == []


@pytest.mark.parametrize("name", ["updated_at", "date_download", "last_modified"])
def test_a_later_date_is_not_read_for_one_that_is_not_understood(name: str) -> None:
    assert read_first(**{"date": "Apr 08", name: "2018-04-09"}) == "Apr 08"


def test_the_users_date_is_read_even_if_it_is_not_understood() -> None:
    article = Normaliser({"publication_date": ["day"]})({"headline": "Bus", "day": "Apr 08", "date": "2018-04-09"})
    assert isinstance(article, Article)
    assert article.publication_date == "Apr 08"


def read_first(**dates: Any) -> str | None:
    article = Normaliser()({"headline": "Night bus", **dates})
    assert isinstance(article, Article)
    return article.publication_date
