"""The table of a gate, on a pool and data of which one can count every figure by hand."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from newsmoe import Article, Labels, Registry, Settings
from newsmoe.datasets.sources import LabelSource
from newsmoe.evaluation.cache import TimedPredictions, cached_predictions
from newsmoe.evaluation.gate_metrics import SystemFigures
from newsmoe.evaluation.gates import compare_gates, experts_of_rules
from newsmoe.evaluation.measure import measure, single_expert_session
from newsmoe.evaluation.pool import PoolPredictions, predict_pool
from newsmoe.evaluation.predictions import LabelPredictions
from newsmoe.gating.gate_card import GateCard
from newsmoe.prediction import InputStats, Prediction
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.testing import FakeExpert
from tests.gating.support import equal, written
from tests.registry.support import Lent

TASK = "mood"
ROWS = [
    {"headline": "even a", "text": "", "label": "good"},
    {"headline": "even b", "text": "", "label": "bad"},
    {"headline": "", "text": "odd a", "label": "good"},
    {"headline": "", "text": "odd b", "label": "bad"},
]


def right_where(kind: str, tokens: int) -> Callable[[Article], Prediction]:
    """Answer rightly, with 0.8, on texts of a kind, and wrongly, with 0.6, on others."""

    def answer(article: Article) -> Prediction:
        text = article.headline or article.content
        good = 0.8 if text.startswith(kind) else 0.4
        score = good if text.endswith("a") else 1 - good
        return Labels({"good": score, "bad": 1 - score}, InputStats(tokens=tokens))

    return answer


@pytest.fixture
def registry(quick_backbone: Backbone) -> Registry:
    registry = Registry(plugins=False, builtin=False)
    registry.backbones = Lent(quick_backbone)
    registry.add(FakeExpert("evens", TASK, right_where("even", 10)))
    registry.add(FakeExpert("odds", TASK, right_where("odd", 30)))
    return registry


def silent(what: str, done: int, of: int) -> None:
    """Hear reports and keep them."""


@pytest.fixture
def source(tmp_path: Path) -> LabelSource:
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return LabelSource(path="rows.jsonl", name="rows", headline="headline", content="text")


@pytest.fixture
def answers(registry: Registry, source: LabelSource, tmp_path: Path) -> PoolPredictions:
    return predict_pool(("evens", "odds"), [source], tmp_path, registry, silent)[0]


def labels_of(answers: PoolPredictions) -> LabelPredictions:
    assert isinstance(answers.predictions, LabelPredictions)
    return answers.predictions


def part(answers: PoolPredictions, rows: slice, title: str) -> PoolPredictions:
    """Return the answers to some of the articles."""
    labels = labels_of(answers)
    return replace(
        answers,
        title=title,
        articles=answers.articles[rows],
        tokens=answers.tokens[rows],
        predictions=replace(labels, scores=labels.scores[rows], truth=labels.truth[rows]),
    )


def tabled(*arguments: Any, **options: Any) -> dict[str, SystemFigures]:
    """Return the table by system."""
    return {row.system: row for row in compare_gates(*arguments, **options).systems}


def knowing(folder: Path, **fields: Any) -> GateCard:
    """Write a gate that sends headlines to `evens` and contents to `odds`."""
    return written(folder, [[2.0, 0.0], [0.0, 2.0]], [0.0, 0.0], experts=equal(("evens", "odds")), **fields)


def test_the_pool_answers_as_the_experts_are_served(
    answers: PoolPredictions, registry: Registry, source: LabelSource, tmp_path: Path
) -> None:
    labels = labels_of(answers)
    assert labels.labels == ("bad", "good")
    assert labels.truth.tolist() == [1, 0, 1, 0]
    assert answers.tokens.tolist() == [[10, 30]] * 4
    assert (answers.seconds > 0).all()
    assert labels.success == pytest.approx(np.array([[0.8, 0.4]] * 2 + [[0.4, 0.8]] * 2))
    assert labels.correct().tolist() == [[1, 0]] * 2 + [[0, 1]] * 2
    for number, name in enumerate(("evens", "odds")):
        served = measure(single_expert_session(name, Settings(), registry), TASK, source, tmp_path)
        assert served.figures["accuracy"] == labels.correct()[:, number].mean()


def test_where_a_source_is_closed_only_its_labels_count(
    registry: Registry, source: LabelSource, tmp_path: Path
) -> None:
    def torn(article: Article) -> Prediction:
        return Labels({"good": 0.3, "bad": 0.2, "ugly": 0.5})

    registry.add(FakeExpert("torn", TASK, torn))
    for closed, likelihoods in ((False, [0.3, 0.2]), (True, [0.6, 0.4])):
        changed = source.model_copy(update={"closed": closed, "limit": 2})
        found = labels_of(*predict_pool(("torn",), [changed], tmp_path, registry, silent))
        assert found.likelihood()[:, 0].tolist() == pytest.approx(likelihoods)
        assert found.correct().tolist() == [[float(closed)], [0.0]]


def test_every_figure_of_the_table_is_what_one_counts_by_hand(
    answers: PoolPredictions, registry: Registry, tmp_path: Path
) -> None:
    found = tabled(knowing(tmp_path), registry, [answers], [answers])
    accuracy = {name: row.quality for name, row in found.items()}
    assert accuracy == {
        "evens": 0.5,
        "odds": 0.5,
        "everybody, equal weights": 1.0,
        "everybody, the most confident": 1.0,
        "rules": 0.5,
        "nearest neighbours": accuracy["nearest neighbours"],
        "learned, top 1": 1.0,
        "learned, top 2": 1.0,
        "random at equal cost": accuracy["random at equal cost"],
        "oracle": 1.0,
    }
    assert (found["rules"].gain, found["rules"].margin) == (0.0, 0.0)
    assert found["learned, top 1"].gain == pytest.approx(0.5)
    assert found["learned, top 1"].margin == pytest.approx(1.96 * 0.5 / 2)  # of 4 items, 2 gain 1
    assert found["evens"].cost == pytest.approx(0.25)
    assert found["learned, top 1"].cost == pytest.approx(0.5)
    assert found["everybody, the most confident"].cost == pytest.approx(1.0)
    assert found["random at equal cost"].load == found["learned, top 1"].load == {"evens": 0.5, "odds": 0.5}
    assert found["learned, top 1"].figures["ECE"] == pytest.approx(0.2)
    assert found["everybody, equal weights"].figures["ECE"] == pytest.approx(0.4)
    assert found["oracle"].sources == {"rows": 1.0}


def test_how_far_the_gates_scores_are_from_what_they_say(
    answers: PoolPredictions, registry: Registry, tmp_path: Path
) -> None:
    share = 1 / (1 + np.exp(-2))  # of the expert that it sends an article to, which is always the better one
    found = compare_gates(knowing(tmp_path), registry, [answers])
    assert found.gate_ece == pytest.approx(1 - share)


def test_the_gates_own_settings_stand_in_the_table(
    answers: PoolPredictions, registry: Registry, tmp_path: Path
) -> None:
    card = knowing(tmp_path, settings={"shared": ("evens",)})
    found = tabled(card, registry, [answers])
    own = found["learned, as set: shared evens"]
    assert own.load == {"evens": 1.0, "odds": 1.0}
    assert "nearest neighbours" not in found


def test_rules_may_ask_experts_that_are_not_the_gates(
    answers: PoolPredictions, registry: Registry, source: LabelSource, tmp_path: Path
) -> None:
    first = Registry(plugins=False, builtin=False)
    first.backbones = registry.backbones
    first.add(FakeExpert("first", TASK, lambda _: Labels({"good": 0.9, "bad": 0.1}, InputStats(tokens=20))))
    for info in registry.pool(TASK):
        first.add(registry.build(info.name))
    assert experts_of_rules(TASK, first) == ("first",)  # no rule names the task
    (ruled,) = predict_pool(("first",), [source], tmp_path, first, silent)
    found = tabled(knowing(tmp_path), first, [answers], ruled=[ruled])
    assert [found[name].quality for name in ("evens", "odds", "first", "rules")] == [0.5] * 4
    assert found["rules"].load == found["first"].load == {"first": 1.0}
    assert found["rules"].cost == found["first"].cost == pytest.approx(0.5)  # of what the gate's experts cost
    assert found["learned, top 1"].gain == 0.5
    assert "first" not in found["everybody, equal weights"].load
    assert {"sentiment-finance", "sentiment-general"} <= {
        *experts_of_rules("sentiment", Registry(plugins=False))
    }


def test_sources_count_by_their_weight(answers: PoolPredictions, registry: Registry, tmp_path: Path) -> None:
    evens, odds = part(answers, slice(2), "evens only"), part(answers, slice(2, 4), "odds only")
    parts = [replace(evens, weight=3.0), odds]
    [row, *_] = tabled(knowing(tmp_path), registry, parts).values()
    assert (row.quality, row.sources) == (0.75, {"evens only": 1.0, "odds only": 0.0})


def test_the_random_choice_knows_nothing_of_the_sources(
    answers: PoolPredictions, registry: Registry, tmp_path: Path
) -> None:
    """Each source here is for one expert alone; to shuffle within a source would change nothing."""
    evens, odds = part(answers, slice(2), "evens only"), part(answers, slice(2, 4), "odds only")
    parts = [evens, odds] * 8
    found = tabled(knowing(tmp_path), registry, parts)
    assert found["learned, top 1"].quality == 1.0
    assert 0.4 < found["random at equal cost"].quality < 0.6
    assert sum(found["random at equal cost"].load.values()) == pytest.approx(1.0)


def test_where_nobody_answers_no_label_is_right(answers: PoolPredictions) -> None:
    weights = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    figures = answers.predictions.figures(weights)
    assert figures["accuracy"] == answers.predictions.quality(weights).mean() == 0.5
    assert figures["macro-F1"] == pytest.approx(2 / 3)


def test_what_the_gate_reads_and_no_expert_does_is_its_own_cost(
    answers: PoolPredictions, registry: Registry, tmp_path: Path
) -> None:
    width = registry.backbones.backbone(None).width  # type: ignore[arg-type]  # it is lent
    rows = np.zeros((2, width)).tolist()
    card = written(tmp_path, rows, [0.0, 0.0], experts=equal(("evens", "odds")), features=("embedding",))
    found = tabled(card, registry, [answers])
    reading = registry.backbones.backbone(None)  # type: ignore[arg-type]
    tokens = sum(reading.read(article).extract("sentences").tokens for article in answers.articles)
    assert found["learned, top 1"].gate_cost == pytest.approx(tokens / 160)
    assert found["evens"].gate_cost == 0.0


def test_answers_are_kept_by_fingerprint_and_text() -> None:
    info = Registry(plugins=False).info("sentiment-news")
    asked: list[int] = []

    def ask(_: object, articles: object) -> TimedPredictions:
        asked.append(len(list(articles)))  # type: ignore[call-overload]
        return TimedPredictions([Labels({"good": 0.1 + 0.2, "bad": 0.7}, InputStats(tokens=3))], seconds=1.5)

    storm, calm = Article(headline="Storm"), Article(headline="Calm")
    first = cached_predictions(info, [storm], ask)
    assert cached_predictions(info, [storm], ask) == first
    assert isinstance(answer := first.predictions[0], Labels)
    assert answer.scores["good"] == 0.1 + 0.2
    assert len(asked) == 1
    cached_predictions(info, [calm], ask)
    assert info.card is not None
    changed = Registry(changes={info.name: {"temperature": 2.0}}, plugins=False).info(info.name)
    cached_predictions(changed, [storm], ask)
    assert len(asked) == 3


def test_kept_answers_that_are_damaged_are_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    info = Registry(plugins=False).info("sentiment-news")

    def ask(_: object, articles: object) -> TimedPredictions:
        return TimedPredictions([Labels({"good": 1.0}, InputStats(tokens=3))], seconds=1.5)

    first = cached_predictions(info, [Article(headline="Storm")], ask)
    [path] = (tmp_path / "newsmoe" / "answers").glob("*.jsonl")
    for damage in ("", "[]", "1.5\n[]", "1.5\n5", "1.5", '1.5\n["Rumour", {}, null]'):
        path.write_text(damage)
        assert cached_predictions(info, [Article(headline="Storm")], ask) == first
    assert "Rumour" not in path.read_text()
