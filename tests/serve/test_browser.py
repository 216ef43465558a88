"""The page of the service in a real browser, as people use it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from newsmoe.article import Article
from newsmoe.prediction import Labels, Prediction, Summary
from newsmoe.serve.access import Access
from newsmoe.serve.reports import RecordsFolder
from newsmoe.testing import FakeExpert
from tests.report.browser import Browser, browser, programs
from tests.serve.support import Client, serving, session_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(programs() is None, reason="chromium or chromedriver is not installed"),
]

TOKEN = "a-token-of-the-tests"
NAUGHTY = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def first_sentence(article: Article) -> Prediction:
    if "cannot" in article.headline:
        raise ValueError("no")
    return Summary(article.content.split(".")[0] + ".")


def mood(article: Article) -> Prediction:
    return Labels({"positive": 0.7, "negative": 0.3})


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    with browser() as opened:
        opened.resize(1024, 900)
        yield opened


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    folder = tmp_path_factory.mktemp("records")
    experts = FakeExpert("gist", "summarization", first_sentence), FakeExpert("mood", "sentiment", mood)
    with serving(session_of(*experts, gate="all"), access=Access(TOKEN), folder=RecordsFolder(folder)) as client:
        body = client.analyze([{"headline": "Yesterday", "content": "Text."}], Authorization=f"Bearer {TOKEN}").body
        (folder / "analyzed_yesterday.json").write_bytes(body)
        yield client


@pytest.fixture
def page(window: Browser, client: Client) -> Browser:
    window.open(f"http://127.0.0.1:{client.port}/")
    window.run("sessionStorage.clear()")
    window.open(f"http://127.0.0.1:{client.port}/")
    window.console()
    window.requests()
    return window


def paste(page: Browser, text: str, token: str = TOKEN) -> None:
    page.run("document.getElementById('text').value = arguments[0]", text)
    page.run("document.getElementById('token').value = arguments[0]", token)
    page.click("#send")


def status(page: Browser) -> str:
    text: str = page.run("return document.getElementById('status').textContent")
    return text


def test_somebody_pastes_an_article_and_sees_its_summary(page: Browser, tmp_path: Path) -> None:
    paste(page, "Council approves tram\n\nThe council voted for the tram. Work starts in May.")
    page.wait("document.querySelector('.summary')")
    assert page.run("return document.querySelector('.cards h3').textContent") == "Council approves tram"
    assert page.run("return document.querySelector('.summary').textContent") == "The council voted for the tram."
    assert "sentiment" in page.run("return document.querySelector('.labels').textContent")
    assert status(page) == "1 article"
    assert page.console() == []
    assert {url.split("/")[2] for url in page.requests() if url.startswith("http")} == {
        page.run("return location.host")
    }


def test_hostile_text_stays_text(page: Browser) -> None:
    article = {
        "headline": f"A {NAUGHTY.replace('<', '&lt;')}",
        "content": f"{NAUGHTY.replace('<', '&lt;')}.",
        "url": "javascript:alert(1)",
    }
    paste(page, json.dumps([article, {"headline": "It cannot be read", "content": "x"}]))
    page.wait("document.querySelectorAll('.cards > li').length === 2")
    assert page.run("return document.title") == "newsmoe"
    assert page.run("return document.querySelectorAll('.cards img, .cards script, .cards h3 a').length") == 0
    assert "predict: no" in page.run("return document.querySelector('.cards .bad').textContent")


def test_a_list_has_a_report_that_works_below_the_pages_policy(page: Browser) -> None:
    pile = [{"headline": f"Headline {number}", "content": f"Text {number}. More."} for number in range(30)]
    paste(page, json.dumps(pile))
    page.wait("document.querySelector('#report a')")
    assert status(page) == "30 articles"
    page.open(page.run("return document.querySelector('#report a').href"))
    page.wait("document.querySelectorAll('#rows li').length === 30")
    page.wait("!document.querySelector('.tools').hidden")
    assert page.console() == []


def test_a_file_is_dropped(page: Browser) -> None:
    page.run("document.getElementById('token').value = arguments[0]", TOKEN)
    page.run(
        "const data = new DataTransfer();"
        "data.items.add(new File(['headline,content\\nA,First.\\nB,Second.\\n'], 'news.csv'));"
        "document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));"
    )
    page.wait("document.querySelectorAll('.cards > li').length === 2")


def test_problems_are_told(page: Browser) -> None:
    paste(page, "{")
    page.wait("document.getElementById('status').classList.contains('bad')")
    assert status(page).startswith("It did not work: the body: not valid JSON")
    paste(page, "Some text", token="wrong")
    page.wait("document.getElementById('status').textContent.includes('token')")


def test_records_of_other_runs_are_opened(page: Browser) -> None:
    page.run(
        "const token = document.getElementById('token'); token.value = arguments[0];"
        "token.dispatchEvent(new Event('change'));",
        TOKEN,
    )
    page.wait("document.querySelector('.files li')")
    assert page.run("return document.querySelector('.files b').textContent") == "analyzed_yesterday.json"
    said = page.run("return document.querySelector('.files span').textContent")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC, [1-9] kB", said)
    page.click(".files button")
    page.wait("document.querySelector('.files a')")
    page.open(page.run("return document.querySelector('.files a').href"))
    page.wait("document.querySelector('#rows').textContent.includes('Yesterday')")


def test_the_description_is_a_page(page: Browser, client: Client) -> None:
    page.open(f"http://127.0.0.1:{client.port}/docs")
    assert "POST /v1/analyze" in page.run("return document.body.textContent")
    page.resize(320, 800)
    assert page.run("return document.documentElement.scrollWidth") == 320
    assert page.console() == []
