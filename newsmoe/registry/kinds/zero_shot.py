"""Labels without training: the nearest description wins."""

import numpy as np
from pydantic import Field

from newsmoe.article import Article
from newsmoe.errors import ModelError
from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.kinds.embedded import EmbeddedClassifier, LabelSettings


class ZeroShotSettings(LabelSettings):
    """Labels with their descriptions; the temperature divides the cosine similarities."""

    labels: dict[str, str] = Field(min_length=2)
    temperature: float = Field(0.05, gt=0)


class ZeroShot(EmbeddedClassifier[ZeroShotSettings]):
    """Predicts a distribution over the user's labels, by similarity of article and description."""

    Settings = ZeroShotSettings

    def prepare(self) -> None:
        """Encode the descriptions, each as an article with the label as headline."""
        windows = []
        for label, text in self.settings.labels.items():
            reading = self.backbone.read(Article(headline=label, content=text))
            if not reading.windows:
                raise ModelError(f"{self.name}: the label {label!r} has no word in it")
            windows.append(reading.windows[0])
        self.descriptions = np.stack([encoded.window for encoded in self.encode(windows)])

    def logits(self, vectors: Vectors) -> Vectors:
        """Return the similarities with the descriptions."""
        return vectors @ self.descriptions.T
