"""Deferred tasks run in a second wave of the same window."""

from newsmoe.article import Article
from newsmoe.gating.gate import Decision
from newsmoe.output.run_report import RunStats
from newsmoe.prediction import Labels, Prediction
from newsmoe.record import Record
from newsmoe.settings.conditions import After
from newsmoe.testing import FakeExpert
from tests.orchestrator.support import articles, decision, echo, failing, failing_on, run

EVEN = After(task="topic", label=("even",), at_least=0.5)
FIRST = decision({"sorter": 1.0}, task="topic")


def parity(article: Article) -> Prediction:
    even = 0.9 if int(article.id) % 2 == 0 else 0.1
    return Labels({"even": even, "odd": 1 - even})


def second(task: str = "kind", after: After = EVEN, expert: str = "namer", fallback: str = "") -> Decision:
    return decision({expert: 1.0}, *filter(None, [fallback]), task=task, after={expert: after})


def reason(record: Record, task: str = "kind") -> str:
    return next(entry.reason for entry in record.route if entry.task == task)


def test_only_what_meets_the_condition_is_read_in_the_second_wave_and_in_one_batch() -> None:
    sorter, namer = FakeExpert("sorter", "topic", parity), FakeExpert("namer", "kind", echo)
    stats = RunStats()
    records = run(articles(5), [second(), FIRST], sorter, namer, stats=stats)
    assert sorter.batches == [[0, 1, 2, 3, 4]]
    assert namer.batches == [[0, 2, 4]]
    assert [list(record.analyses) for record in records] == [["kind", "topic"], ["topic"]] * 2 + [["kind", "topic"]]
    assert {record.status for record in records} == {"ok"}
    assert reason(records[0]) == "test; topic is 'even' (0.90)"
    assert reason(records[1]) == "only where topic is 'even' with 0.5 or more; topic is 'odd' (0.90)"
    assert stats.abstentions == {"kind": 2}


def test_each_window_has_its_own_second_wave() -> None:
    sorter, namer = FakeExpert("sorter", "topic", parity), FakeExpert("namer", "kind", echo)
    run(articles(4), [FIRST, second()], sorter, namer, window_articles=2)
    assert (sorter.batches, namer.batches) == ([[0, 1], [2, 3]], [[0], [2]])


def test_where_the_first_prediction_fails_only_that_article_has_no_second() -> None:
    sorter = FakeExpert("sorter", "topic", failing_on(0, otherwise=parity))
    records = run(articles(3), [FIRST, second()], sorter, FakeExpert("namer", "kind", echo))
    assert [record.status for record in records] == ["failed", "ok", "ok"]
    assert [error.task for error in records[0].errors] == ["topic"]
    assert reason(records[0]) == "only where topic is 'even' with 0.5 or more; topic has no prediction"
    assert records[2].analyses["kind"] == {"id": 2}


def test_a_failure_in_the_second_wave_costs_that_prediction_alone_or_its_fallback_is_used() -> None:
    sorter, namer = FakeExpert("sorter", "topic", parity), FakeExpert("namer", "kind", failing())
    alone = run(articles(1), [FIRST, second()], sorter, namer)
    assert (alone[0].status, list(alone[0].analyses)) == ("partial", ["topic"])
    assert [error.expert for error in alone[0].errors] == ["namer"]
    helped = run(articles(1), [FIRST, second(fallback="other")], sorter, namer, FakeExpert("other", "kind", echo))
    assert helped[0].analyses["kind"] == {"id": 0}


def test_a_third_wave_follows_the_second() -> None:
    third = After(task="kind", label=("small",))
    small = FakeExpert("namer", "kind", lambda article: Labels({"small" if int(article.id) < 3 else "large": 1.0}))
    last = FakeExpert("last", "size", echo)
    decisions = [second("size", third, "last"), second(), FIRST]
    run(articles(6), decisions, FakeExpert("sorter", "topic", parity), small, last)
    assert last.batches == [[0, 2]]


def test_tasks_deferred_by_each_other_are_abstained_on_and_the_run_ends() -> None:
    first = second("one", After(task="two", label=("x",)), "a")
    other = second("two", After(task="one", label=("x",)), "b")
    experts = FakeExpert("a", "one", echo), FakeExpert("b", "two", echo)
    [record] = run(articles(1), [first, other], *experts)
    assert (record.status, record.analyses) == ("ok", {})
    assert reason(record, "one") == "only where two is 'x'; two has no prediction"
