"""What experts on the shared backbone have in common."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from newsmoe.analysis import InputUse, Labels, Prediction
from newsmoe.article import Article
from newsmoe.errors import PredictionError
from newsmoe.registry.backbone.adapter import Adapter, load_adapter
from newsmoe.registry.backbone.backbone import Backbone, Encoded, Vectors
from newsmoe.registry.backbone.reading import LongInput, Reading, Window
from newsmoe.registry.cards import Card
from newsmoe.registry.expert import Device
from newsmoe.registry.kinds import Workshop
from newsmoe.validation import Strict

__all__ = ["EmbeddedExpert", "LongInputSettings", "Shares", "softmax"]

Shares = NDArray[np.floating]
"""Probabilities; the last axis, over labels, sums to 1."""


class LongInputSettings(Strict):
    """What is read of an article of several windows."""

    long_input: LongInput = "windows"


class EmbeddedExpert:
    """An expert on the backbone; a kind adds `predict`, and `prepare` where it has weights of its own."""

    def __init__(self, card: Card, long_input: LongInput, workshop: Workshop) -> None:
        self.name = card.name
        self.task = card.task
        self.languages = card.languages
        self.needs_content = card.needs_content
        self.card = card
        self.long_input = long_input
        self._workshop = workshop
        self._backbone: Backbone | None = None
        self._adapter: Adapter | None = None

    def load(self, device: Device) -> None:
        """Take the shared backbone, and load what is this expert's own."""
        self._backbone = self._workshop.backbone(device)
        self._adapter = load_adapter(self.card.folder)
        self.prepare()

    def prepare(self) -> None:
        """Load what is this expert's own; nothing, unless a kind says otherwise."""

    @property
    def backbone(self) -> Backbone:
        """The shared backbone.

        Raises:
            PredictionError: `load` was not called.
        """
        if self._backbone is None:
            raise PredictionError(f"expert {self.name!r} was asked before load() was called")
        return self._backbone

    def encode(self, windows: Sequence[Window]) -> list[Encoded]:
        """Return the vectors of each window, as the backbone sees it with this expert's adapter."""
        return self.backbone.encode(windows, self._adapter)

    def lengths(self, articles: Sequence[Article]) -> list[int]:
        """Return the tokens that are read of each article."""
        return [sum(map(len, windows)) for _, windows in map(self.windows, articles)]

    def windows(self, article: Article) -> tuple[Reading, tuple[Window, ...]]:
        """Return how the article reads, and the windows of it that this expert reads."""
        reading = self.backbone.read(article)
        return reading, reading.chosen(self.long_input)

    def use(self, article: Article, reading: Reading, windows: Sequence[Window]) -> InputUse:
        """Say how much of the article was read."""
        left_out = reading.truncated or len(windows) < len(reading.windows)
        return InputUse(
            tokens=sum(map(len, windows)), truncated=article.truncated or left_out, windows=len(windows)
        )

    def classify(
        self, articles: Sequence[Article], labels: Sequence[str], shares: Callable[[Vectors], Shares]
    ) -> list[Prediction]:
        """Return the label distribution of each article: the mean over its windows, weighted by tokens.

        Args:
            articles: what to read.
            labels: names of the labels.
            shares: returns probabilities of shape (windows, labels) for vectors of shape (windows, width).
        """
        read = [self.windows(article) for article in articles]
        encoded = iter(self.encode([window for _, windows in read for window in windows]))
        predictions: list[Prediction] = []
        for article, (reading, windows) in zip(articles, read, strict=True):
            if not windows:
                raise PredictionError("the article has neither headline nor content")
            vectors = np.stack([next(encoded).window for _ in windows])
            tokens = [len(window) for window in windows]
            mean = np.average(shares(vectors).astype(np.float64), axis=0, weights=tokens)
            scores = dict(zip(labels, map(float, mean), strict=True))
            predictions.append(Labels(scores, self.use(article, reading, windows)))
        return predictions


def softmax(logits: Shares) -> Shares:
    """Return the softmax over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Shares = powers / powers.sum(axis=-1, keepdims=True)
    return shares
