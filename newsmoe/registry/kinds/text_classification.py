"""Any sequence classifier of the hub."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from newsmoe.article import Article
from newsmoe.errors import ModelError
from newsmoe.prediction import Fields, Labels, Prediction
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import Card
from newsmoe.registry.hub.expert import HubExpert, HubSettings, Parts
from newsmoe.registry.hub.pieces import Piece

Scores = NDArray[np.float64]

LongInput = Literal["head", "head+tail", "windows"]
"""What is read of a text that is longer than the model: its first piece, the first and the last, or all."""


class TextClassificationSettings(HubSettings):
    """A classifier's labels, and how its scores are made."""

    labels: dict[str, str] = Field(
        {}, description="a name for each of the model's labels, or none; two may share one, '' drops a label"
    )
    multi_label: bool = Field(False, description="whether several labels may hold at a time")
    threshold: float = Field(0.5, ge=0, le=1, description="least score of a label that holds (multi_label)")
    temperature: float = Field(1.0, gt=0, description="what the logits are divided by")
    long_input: LongInput = "windows"


class TextClassification(HubExpert):
    """Answers with a distribution over labels, or with all labels that hold."""

    Settings = TextClassificationSettings
    architecture = "AutoModelForSequenceClassification"

    def __init__(self, card: Card, settings: TextClassificationSettings, backbones: BackbonePool) -> None:
        super().__init__(card, settings, backbones)
        self.settings = settings

    @staticmethod
    def columns(settings: TextClassificationSettings) -> tuple[str, ...]:
        """Return the keys that get a column each in tables; none where several labels may hold."""
        return () if settings.multi_label else ("label", "score")

    def prepare(self) -> None:
        """Match the card's labels with the model's."""
        own = [str(label) for _, label in sorted(self.model.config.id2label.items())]
        self.labels = _matched(own, self.settings.labels, self.name)
        self.limit -= self.tokenizer.num_special_tokens_to_add(pair=False)

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the labels of each article: the mean over its pieces, by their lengths."""
        self.loaded()
        read = [
            choose_pieces(self.cut(article, self.limit), self.settings.long_input) for article in articles
        ]
        pieces = [piece for parts in read for piece in parts.pieces]
        scores = iter(self.in_batches([piece.tokens for piece in pieces], partial(self._scores, pieces)))
        predictions = []
        for article, parts in zip(articles, read, strict=True):
            own = np.stack([next(scores) for _ in parts.pieces])
            mean = parts.mean(own)
            predictions.append(self._prediction(mean, article, parts))
        return predictions

    def _scores(self, pieces: Sequence[Piece], batch: Sequence[int]) -> list[Scores]:
        """Return the scores of each piece of a batch, shape (labels of the model,)."""
        import torch

        inputs = self.tokenizer(
            [pieces[index].text for index in batch],
            padding=True,
            truncation=True,
            max_length=self.input_limit,
            return_tensors="pt",
        ).to(self.model.device)
        with torch.inference_mode():
            logits = self.model(**inputs).logits.double() / self.settings.temperature
            scores = logits.sigmoid() if self.settings.multi_label else logits.softmax(-1)
        return list(scores.cpu().numpy())

    def _prediction(self, scores: Scores, article: Article, parts: Parts) -> Prediction:
        use = self.input_stats(article, parts)
        merged = _merged(scores, self.labels, max if self.settings.multi_label else sum)
        if not self.settings.multi_label:
            total = sum(merged.values())
            return Labels({label: score / total for label, score in merged.items()}, use)
        ranked = dict(sorted(merged.items(), key=lambda item: (-item[1], item[0])))
        holding = [label for label, score in ranked.items() if score >= self.settings.threshold]
        best, score = next(iter(ranked.items()))
        rounded = {label: round(score, 6) for label, score in ranked.items()}
        return Fields({"label": best, "score": round(score, 6), "labels": holding, "scores": rounded}, use)


def choose_pieces(parts: Parts, policy: LongInput) -> Parts:
    """Return what `policy` reads of them."""
    if policy == "windows" or len(parts.pieces) == 1:
        return parts
    chosen = parts.pieces[:1] if policy == "head" else (parts.pieces[0], parts.pieces[-1])
    return Parts(chosen, parts.truncated or len(chosen) < len(parts.pieces))


def _matched(own: Sequence[str], named: Mapping[str, str], name: str) -> list[str]:
    """Return this expert's label for each of the model's, in the model's order; '' where it is dropped."""
    if not named:
        return list(own)
    unnamed, unknown = sorted(set(own) - named.keys()), sorted(named.keys() - set(own))
    if unnamed or unknown:
        sides = [("the model alone has", unnamed), ("the card alone has", unknown)]
        said = "; ".join(f"{side} {', '.join(map(repr, labels))}" for side, labels in sides if labels)
        raise ModelError(
            f"{name}: the labels of card and model differ: {said}; give each of the model's a name in"
            " [settings.labels], '' to drop it"
        )
    if not any(named.values()):
        raise ModelError(f"{name}: [settings.labels] drops every label")
    return [named[label] for label in own]


def _merged(scores: Scores, labels: Sequence[str], merge: Callable[[list[float]], float]) -> dict[str, float]:
    """Return the score of each label, made of those of the model's labels that stand for it."""
    found: dict[str, list[float]] = {label: [] for label in labels if label}
    for label, score in zip(labels, scores.tolist(), strict=True):
        if label:
            found[label].append(score)
    return {label: merge(own) for label, own in found.items()}
