"""A gate without redundant experts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil

import numpy as np
from safetensors.numpy import load_file

from newsmoe.evaluation.gates import weights_of
from newsmoe.evaluation.pool import PoolPredictions, source_weights
from newsmoe.evaluation.predictions import normalized
from newsmoe.gating.gate_card import WEIGHTS_FILE, Excluded, GateCard
from newsmoe.gating.learned import LearnedGate
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
from newsmoe.training.data import Head
from newsmoe.training.gate import write_gate
from newsmoe.validation import Strict

EXCLUDED = "excluded"


class Contribution(Strict):
    """What an expert contributes to its gate, on held-out data: weighted means over the sources."""

    expert: str
    share: float  # of the articles that it gets
    quality: float  # of the gate with it, from 0 to 1
    without: float  # quality of the gate without it, its articles going to other experts
    saved: float  # cost saved without it, relative to running the whole pool
    verdict: str = "stays"  # or `excluded`, or why it stays although it is redundant

    @property
    def gain(self) -> float:
        """Quality gained by the expert, from -1 to 1."""
        return self.quality - self.without

    @property
    def excluded(self) -> bool:
        """Whether the gate does without the expert."""
        return self.verdict == EXCLUDED


@dataclass(frozen=True)
class Thresholds:
    """The share of the articles and the gain in quality below which an expert is redundant."""

    share: float
    gain: float

    def reached(self, contribution: Contribution) -> bool:
        """Return whether an expert reaches both."""
        return contribution.share >= self.share and contribution.gain >= self.gain


def find_redundant(
    card: GateCard, registry: Registry, dev: Sequence[PoolPredictions], thresholds: Thresholds
) -> list[Contribution]:
    """Return the contribution of each expert, in the gate's order, with a verdict.

    Redundant experts are removed one at a time, lowest gain first, and the others measured again: if two can
    replace each other neither has a gain, but only one may go. Shared experts stay, and so does the one whose
    adapter the gate reads with.
    """
    measure = _measurer(card, registry, dev)
    settings = card.settings
    routed = 1 if settings.capacity is None else ceil(1 / settings.capacity)
    min_experts = max(2, len(settings.shared) + routed)
    shared = dict.fromkeys(settings.shared, "it is a shared expert")
    stays = {card.embedding: "the gate reads with its adapter"} | shared
    names, results = list(card.names), dict[str, Contribution]()
    while True:
        quality, cost, loads = measure(names)
        for name in names:
            without, cheaper, _ = measure([other for other in names if other != name])
            saved = cost - cheaper
            results[name] = Contribution(expert=name, share=loads[name], quality=quality, without=without, saved=saved)
        redundant = [results[name] for name in names if not thresholds.reached(results[name])]
        removable = [contribution for contribution in redundant if contribution.expert not in stays]
        if not removable or len(names) <= min_experts:
            break
        worst = min(removable, key=lambda contribution: (contribution.gain, contribution.share))
        results[worst.expert] = worst.model_copy(update={"verdict": EXCLUDED})
        names.remove(worst.expert)
    for contribution in redundant:
        why = stays.get(contribution.expert, f"the gate needs {min_experts}")
        results[contribution.expert] = contribution.model_copy(update={"verdict": f"stays: {why}"})
    return [results[name] for name in card.names]


Measured = tuple[float, float, dict[str, float]]
"""Quality, cost, and the share of the articles that each expert gets."""


def _measurer(
    card: GateCard, registry: Registry, dev: Sequence[PoolPredictions]
) -> Callable[[Sequence[str]], Measured]:
    """Return a function that measures the gate with some of its experts, by the scores of the whole gate."""
    pool = registry.pool(card.task)
    backbone = partial(registry.backbones.backbone, Device())
    gate = LearnedGate(card, pool, backbone)
    scores = [gate.probabilities(source.articles) for source in dev]

    def measure(names: Sequence[str]) -> Measured:
        smaller = LearnedGate(_unlimited(card, names), pool, backbone)
        columns = [card.names.index(name) for name in names]
        rows = []
        for source, probabilities in zip(dev, scores, strict=True):
            routes = smaller.decide(source.articles, normalized(probabilities[:, columns]))
            weights = weights_of(routes, card.names)
            cost = (source.tokens * (weights > 0)).sum() / max(source.tokens.sum(), 1.0)
            quality = source.predictions.quality(weights).mean()
            rows.append([quality, cost, *(weights > 0).mean(axis=0)])
        quality, cost, *loads = np.average(rows, axis=0, weights=source_weights(dev)).tolist()
        return quality, cost, dict(zip(card.names, loads, strict=True))

    return measure


def _unlimited(card: GateCard, names: Sequence[str]) -> GateCard:
    """Return the card of a gate with some of its experts, which only decides by given scores."""
    shared = tuple(name for name in card.settings.shared if name in names)
    changes: dict[str, object] = {"shared": shared}
    if (card.settings.capacity or 1) * (len(names) - len(shared)) < 1:
        changes["capacity"] = None  # so few experts have no room for all articles; this gate is not written
    settings = card.settings.model_copy(update=changes)
    return with_experts(card, names).model_copy(update={"embedding": "", "settings": settings})


def with_experts(card: GateCard, names: Sequence[str]) -> GateCard:
    """Return the card of a gate with some of its experts, without the results of all."""
    experts = [expert for expert in card.experts if expert.name in names]
    total = sum(expert.cost for expert in experts) or 1.0
    scaled = [expert.model_copy(update={"cost": round(expert.cost / total, 6)}) for expert in experts]
    return card.model_copy(update={"experts": tuple(scaled), "better": False, "measured": (), "curve": ()})


def write_pruned(card: GateCard, contributions: Sequence[Contribution]) -> GateCard:
    """Write a gate without its redundant experts into its folder; return its card.

    Their rows of the weights are dropped, so their scores go to the other experts in proportion. The gate is
    not trained again: what is written is what was measured.
    """
    names = [contribution.expert for contribution in contributions if not contribution.excluded]
    rows = [card.names.index(name) for name in names]
    tensors = load_file(card.folder / WEIGHTS_FILE)
    excluded = [
        Excluded(name=row.expert, share=round(row.share, 6), gain=round(row.gain, 6), saved=round(row.saved, 6))
        for row in contributions
        if row.excluded
    ]
    smaller = with_experts(card, names).model_copy(update={"excluded": (*card.excluded, *excluded)})
    write_gate(smaller, Head(tensors["weight"][rows], tensors["bias"][rows]))
    return smaller
