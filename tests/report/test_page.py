import base64
import gzip
import hashlib
import html
import json
import re
from collections import Counter
from html.parser import HTMLParser
from typing import Any

import pytest

from newsmoe import Record
from newsmoe.prediction import Labels
from newsmoe.record import ItemError, RouteEntry
from newsmoe.report.charts import MAX_MOODS, MAX_ROWS
from newsmoe.report.comparison import compare
from newsmoe.report.page import PLAIN_ROWS, PageContext, make_page
from newsmoe.report.rows import row_of
from tests.report.support import failed, record, records

VOID = {"meta", "input", "br", "path", "rect"}
NAUGHTY = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "<!-- <script>",
    "]]><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "</style><style>*{display:none}</style>",
    "\u202etxt.exe\u2066",
    "\x00\x1b[31mred\x07",
    "\u2028\u2029\ufeff",
    "ｊａｖａｓｃｒｉｐｔ:alert(1)",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢L̠ͨͧͩ͘G̴̻͈͍͔̹̑͗̎̅͛́Ǫ̵̹̻̝̳͂̌̌͘!͖̬̰̙̗̿̋ͥͥ̂ͣ̐́́͜͞",
    "__proto__",
    "constructor",
    "#topic=sport&q=x",
    "W" * 1_000_000,
)


class Elements(HTMLParser):
    """Collects the elements of a page, and checks that they are nested as they should be."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.stack: list[str] = []
        self.feed(page)
        self.close()
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.setdefault(self.stack[-1] if self.stack else "", []).append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def page_of(some: list[Record], **reports: Any) -> str:
    return make_page("r.json", list(map(row_of, some)), PageContext(**reports))


def packed(page: str) -> Any:
    [text] = re.findall(r'<script type="application/octet-stream" id="packed">([^<]*)</script>', page)
    return json.loads(gzip.decompress(base64.b64decode(text)))


def marks(page: str, chart: str) -> list[str]:
    """Return the addresses that the marks of a chart lead to."""
    [svg] = re.findall(rf'<figure id="{chart}">.*?</figure>', page, re.DOTALL)
    return [html.unescape(address) for address in re.findall(r'<a class="\w+" href="([^"]*)"', svg)]


@pytest.fixture(scope="module")
def page() -> str:
    return page_of([*records(150), failed(150)])


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(page: str) -> None:
    elements = Elements(page)
    [policy] = [tag["content"] for tag in elements.of("meta") if tag.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        [text] = elements.texts[kind][-1:]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert len(elements.texts["script"][-1]) < 40_000


def test_the_page_asks_for_nothing_and_has_no_code_in_attributes(page: str) -> None:
    for tag, attributes in Elements(page).elements:
        assert tag not in ("link", "img", "iframe", "object", "embed", "form", "base", "video", "audio")
        assert not {"src", "srcset", "style", "background", "action", "xlink:href"} & attributes.keys()
        assert not any(name.startswith("on") for name in attributes)
        assert (attributes.get("href") or "#").startswith(("#", "https://"))
    assert "url(" not in page.replace("url(#hatch)", "")
    assert "innerHTML" not in page


def test_the_same_records_make_the_same_bytes(page: str) -> None:
    assert page_of([*records(150), failed(150)]) == page


def test_every_chart_has_as_many_marks_as_the_data_says(page: str) -> None:
    some = list(map(row_of, [*records(150), failed(150)]))
    topics = Counter(row.verdict("topic") for row in some)
    moods = Counter(row.verdict("sentiment") for row in some)
    pairs = {(row.verdict("topic"), row.verdict("sentiment")) for row in some} - {(None, None)}
    outlets = {(row.outlet, row.verdict("sentiment")) for row in some if row.verdict("sentiment")}
    assert len(marks(page, "topics")) == len(topics) - (None in topics)
    assert len(marks(page, "mood")) == len(moods) - (None in moods)
    assert len(marks(page, "heat")) == len(pairs)
    assert len([mark for mark in marks(page, "outlets") if "sentiment" in mark]) == len(outlets)
    assert "#topic=sport&sentiment=negative" in marks(page, "heat")
    assert "#topic=economy%2C%20business%20and%20finance" in marks(page, "topics")
    weeks = {row.day.isocalendar()[:2] for row in some if row.day and row.verdict("sentiment")}
    assert len([mark for mark in marks(page, "time") if "sentiment" not in mark]) == len(weeks)


def test_genres_have_a_chart_where_records_have_genres(page: str) -> None:
    assert 'id="genres"' not in page
    genres = ("report", "report", "opinion", "live", None)
    some = [
        record(number, analyses={"genre": {"label": genre, "score": 0.9}} if genre else {})
        for number, genre in enumerate(genres)
    ]
    page = page_of(some)
    assert marks(page, "genres") == ["#genre=report", "#genre=live", "#genre=opinion"]
    assert marks(page, "scores-genre") == ["#score=genre%3A0.9"]
    assert '<desc id="genres-desc">report 2, live 1, opinion 1</desc>' in page


def test_charts_say_in_words_what_they_show(page: str) -> None:
    assert "unsure" in page
    charts = [tag for tag in Elements(page).of("svg") if tag.get("class") == "chart"]
    assert len(charts) == 7
    for tag in charts:
        names = (tag["aria-labelledby"] or "").split()
        assert all(page.count(f'id="{name}"') == 1 for name in names)
    [desc] = re.findall(r'<desc id="mood-desc">(.*?)</desc>', page)
    assert re.fullmatch(r"negative \d+, neutral \d+, positive \d+, unsure \d+", desc)


def test_a_toss_up_is_no_verdict() -> None:
    toss_up = {"topic": Labels({"sport": 0.5, "health": 0.48, "weather": 0.02}).fields()}
    page = page_of([record(analyses=toss_up)])
    assert marks(page, "topics") == ["#topic=unsure"]
    assert "unsure: sport" in page
    assert "sport or health" in page


def test_the_first_articles_are_readable_without_the_script(page: str) -> None:
    assert page.count('<details class="row">') == PLAIN_ROWS
    assert records(1)[0].headline in html.unescape(page)
    assert "the first 100 of 151 articles" in page


def test_the_script_gets_every_article(page: str) -> None:
    data = packed(page)
    assert len(data["articles"]) == 151
    assert data["articles"][0][0] == records(1)[0].headline
    assert data["articles"][-1][9] == [["predict", "ValueError", "no good", "topic-articles"]]


def hostile(text: str) -> Record:
    return record(
        id=text,
        headline=text,
        url=f"javascript:{text}"[:100],
        publication_date=text,
        source=text,
        author=text,
        language=text,
        status="partial",
        analyses={
            "summarization": {"summary": text},
            "sentiment": {"label": text, "score": 0.9, "scores": {text: 0.9}},
            "topic": {"label": text, "score": 0.9, "scores": {text: 0.9}},
            "genre": {"label": text, "score": 7},
            text: {text: text, "label": "x"},
            "entities": [{"name": text, "type": text, "mentions": text, "sentiment": {"label": text, "score": 0.9}}],
        },
        route=[
            RouteEntry(task=text, expert=text, weight=1, reason=text),
            RouteEntry(task=text, expert=None, weight=0, reason=text),
        ],
        errors=[ItemError(task=text, expert=text, type=text, message=text, stage="read")],
    )


def check_harmless(page: str) -> None:
    """Fail if a page has code, pictures, links or control codes that newsmoe did not write."""
    elements = Elements(page)
    assert len(elements.of("script")) == 2
    assert len(elements.of("style")) == 1
    assert not elements.of("img")
    for _, attributes in elements.elements:
        assert not any(name.startswith("on") or name == "autofocus" for name in attributes)
        assert (attributes.get("href") or "#").startswith(("#", "https://"))
    for code in "\x00\x1b\x07\u202e\u2066":
        assert code not in page


def test_nothing_in_an_article_becomes_markup() -> None:
    some = [hostile(text) for text in NAUGHTY]
    rows = list(map(row_of, some))
    page = make_page(NAUGHTY[0], rows, PageContext(comparison=compare(rows, rows[1:]), compared_with=NAUGHTY[1]))
    check_harmless(page)
    assert len(page) < 400_000
    assert len(packed(page)["articles"]) == len(some)


@pytest.mark.parametrize("some", [[], [record(analyses={}, route=[])], [hostile("")]], ids=["none", "bare", "empty"])
def test_there_is_a_page_for_any_records(some: list[Record]) -> None:
    assert Elements(page_of(some)).of("h1")


def test_shares_are_of_the_articles_that_have_a_prediction() -> None:
    without = record(2, analyses={"summarization": {"summary": "Ein Satz."}})
    analyses = {task: {"label": label, "score": 0.9} for task, label in (("topic", "sport"), ("sentiment", "neutral"))}
    page = page_of([record(0, analyses=analyses), record(1, analyses=analyses), without])
    assert "The largest topic is sport (100%). The sentiment is 100% neutral." in page
    assert page.count("1 is without a prediction.") == 2


def test_of_many_topics_the_rarest_are_left_out_and_counted() -> None:
    some = [record(number, analyses={"topic": {"label": f"topic {number}", "score": 1}}) for number in range(50)]
    page = page_of(some)
    assert len(marks(page, "topics")) == MAX_ROWS
    assert "The 30 rarest are left out." in page


def test_of_many_moods_the_rarest_are_left_out_and_counted() -> None:
    some = [record(number, analyses={"sentiment": {"label": f"mood {number}", "score": 1}}) for number in range(50)]
    page = page_of(some)
    assert len(marks(page, "mood")) == MAX_MOODS
    assert "42 are left out, for having a rarer sentiment." in page


def test_long_texts_are_cut_with_a_note() -> None:
    summary = " ".join(words for item in records(200) for words in [item.analyses["summarization"]["summary"]])
    page = page_of([record(analyses={"summarization": {"summary": summary}})])
    assert "To keep the page small, 1 summary is cut after 2,000 characters." in page
    [article] = packed(page)["articles"]
    assert len(article[1]) == 2000
    assert article[1].endswith("…")


def test_a_pile_of_300_takes_less_than_400_kb() -> None:
    assert len(page_of(records(300)).encode()) < 400_000


@pytest.mark.slow
def test_a_pile_of_10_000_takes_less_than_5_mb() -> None:
    assert len(page_of(records(10_000)).encode()) < 5_000_000


def test_what_changed_between_two_runs_is_counted_by_task_and_expert() -> None:
    old = [record(number) for number in range(4)]
    moods = {**old[1].analyses, "sentiment": Labels({"joy": 0.9, "grief": 0.1}).fields()}
    new = [old[0], record(1, analyses=moods), old[2], record(9)]
    comparison = compare(list(map(row_of, new)), list(map(row_of, old)))
    assert (comparison.common, comparison.only_new, comparison.only_old) == (3, 1, 1)
    assert comparison.tasks["topic"].same == 3
    before = row_of(old[1]).verdict("sentiment")
    assert comparison.tasks["sentiment"].changed == {(before, "joy"): 1}
    assert comparison.changes == {1: {"sentiment": before}}
    assert comparison.changed_by == {"sentiment-articles": 1}
    page = page_of(new, comparison=comparison, compared_with="old.json")
    assert "Compared with old.json" in page
    assert "3 articles in both, 1 only here, 1 only there." in page
    assert 'href="#changed=sentiment"' in page
    assert packed(page)["articles"][1][11] == {"sentiment": before}


def test_articles_that_occur_twice_are_compared_one_by_one() -> None:
    twice = list(map(row_of, [record(1), record(1)]))
    comparison = compare(twice, twice[:1])
    assert (comparison.common, comparison.only_new, comparison.only_old) == (1, 1, 0)


def naming(*names: str, tone: str | None = None) -> Record:
    """Return a record of an article that names people."""
    entities = [{"name": name, "type": "Person", "mentions": [{}], "salience": 0.5} for name in names]
    tones = {"sentiment": Labels({tone: 0.9, "neutral": 0.1}).fields()} if tone else {}
    return record(analyses={"entities": [{**entity, **tones} for entity in entities]})


def test_who_is_named_is_charted_with_the_tone_towards_them_and_can_be_filtered() -> None:
    some = [
        naming("Ada King", "Lin Marsh", tone="negative"),
        naming("ADA KING", tone="positive"),
        naming("the Ada King"),
    ]
    page = page_of(some)
    assert marks(page, "entities") == ["#entity=Ada%20King", "#entity=Lin%20Marsh"]
    assert "Ada King: 3 of 3: negative 1, positive 1" in page
    data = packed(page)
    assert [[data["entities"][number] for number in article[13]] for article in data["articles"]] == [
        ["Ada King", "Lin Marsh"],
        ["Ada King"],
        ["Ada King"],
    ]


def test_dates_and_sums_are_not_who_is_named() -> None:
    pairs = [("Monday", "Date"), ("$5", "MONEY"), ("Acme", "Organization"), (None, "Person"), (5, "Person")]
    values = [{"name": name, "type": type} for name, type in pairs]
    row = row_of(record(analyses={"entities": values}))
    assert list(map(str, row.entities)) == ["Acme (Organization)"]
