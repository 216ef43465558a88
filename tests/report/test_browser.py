"""The page in a real browser, used as people use it."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsmoe import Record
from newsmoe.prediction import Labels
from newsmoe.report.comparison import compare
from newsmoe.report.page import PageContext, make_page
from newsmoe.report.rows import Row, row_of
from newsmoe.report.stories import stories_on_page
from tests.report.browser import Browser, count, outside, programs, start
from tests.report.support import failed, records, stories_of, story_article
from tests.report.test_page import naming

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(programs() is None, reason="chromium or chromedriver is not installed"),
]

GENRES = ("report", "report", "opinion")


def pile() -> list[Record]:
    """Return records of which the first have a genre."""
    some = records(160)
    for number, genre in enumerate(GENRES):
        analyses = {**some[number].analyses, "genre": {"label": genre, "score": 0.9}}
        some[number] = some[number].model_copy(update={"analyses": analyses})
    return [*some, failed(160)]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return list(map(row_of, pile()))


@pytest.fixture(scope="module")
def page(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> str:
    first, *others = pile()
    other_mood = {**first.analyses, "sentiment": Labels({"joy": 0.9, "grief": 0.1}).fields()}
    old = list(map(row_of, [first.model_copy(update={"analyses": other_mood}), *others]))
    path = tmp_path_factory.mktemp("page") / "r.html"
    path.write_text(make_page("r.json", rows, PageContext(comparison=compare(rows, old), compared_with="old.json")))
    return path.as_uri()


@pytest.fixture
def opened(window: Browser, page: str) -> Iterator[Browser]:
    """The page, freshly opened; at the end nothing was said on the console, and nothing was requested."""
    start(window, page)
    yield window
    assert window.console() == []
    assert outside(window, page) == []


def hash_of(window: Browser) -> str:
    return str(window.run("return location.hash"))


def headlines(window: Browser) -> list[str]:
    shown: list[str] = window.run("return [...document.querySelectorAll('#rows .head')].map((e) => e.textContent)")
    return shown


def choose(window: Browser, name: str, value: str) -> None:
    window.run(
        "const control = document.querySelector(`[name=${arguments[0]}]`);"
        "control.value = arguments[1]; control.dispatchEvent(new Event('change', {bubbles: true}))",
        name,
        value,
    )


def of(number: int, total: int = 161) -> str:
    return f"{number} of {total} articles"


def test_charts_have_the_marks_that_the_data_says(opened: Browser, rows: list[Row]) -> None:
    topics = Counter(topic for row in rows if (topic := row.verdict("topic")))
    pairs = Counter((row.verdict("topic"), row.verdict("sentiment")) for row in rows if row.predictions)
    marks = "return document.querySelectorAll(`#${arguments[0]} a.mark`).length"
    assert opened.run(marks, "topics") == len(topics)
    assert opened.run(marks, "heat") == len(pairs)
    assert opened.run(marks, "genres") == len(set(GENRES))
    visible = "return [...document.querySelectorAll('#topics a')].every((e) => e.getBBox().width > 0)"
    assert opened.run(visible) is True


def test_the_list_is_paged(opened: Browser) -> None:
    assert count(opened) == "161 articles"
    first = headlines(opened)
    assert len(first) == 50
    opened.click("#next")
    assert hash_of(opened) == "#page=2"
    assert not set(headlines(opened)) & set(first)
    opened.back()
    opened.wait("location.hash !== '#page=2'")
    assert headlines(opened) == first


def test_search_finds_words_whatever_their_case(opened: Browser, rows: list[Row]) -> None:
    word = rows[3].headline.split()[1]
    matching = [row for row in rows if word in f"{row.headline} {row.summary} {row.outlet}".lower()]
    opened.type("[name=q]", f"{word.upper()}  ")
    opened.wait("location.hash.length > 1")
    assert count(opened) == of(len(matching))
    assert headlines(opened) == [row.headline for row in matching][:50]
    opened.click("#clear")
    assert count(opened) == "161 articles"
    assert opened.run("return document.querySelector('[name=q]').value") == ""


def test_filters_narrow_the_list_and_stay_in_the_address(opened: Browser, rows: list[Row], page: str) -> None:
    sport = [row for row in rows if row.verdict("topic") == "sport"]
    choose(opened, "topic", "sport")
    assert count(opened) == of(len(sport))
    choose(opened, "sentiment", "negative")
    both = [row.headline for row in sport if row.verdict("sentiment") == "negative"]
    assert (count(opened), headlines(opened)) == (of(len(both)), both)
    assert hash_of(opened) == "#topic=sport&sentiment=negative"
    opened.back()
    opened.wait("location.hash === '#topic=sport'")
    assert count(opened) == of(len(sport))
    assert opened.run("return document.querySelector('[name=sentiment]').value") == ""
    start(opened, f"{page}#topic=sport&sentiment=negative&from=2026-02-01&to=2026-04-30")
    dated = [row for row in sport if row.verdict("sentiment") == "negative" and row.day and 2 <= row.day.month <= 4]
    assert count(opened) == of(len(dated))


def test_every_filter_does_what_it_says(opened: Browser, rows: list[Row]) -> None:
    for name, value, expected in [
        ("outlet", rows[0].outlet, sum(row.outlet == rows[0].outlet for row in rows)),
        ("language", "de", sum(row.language == "de" for row in rows)),
        ("status", "partial", 1),
        ("genre", "report", 2),
        ("sentiment", "unsure", sum(row.verdict("sentiment") == "unsure" for row in rows)),
        ("changed", "sentiment", 1),
    ]:
        choose(opened, name, value)
        assert count(opened) == of(expected), name
        choose(opened, name, "")


def test_the_list_is_sorted(opened: Browser, rows: list[Row]) -> None:
    choose(opened, "sort", "newest")
    dated = sorted((row.day for row in rows if row.day), reverse=True)
    days = opened.run("return [...document.querySelectorAll('#rows .when')].map((e) => e.lastChild.textContent)")
    assert days == [str(day) for day in dated[:50]]
    choose(opened, "sort", "negative")
    best = max(
        (row for row in rows if "sentiment" in row.predictions),
        key=lambda row: row.predictions["sentiment"].scores["negative"],
    )
    scores = {row.headline: row.predictions["sentiment"].scores["negative"] for row in rows if row.predictions}
    assert scores[headlines(opened)[0]] == pytest.approx(best.predictions["sentiment"].scores["negative"], abs=1e-3)


def test_a_row_opens_to_all_that_is_known(opened: Browser, rows: list[Row]) -> None:
    opened.click("#rows details summary")
    opened.wait("document.querySelector('#rows .body')")
    text = opened.run("return document.querySelector('#rows .body').innerText")
    assert rows[0].summary in text
    assert "sentiment: sentiment-articles (more than 60 words)" in text
    assert "In the other run" in text
    link = "const a = document.querySelector('#rows .body a'); return [a.href, a.rel, a.target]"
    assert opened.run(link) == [rows[0].url, "noopener noreferrer nofollow", "_blank"]
    choose(opened, "status", "partial")
    opened.click("#rows details summary")
    opened.wait("document.querySelector('#rows .body')")
    assert "ValueError predict topic-articles: no good" in opened.run(
        "return document.querySelector('#rows .body').innerText"
    )


def test_a_click_on_a_mark_sets_the_filter_and_another_one_removes_it(opened: Browser, rows: list[Row]) -> None:
    mark = "#topics a[href='#topic=sport']"
    opened.click(mark)
    sport = sum(row.verdict("topic") == "sport" for row in rows)
    assert (hash_of(opened), count(opened)) == ("#topic=sport", of(sport))
    assert opened.run("return document.querySelector(arguments[0]).getAttribute('aria-current')", mark) == "true"
    assert opened.run("return document.getElementById('pill').hidden") is False
    opened.click("#mood a[href='#sentiment=negative'] rect")
    assert hash_of(opened) == "#topic=sport&sentiment=negative"
    opened.back()
    opened.wait("location.hash === '#topic=sport'")
    assert count(opened) == of(sport)
    opened.click(mark)
    assert count(opened) == "161 articles"
    opened.click("#scores-topic a")
    assert hash_of(opened).startswith("#score=topic%3A0.")
    opened.click("#pill-clear")
    assert count(opened) == "161 articles"


SHARE = (
    "const [bar, part] = document.querySelectorAll(`${arguments[0]} rect:not(.hit, .swatch)`);"
    "const [whole, left] = [bar, part].map((e) => e.getBoundingClientRect());"
    "return [left.width / whole.width, left.height / whole.height, Math.abs(left.bottom - whole.bottom)]"
)


def test_with_filters_marks_show_the_part_that_they_leave(opened: Browser, rows: list[Row]) -> None:
    parts = "return document.querySelectorAll('.part').length"
    assert opened.run(parts) == 0
    opened.click("#topics a[href='#topic=sport']")
    unhappy = [row.verdict("topic") == "sport" for row in rows if row.verdict("sentiment") == "negative"]
    mark = "#mood a[href='#sentiment=negative']"
    assert opened.run(SHARE, mark) == pytest.approx([sum(unhappy) / len(unhappy), 1, 0], abs=0.02)
    title = "return document.querySelector(`${arguments[0]} title`).textContent"
    assert opened.run(title, mark) == f"negative: {len(unhappy)} of 161; with the filters: {sum(unhappy)}"
    upright = "#scores-topic a:last-of-type"
    low = opened.run(SHARE, upright)
    assert low[0] == pytest.approx(1)
    assert 0 <= low[1] < 1
    assert low[2] == pytest.approx(0, abs=0.1)
    opened.click("#pill-clear")
    assert opened.run("return getComputedStyle(document.querySelector('.part')).display") == "none"
    assert opened.run(title, mark) == f"negative: {len(unhappy)} of 161"


def test_the_page_is_used_by_keyboard(opened: Browser, rows: list[Row]) -> None:
    opened.run("document.querySelector('#topics a').focus()")
    opened.press("right", "enter")
    second = opened.run("return document.querySelectorAll('#topics a')[1].getAttribute('href')")
    assert hash_of(opened).replace("+", "%20") == second
    opened.press("space")
    assert count(opened) == "161 articles"
    opened.run("document.querySelector('#rows summary').focus()")
    opened.press("enter")
    opened.wait("document.querySelector('#rows .body')")
    assert opened.run("return document.querySelectorAll('.chart a[tabindex=\"0\"]').length") == opened.run(
        "return document.querySelectorAll('.chart').length"
    )


def saved_as_csv(window: Browser) -> str:
    window.run(
        "URL.createObjectURL = (blob) => { window.saved = blob; return '#saved'; };"
        "HTMLAnchorElement.prototype.click = () => {}"
    )
    window.click("#csv")
    window.run("window.saved.text().then((text) => { window.text = text; })")
    window.wait("window.text")
    return str(window.run("return window.text")).removeprefix("\ufeff")


def test_what_is_filtered_is_taken_along_as_csv(opened: Browser) -> None:
    choose(opened, "topic", "sport")
    lines = saved_as_csv(opened).splitlines()
    assert len(lines) == 1 + int(count(opened).split()[0])
    assert lines[0].startswith('"headline","outlet","day"')


def test_the_address_of_a_closest_call_shows_that_article(opened: Browser) -> None:
    opened.click(".lists a.goto")
    opened.wait("document.querySelector('#rows details[open] .body')")
    assert count(opened) == of(1)
    assert len(headlines(opened)) == 1


@pytest.mark.parametrize("width", [390, 1024, 1600])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_fits_its_window(width: int, dark: bool, opened: Browser) -> None:
    opened.resize(width, 900)
    opened.dark(dark)
    assert opened.run("return document.documentElement.scrollWidth - innerWidth") <= 0
    cut_off = (
        "return [...document.querySelectorAll('.chart text')].filter((e) => {"
        "const box = e.getBoundingClientRect(); const chart = e.closest('svg').getBoundingClientRect();"
        "return box.left < chart.left - 2 || box.right > chart.right + 2; }).map((e) => e.textContent)"
    )
    assert opened.run(cut_off) == []
    opened.resize(1024, 900)


def test_without_javascript_charts_and_the_first_articles_are_there(window: Browser, page: str) -> None:
    window.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        window.open(page)
        assert window.run("return document.querySelectorAll('#rows details').length") == 100
        assert window.run("return document.querySelector('.tools').hidden") is True
        assert window.run("return document.querySelector('#heat svg').getBoundingClientRect().height") > 50
        assert "need JavaScript" in window.run("return document.getElementById('unscripted').innerText")
    finally:
        window.command("Emulation.setScriptExecutionDisabled", value=False)


def test_a_page_without_articles_explains_no_chart_and_offers_no_filter(window: Browser, tmp_path: Path) -> None:
    path = tmp_path / "none.html"
    path.write_text(make_page("none.json", []))
    start(window, path.as_uri())
    text = window.run("return document.querySelector('main').innerText")
    assert "There are no charts" in text
    assert "The records hold no article" in text
    assert not any(word in text for word in ("filter", "Search", "Sort by", "Choose a mark", "Open a row"))
    assert window.console() == []


def test_a_click_on_a_name_shows_the_articles_that_name_it(window: Browser, tmp_path: Path) -> None:
    some = [
        naming("Ada King", tone="negative"),
        naming("Lin Marsh"),
        naming("the ADA KING", "Lin Marsh", tone="positive"),
    ]
    path = tmp_path / "named.html"
    path.write_text(make_page("r.json", list(map(row_of, some))))
    start(window, path.as_uri())
    window.click("#entities a[href='#entity=Ada%20King']")
    assert (hash_of(window), count(window)) == ("#entity=Ada+King", "2 of 3 articles")
    window.run("for (const row of document.querySelectorAll('#rows details')) row.open = true")
    window.wait("document.querySelectorAll('#rows .body').length === 2")
    said = window.run("return document.querySelector('#rows .body').innerText")
    assert "Ada King (Person, negative)" in said
    assert window.console() == []


TITLE = "return document.querySelector(arguments[0]).querySelector('title').textContent"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page with a story of three articles, one of them a copy, a story of two, and ten other articles."""
    some = records(15)
    names = ("s", "s", "s", "t", "t")
    articles = [
        story_article(item, name, "a0" if item.id == "a1" else None) for item, name in zip(some[:5], names, strict=True)
    ]
    rows = list(map(row_of, some))
    path = tmp_path_factory.mktemp("stories") / "told.html"
    stories = stories_on_page("stories.json", stories_of(articles), rows)
    path.write_text(make_page("r.json", rows, PageContext(stories=stories)), encoding="utf-8")
    return path.as_uri()


def test_a_click_on_a_story_shows_its_articles_and_copies_count_once(window: Browser, told: str) -> None:
    start(window, told)
    some = records(3)
    window.click(".stories a.name[href='#story=s']")
    assert (hash_of(window), count(window)) == ("#story=s", of(3, 15))
    assert window.run("return document.getElementById('chips').innerText") == f"story: {some[0].headline} ×"
    window.click("[name=copies]")
    assert hash_of(window) == "#story=s&copies=once"
    assert count(window) == "2 of 15 articles, copies counted once"
    assert headlines(window) == [some[0].headline, some[2].headline]
    mood = str(row_of(some[1]).verdict("sentiment"))
    before, after = (sum(row_of(item).verdict("sentiment") == mood for item in part) for part in (some, some[::2]))
    mark = f".stories a[href='#story=s&sentiment={mood}']"
    assert window.run(TITLE, mark) == f"{mood}: {before} of 3; with the filters: {after}"
    window.back()
    window.wait("location.hash === '#story=s'")
    assert (count(window), window.run("return document.querySelector('[name=copies]').checked")) == (of(3, 15), False)
    window.back()
    window.wait("location.hash === ''")
    assert count(window) == "15 articles"
    start(window, f"{told}#copies=once")
    assert count(window) == "14 of 15 articles, copies counted once"
    assert window.run("return document.querySelector('[name=copies]').checked") is True
    window.click("#clear")
    assert count(window) == "15 articles"
    assert window.console() == []
    assert outside(window, told) == []


def test_a_csv_tells_stories_and_copies(window: Browser, told: str) -> None:
    start(window, told)
    rows = {row["headline"]: row for row in csv.DictReader(io.StringIO(saved_as_csv(window)))}
    first, second, *_, last = (item.headline for item in records(15))
    assert (rows[second]["story"], rows[second]["copy_of"]) == (first, first)
    assert (rows[first]["story"], rows[first]["copy_of"]) == (first, "")
    assert (rows[last]["story"], rows[last]["copy_of"]) == ("", "")


def test_stories_and_copies_are_reached_by_keyboard_and_from_a_row(window: Browser, told: str) -> None:
    start(window, told)
    window.run("document.querySelector('.stories a').focus()")
    window.press("enter")
    assert hash_of(window) == "#story=s"
    window.press("right", "enter")
    assert hash_of(window).startswith("#sentiment=")
    window.run("document.querySelector('[name=copies]').focus()")
    window.press("space")
    assert hash_of(window).endswith("&story=s&copies=once")
    start(window, f"{told}#article=1")
    window.wait("document.querySelector('#rows .body')")
    some = records(2)
    links = "return [...document.querySelectorAll('#rows .body li a')].map((e) => [e.textContent, e.hash])"
    assert window.run(links) == [[some[0].headline, "#story=s"], [some[0].headline, "#article=0"]]
    window.click("#rows .body a[href='#article=0']")
    window.wait("location.hash === '#article=0'")
    assert headlines(window) == [some[0].headline]
    window.run("document.querySelector('#rows .body a[href=\"#story=s\"]').click()")
    window.wait("location.hash === '#story=s'")
    assert count(window) == of(3, 15)
    assert window.console() == []


@pytest.mark.parametrize("width", [390, 1024])
def test_stories_fit_their_window(width: int, window: Browser, told: str) -> None:
    start(window, told)
    window.resize(width, 900)
    assert window.run("return document.documentElement.scrollWidth - innerWidth") <= 0
    widths = window.run(
        "return [...document.querySelectorAll('.stories svg')].map((e) => e.getBoundingClientRect().width)"
    )
    assert len(widths) == 2
    assert min(widths) > 100
    window.resize(1024, 900)
