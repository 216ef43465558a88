"""Any sequence classifier of the hub."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from newsmoe.article import Article
from newsmoe.errors import ModelError
from newsmoe.prediction import Fields, Labels
from newsmoe.registry.hub.chunks import Chunk, ChunkedText
from newsmoe.registry.hub.expert import HubExpert, HubSettings

Scores = NDArray[np.float64]

LongInput = Literal["head", "head+tail", "windows"]
"""What is read of a text that is longer than the model: its first chunk, the first and the last, or all."""


class TextClassificationSettings(HubSettings):
    """A classifier's labels, and how its scores are made."""

    labels: dict[str, str] = {}
    """A name for each of the model's labels, or none; two may share one, '' drops a label."""

    multi_label: bool | None = None
    """Whether several labels may hold at a time; unset: as the model's config says."""

    threshold: float = Field(0.5, ge=0, le=1)
    """Minimum score of a label that holds, with `multi_label`."""

    temperature: float = Field(1.0, gt=0)
    """What the logits are divided by."""

    long_input: LongInput = "windows"


class TextClassification(HubExpert[TextClassificationSettings]):
    """Predicts a distribution over labels, or all labels that hold."""

    Settings = TextClassificationSettings
    architecture = "AutoModelForSequenceClassification"

    @staticmethod
    def columns(settings: TextClassificationSettings) -> tuple[str, ...]:
        """Return the keys that get a column each in tables; none where several labels may hold."""
        return () if settings.multi_label else ("label", "score", "unsure")

    @staticmethod
    def stated_labels(settings: TextClassificationSettings) -> tuple[str, ...]:
        """Return the labels that are predicted; none where the model's own are, which are not read here."""
        return tuple(filter(None, settings.labels.values()))

    def prepare(self) -> int:
        """Match the card's labels with the model's, and see what its scores mean."""
        labels = [str(label) for _, label in sorted(self.model.config.id2label.items())]
        self.labels = _matched(labels, self.settings.labels, self.name)
        self.multi_label = self._is_multi_label(self.model.config, len(labels))
        return int(self.tokenizer.num_special_tokens_to_add(pair=False))

    def _is_multi_label(self, config: Any, labels: int) -> bool:
        """Tell whether each label has a probability of its own: as the card says, else as the model's config."""
        if config.problem_type == "regression":
            raise ModelError(
                f"{self.name}: the model predicts numbers, not labels (problem_type = 'regression' in its config);"
                " name a classifier under 'model' in the card"
            )
        if self.settings.multi_label is False and labels == 1:
            raise ModelError(
                f"{self.name}: the model has one label, whose share of all labels is always 1;"
                " remove multi_label = false from the card"
            )
        if self.settings.multi_label is not None:
            return self.settings.multi_label
        return labels == 1 or config.problem_type == "multi_label_classification"

    def compute(self, articles: Sequence[Article], texts: Sequence[ChunkedText]) -> list[Labels | Fields]:
        """Return the labels of each text, by the mean of the scores over its chunks, by their lengths."""
        scores = iter(self.in_batches([chunk for text in texts for chunk in text.chunks], self._scores))
        return [self._prediction(text.mean([next(scores) for _ in text.chunks])) for text in texts]

    def _scores(self, chunks: Sequence[Chunk]) -> list[Scores]:
        """Return the scores of each chunk, shape (labels of the model,)."""
        import torch

        with torch.inference_mode():
            logits = self.model(**self.tokenize([chunk.text for chunk in chunks])).logits
            logits = logits.double() / self.settings.temperature
            scores = logits.sigmoid() if self.multi_label else logits.softmax(-1)
        return list(scores.cpu().numpy())

    def _prediction(self, scores: Scores) -> Labels | Fields:
        """Return the scores by label; those of several labels of the model are summed, or their maximum."""
        merged = _merged(scores, self.labels, max if self.multi_label else sum)
        if not self.multi_label:
            total = sum(merged.values())
            return Labels({label: score / total for label, score in merged.items()})
        ranked = dict(sorted(merged.items(), key=lambda item: (-item[1], item[0])))
        holding = [label for label, score in ranked.items() if score >= self.settings.threshold]
        rounded = {label: round(score, 6) for label, score in ranked.items()}
        best, score = next(iter(rounded.items()))
        return Fields({"label": best, "score": score, "labels": holding, "scores": rounded})


def _matched(labels: Sequence[str], names: Mapping[str, str], expert: str) -> list[str]:
    """Return the card's name for each of the model's labels, in the model's order; '' where it is dropped."""
    if not names:
        return list(labels)
    sides = {"model": set(labels) - names.keys(), "card": names.keys() - set(labels)}
    if any(sides.values()):
        differences = "; ".join(
            f"the {side} alone has {', '.join(map(repr, sorted(some)))}" for side, some in sides.items() if some
        )
        raise ModelError(
            f"{expert}: the labels of card and model differ: {differences}; give each of the model's a name"
            " in [settings.labels], '' to drop it"
        )
    if not any(names.values()):
        raise ModelError(f"{expert}: [settings.labels] drops every label")
    return [names[label] for label in labels]


def _merged(scores: Scores, labels: Sequence[str], merge: Callable[[list[float]], float]) -> dict[str, float]:
    """Return the score of each label, made of those of the model's labels that stand for it."""
    by_label: dict[str, list[float]] = {label: [] for label in labels if label}
    for label, score in zip(labels, scores.tolist(), strict=True):
        if label:
            by_label[label].append(score)
    return {label: merge(parts) for label, parts in by_label.items()}
