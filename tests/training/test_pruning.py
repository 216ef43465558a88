"""Pruning, on a pool and data of which one can count every figure by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from newsmoe import Article, Labels, Registry
from newsmoe.datasets.sources import LabelSource
from newsmoe.evaluation.pool import PoolPredictions, predict_pool
from newsmoe.gating.gate_card import GateCard, MeasuredGate, read_gate
from newsmoe.gating.learned import LearnedGate
from newsmoe.prediction import InputStats, Prediction
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.testing import FakeExpert
from newsmoe.training.pruning import Contribution, Thresholds, find_redundant, write_pruned
from tests.gating.support import equal, written
from tests.support import registry_of, silent

TASK = "mood"
NAMES = ("evens", "odds", "twin", "idle")
LEAST = Thresholds(share=0.02, gain=0.001)


def right_where(kind: str, tokens: int) -> Any:
    def predict(article: Article) -> Prediction:
        text = article.headline or article.content
        good = (0.9 if text.startswith(kind) else 0.2) if text.endswith("a") else 0.1
        return Labels({"good": good, "bad": 1 - good}, InputStats(tokens=tokens))

    return predict


@pytest.fixture
def registry(quick_backbone: Backbone) -> Registry:
    """One expert for headlines, two alike for contents, and one never right where no other is."""
    kinds = zip(NAMES, ("even", "odd", "odd", "none"), (10, 20, 30, 40), strict=True)
    experts = [FakeExpert(name, TASK, right_where(kind, tokens)) for name, kind, tokens in kinds]
    return registry_of(*experts, backbone=quick_backbone)


@pytest.fixture
def dev(registry: Registry, tmp_path: Path) -> list[PoolPredictions]:
    rows = "headline,text,label\neven a,,good\neven b,,bad\n,odd a,good\n,odd b,bad\n"
    (tmp_path / "rows.csv").write_text(rows)
    source = LabelSource(path="rows.csv", headline="headline", content="text")
    return predict_pool(NAMES, [source], tmp_path, registry, silent)


def gate(folder: Path, **fields: Any) -> GateCard:
    """Write a gate that sends headlines to `evens`, contents to `twin`, else `odds`, nothing to `idle`."""
    weight = [[4.0, 0.0], [0.0, 3.0], [0.0, 4.0], [0.0, 0.0]]
    return written(folder / "gate", weight, [0.0, 0.0, 0.0, -9.0], experts=equal(NAMES), **fields)


def by_name(contributions: list[Contribution]) -> dict[str, Contribution]:
    return {row.expert: row for row in contributions}


def test_rarely_chosen_and_redundant_experts_are_excluded_step_by_step(
    registry: Registry, dev: list[PoolPredictions], tmp_path: Path
) -> None:
    contributions = by_name(find_redundant(gate(tmp_path), registry, dev, LEAST))
    assert {name: row.verdict for name, row in contributions.items()} == {
        "evens": "stays",
        "odds": "excluded",
        "twin": "stays",
        "idle": "excluded",
    }
    assert (contributions["evens"].share, contributions["twin"].share, contributions["odds"].share) == (0.5, 0.5, 0.0)
    assert (contributions["evens"].quality, contributions["evens"].without) == (1.0, 0.75)
    assert contributions["twin"].gain == 0.25  # once odds, which could replace it, is excluded
    assert contributions["evens"].saved == pytest.approx((10 - 30) / 200)  # twin, which reads more, gets its articles


def test_an_expert_that_gains_but_is_rarely_chosen_is_excluded_too(
    registry: Registry, dev: list[PoolPredictions], tmp_path: Path
) -> None:
    contributions = by_name(find_redundant(gate(tmp_path), registry, dev, Thresholds(share=0.6, gain=0.001)))
    assert [row.verdict for row in contributions.values()].count("excluded") == 2
    assert contributions["twin"].verdict == "stays: the gate needs 2"


def test_with_thresholds_of_zero_every_expert_stays(
    registry: Registry, dev: list[PoolPredictions], tmp_path: Path
) -> None:
    contributions = find_redundant(gate(tmp_path), registry, dev, Thresholds(share=0.0, gain=0.0))
    assert {row.verdict for row in contributions} == {"stays"}


@pytest.mark.parametrize(
    ("fields", "name", "verdict"),
    [
        ({"settings": {"shared": ("idle",)}}, "idle", "stays: it is a shared expert"),
        ({"embedding": "idle"}, "idle", "stays: the gate reads with its adapter"),
        ({"settings": {"capacity": 0.3}}, "odds", "stays: the gate needs 4"),
    ],
)
def test_an_expert_that_the_gate_needs_stays(
    registry: Registry, dev: list[PoolPredictions], tmp_path: Path, fields: dict[str, Any], name: str, verdict: str
) -> None:
    contributions = by_name(find_redundant(gate(tmp_path, **fields), registry, dev, LEAST))
    assert contributions[name].verdict == verdict


def test_the_written_gate_decides_as_the_old_one_would_without_them(
    registry: Registry, dev: list[PoolPredictions], tmp_path: Path
) -> None:
    measured = MeasuredGate(system="rules", figures={"accuracy": 0.5})
    card = gate(tmp_path, measured=(measured,))
    before = load_file(card.folder / "gate.safetensors")
    old = LearnedGate(card, registry.pool(TASK), lambda: registry.backbones.backbone(None))  # type: ignore[arg-type]
    probabilities = old.probabilities(dev[0].articles)[:, [0, 2]]
    write_pruned(card, find_redundant(card, registry, dev, LEAST))
    pruned = read_gate(card.folder)
    assert pruned.names == ("evens", "twin")
    assert [row.cost for row in pruned.experts] == [0.5, 0.5]
    assert ([row.name for row in pruned.excluded], pruned.measured) == (["odds", "idle"], ())
    assert load_file(card.folder / "gate.safetensors")["weight"].tolist() == before["weight"][[0, 2]].tolist()
    new = LearnedGate(pruned, registry.pool(TASK), lambda: registry.backbones.backbone(None))  # type: ignore[arg-type]
    assert new.probabilities(dev[0].articles) == pytest.approx(probabilities / probabilities.sum(axis=1, keepdims=True))
    routes = new.route(dev[0].articles)
    assert [next(iter(decision.weights)) for (decision,) in routes] == ["evens", "evens", "twin", "twin"]
    assert np.allclose([sum(decision.weights.values()) for (decision,) in routes], 1)
