"""Markdown of static sites, with fields before the text."""

import pytest

from newsmoe.article import Article
from newsmoe.ingest.normalise import Normaliser

BODY = "The tram to Fenwick runs on Sundays again. Riders had asked the town for it since the spring of last year."
FIELDS = """---
title: "Tram: on Sundays"
date: 2026-03-02
author: 'Ann Lee'
tags: [town, "tram"]
summary: >
  A short
  summary.
---

"""


def read(**element: object) -> Article:
    item = Normaliser()(element)
    assert isinstance(item, Article)
    return item


@pytest.mark.parametrize("name", ["body", "content", "markdown", "raw"])
def test_fields_before_a_text_are_those_of_the_article(name: str) -> None:
    item = read(**{name: FIELDS + BODY, "slug": "tram"})
    assert (item.headline, item.content, item.author) == ("Tram: on Sundays", BODY, "Ann Lee")
    assert (item.publication_date, item.topics) == ("2026-03-02", ("town", "tram"))
    assert item.extra == {"slug": "tram", "summary": "A short summary."}


def test_what_stands_beside_the_text_goes_before_them() -> None:
    item = read(title="Tram", body=f"---\r\ntitle: Bus\r\ntags:\r\n  - town\r\n- tram\r\n---\r\n{BODY}")
    assert (item.headline, item.content, item.topics) == ("Tram", BODY, ("town", "tram"))


@pytest.mark.parametrize("text", [f"---\n{BODY}\n---\nmore", f"---\ntitle: Tram\n\n{BODY}", "--- so it was ---"])
def test_other_lines_of_hyphens_are_text(text: str) -> None:
    item = read(title="Tram", body=text)
    assert item.headline == "Tram"
    assert len(item.content) >= len(text) - 8


TOML = """+++
title = "Tram: on Sundays"
date = 2026-03-02T08:00:00Z
author = "Ann Lee"
tags = [
  "town",
  "tram",
]
[extra]
toc = true
+++

"""


def test_fields_may_be_toml() -> None:
    item = read(body=TOML + BODY, slug="tram")
    assert (item.headline, item.content, item.author) == ("Tram: on Sundays", BODY, "Ann Lee")
    assert (item.publication_date, item.topics) == ("2026-03-02T08:00:00+00:00", ("town", "tram"))


@pytest.mark.parametrize("text", [f"+++\n{BODY}\n+++\nmore", f"+++\ntitle = Tram\n+++\n{BODY}", f"+++ {BODY}"])
def test_other_lines_of_pluses_are_text(text: str) -> None:
    item = read(title="Tram", body=text)
    assert item.headline == "Tram"
    assert len(item.content) >= len(text) - 8


@pytest.mark.parametrize("sender", ["kim@uni.example (Kim Ode)", "Kim Ode <kim@uni.example>"])
def test_headers_of_a_mail_are_fields(sender: str) -> None:
    headers = f"Newsgroups: town\nFrom: {sender}\nSubject: The tram\n on Sundays\nDate: Mon, 02 Mar 2026 08:30:00 GMT\n"
    item = read(text=f"{headers}Lines: 12\n\n{BODY}", label=7)
    assert (item.headline, item.content, item.author) == ("The tram on Sundays", BODY, "Kim Ode")
    assert item.publication_date == "2026-03-02T08:30:00+00:00"


@pytest.mark.parametrize(
    "start", ["From: kim@uni.example\n\n", "From: the spring on\nSubject: trams\n\n", "Subject: Tram\n\n"]
)
def test_other_lines_with_colons_are_text(start: str) -> None:
    assert read(title="Tram", body=start + BODY).content == (start + BODY).strip()
