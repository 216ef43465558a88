from pathlib import Path

import pytest

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import InputError
from newsmoe.gating.build import build_gate
from newsmoe.ingest.source import open_source
from newsmoe.orchestrator.routing import read_routes
from newsmoe.orchestrator.session import Session
from newsmoe.settings.model import Settings
from newsmoe.testing import FakeExpert
from tests.orchestrator.support import FixedGate, decision, echo
from tests.support import numbered, registry_of, write

GATE = FixedGate(decision({"a": 1.0}))


def ids(gate: FixedGate, inputs: list[str], limit: int | None = None, window: int = 3) -> list[str | int | None]:
    return [item.id for item, _ in read_routes(gate, inputs, Settings(window_articles=window), limit)]


def test_articles_of_all_inputs_come_in_order_each_with_its_route(tmp_path: Path) -> None:
    inputs = [numbered(tmp_path / "a.json", 0, 5), numbered(tmp_path / "b.json", 5, 4)]
    routed = list(read_routes(GATE, inputs, Settings(window_articles=2)))
    assert [item.id for item, _ in routed] == list(range(9))
    assert all(route == GATE.decisions for _, route in routed)


def test_an_invalid_item_has_an_empty_route_and_does_not_reach_the_gate(tmp_path: Path) -> None:
    gate = FixedGate(decision({"a": 1.0}))
    path = str(write(tmp_path / "a.json", [{"id": 1, "headline": "x"}, 7, {"id": 3, "headline": "x"}]))
    routed = list(read_routes(gate, [path], Settings()))
    assert [type(item) for item, _ in routed] == [Article, InvalidItem, Article]
    assert [len(route) for _, route in routed] == [1, 0, 1]
    assert gate.windows == [[1, 3]]


@pytest.mark.parametrize("limit", [0, 1, 3, 5, 6, 8, 9, 20])
def test_a_limit_counts_over_all_inputs(limit: int, tmp_path: Path) -> None:
    inputs = [numbered(tmp_path / "a.json", 0, 5), numbered(tmp_path / "b.json", 5, 4)]
    assert ids(GATE, inputs, limit) == list(range(min(limit, 9)))


def test_the_gate_sees_a_window_at_a_time(tmp_path: Path) -> None:
    gate = FixedGate(decision({"a": 1.0}))
    stream = read_routes(gate, [numbered(tmp_path / "a.json", 0, 5)], Settings(window_articles=2))
    assert gate.windows == []
    next(stream)
    assert gate.windows == [[0, 1]]
    list(stream)
    assert gate.windows == [[0, 1], [2, 3], [4]]


def test_fields_are_mapped_by_the_settings(tmp_path: Path) -> None:
    path = str(write(tmp_path / "a.json", [{"titular": "Hola"}]))
    [(item, _)] = read_routes(GATE, [path], Settings(fields={"headline": "titular"}))
    assert item.headline == "Hola"


def test_a_missing_input_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.json: cannot be read"):
        list(read_routes(GATE, [str(tmp_path / "nowhere.json")], Settings()))


def test_the_routes_shown_are_those_of_a_run_and_no_expert_is_loaded(tmp_path: Path) -> None:
    expert = FakeExpert("a", "task", echo, languages=("en",), needs_content=True)
    registry = registry_of(expert, FakeExpert("b", "task", echo))
    settings = Settings(
        tasks=("task",),
        rule=[
            {"when": {"topics": "Sport"}, "use": {"task": {"a": 3, "b": 1}}},
            {"when": {"headline": "^Hush"}, "use": {"task": []}, "reason": "hush"},
            {"use": {"task": ["a", "b"]}},
        ],
    )
    elements = [
        {"headline": "Match", "content": "A goal.", "topics": ["Sport"], "language": "en"},
        {"headline": "Hush now", "content": "Nothing.", "language": "en"},
        {"headline": "No content", "language": "en"},
        {"headline": "Hola", "content": "Que tal.", "language": "es"},
        "no article",
        {"headline": "", "content": ""},
    ]
    path = str(write(tmp_path / "a.json", elements))
    shown = [
        [entry for routes in route for entry in routes.entries]
        for _, route in read_routes(build_gate(settings, registry), [path], settings)
    ]
    assert expert.device is None
    with open_source(path) as source:
        done = [record.route for record in Session(settings, registry=registry).analyze(source.articles())]
    assert shown == done
    assert [[entry.expert for entry in entries] for entries in shown] == [
        ["a", "b"], [None], ["b"], ["b"], [], [None],
    ]  # fmt: skip
