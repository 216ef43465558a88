"""A linear head on the backbone."""

from collections.abc import Sequence

from pydantic import Field, field_validator

from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.kinds.embedded import EmbeddedClassifier, LabelSettings, load_head


class ClassifierSettings(LabelSettings):
    """Labels in the order of the head's rows."""

    labels: tuple[str, ...] = Field(min_length=2)

    @field_validator("labels")
    @classmethod
    def _distinct(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(labels)) < len(labels):
            raise ValueError("a label is repeated")
        return labels


def head_shapes(labels: Sequence[str], width: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the head's tensors by name, for window vectors of `width`."""
    return {"weight": (len(labels), width), "bias": (len(labels),)}


class Classifier(EmbeddedClassifier[ClassifierSettings]):
    """Predicts a distribution over the labels of its card."""

    Settings = ClassifierSettings

    def prepare(self) -> None:
        """Load the head: `weight` of shape (labels, width) and `bias` of shape (labels,)."""
        head = load_head(self.card.folder, head_shapes(self.settings.labels, self.backbone.width))
        self.weight, self.bias = head["weight"], head["bias"]

    def logits(self, vectors: Vectors) -> Vectors:
        """Return the head's logits."""
        return vectors @ self.weight.T + self.bias
