"""A linear head on the backbone."""

from collections.abc import Sequence

from pydantic import Field, field_validator

from newsmoe.article import Article
from newsmoe.prediction import Prediction
from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.kinds.embedded import EmbeddedExpert, EmbeddedSettings, load_head
from newsmoe.registry.kinds.scores import Probabilities, softmax


class ClassifierSettings(EmbeddedSettings):
    """Labels in the order of the head's rows, and the temperature that its logits are divided by."""

    labels: tuple[str, ...] = Field(min_length=2)
    temperature: float = Field(1.0, gt=0)

    @field_validator("labels")
    @classmethod
    def _distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) < len(labels):
            raise ValueError("a label is repeated")
        return labels


def head_shapes(labels: Sequence[str], width: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the head's tensors by name, for window vectors of `width`."""
    return {"weight": (len(labels), width), "bias": (len(labels),)}


class Classifier(EmbeddedExpert[ClassifierSettings]):
    """Predicts a distribution over the labels of its card."""

    Settings = ClassifierSettings
    columns = ("label", "score")

    def prepare(self) -> None:
        """Load the head: `weight` of shape (labels, width) and `bias` of shape (labels,)."""
        head = load_head(self.card.folder, head_shapes(self.settings.labels, self.backbone.width))
        self.weight, self.bias = head["weight"], head["bias"]

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the label distribution of each article."""
        return self.classify(articles, self.settings.labels, self.probabilities)

    def probabilities(self, vectors: Vectors) -> Probabilities:
        """Return probabilities of shape (windows, labels) for window vectors of shape (windows, width)."""
        return softmax((vectors @ self.weight.T + self.bias) / self.settings.temperature)
