"""Labels that nobody trained: the nearest description wins."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from newsmoe.article import Article
from newsmoe.errors import ModelError
from newsmoe.prediction import Prediction
from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import Card
from newsmoe.registry.kinds.embedded import EmbeddedExpert, EmbeddedSettings
from newsmoe.registry.kinds.scores import Probabilities, softmax


class ZeroShotSettings(EmbeddedSettings):
    """Labels with their descriptions; the temperature divides the cosine similarities."""

    labels: dict[str, str] = Field(min_length=2)
    temperature: float = Field(0.05, gt=0)


class ZeroShot(EmbeddedExpert):
    """Answers with a distribution over the user's labels, by similarity of article and description."""

    Settings = ZeroShotSettings
    columns = ("label", "score")

    def __init__(self, card: Card, settings: ZeroShotSettings, backbones: BackbonePool) -> None:
        super().__init__(card, settings, backbones)
        self.labels = settings.labels
        self.temperature = settings.temperature

    def prepare(self) -> None:
        """Encode the descriptions, each as an article of its own with the label as headline."""
        described = [Article(headline=label, content=text) for label, text in self.labels.items()]
        readings = [self.backbone.read(article) for article in described]
        for article, reading in zip(described, readings, strict=True):
            if not reading.windows:
                raise ModelError(f"{self.name}: the label {article.headline!r} has no word in it")
        windows = [reading.windows[0] for reading in readings]
        self.descriptions = np.stack([encoded.window for encoded in self.encode(windows)])

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the label distribution of each article."""
        return self.classify(articles, tuple(self.labels), self.probabilities)

    def probabilities(self, vectors: Vectors) -> Probabilities:
        """Return probabilities of shape (windows, labels) for window vectors of shape (windows, width)."""
        return softmax(vectors @ self.descriptions.T / self.temperature)
