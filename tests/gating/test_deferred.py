"""Deferred experts and rules, once the other task has a prediction."""

from typing import Any

import pytest

from newsmoe.gating.deferred import resolve_deferred
from newsmoe.gating.gate import Decision
from newsmoe.prediction import Fields, Labels, Prediction, Summary
from newsmoe.settings.conditions import After

SPORT = After(task="topic", label=("sport",), at_least=0.5)
BEST = After(task="topic", label=("Sport", "leisure"))


def decision(weights: dict[str, float], *fallbacks: str, **more: Any) -> Decision:
    return Decision("kind", weights, fallbacks, "because", **more)


def topic(**scores: float) -> dict[str, Prediction | None]:
    return {"topic": Labels(scores)}


def test_a_decision_without_a_condition_is_unchanged() -> None:
    free = decision({"a": 1.0}, "b")
    assert free.depends_on == set()
    assert resolve_deferred(free, {}) == free


def test_where_the_condition_holds_the_expert_is_used_and_the_reason_names_the_label() -> None:
    waiting = decision({"a": 1.0}, "b", after={"a": SPORT})
    assert waiting.depends_on == {"topic"}
    assert resolve_deferred(waiting, topic(sport=0.8, politics=0.2)) == Decision(
        "kind", {"a": 1.0}, ("b",), "because; topic is 'sport' (0.80)"
    )


@pytest.mark.parametrize(
    ("predictions", "said"),
    [
        (topic(sport=0.2, politics=0.8), "topic is 'politics' (0.80)"),
        (topic(sport=0.4, politics=0.3, health=0.3), "topic is 'sport' (0.40)"),
        ({"topic": None}, "topic has no prediction"),
        ({}, "topic has no prediction"),
    ],
)
def test_elsewhere_the_gate_abstains_and_the_reason_says_why(
    predictions: dict[str, Prediction | None], said: str
) -> None:
    resolved = resolve_deferred(decision({"a": 1.0}, after={"a": SPORT}), predictions)
    assert resolved == Decision("kind", {}, (), f"only where topic is 'sport' with 0.5 or more; {said}")


@pytest.mark.parametrize(
    ("prediction", "holds"),
    [
        (Labels({"SPORT": 0.3, "a": 0.2}), True),
        (Labels({"leisure": 0.3, "a": 0.2}), True),
        (Labels({"sport": 0.3, "a": 0.4}), False),
        (Fields({"label": "sport"}), True),
        (Fields({"label": ["sport"]}), False),
        (Fields({"words": 3}), False),
        (Summary("sport"), False),
    ],
)
def test_without_a_min_score_the_best_label_decides(prediction: Prediction, holds: bool) -> None:
    assert bool(resolve_deferred(decision({"a": 1.0}, after={"a": BEST}), {"topic": prediction}).weights) == holds


@pytest.mark.parametrize(
    ("values", "holds"),
    [
        ({"label": "health", "score": 0.9, "scores": {"health": 0.9, "sport": 0.7}}, True),
        ({"label": "sport", "score": 0.6}, True),
        ({"label": "sport", "score": "high"}, False),
        ({"label": "sport", "scores": ["sport"]}, False),
        ({"label": "sport", "scores": {"sport": None}}, False),
    ],
)
def test_predictions_of_plug_ins_may_hold_anything(values: dict[str, Any], holds: bool) -> None:
    resolved = resolve_deferred(decision({"a": 1.0}, after={"a": SPORT}), {"topic": Fields(values)})
    assert bool(resolved.weights) == holds


def test_an_expert_whose_condition_fails_leaves_its_weight_to_the_others() -> None:
    mixed = decision({"a": 0.5, "b": 0.25, "c": 0.25}, "d", after={"a": SPORT})
    assert resolve_deferred(mixed, topic(health=1.0)).weights == {"b": 0.5, "c": 0.5}
    assert resolve_deferred(mixed, topic(sport=1.0)).weights == mixed.weights


def test_where_every_condition_fails_a_fallback_is_used() -> None:
    resolved = resolve_deferred(decision({"a": 1.0}, "b", "c", after={"a": SPORT, "b": SPORT}), topic(health=1.0))
    assert (resolved.weights, resolved.fallbacks) == ({"c": 1.0}, ())


def test_where_a_rule_does_not_hold_the_next_decides() -> None:
    last = decision({"c": 1.0})
    other = After(task="tone", label=("good",))
    chain = decision({"a": 1.0}, condition=SPORT, otherwise=decision({"b": 1.0}, condition=other, otherwise=last))
    assert chain.depends_on == {"topic", "tone"}
    assert resolve_deferred(chain, {**topic(sport=1.0), "tone": None}).weights == {"a": 1.0}
    assert resolve_deferred(chain, {**topic(health=1.0), "tone": Labels({"good": 1.0})}).weights == {"b": 1.0}
    assert resolve_deferred(chain, {**topic(health=1.0), "tone": None}) == last


def test_a_deferred_rule_may_abstain() -> None:
    resolved = resolve_deferred(decision({}, condition=SPORT, otherwise=decision({"a": 1.0})), topic(sport=1.0))
    assert (resolved.weights, resolved.reason) == ({}, "because; topic is 'sport' (1.00)")
