"""Precision, recall and F1 of entities: an entity is right if its place and its type are exactly right."""

from collections import Counter
from collections.abc import Collection

from newsmoe.datasets.tagged import Span
from newsmoe.evaluation.metrics import LabelQuality


class SpanCounts:
    """Counts of true, predicted and right entities over articles, by type; entities of other types do not count."""

    def __init__(self, types: Collection[str]) -> None:
        self.types = types
        self.true: Counter[str] = Counter()
        self.predicted: Counter[str] = Counter()
        self.right: Counter[str] = Counter()

    def add(self, true: Collection[Span], predicted: Collection[Span]) -> None:
        """Count the entities of an article."""
        for counter, spans in ((self.true, true), (self.predicted, predicted), (self.right, {*true} & {*predicted})):
            counter.update(span.type for span in spans if span.type in self.types)

    def total(self) -> LabelQuality:
        """Return the quality over all types together (micro-average)."""
        return _quality(self.right.total(), self.predicted.total(), self.true.total())

    def by_type(self) -> dict[str, LabelQuality]:
        """Return the quality of each type, the most frequent first."""
        types = sorted(self.true | self.predicted, key=lambda type: (-self.true[type], type))
        return {type: _quality(self.right[type], self.predicted[type], self.true[type]) for type in types}


def _quality(right: int, predicted: int, true: int) -> LabelQuality:
    return LabelQuality(
        precision=right / max(1, predicted),
        recall=right / max(1, true),
        f1=2 * right / max(1, predicted + true),
        support=true,
    )
