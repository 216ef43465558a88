import html
import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from newsmoe import Record
from newsmoe.errors import InputError
from newsmoe.prediction import Labels
from newsmoe.report.page import PageContext, make_page
from newsmoe.report.rows import row_of
from newsmoe.report.stories import MAX_STORY, PageStories, read_stories, stories_on_page
from newsmoe.report.story_list import MAX_STORIES
from newsmoe.story import Stories
from tests.report.support import record, records, stories_of, story_article
from tests.report.test_page import NAUGHTY, Elements, check_harmless, packed


def report(number: int, mood: str, outlet: str, day: int, **fields: str) -> Record:
    """Return a record of an article with this mood."""
    analyses = {"sentiment": Labels({mood: 0.9, "other": 0.1}).fields()}
    date = f"2026-03-{day:02}"
    return record(
        number, headline=f"Headline {number}", analyses=analyses, source=outlet, publication_date=date, **fields
    )


SOME = [
    report(0, "negative", "Courier", 1),
    report(1, "negative", "Herald", 2),
    report(2, "positive", "Post", 4),
    report(3, "neutral", "Post", 5),
    report(4, "neutral", "Post", 6),
]


def placed() -> Stories:
    """Return stories of the records: three articles of one story, of which the second is a copy, and two others."""
    first, copy, third, other, last = SOME
    return stories_of(
        [
            story_article(third, "5e0c"),
            story_article(copy, "5e0c", copy_of=first.id),
            story_article(first, "5e0c"),
            story_article(other, "77aa"),
            story_article(last, None),
        ]
    )


def matched(some: list[Record], stories: Stories, name: str = "stories.json") -> PageStories:
    return stories_on_page(name, stories, list(map(row_of, some)))


def page_of(some: list[Record], stories: Stories) -> str:
    return make_page("r.json", list(map(row_of, some)), PageContext(stories=matched(some, stories)))


def section(page: str) -> str:
    [text] = re.findall(r'<section id="stories".*?</section>', page, re.DOTALL)
    return html.unescape(text)


def test_a_story_is_listed_with_its_articles_outlets_period_and_mood() -> None:
    page = page_of(SOME, placed())
    said = section(page)
    assert '<a class="name" dir="auto" href="#story=5e0c">Headline 2</a>' in said
    assert re.findall(r'<li dir="auto">(.*?)</li>', said) == [
        "3 articles, 1 copy",
        "3 outlets: Courier, Herald, Post",
        "1 Mar 2026 – 4 Mar 2026",
    ]
    assert re.findall(r'href="#(story=5e0c&sentiment=\w+)"><title>(.*?)</title>', said) == [
        ("story=5e0c&sentiment=negative", "negative: 2 of 3"),
        ("story=5e0c&sentiment=positive", "positive: 1 of 3"),
    ]
    assert 'aria-label="Sentiment: negative 2, positive 1"' in said
    assert re.findall(r"<i class=.*?</i>(\w+)", said) == ["negative", "positive"]
    assert "are not" not in said
    assert page_of(SOME, placed()) == page
    Elements(page)


def test_rows_say_their_story_and_what_they_are_copies_of() -> None:
    page = page_of(SOME, placed())
    assert page.count('<h4>Story</h4><p dir="auto">Headline 2</p>') == 3
    assert page.count('<h4>Copy of</h4><p dir="auto">Headline 0</p>') == 1
    data = packed(page)
    assert data["stories"] == [["5e0c", "Headline 2"]]
    assert [article[14:] for article in data["articles"]] == [[0, None], [0, 0], [0, None], [None, None], [None, None]]


def test_copies_count_once_even_where_their_original_is_not_on_the_page() -> None:
    articles = [story_article(SOME[0], "s"), *(story_article(item, "s", copy_of="a0") for item in SOME[1:])]
    stories = matched(SOME[1:], stories_of(articles))
    assert stories.originals_elsewhere == {0: "Headline 0"}
    assert stories.copies == {1: 0, 2: 0, 3: 0}
    page = page_of(SOME[1:], stories_of(articles))
    assert '<h4>Copy of an article that is not here</h4><p dir="auto">Headline 0</p>' in page
    assert "Count copies once (3)" in page
    assert [article[15] for article in packed(page)["articles"]] == ["Headline 0", 0, 0, 0]


def test_articles_that_are_not_matched_are_counted() -> None:
    said = section(page_of([*SOME[:2], record(8)], placed()))
    assert "Of these articles 1 is not in stories.json. Of the articles in stories.json 3 are not here." in said
    assert "2 articles, 1 copy" in said
    said = section(page_of([record(8)], placed()))
    assert "No story has several of these articles. Of these articles 1 is not in stories.json." in said


def test_articles_are_told_apart_by_id_and_url_else_by_headline() -> None:
    some = [
        record(id=0, url=None),
        record(id="0", url="https://a.example"),
        record(id=None, url=None, headline="A  headline"),
        record(id=None, url=None, headline="Another"),
        record(id="", url="", headline="A headline"),
    ]
    articles = [
        story_article(record(id=None, url=None, headline="A headline"), "c"),
        story_article(record(id="0", url=""), "a"),
        story_article(record(id="0", url="https://a.example", headline="Corrected"), "b"),
        story_article(record(id=None, url="", headline="A headline"), "c"),
        story_article(record(id=0, url="https://b.example"), "c"),
    ]
    stories = matched(some, stories_of(articles))
    assert [(story.id, story.numbers) for story in stories.stories] == [("c", [2, 4])]
    assert (stories.only_here, stories.only_there) == (1, 1)


def test_the_largest_stories_are_listed() -> None:
    some = records(60)
    articles = [story_article(item, f"s{number % 25:02}") for number, item in enumerate(some)]
    page = page_of(some, stories_of(articles))
    assert section(page).count('class="name"') == MAX_STORIES
    assert f"These are the {MAX_STORIES} largest of 25 stories with several articles." in page
    assert len(packed(page)["stories"]) == 25


def test_without_stories_there_is_no_section_and_no_switch() -> None:
    page = make_page("r.json", list(map(row_of, SOME)))
    assert '<section id="stories"' not in page
    assert 'name="copies"' not in page
    without_copies = stories_of([story_article(item, "s") for item in SOME])
    assert 'name="copies"' not in page_of(SOME, without_copies)


def hostile_stories(some: list[Record], texts: Sequence[str] = NAUGHTY) -> Stories:
    """Return stories with these texts in every field: of each text a story of two records, which are copies."""
    articles = []
    for number, item in enumerate(some):
        text = texts[number // 2 % len(texts)]
        copy_of = text if number % 2 else None
        article = story_article(item, text, copy_of)
        articles.append(article.model_copy(update={"source": text, "publication_date": text, "error": text}))
    stories = stories_of(articles)
    for story in stories.stories:
        story.outlets.append(story.id)
        story.mood[story.id] = 1
    headlines = [story.model_copy(update={"headline": story.id, "first": story.id}) for story in stories.stories]
    return stories.model_copy(update={"stories": headlines})


def test_nothing_in_a_file_of_stories_becomes_markup() -> None:
    some = records(2 * len(NAUGHTY))
    rows = list(map(row_of, some))
    page = make_page("r.json", rows, PageContext(stories=stories_on_page(NAUGHTY[0], hostile_stories(some), rows)))
    check_harmless(page)
    data = packed(page)
    assert len(data["stories"]) == len(NAUGHTY) - 1  # one has no letter that can be seen
    assert max(len(headline) for _, headline in data["stories"]) == MAX_STORY
    assert len(page) < 400_000


@pytest.mark.slow
def test_a_pile_of_10_000_with_stories_takes_less_than_5_mb() -> None:
    some = records(10_000)
    articles = [
        story_article(item, f"{n // 3:012x}", f"a{n - n % 3}" if n % 3 else None) for n, item in enumerate(some)
    ]
    page = page_of(some, stories_of(articles))
    assert len(page.encode()) < 5_000_000
    assert len(packed(page)["stories"]) == 3_333


def test_a_file_of_stories_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text(placed().model_dump_json(), encoding="utf-8")
    assert read_stories(path) == placed()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"stories": [], "articles": [], "more": 1}',
        b'{"stories": [], "articles": [{"id": [], "headline": 5}]}',
        b'[{"id": 1, "status": "ok", "analyses": {}, "route": [], "errors": []}]',
        json.dumps({"stories": [], "articles": [{"\u001b" * 500: 1}] * 5_000}).encode(),
        b"\x1f\x8bdamaged",
    ],
    ids=["empty", "cut", "list", "object", "bytes", "deep", "keys", "types", "records", "much", "packed"],
)
def test_another_file_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=re.escape(str(path))) as error:
        read_stories(path)
    assert len(str(error.value)) < 400 + len(str(path))
    assert str(error.value).isprintable()
    with pytest.raises(InputError, match=r"no\.json: cannot be read: No such file"):
        read_stories(tmp_path / "no.json")
