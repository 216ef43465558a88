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
from tests.support import registry_of, silent

TASK = "mood"
ROWS = [
    {"headline": "even a", "text": "", "label": "good"},
    {"headline": "even b", "text": "", "label": "bad"},
    {"headline": "", "text": "odd a", "label": "good"},
    {"headline": "", "text": "odd b", "label": "bad"},
]


def right_where(kind: str, tokens: int) -> Callable[[Article], Prediction]:
    """Predict the right label with 0.8 on texts of a kind, and the wrong one with 0.6 on others."""

    def predict(article: Article) -> Prediction:
        text = article.headline or article.content
        good = 0.8 if text.startswith(kind) else 0.4
        score = good if text.endswith("a") else 1 - good
        return Labels({"good": score, "bad": 1 - score}, InputStats(tokens=tokens))

    return predict


@pytest.fixture
def registry(quick_backbone: Backbone) -> Registry:
    return registry_of(
        FakeExpert("evens", TASK, right_where("even", 10)),
        FakeExpert("odds", TASK, right_where("odd", 30)),
        backbone=quick_backbone,
    )


@pytest.fixture
def source(tmp_path: Path) -> LabelSource:
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return LabelSource(path="rows.jsonl", name="rows", headline="headline", content="text")


@pytest.fixture
def pool(registry: Registry, source: LabelSource, tmp_path: Path) -> PoolPredictions:
    return predict_pool(("evens", "odds"), [source], tmp_path, registry, silent)[0]


def labels_of(pool: PoolPredictions) -> LabelPredictions:
    assert isinstance(pool.predictions, LabelPredictions)
    return pool.predictions


def part(pool: PoolPredictions, rows: slice, title: str) -> PoolPredictions:
    """Return the predictions for some of the articles."""
    labels = labels_of(pool)
    return replace(
        pool,
        title=title,
        articles=pool.articles[rows],
        tokens=pool.tokens[rows],
        predictions=replace(labels, scores=labels.scores[rows], truth=labels.truth[rows]),
    )


def tabled(*arguments: Any, **options: Any) -> dict[str, SystemFigures]:
    """Return the table by system."""
    return {row.system: row for row in compare_gates(*arguments, **options).systems}


def informed_gate(folder: Path, **fields: Any) -> GateCard:
    """Write a gate that sends headlines to `evens` and contents to `odds`."""
    return written(folder, [[2.0, 0.0], [0.0, 2.0]], [0.0, 0.0], experts=equal(("evens", "odds")), **fields)


def test_the_pool_predicts_as_the_experts_are_served(
    pool: PoolPredictions, registry: Registry, source: LabelSource, tmp_path: Path
) -> None:
    labels = labels_of(pool)
    assert labels.labels == ("bad", "good")
    assert labels.truth.tolist() == [1, 0, 1, 0]
    assert pool.tokens.tolist() == [[10, 30]] * 4
    assert (pool.seconds > 0).all()
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
        results = labels_of(*predict_pool(("torn",), [changed], tmp_path, registry, silent))
        assert results.likelihood()[:, 0].tolist() == pytest.approx(likelihoods)
        assert results.correct().tolist() == [[float(closed)], [0.0]]


def test_every_figure_of_the_table_is_as_counted_by_hand(
    pool: PoolPredictions, registry: Registry, tmp_path: Path
) -> None:
    results = tabled(informed_gate(tmp_path), registry, [pool], [pool])
    accuracy = {name: row.quality for name, row in results.items()}
    assert accuracy == {
        "evens": 0.5,
        "odds": 0.5,
        "all experts, equal weights": 1.0,
        "all experts, the most confident": 1.0,
        "rules": 0.5,
        "nearest neighbours": accuracy["nearest neighbours"],
        "learned, top 1": 1.0,
        "learned, top 2": 1.0,
        "random at equal cost": accuracy["random at equal cost"],
        "oracle": 1.0,
    }
    assert (results["rules"].gain, results["rules"].margin) == (0.0, 0.0)
    assert results["learned, top 1"].gain == pytest.approx(0.5)
    assert results["learned, top 1"].margin == pytest.approx(1.96 * 0.5 / 2)  # of 4 items, 2 gain 1
    assert results["evens"].cost == pytest.approx(0.25)
    assert results["learned, top 1"].cost == pytest.approx(0.5)
    assert results["all experts, the most confident"].cost == pytest.approx(1.0)
    assert results["random at equal cost"].load == results["learned, top 1"].load == {"evens": 0.5, "odds": 0.5}
    assert results["learned, top 1"].figures["ECE"] == pytest.approx(0.2)
    assert results["all experts, equal weights"].figures["ECE"] == pytest.approx(0.4)
    assert results["oracle"].sources == {"rows": 1.0}


def test_the_expected_calibration_error_of_the_gates_scores(
    pool: PoolPredictions, registry: Registry, tmp_path: Path
) -> None:
    share = 1 / (1 + np.exp(-2))  # of the expert that it sends an article to, which is always the better one
    results = compare_gates(informed_gate(tmp_path), registry, [pool])
    assert results.gate_ece == pytest.approx(1 - share)


def test_the_gates_settings_are_in_the_table(pool: PoolPredictions, registry: Registry, tmp_path: Path) -> None:
    card = informed_gate(tmp_path, settings={"shared": ("evens",)})
    results = tabled(card, registry, [pool])
    as_set = results["learned, as set: shared evens"]
    assert as_set.load == {"evens": 1.0, "odds": 1.0}
    assert "nearest neighbours" not in results


def test_rules_may_use_experts_that_are_not_the_gates(
    pool: PoolPredictions, registry: Registry, source: LabelSource, tmp_path: Path
) -> None:
    first = Registry(plugins=False, builtin=False)
    first.backbones = registry.backbones
    first.add(FakeExpert("first", TASK, lambda _: Labels({"good": 0.9, "bad": 0.1}, InputStats(tokens=20))))
    for info in registry.pool(TASK):
        first.add(registry.build(info.name))
    assert experts_of_rules(TASK, first) == ("first",)  # no rule names the task
    (ruled,) = predict_pool(("first",), [source], tmp_path, first, silent)
    results = tabled(informed_gate(tmp_path), first, [pool], ruled=[ruled])
    assert [results[name].quality for name in ("evens", "odds", "first", "rules")] == [0.5] * 4
    assert results["rules"].load == results["first"].load == {"first": 1.0}
    assert results["rules"].cost == results["first"].cost == pytest.approx(0.5)  # of what the gate's experts cost
    assert results["learned, top 1"].gain == 0.5
    assert "first" not in results["all experts, equal weights"].load
    assert {"sentiment-finance", "sentiment-general"} <= {*experts_of_rules("sentiment", Registry(plugins=False))}


def test_sources_count_by_their_weight(pool: PoolPredictions, registry: Registry, tmp_path: Path) -> None:
    evens, odds = part(pool, slice(2), "evens only"), part(pool, slice(2, 4), "odds only")
    parts = [replace(evens, weight=3.0), odds]
    [row, *_] = tabled(informed_gate(tmp_path), registry, parts).values()
    assert (row.quality, row.sources) == (0.75, {"evens only": 1.0, "odds only": 0.0})


@pytest.mark.slow
def test_the_random_gate_does_not_depend_on_the_sources(
    pool: PoolPredictions, registry: Registry, tmp_path: Path
) -> None:
    """Each source here is for one expert alone; to shuffle within a source would change nothing."""
    evens, odds = part(pool, slice(2), "evens only"), part(pool, slice(2, 4), "odds only")
    parts = [evens, odds] * 4
    results = tabled(informed_gate(tmp_path), registry, parts)
    assert results["learned, top 1"].quality == 1.0
    assert 0.4 < results["random at equal cost"].quality < 0.6
    assert sum(results["random at equal cost"].load.values()) == pytest.approx(1.0)


def test_without_a_prediction_no_label_is_right(pool: PoolPredictions) -> None:
    weights = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    figures = pool.predictions.figures(weights)
    assert figures["accuracy"] == pool.predictions.quality(weights).mean() == 0.5
    assert figures["macro-F1"] == pytest.approx(2 / 3)


def test_what_only_the_gate_reads_is_added_to_its_cost(
    pool: PoolPredictions, registry: Registry, tmp_path: Path
) -> None:
    width = registry.backbones.backbone(None).width  # type: ignore[arg-type]  # it is lent
    rows = np.zeros((2, width)).tolist()
    card = written(tmp_path, rows, [0.0, 0.0], experts=equal(("evens", "odds")), features=("embedding",))
    results = tabled(card, registry, [pool])
    reading = registry.backbones.backbone(None)  # type: ignore[arg-type]
    tokens = sum(reading.read(article).extract("sentences").tokens for article in pool.articles)
    assert results["learned, top 1"].gate_cost == pytest.approx(tokens / 160)
    assert results["evens"].gate_cost == 0.0
