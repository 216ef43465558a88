"""A second expert reads again what the first one is not sure of."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.article import Article
from newsmoe.errors import ConfigError
from newsmoe.gating.build import GateContext, build_rules
from newsmoe.gating.rules import RulesGate
from newsmoe.orchestrator.cascade import SURE, least_sure
from newsmoe.output.run_report import RunStats
from newsmoe.prediction import Labels, Prediction
from newsmoe.record import Record, RouteEntry
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.settings.conditions import SECOND_WEIGHT, Rule, Second
from newsmoe.settings.model import Settings
from newsmoe.settings.sources import PROFILES
from newsmoe.testing import FakeExpert
from tests.orchestrator.support import Answer, articles, decision, failing, run
from tests.support import registry_of

MOOD, PLACE = "mood", "place"


def by_number(article: Article) -> Prediction:
    """Be the surer, the higher the number of the article is: of number 0 hardly, of 9 almost."""
    good = 0.51 + int(article.id) / 20
    return Labels({"good": good, "bad": 1 - good})


def always(label: str) -> Answer:
    return lambda article: Labels({"good": float(label == "good"), "bad": float(label == "bad")})


def labels(records: list[Record], task: str = MOOD) -> list[str]:
    return [record.analyses[task]["label"] for record in records]


def cascade(budget: float | None = None, stats: RunStats | None = None) -> list[Record]:
    experts = FakeExpert("small", MOOD, by_number), FakeExpert("large", MOOD, always("bad"))
    return run(
        articles(10),
        [decision({"small": 1.0}, task=MOOD, second=Second("large"))],
        *experts,
        budget=budget,
        stats=stats,
    )


@pytest.mark.parametrize(("budget", "again"), [(0.4, 4), (0.05, 0), (1.0, 10), (None, 5)])
def test_the_least_sure_are_read_again_within_the_budget(budget: float | None, again: int) -> None:
    stats = RunStats()
    assert labels(cascade(budget, stats)) == ["bad"] * again + ["good"] * (10 - again)
    assert stats.expert("large").items == again


def test_the_record_says_who_decided_and_why() -> None:
    unsure, *_, sure = cascade(0.4)
    assert unsure.route == [
        RouteEntry(task=MOOD, expert="small", weight=0.3, reason="test"),
        RouteEntry(task=MOOD, expert="large", weight=0.7, reason="not sure: 0.02 between the two best labels"),
    ]
    assert unsure.analyses[MOOD]["scores"] == pytest.approx({"bad": 0.7 + 0.3 * 0.49, "good": 0.3 * 0.51})
    assert [entry.expert for entry in sure.route] == ["small"]


def test_an_article_is_read_again_for_all_its_tasks() -> None:
    decisions = [
        decision({"small": 1.0}, task=MOOD, second=Second("large")),
        decision({"sure": 1.0}, task=PLACE, second=Second("large-place")),
    ]
    experts = [
        FakeExpert("small", MOOD, by_number),
        FakeExpert("large", MOOD, always("bad")),
        FakeExpert("sure", PLACE, always("good")),
        FakeExpert("large-place", PLACE, always("bad")),
    ]
    records = run(articles(10), decisions, *experts, budget=0.2)
    assert labels(records, MOOD) == labels(records, PLACE) == ["bad"] * 2 + ["good"] * 8


def test_where_the_second_expert_fails_the_first_ones_prediction_stays() -> None:
    experts = FakeExpert("small", MOOD, by_number), FakeExpert("large", MOOD, failing())
    records = run(articles(10), [decision({"small": 1.0}, task=MOOD, second=Second("large"))], *experts, budget=0.1)
    assert labels(records) == ["good"] * 10
    assert [record.status for record in records] == ["partial"] + ["ok"] * 9
    assert records[0].route == [RouteEntry(task=MOOD, expert="small", weight=1.0, reason="test")]


@given(st.lists(st.floats(0, 1)), st.floats(0, 1))
def test_no_sure_article_is_preferred_to_an_unsure_one(margins: list[float], budget: float) -> None:
    chosen = least_sure(margins, budget)
    assert len(chosen) <= budget * len(margins) + 1e-6
    others = [margins[number] for number in range(len(margins)) if number not in chosen]
    assert max((margins[number] for number in chosen), default=0) <= min(others, default=1)
    assert least_sure(margins, None) == [number for number, margin in enumerate(margins) if margin < SURE]


def gate(second: str | dict[str, float] = "large", missing: bool = False) -> RulesGate:
    pool = [ExpertInfo("small", MOOD), ExpertInfo("large", MOOD)]
    if missing:
        vars(pool[1])["missing"] = "it is not on this machine"
    return RulesGate([Rule(use={MOOD: "small"}, unsure={MOOD: second})], {MOOD: pool})


def test_a_rule_names_the_second_expert() -> None:
    ((decided,),) = gate().route(articles(1))
    assert (decided.weights, decided.second, gate().second) == ({"small": 1.0}, Second("large"), {"large"})
    ((decided,),) = gate({"large": 0.4}).route(articles(1))
    assert decided.second == Second("large", 0.4)


def test_without_its_model_the_second_expert_reads_nothing() -> None:
    ((decided,),) = gate(missing=True).route(articles(1))
    assert (decided.second, gate(missing=True).second) == (None, frozenset())


def test_a_second_expert_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ConfigError, match="'huge', which is no expert for it"):
        gate("huge")
    with pytest.raises(ConfigError, match="`unsure` names an expert for 'place'"):
        RulesGate([Rule(use={MOOD: "small"}, unsure={PLACE: "large"})], {MOOD: [ExpertInfo("small", MOOD)]})


def test_a_budget_needs_something_that_it_limits() -> None:
    registry = registry_of(FakeExpert("small", MOOD, by_number), FakeExpert("large", MOOD, always("bad")))
    rules = (Rule(use={MOOD: "small"}, unsure={MOOD: "large"}),)
    settings = Settings(tasks=(MOOD,), gate="rules", budget=0.4)
    context = GateContext(settings, registry, {MOOD: registry.pool(MOOD)}, rules)
    assert build_rules(context).second == {"large"}
    with pytest.raises(ConfigError, match="budget: requires a learned gate"):
        build_rules(GateContext(settings, registry, {MOOD: registry.pool(MOOD)}))


@pytest.mark.parametrize("use", [{}, {"a": 1.0}, {"a": 0.0}, {"a": 0.5, "b": 0.5}])
def test_a_second_expert_is_a_single_one_with_a_part_of_the_weight(use: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="`unsure` for 'mood' must name one expert, with a weight between 0 and 1"):
        Rule(use={MOOD: "small"}, unsure={MOOD: use})


def test_the_accurate_profile_weighs_the_larger_expert_as_the_default_rules_do() -> None:
    rules = tomllib.loads((PROFILES / "accurate.toml").read_text())["rule"]
    weights = [weight for rule in rules for use in rule["unsure"].values() for weight in use.values()]
    assert weights == pytest.approx([1 - SECOND_WEIGHT] * 2)
