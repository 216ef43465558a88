import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import newsmoe
from newsmoe.article import Article, InvalidItem
from newsmoe.errors import ConfigError
from newsmoe.ingest.fields import ALIASES
from newsmoe.journal.journal import existing_journal
from newsmoe.orchestrator.session import Session, analyze
from newsmoe.output.run_report import RunStats
from newsmoe.prediction import Fields, Labels, Prediction, Summary
from newsmoe.record import Record
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings
from newsmoe.testing import FakeExpert
from tests.orchestrator.support import FixedGate, articles, decision, echo, failing_on
from tests.support import RECORD_KEYS, LoadCounting, registry_of

KEY_NAMES = sorted({name for names in ALIASES.values() for name in names})

TEXTS = st.text(
    st.one_of(st.characters(), st.sampled_from("\ud800\udfff\x1b\x00\u202e<>&"), st.sampled_from(["é", "新"])),
    max_size=40,
) | st.sampled_from(["<p>Some <b>bold</b> text &amp; more.</p>", "Cut … [+1234 chars]", "2024-05-01", "en-US"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("$date", "name", "rendered", "id")) | TEXTS, inner, max_size=3)
    ),
    max_leaves=5,
)
ELEMENTS = (
    VALUES
    | st.dictionaries(st.sampled_from(KEY_NAMES), VALUES, max_size=5)
    | st.fixed_dictionaries({"headline": TEXTS, "content": TEXTS}, optional={"id": VALUES, "date": VALUES})
)


TASKS = ("gist", "mood", "count")


def distribution(article: Article) -> Prediction:
    return Labels({"positive": 0.75, "negative": 0.25})


def three_pools() -> Registry:
    """Return experts for three tasks; some fail on some articles."""

    def first_sentence(article: Article) -> Prediction:
        return Summary(article.content.split(".")[0])  # empty for some: that is an item error

    def ratio(article: Article) -> Prediction:
        return Fields({"ratio": article.words / len(article.headline), "author": article.author})

    return registry_of(
        FakeExpert("first", "gist", first_sentence, needs_content=True),
        FakeExpert("mood", "mood", distribution),
        FakeExpert("mood in English", "mood", distribution, languages=("en",)),
        FakeExpert("ratio", "count", ratio),
    )


@given(st.lists(ELEMENTS, max_size=12), st.integers(1, 5), st.sampled_from(("rules", "all")))
@settings(max_examples=60)
def test_any_list_of_values_gives_as_many_records_in_order(
    elements: list[Any], window_articles: int, gate: str
) -> None:
    chosen = Settings(tasks=TASKS, gate=gate, window_articles=window_articles)
    analyses = analyze(elements, chosen, registry=three_pools())
    records = [json.loads(record.model_dump_json()) for record in analyses]
    assert len(records) == len(elements)
    for element, record in zip(elements, records, strict=True):
        assert list(record) == RECORD_KEYS
        if isinstance(element, dict) and type(element.get("id")) is int:
            assert record["id"] == element["id"]
        is_article = [entry["task"] for entry in record["route"]] != []
        assert is_article or (record["status"], record["analyses"]) == ("failed", {})
        assert {error["stage"] for error in record["errors"]} <= ({"predict"} if is_article else {"read"})
        assert (record["status"] == "ok") == (record["errors"] == [])


def test_articles_and_what_a_scraper_wrote_may_be_mixed() -> None:
    mixed: list[Article | Mapping[str, Any]] = [
        Article(id="made", headline="As it is <b>here</b>"),
        {"_id": "scraped", "title": "<b>Cleaned</b>", "body": "Text."},
    ]
    expert = FakeExpert("a", "task", lambda article: Fields({"content": article.content}))
    made, scraped = analyze(mixed, Settings(tasks=("task",)), registry=registry_of(expert))
    assert (made.id, made.headline) == ("made", "As it is <b>here</b>")
    assert (scraped.id, scraped.headline, scraped.analyses["task"]) == ("scraped", "Cleaned", {"content": "Text."})


def test_fields_can_be_mapped_by_the_settings() -> None:
    expert = FakeExpert("a", "task", lambda article: Fields({"content": article.content}))
    chosen = Settings(tasks=("task",), fields={"headline": "titular", "content": ["texto"]})
    [record] = analyze([{"titular": "Hola", "texto": "Que tal."}], chosen, registry=registry_of(expert))
    assert (record.headline, record.analyses["task"]) == ("Hola", {"content": "Que tal."})


def test_articles_are_taken_a_window_at_a_time() -> None:
    taken: list[int] = []

    def long() -> Iterator[Article]:
        for number in range(1000):
            taken.append(number)
            yield Article(id=number, headline="x")

    chosen = Settings(tasks=("task",), window_articles=3)
    stream = analyze(long(), chosen, registry=registry_of(FakeExpert("a", "task", echo)))
    assert taken == []
    assert next(stream).id == 0
    assert len(taken) == 3


def test_a_task_without_experts_is_refused_before_the_first_article_is_read() -> None:
    def untouched() -> Iterator[Article]:
        raise AssertionError("read too early")
        yield

    with pytest.raises(ConfigError, match="no expert predicts the task 'taks'; did you mean 'task'"):
        analyze(untouched(), Settings(tasks=("taks",)), registry=registry_of(FakeExpert("a", "task", echo)))


def test_the_gate_that_is_passed_in_decides() -> None:
    registry = registry_of(FakeExpert("a", "task", echo), FakeExpert("b", "task", echo))
    gate = FixedGate(decision({"b": 1.0}, task="task", reason="because"))
    [record] = analyze(articles(1), registry=registry, gate=gate)
    assert [(entry.expert, entry.reason) for entry in record.route] == [("b", "because")]


def test_experts_are_loaded_on_the_device_and_with_the_threads_of_the_settings() -> None:
    expert = FakeExpert("a", "task", echo)
    list(analyze(articles(1), Settings(tasks=("task",), threads=2), registry=registry_of(expert)))
    assert expert.device is not None
    assert (expert.device.name, expert.device.threads) == ("cpu", 2)


def test_settings_of_batches_and_windows_reach_the_experts() -> None:
    expert = FakeExpert("a", "task", echo)
    chosen = Settings(tasks=("task",), window_articles=5, batch_articles=3)
    list(analyze(articles(7), chosen, registry=registry_of(expert)))
    assert [len(batch) for batch in expert.batches] == [3, 2, 2]


def test_a_session_counts_what_it_does_and_keeps_its_experts_for_the_next_input() -> None:
    expert = LoadCounting("a", "task", failing_on(1))
    session = Session(Settings(tasks=("task",)), registry=registry_of(expert))
    stats = RunStats()
    list(session.analyze([*articles(3), InvalidItem("no good")], stats))
    list(session.analyze(articles(1)))
    assert (stats.items, stats.statuses) == (4, {"ok": 2, "failed": 2})
    assert len(expert.loads) == 1


def test_analyze_is_what_the_package_offers() -> None:
    assert newsmoe.analyze is analyze


@pytest.mark.parametrize(
    ("element", "kind"),
    [(3, "a number"), (None, "null"), (True, "a boolean"), (b"x", "a Python bytes"), (Path("a"), "a Python PosixPath")],
)
def test_what_is_no_article_is_called_what_it_is(element: Any, kind: str) -> None:
    registry = registry_of(FakeExpert(task="task"))
    (record,) = Session(Settings(tasks=["task"]), registry=registry).analyze([element])
    assert [error.message for error in record.errors] == [
        f"expected an object with a headline or content, found {kind}"
    ]


@pytest.mark.parametrize(
    "element",
    [
        pytest.param({"headline": "x", "date": 10**400}, id="a date of 400 digits"),
        pytest.param({"headline": "x", "_id": {"$oid": "\ud800"}}, id="a lone surrogate in an $oid"),
        pytest.param({"headline": "x", "content": 10**5000}, id="a number of 5000 digits for content"),
        pytest.param({"headline": "x", "id": 10**5000}, id="an id of 5000 digits"),
    ],
)
def test_one_odd_element_leaves_other_records_unaffected(element: dict[str, Any]) -> None:
    chosen = Settings(tasks=("task",))
    analyses = list(analyze([element, *articles(1)], chosen, registry=registry_of(FakeExpert("a", "task", echo))))
    assert [json.loads(record.model_dump_json())["status"] for record in analyses][1:] == ["ok"]


def test_an_object_id_is_cleaned_like_any_other_id() -> None:
    expert = FakeExpert("a", "task", lambda article: Fields({"n": 1}))
    elements = [{"headline": "x", "_id": {"$oid": "1\x1b[31m2\x9b"}}]
    [record] = analyze(elements, Settings(tasks=("task",)), registry=registry_of(expert))
    assert record.id == "12"


@pytest.mark.parametrize("field", ["id", "headline", "content"])
def test_a_nan_is_a_missing_value(field: str) -> None:
    expert = FakeExpert("a", "task", lambda article: Fields({"content": article.content or None}))
    elements = [{"headline": "x", "content": "c", "url": "u"} | {field: float("nan")}]
    [record] = analyze(elements, Settings(tasks=("task",)), registry=registry_of(expert))
    assert "nan" not in (record.id, record.headline, record.analyses["task"]["content"])


@pytest.mark.parametrize("weight", [float("inf"), float("-inf"), float("nan")])
def test_a_weight_that_is_not_finite_is_refused(weight: float) -> None:
    with pytest.raises(ConfigError, match="the weights for 'task' must be greater than 0, and finite"):
        Settings(tasks=("task",), rule=[{"use": {"task": {"a": weight, "b": 1.0}}}])


def test_an_expert_that_failed_to_load_is_tried_again_for_the_next_input() -> None:
    class Away(FakeExpert):
        away = True

        def load(self, device: Device) -> None:
            if self.away:
                raise OSError("the drive is away")

    expert = Away("fake", "task", echo)
    session = Session(Settings(tasks=("task",)), registry=registry_of(expert))
    assert [record.status for record in session.analyze(articles(2))] == ["failed", "failed"]
    expert.away = False
    assert [record.status for record in session.analyze(articles(2))] == ["ok", "ok"]


def quoting(article: Article) -> Prediction:
    return Fields({"says": article.content, "id": article.id})


def distinct(first: int, count: int) -> list[Article]:
    return [
        Article(id=number, headline=f"Headline {number}", content=f"It is number {number}.", language="en")
        for number in range(first, first + count)
    ]


class Table:
    """As those of pandas, polars and Arrow: iterated by column."""

    columns = ("headline", "content")

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)


def test_a_table_is_not_taken_for_a_list_of_its_columns() -> None:
    with pytest.raises(TypeError, match=r"a table instead of .*; pass its rows as dicts, such as df.to_dict\('records"):
        analyze(Table())  # type: ignore[arg-type]


def test_wrong_arguments_are_named_with_an_example(registry: Registry) -> None:
    with pytest.raises(TypeError, match=r"settings must be a newsmoe.Settings, not dict, such as newsmoe.Settings\(t"):
        Session({"tasks": ["topic"]})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"registry must be a newsmoe.Registry, not str, such as newsmoe.Registry\(\)"):
        analyze([], registry="experts")  # type: ignore[arg-type]


def test_a_closed_session_analyzes_no_more(registry: Registry) -> None:
    session = Session(Settings(tasks=("topic",)), registry=registry)
    session.close()
    with pytest.raises(RuntimeError, match="the session is closed; analyze articles within its 'with' block"):
        session.analyze([])


@pytest.mark.parametrize(
    ("articles", "said"),
    [("news.json", "a text"), ({"headline": "Storm"}, "one article"), (Article(headline="Storm"), "one article")],
)
def test_one_article_or_the_name_of_a_file_is_not_taken_for_a_list(articles: Any, said: str) -> None:
    with pytest.raises(TypeError, match=f"{said} instead of a list of articles; .* use newsmoe.analyze_files"):
        newsmoe.analyze(articles)
    with Session() as session, pytest.raises(TypeError, match=said):
        session.analyze(articles)


def test_three_calls_with_a_session_load_an_expert_once() -> None:
    expert = LoadCounting("quoting", "task", quoting)
    with Session(Settings(tasks=("task",)), registry=registry_of(expert)) as session:
        calls = [list(newsmoe.analyze(distinct(number, 2), session=session)) for number in range(3)]
    assert [[record.id for record in records] for records in calls] == [[0, 1], [1, 2], [2, 3]]
    assert len(expert.loads) == 1


def test_a_session_has_settings_of_its_own() -> None:
    with (
        Session(Settings(tasks=("task",)), registry=registry_of(FakeExpert("a", "task"))) as session,
        pytest.raises(ConfigError, match="a session has its own settings, registry and gate"),
    ):
        newsmoe.analyze([], Settings(), session=session)


def test_a_session_opens_the_journal_of_its_settings_and_closes_it(tmp_path: Path) -> None:
    chosen = Settings(tasks=("task",), journal=str(tmp_path / "mine.sqlite"))
    for reused in (0, 3):
        expert = Fingerprinted("quoting", "task", quoting)
        stats = RunStats()
        with Session(chosen, registry=registry_of(expert)) as session:
            assert len(list(session.analyze(distinct(0, 3), stats))) == 3
        assert stats.experts["quoting"].reused == reused
        assert len(expert.batches) == (reused == 0)


class Fingerprinted(FakeExpert):
    """Lets its predictions be stored."""

    fingerprint = "1"


def test_two_threads_share_a_session_and_its_journal(tmp_path: Path) -> None:
    chosen = Settings(tasks=("task",), journal=str(tmp_path / "shared.sqlite"), window_articles=7)
    expected = [
        list(analyze(distinct(first, 100), Settings(tasks=("task",)), registry=registry_of(speaker())))
        for first in (0, 50)
    ]
    with Session(chosen, registry=registry_of(speaker())) as session, ThreadPoolExecutor(2) as threads:
        at_once = [
            threads.submit(lambda first: list(session.analyze(distinct(first, 100))), first) for first in (0, 50)
        ]
        assert [future.result(60) for future in at_once] == expected
    with existing_journal(str(tmp_path / "shared.sqlite")) as journal:
        assert journal.verify() == 0
        assert journal.stats().predictions == 150


def speaker() -> FakeExpert:
    return Fingerprinted("quoting", "task", quoting)


def test_labels_that_hold_beside_the_best_are_listed() -> None:
    scores = {"sport": 0.6, "health": 0.3, "weather": 0.1}

    def topics(holding: tuple[str, ...] | None) -> list[str] | None:
        expert = FakeExpert("mine", "subject", lambda _: Labels(scores, holding=holding))
        (record,) = analyze([{"title": "Storm"}], Settings(tasks=["subject"]), registry=registry_of(expert))
        return record.analyses["subject"].get("labels")

    sets = (("health", "sport"), ("sport",), (), None)
    assert [topics(holding) for holding in sets] == [["sport", "health"], ["sport"], ["sport"], None]


def test_details_add_each_experts_prediction_to_the_record() -> None:
    def fixed(positive: float) -> FakeExpert:
        return FakeExpert(f"sure of {positive}", "mood", lambda _: Labels({"good": positive, "bad": 1 - positive}))

    registry = registry_of(fixed(0.5), fixed(0.25))
    (plain,) = analyze([{"title": "Storm"}], Settings(tasks=["mood"], gate="all"), registry=registry)
    detailed = Settings(tasks=["mood"], gate="all", details=True)
    record, bad = analyze([{"title": "Storm"}, 7], detailed, registry=registry)
    assert "predictions" not in plain.model_dump()
    assert record.analyses["mood"]["scores"] == {"bad": 0.625, "good": 0.375}
    assert record.predictions == {
        "mood": {
            "sure of 0.5": {"label": "bad", "score": 0.5, "unsure": True, "scores": {"bad": 0.5, "good": 0.5}},
            "sure of 0.25": {"label": "bad", "score": 0.75, "unsure": False, "scores": {"bad": 0.75, "good": 0.25}},
        }
    }
    assert bad.predictions == {}
    assert Record.model_validate_json(record.model_dump_json()) == record


def test_a_record_says_where_its_article_comes_from() -> None:
    fields = {"publication_date": "2026-11-02", "source": "The Post", "author": "A. Reed", "language": "en"}
    (record,) = analyze([{"title": "Storm", **fields}], Settings(tasks=["gist"]), registry=three_pools())
    assert {key: getattr(record, key) for key in fields} == fields
