"""The page as axe-core judges it, in a real browser."""

from importlib.resources import files

import pytest

from newsmoe.report.comparison import compare
from newsmoe.report.page import PageContext, make_page
from newsmoe.report.rows import row_of
from newsmoe.report.stories import stories_on_page
from tests.report.browser import Browser, programs, start
from tests.report.support import failed, records, stories_of, story_article

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(programs() is None, reason="chromium or chromedriver is not installed"),
]

VIOLATIONS = (
    "return axe.run(document, {resultTypes: ['violations']}).then((result) => result.violations"
    ".filter((violation) => ['serious', 'critical'].includes(violation.impact))"
    ".map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => node.html).join(' ')}`))"
)


@pytest.fixture(scope="module")
def axe() -> str:
    """Return the script of axe-core."""
    pytest.importorskip("axe_core_python")
    return files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    some = [*records(20), failed(20)]
    genre = {"genre": {"label": "report", "score": 0.9}}
    some[0] = some[0].model_copy(update={"analyses": {**some[0].analyses, **genre}})
    rows = list(map(row_of, some))
    stories = stories_of([story_article(item, "s", "a0" if item.id == "a1" else None) for item in some[:4]])
    told = stories_on_page("stories.json", stories, rows)
    old = list(map(row_of, [*records(19), failed(20)]))
    path = tmp_path_factory.mktemp("page") / "r.html"
    path.write_text(
        make_page("r.json", rows, PageContext(comparison=compare(rows, old), compared_with="old.json", stories=told))
    )
    return path.as_uri()


@pytest.mark.parametrize("address", ["", "#topic=sport"], ids=["all", "filtered"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_there_is_no_serious_barrier(address: str, dark: bool, axe: str, window: Browser, page: str) -> None:
    window.dark(dark)
    start(window, f"{page}{address}")
    window.run("for (const row of document.querySelectorAll('#rows details')) row.open = true")
    window.wait("document.querySelector('#rows .body')")
    window.run(axe)
    assert window.run(VIOLATIONS) == []
