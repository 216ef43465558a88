import math
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.article import Article
from newsmoe.errors import ConfigError, PluginError
from newsmoe.orchestrator.combiners import combine
from newsmoe.orchestrator.session import analyze
from newsmoe.prediction import Fields, InputStats, Labels, Prediction, Summary
from newsmoe.record import ItemError
from newsmoe.settings.model import Settings
from newsmoe.testing import FakeExpert
from tests.support import registry_of

GROUP = "newsmoe.combiners"

NAMES = ("a", "b", "c", "d")


@st.composite
def distributions(draw: st.DrawFn) -> Labels:
    masses = draw(st.dictionaries(st.sampled_from(("sport", "politics", "health")), st.integers(1, 100), min_size=1))
    total = sum(masses.values())
    return Labels({label: mass / total for label, mass in masses.items()})


@st.composite
def mixtures(draw: st.DrawFn) -> tuple[dict[str, Labels], dict[str, float]]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    predictions = {name: draw(distributions()) for name in names}
    weights = {name: draw(st.floats(0.0, 1.0)) for name in NAMES}  # those that failed have one too
    return predictions, weights


def test_a_single_prediction_is_unchanged_whatever_its_weight() -> None:
    prediction = Labels({"sport": 0.9, "politics": 0.1}, InputStats(tokens=7))
    assert combine({"a": prediction}, {"a": 0.0, "b": 1.0}) is prediction


def test_distributions_are_averaged_by_weight() -> None:
    predictions = {"a": Labels({"yes": 1.0, "no": 0.0}), "b": Labels({"yes": 0.2, "no": 0.8})}
    combined = combine(predictions, {"a": 0.75, "b": 0.25})
    assert isinstance(combined, Labels)
    assert combined.scores == pytest.approx({"yes": 0.8, "no": 0.2})


def test_a_label_that_an_expert_does_not_know_counts_as_zero_there() -> None:
    predictions = {"a": Labels({"sport": 1.0}), "b": Labels({"health": 1.0})}
    combined = combine(predictions, {"a": 0.6, "b": 0.4})
    assert isinstance(combined, Labels)
    assert combined.scores == pytest.approx({"sport": 0.6, "health": 0.4})


@pytest.mark.parametrize(
    ("told", "weights", "holding"),
    [
        ([None, None], [0.5, 0.5], None),
        ([("sport", "health"), None], [0.1, 0.9], {"sport", "health"}),
        ([("sport", "health"), ("sport",)], [0.3, 0.7], {"sport"}),
        ([("sport", "health"), ("sport",)], [0.5, 0.5], {"sport", "health"}),
        ([("health",), ()], [0.3, 0.7], set()),
    ],
)
def test_labels_hold_by_half_of_the_weight_of_the_experts_that_tell(
    told: list[tuple[str, ...] | None], weights: list[float], holding: set[str] | None
) -> None:
    scores = {"sport": 0.6, "health": 0.3, "weather": 0.1}
    predictions = dict(zip(NAMES, (Labels(scores, holding=labels) for labels in told), strict=False))
    combined = combine(predictions, dict(zip(NAMES, weights, strict=False)))
    assert isinstance(combined, Labels)
    assert (None if combined.holding is None else {*combined.holding}) == holding


def test_weights_are_renormalised_over_the_experts_that_predicted() -> None:
    predictions = {"a": Labels({"yes": 1.0, "no": 0.0}), "b": Labels({"yes": 0.0, "no": 1.0})}
    combined = combine(predictions, {"a": 0.3, "b": 0.1, "failed": 0.6})
    assert isinstance(combined, Labels)
    assert combined.scores == pytest.approx({"yes": 0.75, "no": 0.25})


def test_weights_that_are_all_zero_count_as_equal() -> None:
    predictions = {"a": Labels({"yes": 1.0, "no": 0.0}), "b": Labels({"yes": 0.0, "no": 1.0})}
    combined = combine(predictions, {"a": 0.0, "b": 0.0})
    assert isinstance(combined, Labels)
    assert combined.scores == pytest.approx({"yes": 0.5, "no": 0.5})


def test_of_texts_the_one_with_the_greatest_weight_is_taken() -> None:
    predictions: dict[str, Prediction] = {"a": Summary("light"), "b": Summary("heavy"), "c": Summary("light too")}
    assert combine(predictions, {"a": 0.2, "b": 0.5, "c": 0.3}) is predictions["b"]


def test_of_texts_with_equal_weights_the_first_is_taken() -> None:
    predictions: dict[str, Prediction] = {"b": Summary("first"), "a": Summary("second")}
    assert combine(predictions, {"a": 0.5, "b": 0.5}) is predictions["b"]


@pytest.mark.parametrize("heavy", ["labels", "fields"])
def test_predictions_of_different_kinds_are_not_mixed(heavy: str) -> None:
    predictions: dict[str, Prediction] = {
        "labels": Labels({"yes": 1.0}),
        "more labels": Labels({"no": 1.0}),
        "fields": Fields({"words": 3}),
    }
    weights = dict.fromkeys(predictions, 0.2) | {heavy: 0.6}
    assert combine(predictions, weights) is predictions[heavy]


def test_the_mixture_says_what_its_heaviest_expert_read() -> None:
    predictions = {"a": Labels({"yes": 1.0}, InputStats(tokens=1)), "b": Labels({"yes": 1.0}, InputStats(tokens=2))}
    assert combine(predictions, {"a": 0.4, "b": 0.6}).input_stats == InputStats(tokens=2)


@given(mixtures())
def test_a_mixture_of_distributions_is_a_distribution(mixture: tuple[dict[str, Labels], dict[str, float]]) -> None:
    predictions, weights = mixture
    combined = combine(predictions, weights)
    assert isinstance(combined, Labels)
    assert combined.validation_error() is None
    assert math.isclose(sum(combined.scores.values()), 1.0, abs_tol=1e-9)


@given(mixtures())
def test_a_mixture_lies_between_its_experts(mixture: tuple[dict[str, Labels], dict[str, float]]) -> None:
    predictions, weights = mixture
    combined = combine(predictions, weights)
    assert isinstance(combined, Labels)
    for label, score in combined.scores.items():
        each = [prediction.scores.get(label, 0.0) for prediction in predictions.values()]
        assert min(each) - 1e-9 <= score <= max(each) + 1e-9


@given(mixtures(), st.randoms(use_true_random=False))
def test_the_order_of_experts_does_not_change_a_mixture(
    mixture: tuple[dict[str, Labels], dict[str, float]], random: Random
) -> None:
    predictions, weights = mixture
    names = list(predictions)
    random.shuffle(names)
    mixed, shuffled = (combine(predictions, weights), combine({name: predictions[name] for name in names}, weights))
    assert isinstance(mixed, Labels) and isinstance(shuffled, Labels)
    assert mixed.scores == pytest.approx(shuffled.scores)


def test_a_combiner_is_chosen_by_task() -> None:
    experts = (FakeExpert("sure", "mood", labels(0.9)), FakeExpert("unsure", "mood", labels(0.4)))

    def combined(**settings: Any) -> dict[str, Any]:
        chosen = Settings(tasks=("mood",), gate="all", **settings)
        [record] = analyze([Article(headline="h")], chosen, registry=registry_of(*experts))
        return record.analyses["mood"]

    assert combined()["score"] == pytest.approx(0.65)
    assert combined(combiners={"mood": "best"})["score"] == pytest.approx(0.9)
    with pytest.raises(PluginError, match="no combiner is called 'bset'; did you mean 'best'"):
        combined(combiners={"mood": "bset"})
    with pytest.raises(ConfigError, match=r"\[combiners\] names the task 'mod', which .*; did you mean 'mood'"):
        combined(combiners={"mod": "best"})


def labels(score: float) -> Callable[[Article], Prediction]:
    return lambda article: Labels({"good": score, "bad": 1 - score})


PLUGIN = """
from newsmoe import Labels

def minimum(predictions, weights):
    if MESSAGE:
        raise RuntimeError(MESSAGE)
    return min(predictions.values(), key=lambda prediction: prediction.scores["good"])
"""


def test_a_package_adds_a_combiner_whose_failure_costs_one_article(install: Callable[..., None]) -> None:
    install("more-combiners", {"more_combiners": f"MESSAGE = ''{PLUGIN}"}, {"min": "more_combiners:minimum"}, GROUP)
    install("bad-combiners", {"bad_combiners": f"MESSAGE = 'no'{PLUGIN}"}, {"bad": "bad_combiners:minimum"}, GROUP)
    experts = (FakeExpert("sure", "mood", labels(0.9)), FakeExpert("unsure", "mood", labels(0.4)))
    for name, analyses, errors in (
        ("min", {"mood": {"label": "bad", "score": 0.6, "unsure": False, "scores": {"bad": 0.6, "good": 0.4}}}, []),
        ("bad", {}, [ItemError(task="mood", type="RuntimeError", message="no", stage="combine")]),
    ):
        chosen = Settings(tasks=("mood",), gate="all", combiners={"mood": name})
        [record] = analyze([Article(headline="h")], chosen, registry=registry_of(*experts))
        assert (record.analyses, record.errors) == (analyses, errors)
