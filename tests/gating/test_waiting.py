"""What becomes of a choice that waits for an earlier answer, once that is known."""

from typing import Any

import pytest

from newsmoe.analysis import Fields, Labels, Prediction, Summary
from newsmoe.config import After
from newsmoe.gating.gate import Choice
from newsmoe.gating.waiting import settled

SPORT = After(task="topic", label=("sport",), at_least=0.5)
BEST = After(task="topic", label=("Sport", "leisure"))


def choice(weights: dict[str, float], *reserves: str, **more: Any) -> Choice:
    return Choice("kind", weights, reserves, "because", **more)


def topic(**scores: float) -> dict[str, Prediction | None]:
    return {"topic": Labels(scores)}


def test_what_waits_for_nothing_stays_as_it_is() -> None:
    free = choice({"a": 1.0}, "b")
    assert free.awaited == set()
    assert settled(free, {}) == free


def test_where_the_answer_says_so_the_expert_answers_and_the_reason_says_what_it_was() -> None:
    waiting = choice({"a": 1.0}, "b", after={"a": SPORT})
    assert waiting.awaited == {"topic"}
    assert settled(waiting, topic(sport=0.8, politics=0.2)) == Choice(
        "kind", {"a": 1.0}, ("b",), "because; topic is 'sport' (0.80)"
    )


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (topic(sport=0.2, politics=0.8), "topic is 'politics' (0.80)"),
        (topic(sport=0.4, politics=0.3, health=0.3), "topic is 'sport' (0.40)"),
        ({"topic": None}, "topic has no answer"),
        ({}, "topic has no answer"),
    ],
)
def test_elsewhere_nobody_answers_and_the_reason_says_why(
    answers: dict[str, Prediction | None], said: str
) -> None:
    found = settled(choice({"a": 1.0}, after={"a": SPORT}), answers)
    assert found == Choice("kind", {}, (), f"only where topic is 'sport' with 0.5 or more; {said}")


@pytest.mark.parametrize(
    ("answer", "holds"),
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
def test_without_a_least_score_the_best_label_decides(answer: Prediction, holds: bool) -> None:
    assert bool(settled(choice({"a": 1.0}, after={"a": BEST}), {"topic": answer}).weights) == holds


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
def test_answers_of_plug_ins_may_hold_anything(values: dict[str, Any], holds: bool) -> None:
    found = settled(choice({"a": 1.0}, after={"a": SPORT}), {"topic": Fields(values)})
    assert bool(found.weights) == holds


def test_an_expert_that_may_not_answer_leaves_its_weight_to_the_others() -> None:
    mixed = choice({"a": 0.5, "b": 0.25, "c": 0.25}, "d", after={"a": SPORT})
    assert settled(mixed, topic(health=1.0)).weights == {"b": 0.5, "c": 0.5}
    assert settled(mixed, topic(sport=1.0)).weights == mixed.weights


def test_where_none_of_the_chosen_may_answer_a_reserve_does() -> None:
    found = settled(choice({"a": 1.0}, "b", "c", after={"a": SPORT, "b": SPORT}), topic(health=1.0))
    assert (found.weights, found.reserves) == ({"c": 1.0}, ())


def test_where_a_rule_does_not_hold_the_next_decides() -> None:
    last = choice({"c": 1.0})
    other = After(task="tone", label=("good",))
    chain = choice({"a": 1.0}, condition=SPORT, otherwise=choice({"b": 1.0}, condition=other, otherwise=last))
    assert chain.awaited == {"topic", "tone"}
    assert settled(chain, {**topic(sport=1.0), "tone": None}).weights == {"a": 1.0}
    assert settled(chain, {**topic(health=1.0), "tone": Labels({"good": 1.0})}).weights == {"b": 1.0}
    assert settled(chain, {**topic(health=1.0), "tone": None}) == last


def test_a_rule_may_send_an_article_to_nobody_once_the_answer_is_known() -> None:
    found = settled(choice({}, condition=SPORT, otherwise=choice({"a": 1.0})), topic(sport=1.0))
    assert (found.weights, found.reason) == ({}, "because; topic is 'sport' (1.00)")
