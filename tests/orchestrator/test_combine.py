import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.analysis import Fields, InputUse, Labels, Prediction, Summary
from newsmoe.orchestrator.combine import combine

NAMES = ("a", "b", "c", "d")


@st.composite
def distributions(draw: st.DrawFn) -> Labels:
    masses = draw(
        st.dictionaries(st.sampled_from(("sport", "politics", "health")), st.integers(1, 100), min_size=1)
    )
    total = sum(masses.values())
    return Labels({label: mass / total for label, mass in masses.items()})


@st.composite
def mixtures(draw: st.DrawFn) -> tuple[dict[str, Labels], dict[str, float]]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    answers = {name: draw(distributions()) for name in names}
    weights = {name: draw(st.floats(0.0, 1.0)) for name in NAMES}  # those that failed have one too
    return answers, weights


def test_a_single_answer_is_kept_whatever_its_weight() -> None:
    answer = Labels({"sport": 0.9, "politics": 0.1}, InputUse(tokens=7))
    assert combine({"a": answer}, {"a": 0.0, "b": 1.0}) is answer


def test_distributions_are_averaged_by_weight() -> None:
    answers = {"a": Labels({"yes": 1.0, "no": 0.0}), "b": Labels({"yes": 0.2, "no": 0.8})}
    combined = combine(answers, {"a": 0.75, "b": 0.25})
    assert isinstance(combined, Labels)
    assert combined.scores == pytest.approx({"yes": 0.8, "no": 0.2})


def test_a_label_that_an_expert_does_not_know_counts_as_zero_there() -> None:
    answers = {"a": Labels({"sport": 1.0}), "b": Labels({"health": 1.0})}
    combined = combine(answers, {"a": 0.6, "b": 0.4})
    assert isinstance(combined, Labels)
    assert combined.scores == pytest.approx({"sport": 0.6, "health": 0.4})


def test_weights_are_renormalised_over_those_that_answered() -> None:
    answers = {"a": Labels({"yes": 1.0, "no": 0.0}), "b": Labels({"yes": 0.0, "no": 1.0})}
    combined = combine(answers, {"a": 0.3, "b": 0.1, "failed": 0.6})
    assert isinstance(combined, Labels)
    assert combined.scores == pytest.approx({"yes": 0.75, "no": 0.25})


def test_weights_that_are_all_zero_count_as_equal() -> None:
    answers = {"a": Labels({"yes": 1.0, "no": 0.0}), "b": Labels({"yes": 0.0, "no": 1.0})}
    combined = combine(answers, {"a": 0.0, "b": 0.0})
    assert isinstance(combined, Labels)
    assert combined.scores == pytest.approx({"yes": 0.5, "no": 0.5})


def test_of_texts_the_one_with_the_greatest_weight_is_taken() -> None:
    answers: dict[str, Prediction] = {"a": Summary("light"), "b": Summary("heavy"), "c": Summary("light too")}
    assert combine(answers, {"a": 0.2, "b": 0.5, "c": 0.3}) is answers["b"]


def test_of_texts_with_equal_weights_the_first_is_taken() -> None:
    answers: dict[str, Prediction] = {"b": Summary("first"), "a": Summary("second")}
    assert combine(answers, {"a": 0.5, "b": 0.5}) is answers["b"]


@pytest.mark.parametrize("heavy", ["labels", "fields"])
def test_answers_of_different_kinds_are_not_mixed(heavy: str) -> None:
    answers: dict[str, Prediction] = {
        "labels": Labels({"yes": 1.0}),
        "more labels": Labels({"no": 1.0}),
        "fields": Fields({"words": 3}),
    }
    weights = dict.fromkeys(answers, 0.2) | {heavy: 0.6}
    assert combine(answers, weights) is answers[heavy]


def test_the_mixture_says_what_its_heaviest_expert_read() -> None:
    answers = {
        "a": Labels({"yes": 1.0}, InputUse(tokens=1)),
        "b": Labels({"yes": 1.0}, InputUse(tokens=2)),
    }
    assert combine(answers, {"a": 0.4, "b": 0.6}).use == InputUse(tokens=2)


@given(mixtures())
def test_a_mixture_of_distributions_is_a_distribution(
    mixture: tuple[dict[str, Labels], dict[str, float]],
) -> None:
    answers, weights = mixture
    combined = combine(answers, weights)
    assert isinstance(combined, Labels)
    assert combined.problem() is None
    assert math.isclose(sum(combined.scores.values()), 1.0, abs_tol=1e-9)


@given(mixtures())
def test_a_mixture_lies_between_its_experts(mixture: tuple[dict[str, Labels], dict[str, float]]) -> None:
    answers, weights = mixture
    combined = combine(answers, weights)
    assert isinstance(combined, Labels)
    for label, score in combined.scores.items():
        each = [answer.scores.get(label, 0.0) for answer in answers.values()]
        assert min(each) - 1e-9 <= score <= max(each) + 1e-9


@given(mixtures(), st.randoms(use_true_random=False))
def test_the_order_of_experts_does_not_change_a_mixture(
    mixture: tuple[dict[str, Labels], dict[str, float]], random: Random
) -> None:
    answers, weights = mixture
    names = list(answers)
    random.shuffle(names)
    one, other = combine(answers, weights), combine({name: answers[name] for name in names}, weights)
    assert isinstance(one, Labels) and isinstance(other, Labels)
    assert one.scores == pytest.approx(other.scores)
