import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe import Article, Registry, Settings
from newsmoe.errors import ConfigError
from newsmoe.gating.build import build_gate
from newsmoe.gating.gate import Decision, Gate
from newsmoe.gating.rules import CHECKS, DEFAULT_RULES, RulesGate, check_of, read_rules
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.settings.conditions import Condition, Rule

STORM = Article(
    url="https://www.News.example/storm",
    headline="Storm hits coast",
    content="Ten houses were lost on the coast.",
    topics=("Weather", "Local news"),
    author="Ann Lee, Bo Chan",
    language="en",
)
POOLS = {
    "summarization": [ExpertInfo("short", "summarization"), ExpertInfo("long", "summarization", ("en",))],
    "topic": [
        ExpertInfo("english", "topic", ("en",)),
        ExpertInfo("german", "topic", ("de",)),
        ExpertInfo("full", "topic", needs_content=True),
    ],
}


def rule(use: dict[str, Any], reason: str | None = None, **when: Any) -> Rule:
    return Rule.model_validate({"use": use, "when": when, "reason": reason})


def choose(task: str, article: Article, *rules: Rule) -> Decision:
    gate = RulesGate(rules, {task: POOLS[task]})
    ((decision,),) = gate.route([article])
    return decision


CONDITIONS: list[tuple[str, Any, bool]] = [
    ("topics", "weather", True),
    ("topics", ["Sport", "LOCAL NEWS"], True),
    ("topics", ["Sport", "News"], False),
    ("topics", [], False),
    ("language", "EN", True),
    ("language", "English", True),
    ("language", ["de", "es"], False),
    ("author", "bo chan", True),
    ("author", "Ann Lee, Bo Chan", True),
    ("author", "Ann", False),
    ("url_host", "news.example", True),
    ("url_host", "www.NEWS.example", True),
    ("url_host", "ws.example", False),
    ("url_host", ["a.example", "example"], True),
    ("headline", "^Storm", True),
    ("headline", "storm", False),
    ("headline", "(?i)COAST$", True),
    ("has_content", True, True),
    ("has_content", False, False),
    ("min_words", 7, True),
    ("min_words", 8, False),
    ("max_words", 7, True),
    ("max_words", 6, False),
]


@pytest.mark.parametrize(("key", "value", "met"), CONDITIONS)
def test_a_condition_holds_or_does_not(key: str, value: Any, met: bool) -> None:
    assert check_of(Condition.model_validate({key: value}))(STORM) is met


def test_each_key_of_a_condition_is_checked_and_tried_both_ways() -> None:
    tried = {(key, met) for key, _, met in CONDITIONS}
    assert CHECKS.keys() == Condition.model_fields.keys()
    assert tried == {(key, met) for key in Condition.model_fields for met in (True, False)}


@pytest.mark.parametrize(
    ("key", "value"),
    [("topics", "x"), ("language", "en"), ("author", "x"), ("url_host", "x"), ("headline", "x"), ("min_words", 1)],
)
def test_an_article_without_the_field_does_not_match(key: str, value: Any) -> None:
    assert not check_of(Condition.model_validate({key: value}))(Article())


def test_an_article_without_content_matches() -> None:
    assert check_of(Condition(has_content=False))(Article(headline="h"))
    assert not check_of(Condition(has_content=True))(Article(headline="h"))
    assert check_of(Condition(max_words=0))(Article(headline="h"))


def test_every_key_must_hold() -> None:
    assert check_of(Condition(topics=("weather",), language=("en",), min_words=3))(STORM)
    assert not check_of(Condition(topics=("weather",), language=("de",), min_words=3))(STORM)


def test_a_condition_without_keys_holds_of_every_article() -> None:
    assert check_of(Condition())(Article())


def test_the_first_rule_that_matches_and_names_the_task_decides() -> None:
    rules = (
        rule({"topic": "german"}, language="de"),
        rule({"summarization": "short"}, topics="Weather"),
        rule({"topic": "full"}, topics="Weather"),
        rule({"topic": "english"}),
    )
    gate = RulesGate(rules, POOLS)
    ((summarization, topic),) = gate.route([STORM])
    assert gate.tasks == ("summarization", "topic")
    assert summarization.weights == {"short": 1.0}
    assert topic.weights == {"full": 1.0}


def test_of_a_list_the_first_is_chosen_and_the_rest_are_fallbacks() -> None:
    decision = choose("topic", STORM, rule({"topic": ["full", "english"]}, "ours"))
    assert decision == Decision("topic", {"full": 1.0}, ("english",), "ours")


def test_of_a_list_ineligible_experts_are_excluded_and_the_reason_says_so() -> None:
    decision = choose("topic", STORM, rule({"topic": ["german", "full", "english"]}, "ours"))
    assert decision.weights == {"full": 1.0}
    assert decision.fallbacks == ("english",)
    assert decision.reason == "language 'en' is not supported, only de (german)"


def test_where_no_expert_of_a_rule_is_eligible_the_gate_abstains() -> None:
    for use in ("german", ["german"], {"german": 2}):
        decision = choose("topic", STORM, rule({"topic": use}, "ours"))
        assert decision == Decision("topic", {}, (), "language 'en' is not supported, only de (german)")


def test_with_an_empty_list_the_gate_abstains() -> None:
    decision = choose("topic", STORM, rule({"topic": []}, "not needed"), rule({"topic": "english"}))
    assert decision == Decision("topic", {}, (), "not needed")


def test_of_a_table_all_are_chosen_with_their_weights() -> None:
    decision = choose("topic", STORM, rule({"topic": {"english": 3, "full": 1}}, "mix"))
    assert decision == Decision("topic", {"english": 0.75, "full": 0.25}, (), "mix")


@given(st.dictionaries(st.sampled_from(["english", "german", "full"]), st.floats(1e-3, 1e3), min_size=1))
def test_weights_are_normalised_over_eligible_experts(weights: dict[str, float]) -> None:
    decision = choose("topic", STORM, rule({"topic": weights}))
    eligible = weights.keys() - {"german"}
    assert decision.weights.keys() == eligible
    if eligible:
        assert math.fsum(decision.weights.values()) == pytest.approx(1)
        total = math.fsum(weights[name] for name in eligible)
        assert decision.weights == pytest.approx({name: weights[name] / total for name in eligible})


def test_a_task_that_no_rule_names_goes_to_the_first_eligible_expert_of_its_pool() -> None:
    decision = choose("topic", STORM, rule({"summarization": "short"}))
    assert (decision.weights, decision.fallbacks) == ({"english": 1.0}, ("full",))
    assert "no rule for this task" in decision.reason
    german = Article(headline="h", content="c", language="de")
    decision = choose("topic", german)
    assert (decision.weights, decision.fallbacks) == ({"german": 1.0}, ("full",))
    assert decision.reason == "language 'de' is not supported, only en (english)"


def test_the_gate_abstains_on_a_task_without_experts() -> None:
    ((decision,),) = RulesGate([], {"mood": []}).route([STORM])
    assert decision == Decision("mood", {}, (), "no expert predicts this task")


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ({}, "rule: every article"),
        ({"topics": ["weather", "sport"]}, "rule: topics weather or sport"),
        ({"headline": "^St"}, "rule: headline /^St/"),
        ({"has_content": True, "min_words": 2}, "rule: has_content yes, min_words 2"),
    ],
)
def test_a_rule_without_a_reason_says_its_condition(when: dict[str, Any], reason: str) -> None:
    assert choose("topic", STORM, rule({"topic": "english"}, **when)).reason == reason


def test_an_expert_of_another_task_is_reported_with_the_nearest() -> None:
    rules = [rule({"topic": "english"}), rule({"topic": ["german", "englsh"]})]
    message = "rule 2 sends 'topic' to 'englsh', which is no expert for it; did you mean 'english'"
    with pytest.raises(ConfigError, match=message):
        RulesGate(rules, POOLS)
    with pytest.raises(ConfigError, match="rule 1 sends 'topic' to 'short'.*available: english, full, german"):
        RulesGate([rule({"topic": {"short": 1}})], POOLS)


def test_a_language_that_no_article_can_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="a rule for a language that no article has: 'Englisch' is no language"):
        RulesGate([rule({"topic": "english"}, language="Englisch")], POOLS)


def test_rules_for_tasks_that_are_not_requested_are_skipped() -> None:
    gate = RulesGate([rule({"mood": "nobody"})], POOLS)
    assert gate.tasks == ("summarization", "topic")


def test_a_gate_decides_for_each_article_alone() -> None:
    gate = RulesGate([rule({"topic": "german"}, language="de"), rule({"topic": "english"})], POOLS)
    german = Article(headline="h", content="c", language="de")
    together = gate.route([STORM, german, STORM])
    assert together == [*gate.route([STORM]), *gate.route([german]), *gate.route([STORM])]
    assert gate.route([]) == []


def test_a_file_of_rules_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[[rule]]\nwhen = { topics = "Sport" }\nuse = { topic = [] }\n[[rule]]\nuse = { topic = "x" }\n')
    first, second = read_rules(path)
    assert (first.when.topics, first.use) == (("Sport",), {"topic": ()})
    assert (second.when, second.use) == (Condition(), {"topic": "x"})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[rule]]\nwhen = {}", "rule 1.use: is missing"),
        ("[[rules]]\nuse = {}", "unknown key 'rules'; did you mean 'rule'"),
        ("[[rule]]\nuse = {}\nwhen = { topic = 1 }", "unknown key 'rule 1.when.topic'; did you mean 'topics'"),
        ("[[rule]]\nuse = { topic = 3 }", "rule 1.use.topic: must be an expert, a list of experts, or a table"),
        ("[[rule]]\nuse = { topic = ['a', 3] }", "rule 1.use.topic 2: must be a text, in quotes"),
        ("[[rule]]\nuse = { topic = { a = 'b' } }", "rule 1.use.topic.a: must be a number"),
        ("[[rule]]\nuse = {}\nunsure = { topic = ['a'] }", "rule 1.unsure.topic"),
        ("[[rule]]\nwhen = 'en'\nuse = {}", "rule 1.when: must be a table of keys and values"),
        ("[[rule", "no valid TOML"),
    ],
)
def test_an_invalid_file_of_rules_is_reported_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_rules(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert problem in str(caught.value)


# The built-in rules


@pytest.fixture
def default(registry: Registry) -> Gate:
    """The gate of the built-in rules alone."""
    return build_gate(Settings(gate="rules"), registry)


def decided(gate: Gate, article: Article) -> dict[str, Decision]:
    (route,) = gate.route([article])
    return {decision.task: decision for decision in route}


def test_every_built_in_rule_says_its_reason() -> None:
    assert all(rule.reason for rule in read_rules(DEFAULT_RULES))


def test_an_english_article_goes_to_the_trained_experts_with_fallbacks(default: Gate) -> None:
    decisions = decided(default, Article(headline="h", content="word " * 61, language="en"))
    assert {task: (decision.weights, decision.fallbacks) for task, decision in decisions.items()} == {
        "summarization": ({"extractive": 1.0}, ("lead",)),
        "sentiment": ({"sentiment-articles": 1.0}, ("sentiment-general",)),
        "topic": ({"topic-articles": 1.0}, ("topic-news",)),
    }
    assert decisions["topic"].reason == "more than 60 words: read as a whole article"


def test_a_short_text_goes_to_the_experts_of_sentences_and_headlines(default: Gate) -> None:
    decisions = decided(default, Article(headline="h", content="word " * 60, language="en"))
    assert {task: decision.weights for task, decision in decisions.items()} == {
        "summarization": {"lead": 1.0},
        "sentiment": {"sentiment-general": 1.0},
        "topic": {"topic-articles": 0.5, "topic-news": 0.5},
    }


def test_without_content_there_is_no_summary_but_a_sentiment_and_a_topic(default: Gate) -> None:
    decisions = decided(default, Article(headline="Watch: late goal wins the cup", language="en"))
    assert decisions["summarization"].weights == {}
    assert decisions["summarization"].reason == "the content has no words to summarize"
    assert decisions["sentiment"].weights == {"sentiment-general": 1.0}
    assert decisions["topic"].weights == {"topic-articles": 0.5, "topic-news": 0.5}


def test_a_short_article_is_summarized_by_its_lead(default: Gate) -> None:
    decisions = decided(default, Article(headline="h", content="word " * 60, language="en"))
    assert decisions["summarization"].weights == {"lead": 1.0}
    assert decisions["summarization"].reason == "at most 60 words: the first sentences are the summary"
    assert decisions["topic"].weights == {"topic-articles": 0.5, "topic-news": 0.5}


def test_a_spanish_article_has_a_lead_but_no_sentiment_and_no_topic(default: Gate) -> None:
    decisions = decided(default, Article(headline="h", content="palabra " * 200, language="es"))
    assert decisions["summarization"].weights == {"lead": 1.0}
    for task in ("summarization", "sentiment", "topic"):
        assert "language 'es' is not supported" in decisions[task].reason
    for task in ("sentiment", "topic"):
        assert (decisions[task].weights, decisions[task].fallbacks) == ({}, ())


def test_the_gate_abstains_on_an_article_without_text(default: Gate) -> None:
    decisions = decided(default, Article(language="en"))
    assert [decision.weights for decision in decisions.values()] == [{}, {}, {}]
    assert decisions["topic"].reason == "neither headline nor content has words"


@pytest.mark.parametrize("language", ["EN", "en-GB"])
def test_english_is_english_however_a_caller_writes_it(default: Gate, language: str) -> None:
    decisions = decided(default, Article(headline="h", content="c", language=language))
    assert decisions["topic"].weights == {"topic-articles": 0.5, "topic-news": 0.5}


@pytest.mark.parametrize(
    ("topics", "weights"),
    [
        (("Business", "Local"), {"sentiment-general": 0.5, "sentiment-finance": 0.5}),
        (("Film reviews",), {"sentiment-general": 0.5, "sentiment-reviews": 0.5}),
        ((), {"sentiment-general": 1.0}),
    ],
)
def test_the_topics_of_an_article_decide_which_expert_reads_its_tone(
    default: Gate, topics: tuple[str, ...], weights: dict[str, float]
) -> None:
    decisions = decided(default, Article(headline="h", content="word", topics=topics, language="en"))
    assert decisions["sentiment"].weights == weights
