import math
import socket
from collections.abc import Sequence

import numpy as np
import pytest

import newsmoe
from newsmoe import Article, Device, Expert, Fields, Labels, Prediction, Summary
from newsmoe.testing import ARTICLES, FakeExpert, Finding, check_expert
from tests.support import registry_of


def problems(expert: Expert, **kwargs: Sequence[Article]) -> list[Finding]:
    return [finding for finding in check_expert(expert, **kwargs) if finding.problem]


def test_the_fake_meets_the_contract_and_every_requirement_is_checked() -> None:
    findings = list(check_expert(FakeExpert()))
    assert [finding.problem for finding in findings] == [None] * 8
    assert [finding.requirement for finding in findings] == [
        "has a name and a task",
        "loads",
        "states lengths",
        "predicts a batch",
        "returns one prediction an article",
        "returns valid predictions",
        "returns the same predictions one at a time",
        "returns nothing for an empty batch",
    ]


def test_the_fake_records_its_device_and_its_batches() -> None:
    fake = FakeExpert()
    fake.load(Device(threads=2))
    assert fake.predict(ARTICLES)[0].fields() == {"characters": len(ARTICLES[0].content)}
    assert fake.device == Device(threads=2)
    assert fake.batches == [["short", "long", "headline-only"]]


def test_the_articles_of_the_check_are_a_short_a_long_and_one_without_content() -> None:
    short, long, headline_only = ARTICLES
    assert short.words < 60 < 254 < long.words
    assert headline_only.content == ""
    assert headline_only.headline


def test_the_device_is_passed_on() -> None:
    fake = FakeExpert()
    list(check_expert(fake, Device(threads=1)))
    assert fake.device == Device(threads=1)


@pytest.mark.parametrize(
    ("expert", "claimed"),
    [
        (FakeExpert(languages=("de",), needs_content=True), ["short", "long", "headline-only"]),
        (FakeExpert(languages=("de", "en"), needs_content=True), ["short", "long"]),
        (FakeExpert(languages=("en",)), ["short", "long", "headline-only"]),
    ],
)
def test_an_expert_is_only_called_with_what_it_claims_to_read(expert: FakeExpert, claimed: list[str]) -> None:
    assert problems(expert) == []
    assert expert.batches[0] == claimed


class Slow(FakeExpert):
    """An expert with replaceable methods, to break each of them."""

    def __init__(self, **broken: object) -> None:
        super().__init__()
        for name, value in broken.items():
            setattr(self, name, value)


def raising(message: str) -> object:
    def fail(*_: object) -> None:
        raise RuntimeError(message)

    return fail


def raising_exit(articles: Sequence[Article]) -> list[Prediction]:
    raise SystemExit(3)


@pytest.mark.parametrize(
    ("broken", "requirement", "problem"),
    [
        ({"name": ""}, "has a name and a task", "name or task is empty"),
        ({"task": ""}, "has a name and a task", "name or task is empty"),
        ({"load": raising("no weights")}, "loads", "RuntimeError: no weights"),
        ({"lengths": lambda articles: [1]}, "states lengths", "lengths returned [1] for 3 articles"),
        ({"lengths": lambda articles: [1, 2, -3]}, "states lengths", "lengths returned [1, 2, -3]"),
        ({"lengths": lambda articles: [1, 2, 3.5]}, "states lengths", "lengths returned [1, 2, 3.5]"),
        ({"lengths": raising("none")}, "states lengths", "RuntimeError: none"),
        ({"predict": raising("too long")}, "predicts a batch", "RuntimeError: too long (test_testing.py, line "),
        ({"load": lambda: None}, "loads", "TypeError: "),
        ({"predict": lambda articles: iter(())}, "predicts a batch", "predict returned tuple_iterator"),
        (
            {"predict": lambda articles: [Summary("a")]},
            "returns one prediction an article",
            "predict returned 1 predictions for 3 articles",
        ),
        (
            {"predict": lambda articles: [Summary("a")] * max(2, len(articles))},
            "returns the same predictions one at a time",
            "article 'short': predict returned 2 predictions for 1 articles",
        ),
        (
            {"predict": lambda articles: ["positive"] * len(articles)},
            "returns valid predictions",
            "article 'short': returned str, expected Summary, Labels, Fields or Entities",
        ),
        ({"predict": raising_exit}, "predicts a batch", "SystemExit: 3 (test_testing.py, line "),
        (
            {"predict_one": lambda article: Summary("a" if article.content else " ")},
            "returns valid predictions",
            "article 'headline-only': the summary is empty",
        ),
        (
            {"predict_one": lambda article: Labels("positive")},  # type: ignore[arg-type]
            "returns valid predictions",
            "article 'short': the prediction cannot be written as JSON: the scores of Labels are a str, not a mapping",
        ),
        (
            {"predict_one": lambda article: Fields({"article": object()})},
            "returns valid predictions",
            "article 'short': the prediction cannot be written as JSON: Error serializing to JSON: TypeError: object",
        ),
        (
            {"predict_one": lambda article: Labels({"a": math.nan})},
            "returns valid predictions",
            "article 'short': the score of label 'a' is nan",
        ),
        (
            {"predict": lambda articles: [Summary(f"{len(articles)} articles") for _ in articles]},
            "returns the same predictions one at a time",
            "article 'short': {'summary': '1 articles'} alone, {'summary': '3 articles'} in a batch",
        ),
        (
            {"predict": lambda articles: [Summary("a")] * max(len(articles), 1)},
            "returns nothing for an empty batch",
            "it did not",
        ),
        (
            {"predict": lambda articles: [Summary("a") for _ in range(len(articles) or 1 // 0)]},
            "returns nothing for an empty batch",
            "ZeroDivisionError",
        ),
    ],
)
def test_what_breaks_the_contract_is_reported(broken: dict[str, object], requirement: str, problem: str) -> None:
    findings = problems(Slow(**broken))
    assert len(findings) == 1
    assert findings[0].requirement == requirement
    assert str(findings[0].problem).startswith(problem)


def test_nothing_more_is_tried_after_a_failure() -> None:
    fake = Slow(load=raising("no weights"))
    assert list(check_expert(fake))[-1].requirement == "loads"
    assert fake.batches == []


class Drifting(FakeExpert):
    """Returns scores that depend on the batch."""

    def __init__(self, drift: float) -> None:
        super().__init__()
        self.drift = drift

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        drift = self.drift if len(articles) > 1 else 0.0
        return [Labels({"a": 0.5 + drift, "b": 0.5 - drift}) for _ in articles]


def test_scores_may_differ_by_rounding_but_not_by_more() -> None:
    assert problems(Drifting(5e-5)) == []
    assert [finding.requirement for finding in problems(Drifting(2e-4))] == [
        "returns the same predictions one at a time"
    ]


def test_other_articles_can_be_tried() -> None:
    empty = Article(id="empty", headline="h")
    fake = FakeExpert(predict_one=lambda article: Fields({"letter": article.content[0]}))
    findings = problems(fake, articles=[empty])
    assert [finding.requirement for finding in findings] == ["predicts a batch"]
    assert "IndexError" in str(findings[0].problem)


def test_numbers_and_arrays_of_numpy_are_written_as_those_of_python() -> None:
    values = {"share": np.float32(0.5), "count": np.int64(3), "vector": np.array([[1, 2]])}
    expert = FakeExpert(predict_one=lambda article: Fields(values))
    assert problems(expert) == []
    [record] = newsmoe.analyze([ARTICLES[0]], newsmoe.Settings(tasks=("fake",)), registry=registry_of(expert))
    assert record.analyses == {"fake": {"share": 0.5, "count": 3, "vector": [[1, 2]]}}


def test_an_expert_without_a_name_is_reported() -> None:
    assert problems(object())  # type: ignore[arg-type]


def test_the_tests_themselves_reach_no_network() -> None:
    with socket.socket() as outside, pytest.raises(pytest.fail.Exception, match="reaches for the network"):
        outside.connect(("192.0.2.1", 80))


def test_the_tests_themselves_reach_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        accepted.close()
