"""A gate that was trained on what each expert gets right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

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
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.registry.kinds.embedded import load_head
from newsmoe.registry.kinds.scores import softmax

Table = NDArray[np.float64]
"""Shape (articles, experts)."""


@dataclass(frozen=True)
class Explained:
    """How one expert did at the gate for one article.

    `score` is its probability, 0 where it is not eligible; `cost` that of an article, as a share of what all
    experts cost together; `features` what each feature adds to its score before the softmax, above the mean
    of all experts, `bias` among them.
    """

    expert: str
    score: float
    cost: float
    features: dict[str, float]


@dataclass(frozen=True)
class ScoreCache:
    """A gate's scores from earlier runs: a store, and the key of everything that decides them."""

    store: PredictionStore
    cache_key: str

    def get(self, articles: Sequence[str], experts: Sequence[str]) -> dict[str, list[float]]:
        """Return the scores of these experts by article key, as far as they are stored."""
        stored = self.store.predictions(self.cache_key, articles)
        return {
            article: [prediction.scores[name] for name in experts]
            for article, prediction in stored.items()
            if isinstance(prediction, Labels) and prediction.scores.keys() == set(experts)
        }

    def put(self, scores: Mapping[str, Sequence[float]], experts: Sequence[str]) -> None:
        """Store scores by article key."""
        labels = {article: Labels(dict(zip(experts, row, strict=True))) for article, row in scores.items()}
        self.store.keep(self.cache_key, labels)


class LearnedGate:
    """Scores every expert of one task for an article, and sends it to the best.

    Features -> one linear score an expert -> softmax over the eligible experts -> the top k -> weights in
    proportion to their probabilities, which is the softmax over those chosen (Shazeer et al. 2017). In a
    calibrated gate a score is the probability that the expert is the best of them. The other experts are the
    fallbacks.

    Scores of articles in `score_cache` are not computed again, unless the gate knows more than the text.
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
                f"a capacity of {self.settings.capacity} is too small: {routed} experts take at most"
                f" {self.settings.capacity * routed:.0%} of the articles; set at least {1 / routed:.2f}"
            )

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""
        return self.decide(articles, self.probabilities(articles))

    def decide(self, articles: Sequence[Article], probabilities: Table) -> list[Route]:
        """Return the route of each article of a window, whose scores are there already."""
        eligible = self.eligible(articles)
        selections = self._selections(probabilities, eligible)
        rows = zip(articles, probabilities.tolist(), eligible.tolist(), selections, strict=True)
        return [(self._decision(article, row, mask, selection),) for article, row, mask, selection in rows]

    def probabilities(self, articles: Sequence[Article]) -> Table:
        """Return the scores, shape (articles, experts): they sum to 1 over the eligible experts, else 0."""
        eligible = self.eligible(articles)
        probabilities = np.zeros(eligible.shape)
        readable = np.flatnonzero(eligible.any(axis=1)).tolist()
        keys = [articles[row].key for row in readable]
        cached = self._score_cache.get(keys, self._names) if self._score_cache else {}
        new = []
        for row, key in zip(readable, keys, strict=True):
            if key in cached:
                probabilities[row] = cached[key]
            else:
                new.append(row)
        if new:
            logits = self._logits([articles[row] for row in new])
            probabilities[new] = softmax(np.where(eligible[new], logits, -np.inf))
            if self._score_cache:
                scores = {articles[row].key: probabilities[row].tolist() for row in new}
                self._score_cache.put(scores, self._names)
        return probabilities

    def explain(self, article: Article) -> list[Explained]:
        """Return how each expert did for an article, the best first."""
        [probabilities] = self.probabilities([article])
        weight, bias = self._head
        [features] = self.reader([article])
        columns = self.reader.columns.items()
        added = {name: weight[:, part] @ features[part] for name, part in columns} | {"bias": bias}
        rows = [
            Explained(
                expert=expert.name,
                score=float(probabilities[row]),
                cost=expert.cost,
                features={name: float(parts[row] - parts.mean()) for name, parts in added.items()},
            )
            for row, expert in enumerate(self.card.experts)
        ]
        return sorted(rows, key=lambda explained: -explained.score)

    @cached_property
    def reader(self) -> FeatureReader:
        """What computes the features."""
        return FeatureReader(self.card.features, self._backbone(), gate_adapter(self.card, self.experts))

    @cached_property
    def _head(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        shapes = {"weight": (len(self.experts), self.reader.width), "bias": (len(self.experts),)}
        tensors = load_head(self.card.folder, shapes, WEIGHTS_FILE)
        return tensors["weight"], tensors["bias"]

    def _logits(self, articles: Sequence[Article]) -> Table:
        weight, bias = self._head
        logits: Table = self.reader(articles).astype(np.float64) @ weight.T + bias
        return logits

    def eligible(self, articles: Sequence[Article]) -> NDArray[np.bool_]:
        """Return which expert may read which article, shape (articles, experts)."""
        kinds = [Traits.of(article) for article in articles]
        rows = {kind: [info in eligible_experts(self.experts, kind) for info in self.experts] for kind in set(kinds)}
        return np.array([rows[kind] for kind in kinds], dtype=bool).reshape(len(articles), len(self.experts))

    def _selections(self, probabilities: Table, eligible: NDArray[np.bool_]) -> list[Selection]:
        limits = self.settings
        if limits.capacity is not None:
            return select_within_capacity(
                probabilities, eligible, limits.top_k, self._shared, limits.capacity, self._names
            )
        selections = select_top_k(probabilities, eligible, limits.top_k, self._shared)
        if limits.budget is None:
            return selections
        costs = [expert.cost for expert in self.card.experts]
        return select_within_budget(selections, probabilities, eligible, costs, limits.budget)

    def _decision(
        self, article: Article, probabilities: Sequence[float], eligible: Sequence[bool], selection: Selection
    ) -> Decision:
        if not selection.experts:
            return Decision.abstain(self.card.task, ineligible_reason(self.experts, article))
        names = self._names
        candidates = [expert for expert, may_read in enumerate(eligible) if may_read]
        ranked = sorted(candidates, key=lambda expert: -probabilities[expert])
        total = sum(probabilities[expert] for expert in selection.experts)
        equal = 1 / len(selection.experts)
        scores = ", ".join([f"{names[expert]} {probabilities[expert]:.2f}" for expert in ranked])
        return Decision(
            self.card.task,
            {names[expert]: probabilities[expert] / total if total else equal for expert in selection.experts},
            tuple([names[expert] for expert in ranked if expert not in selection.experts]),
            "; ".join(filter(None, [f"learned gate: {scores}", selection.note])),
            over_capacity=tuple([names[expert] for expert in selection.over_capacity]),
            downgraded=selection.downgraded,
        )


def gate_adapter(card: GateCard, experts: Sequence[ExpertInfo]) -> Adapter | None:
    """Return the adapter that the gate's embedding is computed with; None for the bare backbone."""
    chosen = next((info.card for info in experts if info.name == card.embedding), None)
    return load_adapter(chosen.adapter_folder, chosen.settings.get("precision", "fp32")) if chosen else None
