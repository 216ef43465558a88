"""The quality-cost curve, on summaries of which one can count every figure by hand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from newsmoe import Article, Registry
from newsmoe.datasets.sources import LabelSource, SummarySource
from newsmoe.errors import ConfigError, InputError, OutputError
from newsmoe.evaluation.curve import STEPS, QualityCost
from newsmoe.evaluation.gates import compare_gates
from newsmoe.evaluation.plot import check_plot
from newsmoe.evaluation.pool import PoolPredictions, predict_pool
from newsmoe.evaluation.predictions import SummaryPredictions
from newsmoe.gating.gate_card import GateCard, GateExpert
from newsmoe.prediction import InputStats, Prediction, Summary
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.testing import FakeExpert
from tests.gating.support import written
from tests.support import registry_of, silent

TASK = "gist"
GIST = "rain fell on the town"
MISSED = "nobody knows what happened"
EXPERTS = GateExpert(name="cheap", cost=0.0), GateExpert(name="dear", cost=1.0)


def cheap(article: Article) -> Prediction:
    """Find the gist where there is a headline."""
    return Summary(GIST if article.headline else MISSED, InputStats(tokens=0))


def dear(article: Article) -> Prediction:
    """Find the gist, at a cost, unless the article is a hopeless one."""
    return Summary(MISSED if "hopeless" in article.content else GIST, InputStats(tokens=100))


@pytest.fixture
def registry(quick_backbone: Backbone) -> Registry:
    return registry_of(FakeExpert("cheap", TASK, cheap), FakeExpert("dear", TASK, dear), backbone=quick_backbone)


def predicted(registry: Registry, folder: Path, *rows: tuple[str, str], target: str | None = None) -> PoolPredictions:
    """Have the pool summarize texts, headline and content."""
    lines = [{"headline": head, "content": text, "gist": [GIST]} for head, text in rows]
    (folder / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    source = SummarySource(path="rows.jsonl", headline="headline", content="content", summary="gist")
    return predict_pool(("cheap", "dear"), [source], folder, registry, silent, target=target)[0]  # type: ignore[arg-type]


HALF = ("easy", "a"), ("easy", "b"), ("", "c"), ("", "d")
"""Texts of which the cheap expert summarizes the first half."""


def informed_gate(folder: Path) -> GateCard:
    """Write a gate that decides by the headline which expert is needed."""
    return written(folder, [[2.0, 0.0], [0.0, 1.0]], [0.0, 0.0], task=TASK, experts=EXPERTS)


def curves(registry: Registry, card: GateCard, *pool: PoolPredictions) -> QualityCost:
    return compare_gates(card, registry, pool).curve


def test_success_with_summaries_is_rouge(registry: Registry, tmp_path: Path) -> None:
    pool = predicted(registry, tmp_path, *HALF)
    assert pool.predictions.metric == "ROUGE-1/2"
    assert pool.predictions.success.tolist() == [[1, 1], [1, 1], [0, 1], [0, 1]]
    assert pool.tokens.tolist() == [[0, 100]] * 4
    assert isinstance(rouge2 := predicted(registry, tmp_path, *HALF, target="rouge2").predictions, SummaryPredictions)
    assert list(rouge2.figures(np.ones((4, 2))))[0] == rouge2.metric == "ROUGE-2"
    for weights, quality in (([0.6, 0.4], 0.0), ([0.4, 0.6], 1.0), ([0.0, 0.0], 0.0)):
        assert rouge2.quality(np.array([weights] * 4))[3] == quality


def test_an_informed_gate_gains_all_at_half_the_cost(registry: Registry, tmp_path: Path) -> None:
    pool = replace(predicted(registry, tmp_path, *HALF), seconds=np.array([0.0, 2.0]))
    curve_set = curves(registry, informed_gate(tmp_path), pool)
    ends = (curve_set.metric, curve_set.cheap, curve_set.dear, curve_set.gain)
    assert ends == ("ROUGE-1/2", "cheap", "dear", 0.5)
    learned, random, oracle = curve_set.curves
    assert [curve.system for curve in curve_set.curves] == ["learned", "random", "oracle"]
    assert {(point.cost, point.quality) for point in learned.points} == {
        (0.0, 0.5), (0.25, 0.75), (0.5, 1.0), (0.75, 1.0), (1.0, 1.0)
    }  # fmt: skip
    assert learned.apgr == pytest.approx(0.75)
    assert learned.lead == pytest.approx(0.125)
    assert learned.cost_at == pytest.approx({"50%": 0.25, "80%": 0.4, "95%": 0.475, "98%": 0.49})
    assert (random.apgr, random.lead) == (pytest.approx(0.5), pytest.approx(0.0))
    assert random.cost_at == pytest.approx({"50%": 0.5, "80%": 0.8, "95%": 0.95, "98%": 0.98})
    ends = [(point.cost, point.seconds, point.quality) for point in random.points]
    assert ends == [(0.0, 0.0, 0.5), (1.0, 2.0, 1.0)]
    assert oracle.apgr == pytest.approx(0.75)
    assert 1.0 < learned.points[STEPS // 2].seconds < 2.0, "half of them, and the gate"


def test_what_the_gate_reads_is_part_of_the_cost(registry: Registry, tmp_path: Path) -> None:
    pool = predicted(registry, tmp_path, *HALF)
    width = registry.backbones.backbone(None).width  # type: ignore[arg-type]  # it is lent
    blind = written(
        tmp_path, np.zeros((2, width)).tolist(), [0.0, 0.0], task=TASK, experts=EXPERTS, features=("embedding",)
    )
    free, reading = (curves(registry, card, pool).curves[0] for card in (informed_gate(tmp_path / "free"), blind))
    backbone = registry.backbones.backbone(None)  # type: ignore[arg-type]
    tokens = sum(backbone.read(article).extract("sentences").tokens for article in pool.articles)
    assert [point.cost for point in reading.points] == pytest.approx(
        [point.cost + tokens / 400 for point in free.points]
    )
    assert reading.cost_at["98%"] is not None and reading.cost_at["98%"] > 0.98


def test_an_expensive_expert_that_is_no_better_gains_nothing(registry: Registry, tmp_path: Path) -> None:
    pool = predicted(registry, tmp_path, ("easy", "hopeless"), ("easy", "b"))
    curve_set = curves(registry, informed_gate(tmp_path), pool)
    assert curve_set.gain == -0.5
    assert [curve.apgr for curve in curve_set.curves] == [None, None, None]
    assert all(cost is None for curve in curve_set.curves for cost in curve.cost_at.values())
    oracle = curve_set.curves[2]
    assert (oracle.points[10].quality, oracle.points[-1].quality) == (1.0, 0.5)


def test_experts_of_equal_cost_are_measured_against_all(registry: Registry, tmp_path: Path) -> None:
    alike = [GateExpert(name=name, cost=0.5) for name in ("cheap", "dear")]
    card = written(tmp_path, [[2.0, 0.0], [0.0, 1.0]], [0.0, 0.0], task=TASK, experts=alike)
    curve_set = curves(registry, card, predicted(registry, tmp_path, *HALF))
    assert (curve_set.cheap, curve_set.dear) == ("cheap", "all experts")
    assert curve_set.curves[0].points[0].quality == 1.0, "of experts that cost the same the best is taken"


def test_an_article_without_eligible_experts_counts_as_zero(quick_backbone: Backbone, tmp_path: Path) -> None:
    pool = {"cheap": cheap, "dear": dear}
    experts = [FakeExpert(name, TASK, predict, needs_content=True) for name, predict in pool.items()]
    registry = registry_of(*experts, backbone=quick_backbone)
    comparison = compare_gates(
        informed_gate(tmp_path), registry, [predicted(registry, tmp_path, ("easy", "a"), ("easy", ""))]
    )
    by_name = {row.system: row for row in comparison.systems}
    assert by_name["cheap"].abstained == 0.0, "asked alone it is asked about everything"
    for name in ("rules", "learned, top 1"):
        assert (by_name[name].abstained, by_name[name].quality) == (0.5, 0.5)


def test_a_plot_that_cannot_be_drawn_is_reported_before(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the suffix of a plot must be one of .png, .svg, .pdf"):
        check_plot(tmp_path / "curve.txt")
    with pytest.raises(OutputError, match="there is no folder"):
        check_plot(tmp_path / "nowhere" / "curve.png")


def test_labels_where_summaries_are_required_are_refused(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("text,label\nRain fell.,bad\n")
    source = LabelSource(path="rows.csv")
    with pytest.raises(InputError, match="cheap predicts Summary; these examples have Labels"):
        predict_pool(("cheap", "dear"), [source], tmp_path, registry, silent)
