from datetime import date

import pytest

from newsmoe.prediction import Labels
from newsmoe.record import RouteEntry
from newsmoe.report.figures import bin_of, count_rows, mood_order, periods_of, ranked, week_of
from newsmoe.report.rows import UNSURE, cut, row_of
from tests.report.support import failed, record, records


def mood(**scores: float) -> dict[str, object]:
    return Labels(scores).fields()


def test_articles_are_counted_by_topic_mood_outlet_and_day() -> None:
    sure, toss_up = mood(negative=0.7, positive=0.3), mood(negative=0.52, positive=0.48)
    some = [
        record(1, source="A", analyses={"sentiment": sure, "topic": mood(sport=0.9, health=0.1)}),
        record(2, source="A", analyses={"sentiment": toss_up, "topic": mood(sport=0.9, health=0.1)}),
        record(3, source=None, url=None, language=None, publication_date="last week", analyses={"sentiment": sure}),
        failed(4),
    ]
    figures = count_rows(map(row_of, some))
    assert figures.articles == 4
    assert figures.counts("sentiment") == {"negative": 2, UNSURE: 1}
    assert figures.counts("topic") == {"sport": 2}
    assert figures.moods_by_topic == {"sport": {"negative": 1, UNSURE: 1}}
    assert figures.moods_by_outlet == {"A": {"negative": 1, UNSURE: 1}, "unknown": {"negative": 1}}
    assert figures.outlets["unknown"] == 1
    assert figures.statuses == {"ok": 3, "partial": 1}
    assert figures.days.total() == 3
    assert figures.scores["sentiment"][7] == (2, 0)
    assert figures.scores["sentiment"][5] == (0, 1)
    assert figures.errors == {"ValueError": 1}


def test_abstentions_and_experts_are_counted() -> None:
    route = [
        RouteEntry(task="topic", expert=None, weight=0, reason="the language is 'fr'"),
        RouteEntry(task="sentiment", expert="a", weight=0.5, reason="x"),
        RouteEntry(task="sentiment", expert="b", weight=0.5, reason="x"),
    ]
    figures = count_rows([row_of(record(route=route))])
    assert (figures.abstentions, figures.experts) == ({"topic": 1}, {"a": 1, "b": 1})


def test_whether_an_earlier_record_is_sure_is_seen_from_its_scores() -> None:
    close = {"label": "a", "score": 0.5, "scores": {"a": 0.5, "b": 0.45}}
    assert row_of(record(analyses={"topic": close})).verdict("topic") == UNSURE
    assert row_of(record(analyses={"topic": {"label": "a", "score": 0.5}})).verdict("topic") == "a"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/x", True),
        ("HTTP://a.example", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("java\nscript:alert(1)", False),
        ("data:text/html,x", False),
        ("file:///etc/passwd", False),
        ("//a.example", False),
        ("https://", False),
        ("https://[", False),
        (f"https://a.example/{'x' * 5000}", False),
    ],
)
def test_only_urls_of_the_web_become_links(url: str, safe: bool) -> None:
    assert (row_of(record(url=url)).url is not None) == safe


def test_texts_are_one_clean_line_of_bounded_length() -> None:
    assert cut("a\u202eb\x00\x1b[31m\nc", 20) == "ab c"
    assert cut("x" * 1_000_000, 10) == f"{'x' * 9}…"
    assert cut("x" * 10, 10) == "x" * 10


def test_the_outlet_is_the_source_or_the_host() -> None:
    assert row_of(record(source=" The Post ")).outlet == "The Post"
    assert row_of(record(source=None, url="https://www.a.example/x")).outlet == "a.example"


@pytest.mark.parametrize(("score", "number"), [(0.0, 0), (0.3, 3), (0.29, 2), (0.7, 7), (1.0, 9)])
def test_scores_fall_into_ranges_of_a_tenth(score: float, number: int) -> None:
    assert bin_of(score) == number


@pytest.mark.parametrize(
    ("first", "last", "unit", "count"),
    [
        ("2026-01-01", "2026-01-01", "day", 1),
        ("2026-01-01", "2026-01-10", "day", 10),
        ("2026-01-01", "2026-03-31", "week", 14),
        ("2024-02-10", "2026-03-31", "month", 26),
        ("1990-01-01", "2026-03-31", "year", 37),
        ("0001-01-01", "9999-12-31", "year", 60),
    ],
)
def test_the_unit_of_time_grows_with_the_period(first: str, last: str, unit: str, count: int) -> None:
    days = [date.fromisoformat(first), date.fromisoformat(last)]
    chosen, periods = periods_of(days)
    assert (chosen, len(periods)) == (unit, count)
    assert periods[-1].first <= days[1] <= periods[-1].last
    assert all((after.first - before.last).days == 1 for before, after in zip(periods, periods[1:], strict=False))


def test_labels_are_in_the_order_of_charts() -> None:
    assert ranked({"b": 1, "a": 1, UNSURE: 9, "c": 2}) == ["c", "a", "b", UNSURE]
    assert mood_order({"positive": 1, UNSURE: 1, "joy": 1, "negative": 1, "neutral": 0}) == [
        "negative",
        "positive",
        "joy",
        UNSURE,
    ]
    assert week_of(date(2027, 1, 1)) == "2026-W53"


def test_figures_of_a_pile_add_up() -> None:
    figures = count_rows(map(row_of, records(200)))
    for task in ("sentiment", "topic"):
        assert sum(figures.counts(task).values()) == 200
        assert sum(map(sum, figures.scores[task])) == 200
    assert sum(sum(moods.values()) for moods in figures.moods_by_outlet.values()) == 200
