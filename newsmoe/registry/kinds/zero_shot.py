"""Labels without training: the nearest description wins."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field

from newsmoe.article import Article
from newsmoe.errors import ModelError
from newsmoe.prediction import Prediction
from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.kinds.embedded import EmbeddedExpert, EmbeddedSettings
from newsmoe.registry.kinds.scores import Probabilities, softmax


class ZeroShotSettings(EmbeddedSettings):
    """Labels with their descriptions; the temperature divides the cosine similarities."""

    labels: dict[str, str] = Field(min_length=2)
    temperature: float = Field(0.05, gt=0)


class ZeroShot(EmbeddedExpert[ZeroShotSettings]):
    """Predicts a distribution over the user's labels, by similarity of article and description."""

    Settings = ZeroShotSettings
    columns = ("label", "score")

    def prepare(self) -> None:
        """Encode the descriptions, each as an article of its own with the label as headline."""
        windows = []
        for label, text in self.settings.labels.items():
            reading = self.backbone.read(Article(headline=label, content=text))
            if not reading.windows:
                raise ModelError(f"{self.name}: the label {label!r} has no word in it")
            windows.append(reading.windows[0])
        self.descriptions = np.stack([encoded.window for encoded in self.encode(windows)])

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the label distribution of each article."""
        return self.classify(articles, tuple(self.settings.labels), self.probabilities)

    def probabilities(self, vectors: Vectors) -> Probabilities:
        """Return probabilities of shape (windows, labels) for window vectors of shape (windows, width)."""
        return softmax(vectors @ self.descriptions.T / self.settings.temperature)
