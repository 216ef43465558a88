"""A linear head on the backbone."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field, field_validator
from safetensors import SafetensorError
from safetensors.numpy import load_file

from newsmoe.analysis import Prediction
from newsmoe.article import Article
from newsmoe.errors import ModelError
from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.cards import Card
from newsmoe.registry.kinds import Workshop
from newsmoe.registry.kinds.embedded import EmbeddedExpert, LongInputSettings, Shares, softmax

__all__ = ["HEAD_FILE", "Classifier", "ClassifierSettings"]

HEAD_FILE = "head.safetensors"


class ClassifierSettings(LongInputSettings):
    """Labels in the order of the head's rows, and the temperature that its logits are divided by."""

    labels: tuple[str, ...] = Field(min_length=2)
    temperature: float = Field(1.0, gt=0)

    @field_validator("labels")
    @classmethod
    def _distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) < len(labels):
            raise ValueError("a label stands there twice")
        return labels


class Classifier(EmbeddedExpert):
    """Answers with a distribution over the labels of its card."""

    Settings = ClassifierSettings

    def __init__(self, card: Card, settings: ClassifierSettings, workshop: Workshop) -> None:
        super().__init__(card, settings.long_input, workshop)
        self.labels = settings.labels
        self.temperature = settings.temperature

    def prepare(self) -> None:
        """Load the head: `weight` of shape (labels, width) and `bias` of shape (labels,).

        Raises:
            ModelError: the file is missing or damaged, or is not made for these labels.
        """
        path = self.card.folder / HEAD_FILE
        try:
            tensors = load_file(path)
            self.weight, self.bias = tensors["weight"], tensors["bias"]
        except (OSError, SafetensorError, KeyError) as error:
            raise ModelError(f"{path}: cannot be loaded: {error}") from None
        expected = (len(self.labels), self.backbone.width)
        for name, tensor, shape in (("weight", self.weight, expected), ("bias", self.bias, expected[:1])):
            if tensor.shape != shape:
                raise ModelError(f"{path}: the {name}'s shape is {tensor.shape}, the card asks for {shape}")
        if not (np.isfinite(self.weight).all() and np.isfinite(self.bias).all()):
            raise ModelError(f"{path}: holds values that are no numbers")

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the label distribution of each article."""
        return self.classify(articles, self.labels, self.shares)

    def shares(self, vectors: Vectors) -> Shares:
        """Return probabilities of shape (windows, labels) for window vectors of shape (windows, width)."""
        return softmax((vectors @ self.weight.T + self.bias) / self.temperature)
