"""A gate that was trained on what each expert gets right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from newsmoe.article import Article
from newsmoe.errors import ConfigError
from newsmoe.gating.features import BEYOND_TEXT, FeatureReader
from newsmoe.gating.gate import Decision, Route, Traits, eligible_experts, ineligible_reason
from newsmoe.gating.gate_card import WEIGHTS_FILE, GateCard, GateSettings, check_experts
from newsmoe.gating.limits import Selection, select_top_k, select_within_budget, select_within_capacity
from newsmoe.journal.store import PredictionStore
from newsmoe.prediction import Labels
from newsmoe.registry.backbone.adapter import Adapter, load_adapter
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.kinds.embedded import load_head
from newsmoe.registry.kinds.scores import softmax
from newsmoe.registry.registry import ExpertInfo


@dataclass(frozen=True)
class Explained:
    """How one expert did at the gate for one article.

    Attributes:
        expert: its name.
        score: its share, 0 where it cannot read the article.
        cost: of an article, as a share of what all experts cost together.
        features: what each feature adds to its score before the softmax, above the mean of all experts;
            `bias` is what it has whatever the article.
    """

    expert: str
    score: float
    cost: float
    features: dict[str, float]


class ScoreCache(NamedTuple):
    """A gate's own place in a store.

    Attributes:
        store: where scores lie.
        known_as: all that decides what they are.
    """

    store: PredictionStore
    cache_key: str


class LearnedGate:
    """Scores every expert of one task for an article, and sends it to the best.

    Features -> one linear score an expert -> shares over the experts that can read the article -> the top k
    -> weights in proportion to their shares, which is the softmax over those chosen (Shazeer et al. 2017).
    In a calibrated gate a share is the probability that the expert is the best of them.
    The other experts stand by in the order of their scores.
    """

    def __init__(
        self,
        card: GateCard,
        pool: Sequence[ExpertInfo],
        backbone: Callable[[], Backbone],
        settings: GateSettings | None = None,
        score_cache: ScoreCache | None = None,
    ) -> None:
        self.card = card
        self.tasks: tuple[str, ...] = (card.task,)
        self.settings = settings or card.settings
        self.experts = check_experts(card, pool)
        self._names = card.names
        self._backbone = backbone
        self._score_cache = score_cache if BEYOND_TEXT.isdisjoint(card.features) else None
        self._shared = [card.names.index(name) for name in self.settings.shared]
        routed = len(card.experts) - len(self._shared)
        if self.settings.capacity is not None and 0 < self.settings.capacity * routed < 1:
            raise ConfigError(
                f"a capacity of {self.settings.capacity} leaves articles over: {routed} experts take"
                f" {self.settings.capacity * routed:.0%} at the most; give at least {1 / routed:.2f}"
            )

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""
        return self.decide(articles, self.probabilities(articles))

    def decide(self, articles: Sequence[Article], probabilities: NDArray[np.float64]) -> list[Route]:
        """Return the route of each article, given the scores of a window's articles."""
        eligible = self.eligible(articles)
        rows = zip(
            articles,
            probabilities.tolist(),
            eligible.tolist(),
            self._selections(probabilities, eligible),
            strict=True,
        )
        return [(self._decision(article, row, can, selection),) for article, row, can, selection in rows]

    def probabilities(self, articles: Sequence[Article]) -> NDArray[np.float64]:
        """Return scores of shape (articles, experts): shares over those that can read the article, else 0."""
        eligible = self.eligible(articles)
        probabilities = np.zeros(eligible.shape)
        readable = np.flatnonzero(eligible.any(axis=1)).tolist()
        known = self._known([articles[row].key for row in readable])
        new = []
        for row in readable:
            if (found := known.get(articles[row].key)) is not None:
                probabilities[row] = found
            else:
                new.append(row)
        if new:
            logits = self._logits([articles[row] for row in new])
            probabilities[new] = softmax(np.where(eligible[new], logits, -np.inf))
            self._keep({articles[row].key: probabilities[row] for row in new})
        return probabilities

    def _known(self, keys: Sequence[str]) -> dict[str, list[float]]:
        """Return the scores that are remembered, by article."""
        if self._score_cache is None:
            return {}
        found = self._score_cache.store.predictions(self._score_cache.cache_key, keys)
        return {
            key: [one.scores[name] for name in self.card.names]
            for key, one in found.items()
            if isinstance(one, Labels) and one.scores.keys() == set(self.card.names)
        }

    def _keep(self, probabilities: Mapping[str, NDArray[np.float64]]) -> None:
        if self._score_cache is not None:
            scores = {
                key: Labels(dict(zip(self.card.names, map(float, row), strict=True)))
                for key, row in probabilities.items()
            }
            self._score_cache.store.keep(self._score_cache.cache_key, scores)

    def explain(self, article: Article) -> list[Explained]:
        """Return how each expert did for an article, the best first."""
        [probabilities] = self.probabilities([article])
        weight, bias = self._head
        columns = self.reader.columns
        [seen] = self.reader([article])
        added = {name: weight[:, part] @ seen[part] for name, part in columns.items()} | {"bias": bias}
        rows = [
            Explained(
                expert=expert.name,
                score=float(probabilities[row]),
                cost=expert.cost,
                features={name: float(parts[row] - parts.mean()) for name, parts in added.items()},
            )
            for row, expert in enumerate(self.card.experts)
        ]
        return sorted(rows, key=lambda one: -one.score)

    @cached_property
    def reader(self) -> FeatureReader:
        """What reads the features."""
        return FeatureReader(self.card.features, self._backbone(), gate_adapter(self.card, self.experts))

    @cached_property
    def _head(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        shapes = {"weight": (len(self.experts), self.reader.width), "bias": (len(self.experts),)}
        tensors = load_head(self.card.folder, shapes, WEIGHTS_FILE)
        return tensors["weight"], tensors["bias"]

    def _logits(self, articles: Sequence[Article]) -> NDArray[np.float64]:
        weight, bias = self._head
        logits: NDArray[np.float64] = self.reader(articles).astype(np.float64) @ weight.T + bias
        return logits

    def eligible(self, articles: Sequence[Article]) -> NDArray[np.bool_]:
        """Return who can read what, shape (articles, experts)."""
        kinds = [Traits.of(article) for article in articles]
        rows = {
            kind: [info in eligible_experts(self.experts, kind) for info in self.experts]
            for kind in set(kinds)
        }
        return np.array([rows[kind] for kind in kinds], dtype=bool).reshape(len(articles), len(self.experts))

    def _selections(self, probabilities: NDArray[np.float64], eligible: NDArray[np.bool_]) -> list[Selection]:
        chosen = self.settings
        if chosen.capacity is not None:
            return select_within_capacity(
                probabilities, eligible, chosen.top_k, self._shared, chosen.capacity, self.card.names
            )
        selections = select_top_k(probabilities, eligible, chosen.top_k, self._shared)
        if chosen.budget is None:
            return selections
        costs = [expert.cost for expert in self.card.experts]
        return select_within_budget(selections, probabilities, eligible, costs, chosen.budget)

    def _decision(
        self, article: Article, probabilities: Sequence[float], eligible: Sequence[bool], selection: Selection
    ) -> Decision:
        if not selection.experts:
            return Decision(self.card.task, {}, (), ineligible_reason(self.experts, article))
        names = self._names
        ranked = sorted((one for one, can in enumerate(eligible) if can), key=lambda one: -probabilities[one])
        total = sum(probabilities[one] for one in selection.experts)
        weights = {
            names[one]: probabilities[one] / total if total else 1 / len(selection.experts)
            for one in selection.experts
        }
        reason = "learned gate: " + ", ".join([f"{names[one]} {probabilities[one]:.2f}" for one in ranked])
        fallbacks = tuple([names[one] for one in ranked if one not in selection.experts])
        return Decision(
            self.card.task,
            weights,
            fallbacks,
            f"{reason}; {selection.note}" if selection.note else reason,
            full=tuple([names[one] for one in selection.full]),
            budgeted=selection.budgeted,
        )


def gate_adapter(card: GateCard, experts: Sequence[ExpertInfo]) -> Adapter | None:
    """Return the adapter that reads for the gate, as its expert loads it; None for the bare backbone."""
    chosen = next((info.card for info in experts if info.name == card.embedding), None)
    return load_adapter(chosen.folder, chosen.settings.get("precision", "fp32")) if chosen else None
