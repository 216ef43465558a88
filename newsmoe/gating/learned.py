"""A gate that was trained on what each expert gets right."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from newsmoe.analysis import AnswerStore, Labels
from newsmoe.article import Article
from newsmoe.errors import ConfigError
from newsmoe.gating.artefact import WEIGHTS_FILE, GateCard, GateSettings, check_experts
from newsmoe.gating.choosing import Pick, pick_top, pick_within_budget, pick_within_capacity
from newsmoe.gating.features import BEYOND_TEXT, FeatureReader
from newsmoe.gating.gate import Choice, Route, Traits, eligible, why_not
from newsmoe.registry.backbone.adapter import Adapter, load_adapter
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.kinds.embedded import load_head
from newsmoe.registry.kinds.scores import softmax
from newsmoe.registry.registry import ExpertInfo

__all__ = ["Explained", "LearnedGate", "Recall", "gate_adapter"]


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


class Recall(NamedTuple):
    """A gate's own place in a store.

    Attributes:
        store: where scores lie.
        known_as: all that decides what they are.
    """

    store: AnswerStore
    known_as: str


class LearnedGate:
    """Scores every expert of one task for an article, and sends it to the best.

    Features -> one linear score an expert -> shares over the experts that can read the article -> the top k
    -> weights in proportion to their shares, which is the softmax over those chosen (Shazeer et al. 2017).
    In a calibrated gate a share is the probability that the expert is the best of them.
    The other experts stand by in the order of their scores.

    Args:
        card: of the trained gate.
        pool: the experts that answer its task; those that it was not trained for are never asked.
        backbone: returns the shared one; called when there is something to read.
        settings: how scores become a choice; default: the gate's own.
        recall: where scores are remembered by the articles' keys, so that nothing is read for them again;
            default: nowhere, and nor are those of a gate that knows more than the text.

    Raises:
        ConfigError: it was trained for other experts, or the settings leave no room for every article.
    """

    def __init__(
        self,
        card: GateCard,
        pool: Sequence[ExpertInfo],
        backbone: Callable[[], Backbone],
        settings: GateSettings | None = None,
        recall: Recall | None = None,
    ) -> None:
        self.card = card
        self.tasks: tuple[str, ...] = (card.task,)
        self.settings = settings or card.settings
        self.experts = check_experts(card, pool)
        self._names = card.names
        self._backbone = backbone
        self._recall = recall if BEYOND_TEXT.isdisjoint(card.features) else None
        self._shared = [card.names.index(name) for name in self.settings.shared]
        routed = len(card.experts) - len(self._shared)
        if self.settings.capacity is not None and 0 < self.settings.capacity * routed < 1:
            raise ConfigError(
                f"a capacity of {self.settings.capacity} leaves articles over: {routed} experts take"
                f" {self.settings.capacity * routed:.0%} at the most; give at least {1 / routed:.2f}"
            )

    def route(self, articles: Sequence[Article]) -> list[Route]:
        """Return the route of each article, in order."""
        return self.decide(articles, self.shares(articles))

    def decide(self, articles: Sequence[Article], shares: NDArray[np.float64]) -> list[Route]:
        """Return the route of each article, given the scores of a window's articles."""
        able = self.able(articles)
        rows = zip(articles, shares.tolist(), able.tolist(), self._picks(shares, able), strict=True)
        return [(self._choice(article, row, can, pick),) for article, row, can, pick in rows]

    def shares(self, articles: Sequence[Article]) -> NDArray[np.float64]:
        """Return scores of shape (articles, experts): shares over those that can read the article, else 0."""
        able = self.able(articles)
        shares = np.zeros(able.shape)
        readable = np.flatnonzero(able.any(axis=1)).tolist()
        known = self._known([articles[row].key for row in readable])
        new = []
        for row in readable:
            if (found := known.get(articles[row].key)) is not None:
                shares[row] = found
            else:
                new.append(row)
        if new:
            logits = self._logits([articles[row] for row in new])
            shares[new] = softmax(np.where(able[new], logits, -np.inf))
            self._keep({articles[row].key: shares[row] for row in new})
        return shares

    def _known(self, keys: Sequence[str]) -> dict[str, list[float]]:
        """Return the scores that are remembered, by article."""
        if self._recall is None:
            return {}
        found = self._recall.store.answers(self._recall.known_as, keys)
        return {
            key: [one.scores[name] for name in self.card.names]
            for key, one in found.items()
            if isinstance(one, Labels) and one.scores.keys() == set(self.card.names)
        }

    def _keep(self, shares: Mapping[str, NDArray[np.float64]]) -> None:
        if self._recall is not None:
            scores = {
                key: Labels(dict(zip(self.card.names, map(float, row), strict=True)))
                for key, row in shares.items()
            }
            self._recall.store.keep(self._recall.known_as, scores)

    def explain(self, article: Article) -> list[Explained]:
        """Return how each expert did for an article, the best first."""
        [shares] = self.shares([article])
        weight, bias = self._head
        columns = self.reader.columns
        [seen] = self.reader([article])
        added = {name: weight[:, part] @ seen[part] for name, part in columns.items()} | {"bias": bias}
        rows = [
            Explained(
                expert=expert.name,
                score=float(shares[row]),
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

    def able(self, articles: Sequence[Article]) -> NDArray[np.bool_]:
        """Return who can read what, shape (articles, experts)."""
        kinds = [Traits.of(article) for article in articles]
        rows = {kind: [info in eligible(self.experts, kind) for info in self.experts] for kind in set(kinds)}
        return np.array([rows[kind] for kind in kinds], dtype=bool).reshape(len(articles), len(self.experts))

    def _picks(self, shares: NDArray[np.float64], able: NDArray[np.bool_]) -> list[Pick]:
        chosen = self.settings
        if chosen.capacity is not None:
            return pick_within_capacity(
                shares, able, chosen.top_k, self._shared, chosen.capacity, self.card.names
            )
        picks = pick_top(shares, able, chosen.top_k, self._shared)
        if chosen.budget is None:
            return picks
        costs = [expert.cost for expert in self.card.experts]
        return pick_within_budget(picks, shares, able, costs, chosen.budget)

    def _choice(self, article: Article, shares: Sequence[float], able: Sequence[bool], pick: Pick) -> Choice:
        if not pick.experts:
            return Choice(self.card.task, {}, (), why_not(self.experts, article))
        names = self._names
        ranked = sorted((one for one, can in enumerate(able) if can), key=lambda one: -shares[one])
        total = sum(shares[one] for one in pick.experts)
        weights = {
            names[one]: shares[one] / total if total else 1 / len(pick.experts) for one in pick.experts
        }
        reason = "learned gate: " + ", ".join([f"{names[one]} {shares[one]:.2f}" for one in ranked])
        reserves = tuple([names[one] for one in ranked if one not in pick.experts])
        return Choice(
            self.card.task,
            weights,
            reserves,
            f"{reason}; {pick.note}" if pick.note else reason,
            full=tuple([names[one] for one in pick.full]),
            budgeted=pick.budgeted,
        )


def gate_adapter(card: GateCard, experts: Sequence[ExpertInfo]) -> Adapter | None:
    """Return the adapter that reads for the gate, as its expert loads it; None for the bare backbone."""
    chosen = next((info.card for info in experts if info.name == card.embedding), None)
    return load_adapter(chosen.folder, chosen.settings.get("precision", "fp32")) if chosen else None
