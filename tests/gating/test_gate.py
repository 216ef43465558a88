import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe import Article
from newsmoe.gating.gate import Decision, UniformGate, eligible_experts, ineligible_reason
from newsmoe.registry.expert_info import ExpertInfo

ENGLISH = ExpertInfo("english", "topic", ("en",))
OTHER_ENGLISH = ExpertInfo("other", "topic", ("en",))
GERMAN = ExpertInfo("german", "topic", ("de", "nl"))
ANY = ExpertInfo("any", "topic")
FULL = ExpertInfo("full", "topic", ("en",), needs_content=True)

INFOS = st.builds(
    ExpertInfo,
    st.text("abcdef", min_size=1, max_size=3),
    st.just("topic"),
    st.lists(st.sampled_from(["en", "de", "es"]), unique=True).map(tuple),
    st.booleans(),
)
ARTICLES = st.builds(
    Article,
    headline=st.sampled_from(["", "Storm"]),
    content=st.sampled_from(["", "It rained."]),
    language=st.sampled_from([None, "en", "de", "fr"]),
)


@given(st.lists(INFOS, max_size=6, unique_by=lambda info: info.name), st.lists(ARTICLES, max_size=4))
def test_the_weights_of_eligible_experts_are_equal_and_sum_to_one(
    pool: list[ExpertInfo], articles: list[Article]
) -> None:
    routes = UniformGate({"topic": pool}).route(articles)
    assert len(routes) == len(articles)
    for article, (decision,) in zip(articles, routes, strict=True):
        assert list(decision.weights) == [info.name for info in eligible_experts(pool, article)]
        assert decision.fallbacks == ()
        assert decision.reason
        if decision.weights:
            assert math.fsum(decision.weights.values()) == pytest.approx(1)
            assert len(set(decision.weights.values())) == 1


@given(st.lists(INFOS, max_size=6), ARTICLES)
def test_there_is_a_reason_exactly_where_no_expert_is_eligible(pool: list[ExpertInfo], article: Article) -> None:
    eligible = eligible_experts(pool, article)
    assert all(info.reads(article.language) for info in eligible)
    assert all(article.content or not info.needs_content for info in eligible)
    if not eligible:
        assert ineligible_reason(pool, article)


@pytest.mark.parametrize(
    ("article", "names"),
    [
        (Article(headline="h", content="c", language="en"), ["english", "any", "full"]),
        (Article(headline="h", content="c", language="nl"), ["german", "any"]),
        (Article(headline="h", content="c", language="es"), ["any"]),
        (Article(headline="h", content="c"), ["english", "german", "any", "full"]),
        (Article(headline="h", language="en"), ["english", "any"]),
        (Article(content="c", language="en"), ["english", "any", "full"]),
        (Article(language="en"), []),
    ],
)
def test_an_expert_gets_the_articles_it_is_eligible_for(article: Article, names: list[str]) -> None:
    assert [info.name for info in eligible_experts([ENGLISH, GERMAN, ANY, FULL], article)] == names


@pytest.mark.parametrize(
    ("pool", "article", "reason"),
    [
        ([], Article(headline="h"), "no expert predicts this task"),
        ([ANY], Article(), "neither headline nor content has words"),
        ([FULL], Article(headline="h", language="en"), "the article has no content (full)"),
        ([GERMAN], Article(headline="h", language="es"), "language 'es' is not supported, only de, nl (german)"),
        (
            [ENGLISH, GERMAN, OTHER_ENGLISH],
            Article(headline="h", language="es"),
            "language 'es' is not supported, only en (english, other); "
            "language 'es' is not supported, only de, nl (german)",
        ),
    ],
)
def test_the_reason_says_why_an_expert_is_ineligible(pool: list[ExpertInfo], article: Article, reason: str) -> None:
    assert ineligible_reason(pool, article) == reason


def test_the_gate_decides_each_task_in_the_order_of_the_pools() -> None:
    gate = UniformGate({"topic": [ENGLISH, ANY], "sentiment": [GERMAN]})
    (route,) = gate.route([Article(headline="h", content="c", language="en")])
    assert gate.tasks == ("topic", "sentiment")
    assert route == (
        Decision("topic", {"english": 0.5, "any": 0.5}, (), "every eligible expert"),
        Decision("sentiment", {}, (), "language 'en' is not supported, only de, nl (german)"),
    )


def test_no_articles_no_routes() -> None:
    assert UniformGate({"topic": [ANY]}).route([]) == []


def test_a_decision_shows_chosen_experts_without_fallbacks() -> None:
    entries = Decision("topic", {"a": 2 / 3, "b": 1 / 3}, ("c",), "because").entries
    assert [(entry.expert, entry.weight, entry.reason) for entry in entries] == [
        ("a", 0.666667, "because"),
        ("b", 0.333333, "because"),
    ]
    assert {entry.task for entry in entries} == {"topic"}


def test_an_abstention_shows_as_an_entry_without_an_expert() -> None:
    (entry,) = Decision("topic", {}, (), "no content").entries
    assert entry.model_dump() == {"task": "topic", "expert": None, "weight": 0.0, "reason": "no content"}
