"""A gate without the experts that it does not need."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from newsmoe.evaluation.pool import PoolPredictions
from newsmoe.gating.gate_card import WEIGHTS_FILE, Excluded, GateCard
from newsmoe.gating.learned import LearnedGate
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
from newsmoe.training.data import Head
from newsmoe.training.gate import write_gate
from newsmoe.validation import Strict

Table = NDArray[np.float64]
"""Shape (articles, experts)."""

LEFT_OUT = "left out"


class Contribution(Strict):
    """What an expert is worth to its gate, on held-out data: means over the sources, each by its weight.

    Attributes:
        expert: its name.
        share: of the articles that it is asked about.
        quality: of the gate with it, from 0 to 1: accuracy, or ROUGE.
        without: quality of the gate without it, its articles going to the next choice.
        saved: cost that the gate then does without, as a share of what asking the whole pool costs.
        verdict: whether it is left out, or why it is kept.
    """

    expert: str
    share: float
    quality: float
    without: float
    saved: float
    verdict: str = "kept"

    @property
    def gain(self) -> float:
        """Quality that the gate has by the expert, from -1 to 1."""
        return self.quality - self.without

    @property
    def left_out(self) -> bool:
        """Whether the gate is to do without it."""
        return self.verdict == LEFT_OUT


@dataclass(frozen=True)
class Thresholds:
    """What an expert must reach to be kept.

    Attributes:
        share: of the articles that it is asked about.
        gain: quality that the gate has by it.
    """

    share: float
    gain: float

    def reached(self, contribution: Contribution) -> bool:
        """Tell whether an expert reaches both."""
        return contribution.share >= self.share and contribution.gain >= self.gain


def find_redundant(
    card: GateCard, registry: Registry, dev: Sequence[PoolPredictions], least: Thresholds
) -> list[Contribution]:
    """Return the worth of each expert, in the gate's order, with who is to be left out.

    They go one at a time, the one with the least gain first, and the others are measured anew: of two that
    can stand for each other each alone has no gain, and only one may go. Experts that always answer stay,
    and so does the one whose adapter reads for the gate.
    """
    measure = _measured(card, registry, dev)
    settings = card.settings
    routed = 1 if settings.capacity is None else ceil(1 / settings.capacity)
    fewest = max(2, len(settings.shared) + routed)
    stays = {card.embedding: "it reads for the gate", **dict.fromkeys(settings.shared, "it always answers")}
    kept, found = list(card.names), dict[str, Contribution]()
    while True:
        quality, cost, asked = measure(kept)
        for name in kept:
            without, cheaper, _ = measure([one for one in kept if one != name])
            found[name] = Contribution(
                expert=name, share=asked[name], quality=quality, without=without, saved=cost - cheaper
            )
        redundant = [found[name] for name in kept if not least.reached(found[name])]
        free = [one for one in redundant if one.expert not in stays]
        if not free or len(kept) <= fewest:
            break
        out = min(free, key=lambda one: (one.gain, one.share))
        found[out.expert] = out.model_copy(update={"verdict": LEFT_OUT})
        kept.remove(out.expert)
    for one in redundant:
        why = stays.get(one.expert, f"the gate needs {fewest}")
        found[one.expert] = one.model_copy(update={"verdict": f"kept: {why}"})
    return [found[name] for name in card.names]


Measured = tuple[float, float, dict[str, float]]
"""Quality, cost, and the share of the articles that each expert is asked about."""


def _measured(
    card: GateCard, registry: Registry, dev: Sequence[PoolPredictions]
) -> Callable[[Sequence[str]], Measured]:
    """Return what measures the gate with some of its experts, the scores of the others given to them."""
    pool = registry.pool(card.task)
    backbone = partial(registry.backbones.backbone, Device())
    gate = LearnedGate(card, pool, backbone)
    scores = [gate.probabilities(one.articles) for one in dev]
    sources = np.array([one.weight for one in dev]) / sum(one.weight for one in dev)

    def measure(names: Sequence[str]) -> Measured:
        smaller = LearnedGate(_to_measure(card, names), pool, backbone)
        found = []
        for answers, probabilities in zip(dev, scores, strict=True):
            routes = smaller.decide(
                answers.articles, _shared_out(probabilities, [card.names.index(n) for n in names])
            )
            weights = np.array([[one.weights.get(name, 0.0) for name in card.names] for (one,) in routes])
            cost = (answers.tokens * (weights > 0)).sum() / max(answers.tokens.sum(), 1.0)
            found.append([answers.answers.quality(weights).mean(), cost, *(weights > 0).mean(axis=0)])
        quality, cost, *asked = np.average(found, axis=0, weights=sources).tolist()
        return quality, cost, dict(zip(card.names, asked, strict=True))

    return measure


def _to_measure(card: GateCard, names: Sequence[str]) -> GateCard:
    """Return the card of a gate that only decides between some of its experts, by scores that it is given."""
    shared = tuple(name for name in card.settings.shared if name in names)
    changes: dict[str, object] = {"shared": shared}
    if (card.settings.capacity or 1) * (len(names) - len(shared)) < 1:
        changes["capacity"] = None  # so few have no room for all; they are not the ones to be written
    settings = card.settings.model_copy(update=changes)
    return with_experts(card, names).model_copy(update={"embedding": "", "settings": settings})


def _shared_out(probabilities: Table, kept: Sequence[int]) -> Table:
    """Return the scores of some experts, to sum to 1 where one of them can read the article."""
    some = probabilities[:, kept]
    scaled: Table = some / np.maximum(some.sum(axis=1, keepdims=True), 1e-12)
    return scaled


def with_experts(card: GateCard, names: Sequence[str]) -> GateCard:
    """Return the card of a gate with some of its experts; what was measured with all is gone."""
    kept = [one for one in card.experts if one.name in names]
    total = sum(one.cost for one in kept) or 1.0
    costs = [one.model_copy(update={"cost": round(one.cost / total, 6)}) for one in kept]
    return card.model_copy(update={"experts": tuple(costs), "better": False, "measured": (), "curve": ()})


def write_pruned(card: GateCard, contributions: Sequence[Contribution]) -> GateCard:
    """Write a gate without those that are left out into its folder; return its card.

    Their rows of weights are dropped, so that their share of the scores goes to the others in proportion.
    The gate is not trained again: what was measured is what is written, and no training data is needed.
    """
    out = [one for one in contributions if one.left_out]
    names = [one.expert for one in contributions if not one.left_out]
    rows = [card.names.index(name) for name in names]
    tensors = load_file(card.folder / WEIGHTS_FILE)
    figures = [
        Excluded(
            name=one.expert, share=round(one.share, 6), gain=round(one.gain, 6), saved=round(one.saved, 6)
        )
        for one in out
    ]
    smaller = with_experts(card, names).model_copy(update={"left_out": (*card.left_out, *figures)})
    write_gate(smaller, Head(tensors["weight"][rows], tensors["bias"][rows]))
    return smaller
