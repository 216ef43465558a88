from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsmoe.article import Article, InvalidItem
from newsmoe.orchestrator.pipeline import Pipeline
from newsmoe.output.run_report import RunStats
from newsmoe.prediction import Fields, InputStats, Labels, Prediction, Summary
from newsmoe.record import ItemError, Record, RouteEntry
from newsmoe.registry.device import Device
from newsmoe.testing import FakeExpert
from tests.orchestrator.support import (
    TASK,
    Answer,
    FixedGate,
    articles,
    decision,
    dispatcher_of,
    echo,
    failing,
    failing_on,
    run,
)
from tests.support import RECORD_KEYS, LoadCounting


def returning(**scores: float) -> Answer:
    return lambda article: Labels(scores)


def scores_of(record: Record, task: str = TASK) -> dict[str, float]:
    scores: dict[str, float] = record.analyses[task]["scores"]
    return scores


def failures(record: Record) -> list[tuple[str | None, str | None]]:
    return [(error.task, error.expert) for error in record.errors]


def test_an_article_with_a_prediction_is_ok_and_shows_its_expert() -> None:
    [record] = run(articles(1), [decision({"a": 1.0}, reason="because")], FakeExpert("a", TASK, echo))
    assert record == Record(
        id=0,
        headline="headline 0",
        url="",
        status="ok",
        analyses={TASK: {"id": 0}},
        route=[RouteEntry(task=TASK, expert="a", weight=1.0, reason="because")],
        errors=[],
        input=InputStats(),
    )


def test_the_experts_of_a_mixture_count_by_weight() -> None:
    [record] = run(
        articles(1),
        [decision({"a": 0.75, "b": 0.25})],
        FakeExpert("a", TASK, returning(yes=0.6, no=0.4)),
        FakeExpert("b", TASK, returning(yes=0.2, no=0.8)),
    )
    assert scores_of(record) == pytest.approx({"yes": 0.5, "no": 0.5})
    assert [(entry.expert, entry.weight) for entry in record.route] == [("a", 0.75), ("b", 0.25)]


def test_when_one_of_a_mixture_fails_the_others_share_its_weight() -> None:
    [record] = run(
        articles(1),
        [decision({"a": 0.3, "b": 0.1, "c": 0.6})],
        FakeExpert("a", TASK, returning(yes=1.0, no=0.0)),
        FakeExpert("b", TASK, returning(yes=0.0, no=1.0)),
        FakeExpert("c", TASK, failing()),
    )
    assert scores_of(record) == pytest.approx({"yes": 0.75, "no": 0.25})
    assert record.status == "partial"
    assert failures(record) == [(TASK, "c")]


def test_a_fallback_is_not_called_while_an_expert_of_the_mixture_predicts() -> None:
    fallback = FakeExpert("fallback", TASK, echo)
    [record] = run(
        articles(1),
        [decision({"a": 0.5, "b": 0.5}, "fallback")],
        FakeExpert("a", TASK, failing()),
        FakeExpert("b", TASK, returning(yes=1.0)),
        fallback,
    )
    assert fallback.batches == []
    assert [entry.expert for entry in record.route] == ["a", "b"]


def test_fallbacks_are_tried_one_after_the_other_and_each_failure_is_recorded() -> None:
    last = FakeExpert("last", TASK, echo)
    [record] = run(
        articles(1),
        [decision({"first": 1.0}, "second", "third", "last")],
        FakeExpert("first", TASK, failing("one")),
        FakeExpert("second", TASK, failing("two")),
        FakeExpert("third", TASK, echo),
        last,
    )
    assert record.analyses == {TASK: {"id": 0}}
    assert record.status == "partial"
    assert record.errors == [
        ItemError(task=TASK, expert="first", type="RuntimeError", message="one", stage="predict"),
        ItemError(task=TASK, expert="second", type="RuntimeError", message="two", stage="predict"),
    ]
    assert record.route == [
        RouteEntry(task=TASK, expert="first", weight=1.0, reason="test"),
        RouteEntry(task=TASK, expert="second", weight=0.0, reason="fallback: first failed"),
        RouteEntry(task=TASK, expert="third", weight=0.0, reason="fallback: second failed"),
    ]
    assert last.batches == []


def test_fallbacks_are_used_once_the_whole_mixture_has_failed() -> None:
    [record] = run(
        articles(1),
        [decision({"a": 0.5, "b": 0.5}, "fallback")],
        FakeExpert("a", TASK, failing()),
        FakeExpert("b", TASK, failing()),
        FakeExpert("fallback", TASK, echo),
    )
    assert record.analyses == {TASK: {"id": 0}}
    assert [entry.expert for entry in record.route] == ["a", "b", "fallback"]


def test_a_fallback_reads_only_the_articles_that_the_first_expert_failed_on() -> None:
    fallback = FakeExpert("fallback", TASK, echo)
    analyses = run(
        articles(10), [decision({"first": 1.0}, "fallback")], FakeExpert("first", TASK, failing_on(2, 7)), fallback
    )
    assert sorted(number for batch in fallback.batches for number in batch) == [2, 7]
    assert [record.id for record in analyses if record.status == "partial"] == [2, 7]
    assert all(record.analyses == {TASK: {"id": record.id}} for record in analyses)


def test_an_article_on_which_every_expert_fails_has_failed() -> None:
    [record] = run(
        articles(1), [decision({"a": 1.0}, "b")], FakeExpert("a", TASK, failing()), FakeExpert("b", TASK, failing())
    )
    assert (record.status, record.analyses) == ("failed", {})
    assert failures(record) == [(TASK, "a"), (TASK, "b")]


def test_an_article_with_one_task_predicted_and_one_failed_is_partial() -> None:
    [record] = run(
        articles(1),
        [decision({"a": 1.0}, task="one"), decision({"b": 1.0}, task="two")],
        FakeExpert("a", "one", failing()),
        FakeExpert("b", "two", echo),
    )
    assert (record.status, record.analyses) == ("partial", {"two": {"id": 0}})
    assert failures(record) == [("one", "a")]


def test_an_article_on_which_the_gate_abstains_is_ok_and_says_why() -> None:
    stats = RunStats()
    [record] = run(articles(1), [decision({}, reason="the language is 'xx'")], stats=stats)
    assert (record.status, record.analyses, record.errors) == ("ok", {}, [])
    assert record.route == [RouteEntry(task=TASK, expert=None, weight=0.0, reason="the language is 'xx'")]
    assert stats.abstentions == {TASK: 1}


def test_an_invalid_item_has_its_place_and_reaches_neither_gate_nor_expert() -> None:
    expert = FakeExpert("a", TASK, echo)
    gate = FixedGate(decision({"a": 1.0}))
    items = [Article(id=1), InvalidItem("no good", id=2, headline="x", url="u"), Article(id=3)]
    analyses = list(Pipeline(gate, dispatcher_of(expert), 256).run(items, RunStats()))
    assert [record.id for record in analyses] == [1, 2, 3]
    assert analyses[1] == Record(
        id=2,
        headline="x",
        url="u",
        status="failed",
        analyses={},
        route=[],
        errors=[ItemError(type="NotAnArticle", message="no good", stage="read")],
        input=InputStats(),
    )
    assert gate.windows == [[1, 3]]
    assert expert.batches == [[1, 3]]


def test_the_first_record_comes_before_the_input_is_read_to_its_end() -> None:
    taken: list[int] = []

    def long() -> Iterator[Article]:
        for number in range(1000):
            taken.append(number)
            yield Article(id=number)

    pipeline = Pipeline(FixedGate(decision({"a": 1.0})), dispatcher_of(FakeExpert("a", TASK, echo)), 4)
    stream = pipeline.run(long(), RunStats())
    assert next(stream).id == 0
    assert taken == [0, 1, 2, 3]
    assert [next(stream).id for _ in range(4)] == [1, 2, 3, 4]
    assert taken == list(range(8))


def test_an_expert_is_loaded_once_for_all_windows() -> None:
    expert = LoadCounting("a", TASK, echo)
    run(articles(9), [decision({"a": 1.0})], expert, window_articles=2)
    assert len(expert.loads) == 1


def test_an_expert_that_cannot_be_loaded_is_replaced_by_its_fallback() -> None:
    class Unloadable(FakeExpert):
        def load(self, device: Device) -> None:
            raise OSError("no weights")

    analyses = run(
        articles(3), [decision({"a": 1.0}, "b")], Unloadable("a", TASK), FakeExpert("b", TASK, echo), window_articles=2
    )
    assert [record.analyses for record in analyses] == [{TASK: {"id": number}} for number in range(3)]
    assert [(error.type, error.stage) for record in analyses for error in record.errors] == [("OSError", "load")] * 3


def test_the_input_shows_the_most_that_any_expert_read() -> None:
    def reading(use: InputStats) -> Answer:
        return lambda article: Summary("read", use)

    [record] = run(
        articles(1),
        [decision({"a": 0.5, "b": 0.5}, task="one"), decision({"c": 1.0}, task="two")],
        FakeExpert("a", "one", reading(InputStats(tokens=5, windows=9))),
        FakeExpert("b", "one", reading(InputStats(tokens=70, truncated=True, windows=1))),
        FakeExpert("c", "two", reading(InputStats(tokens=6, windows=2))),
    )
    assert record.input == InputStats(tokens=70, truncated=False, windows=9)


def test_what_every_expert_left_unread_is_truncated() -> None:
    partly = InputStats(tokens=70, truncated=True, windows=1)
    [record] = run(
        articles(1),
        [decision({"a": 1.0}, task="one"), decision({"b": 1.0}, task="two")],
        FakeExpert("a", "one", lambda article: Summary("read", partly)),
        FakeExpert("b", "two", lambda article: Summary("read", partly)),
    )
    assert record.input == partly


def test_an_article_that_the_scraper_cut_is_truncated_even_if_no_expert_reads_it() -> None:
    [cut, whole] = run([Article(id=1, truncated=True), Article(id=2)], [decision({})])
    assert (cut.input.truncated, whole.input.truncated) == (True, False)


def test_stats_count_records_errors_and_abstentions() -> None:
    stats = RunStats()
    items = [*articles(4), InvalidItem("no good", type="NotAnArticle")]
    run(
        items,
        [decision({"a": 1.0}, "b", task="one"), decision({}, task="two")],
        FakeExpert("a", "one", failing_on(1, 2)),
        FakeExpert("b", "one", failing_on(2, error=KeyError("x"))),
        stats=stats,
    )
    assert stats.items == 5
    assert stats.statuses == {"ok": 2, "partial": 1, "failed": 2}
    assert stats.errors == {"ValueError": 2, "KeyError": 1, "NotAnArticle": 1}
    assert stats.abstentions == {"two": 4}
    assert {name: (expert.items, expert.errors) for name, expert in stats.experts.items()} == {"a": (2, 2), "b": (1, 1)}


EXPERTS = {"one": ("a", "b"), "two": ("c",), "mixed": ("d", "e")}


@given(st.dictionaries(st.sampled_from("abcde"), st.sets(st.integers(0, 11))), st.integers(1, 13), st.integers(1, 13))
@settings(max_examples=60)
def test_wherever_experts_fail_every_other_prediction_is_in_the_record(
    fails: dict[str, set[int]], window_articles: int, batch_articles: int
) -> None:
    def distribution(name: str) -> Answer:
        return failing_on(*fails.get(name, ()), otherwise=returning(**{name: 1.0}))

    experts = [FakeExpert(name, task, distribution(name)) for task, names in EXPERTS.items() for name in names]
    gate = FixedGate(
        decision({"a": 1.0}, "b", task="one"),
        decision({"c": 1.0}, task="two"),
        decision({"d": 0.8, "e": 0.2}, task="mixed"),
    )
    dispatcher = dispatcher_of(*experts, batch_articles=batch_articles)
    analyses = list(Pipeline(gate, dispatcher, window_articles).run(articles(12), RunStats()))

    assert [record.id for record in analyses] == list(range(12))
    for number, record in enumerate(analyses):
        failed = {name for name, numbers in fails.items() if number in numbers}
        called = set("acde") | ({"b"} if "a" in failed else set())
        mixed = {"d": 0.8, "e": 0.2}
        alive = {name: weight for name, weight in mixed.items() if name not in failed}
        expected: dict[str, dict[str, float]] = {
            "one": {name: 1.0 for name in "ab" if name in called - failed},
            "two": {name: 1.0 for name in "c" if name not in failed},
            "mixed": {name: weight / sum(alive.values()) for name, weight in alive.items()},
        }
        assert {task: scores_of(record, task) for task in record.analyses} == {
            task: pytest.approx(scores) for task, scores in expected.items() if scores
        }
        assert set(failures(record)) == {
            (task, name) for task, names in EXPERTS.items() for name in names if name in called & failed
        }
        assert all(
            (error.type, error.message, error.stage) == ("ValueError", f"cannot read {number}", "predict")
            for error in record.errors
        )
        none_answered = not any(expected.values())
        assert record.status == ("failed" if none_answered else "partial" if called & failed else "ok")
        assert list(record.model_dump()) == RECORD_KEYS


def test_a_key_of_fields_that_is_a_number_is_written_as_a_string() -> None:
    def prediction(article: Article) -> Prediction:
        return Fields({1: "one"}) if article.id == 1 else echo(article)  # type: ignore[dict-item]

    records = run(articles(3), [decision({"a": 1.0})], FakeExpert("a", TASK, prediction))
    assert [record.analyses for record in records] == [
        {TASK: {"id": 0}}, {TASK: {"1": "one"}}, {TASK: {"id": 2}},
    ]  # fmt: skip


def test_a_mixture_whose_predictions_cannot_be_ranked_costs_one_article() -> None:
    def odd(article: Article) -> Prediction:
        return Labels({1: 1.0} if article.id == 1 else {"yes": 1.0})  # type: ignore[dict-item]

    analyses = run(
        articles(3),
        [decision({"a": 0.5, "b": 0.5})],
        FakeExpert("a", TASK, returning(yes=1.0)),
        FakeExpert("b", TASK, odd),
    )
    assert [analyses[place].analyses[TASK]["label"] for place in (0, 2)] == ["yes", "yes"]


def test_an_iterator_in_fields_is_written_as_a_list() -> None:
    def prediction(article: Article) -> Prediction:
        return Fields({"words": (word for word in ("a", "b"))})

    [record] = run(articles(1), [decision({"a": 1.0})], FakeExpert("a", TASK, prediction))
    assert record.status == "ok"
    assert '"words":["a","b"]' in record.model_dump_json()


@pytest.mark.parametrize("depth", (10, 150, 250, 252, 253, 254, 300, 5000))
def test_fields_that_are_nested_too_deeply_to_be_read_back_are_an_item_error(depth: int) -> None:
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    [record] = run(articles(1), [decision({"a": 1.0})], FakeExpert("a", TASK, lambda _: Fields({"x": nested})))
    errors = [error.message.split(":")[0] for error in record.errors]
    if depth < 200:
        assert (record.status, errors) == ("ok", [])
        assert Record.model_validate_json(record.model_dump_json(indent=2)) == record
    else:
        assert (record.status, errors) == ("failed", ["the prediction cannot be written as JSON"])
        assert record.analyses == {}
