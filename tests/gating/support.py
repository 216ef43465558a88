"""What the tests of learned gates share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from newsmoe.article import Article
from newsmoe.gating.gate import Decision
from newsmoe.gating.gate_card import GateCard, GateExpert, GateSettings
from newsmoe.gating.learned import LearnedGate
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.training.data import Head
from newsmoe.training.gate import write_gate

TASK = "mood"
NAMES = ("first", "second", "third")
POOL = [ExpertInfo(name, TASK) for name in NAMES]
LINEAR = ("has_headline", "has_content")
"""Features of which the tests can say what the scores are."""


def written(folder: Path, weight: Sequence[Sequence[float]], bias: Sequence[float], **fields: Any) -> GateCard:
    """Write a gate with these weights; return its card."""
    values: dict[str, Any] = {"task": TASK, "features": LINEAR, "experts": equal(NAMES), **fields}
    card = GateCard(**values, folder=folder)
    head = Head(np.array(weight, dtype=np.float32), np.array(bias, dtype=np.float32))
    write_gate(card, head)
    return card


def equal(names: Sequence[str]) -> list[GateExpert]:
    """Return experts that cost the same."""
    return [GateExpert(name=name, cost=1 / len(names)) for name in names]


def constant(folder: Path, probabilities: Sequence[float], **fields: Any) -> GateCard:
    """Write a gate that gives every article these scores."""
    return written(folder, [[0.0, 0.0]] * len(probabilities), np.log(probabilities).tolist(), **fields)


def choose(
    card: GateCard, backbone: Backbone, articles: Sequence[Article], pool: Sequence[ExpertInfo] = POOL, **settings: Any
) -> list[Decision]:
    """Return a gate's decisions with these settings."""
    gate = LearnedGate(card, pool, lambda: backbone, GateSettings(**settings))
    return [decision for (decision,) in gate.route(articles)]


def articles(count: int) -> list[Article]:
    return [Article(id=number, headline="h", content="c", language="en") for number in range(count)]
