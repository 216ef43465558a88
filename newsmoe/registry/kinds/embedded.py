"""What experts on the shared backbone have in common."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydantic import Field
from safetensors import SafetensorError
from safetensors.numpy import load_file

from newsmoe.article import NO_TEXT, Article
from newsmoe.errors import ModelError, PredictionError
from newsmoe.prediction import InputStats, Labels, Prediction
from newsmoe.registry.backbone.adapter import Adapter, Precision, load_adapter
from newsmoe.registry.backbone.backbone import Backbone, Encoded, Vectors
from newsmoe.registry.backbone.files import BackboneName, find_backbone
from newsmoe.registry.backbone.reading import WINDOW_TOKENS, Extract, LongInput, Reading, ReadOn, Window, WindowTokens
from newsmoe.registry.card_expert import CardExpert
from newsmoe.registry.cards import Card
from newsmoe.registry.device import Device
from newsmoe.registry.kinds.scores import Probabilities, softmax
from newsmoe.validation import Authored

HEAD_FILE = "head.safetensors"


class EmbeddedSettings(Authored):
    """The backbone, what is read of an article, and what a processor computes in, where there is an adapter."""

    backbone: BackboneName = "minilm"
    long_input: LongInput = "windows"
    window_tokens: WindowTokens = WINDOW_TOKENS
    precision: Precision = "fp32"


S = TypeVar("S", bound=EmbeddedSettings)


class EmbeddedExpert(CardExpert[S]):
    """An expert on the backbone; a kind adds `predict`, and `prepare` where it has weights of its own."""

    adapter: Adapter | None = None
    _backbone: Backbone | None = None

    @staticmethod
    def missing(card: Card, settings: EmbeddedSettings) -> str | None:
        """Say how to get the backbone, or None where it is on this machine."""
        try:
            find_backbone(settings.backbone)
        except ModelError as error:
            return str(error)
        return None

    def load(self, device: Device) -> None:
        """Take the shared backbone, and load adapter and head."""
        self._backbone = self.backbones.backbone(device, self.settings.backbone)
        self.adapter = load_adapter(self.card.adapter_folder, self.settings.precision)
        self.prepare()

    def prepare(self) -> None:
        """Load what the kind needs beside the adapter."""

    @property
    def backbone(self) -> Backbone:
        """The shared backbone."""
        if self._backbone is None:
            raise self.not_loaded()
        return self._backbone

    def encode(self, windows: Sequence[Window]) -> list[Encoded]:
        """Return the vectors of each window, as the backbone computes them with this expert's adapter."""
        return self.backbone.encode(windows, self.adapter)

    def encoded(
        self, articles: Sequence[Article], extracts: Sequence[Extract] | None = None
    ) -> Iterator[tuple[Article, Extract, list[Encoded]]]:
        """Yield each article with what is read of it and its windows' vectors; all are encoded at once."""
        extracts = [self.extract(article) for article in articles] if extracts is None else extracts
        vectors = iter(self.encode([window for extract in extracts for window in extract.windows]))
        for article, extract in zip(articles, extracts, strict=True):
            yield article, extract, [next(vectors) for _ in extract.windows]

    def lengths(self, articles: Sequence[Article]) -> list[int]:
        """Return the tokens that are read of each article."""
        return [self.extract(article).tokens for article in articles]

    def extract(self, article: Article) -> Extract:
        """Return what this expert reads of the article."""
        return self.read(article).extract(self.settings.long_input)

    def read(self, article: Article) -> Reading:
        """Return the article cut into this expert's windows."""
        return self.backbone.read(article, self.settings.window_tokens)

    def input_stats(self, article: Article, extract: Extract) -> InputStats:
        """Say how much of the article was read."""
        truncated = article.truncated or not extract.whole
        return InputStats(tokens=extract.tokens, truncated=truncated, windows=len(extract.windows))


class LabelSettings(EmbeddedSettings, ReadOn):
    """Labels, in the order of the probabilities, and what the logits are divided by."""

    labels: tuple[str, ...] | dict[str, str] = Field(min_length=2)
    temperature: float = Field(1.0, gt=0)
    threshold: float | None = Field(None, gt=0, le=1)
    """Score from which a label holds beside the best; None: the labels exclude each other."""
    max_labels: int = Field(3, ge=1)
    """How many labels hold at most."""


L = TypeVar("L", bound=LabelSettings)


class EmbeddedClassifier(EmbeddedExpert[L], ABC):
    """An expert that predicts a distribution over labels; a kind adds `logits`."""

    @staticmethod
    def columns(settings: LabelSettings) -> tuple[str, ...]:
        """Return the keys of predictions that get a column each."""
        return ("label", "score", "unsure", *(["labels"] if settings.threshold else []))

    @staticmethod
    def stated_labels(settings: LabelSettings) -> tuple[str, ...]:
        """Return the labels that are predicted."""
        return tuple(settings.labels)

    @abstractmethod
    def logits(self, vectors: Vectors) -> Vectors:
        """Return logits of shape (windows, labels) for window vectors of shape (windows, width)."""

    def probabilities(self, vectors: Vectors) -> Probabilities:
        """Return probabilities of shape (windows, labels) for window vectors of shape (windows, width)."""
        return softmax(self.logits(vectors) / self.settings.temperature)

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the label distribution of each article: the weighted mean over its windows."""
        rows = list(self.encoded(articles))
        predictions = [self._labels(*row) for row in rows]
        limit = (self.settings.read_on_below or 0.0) if self.settings.long_input == "head" else 0.0
        unsure = [
            number
            for number, (labels, (_, extract, _)) in enumerate(zip(predictions, rows, strict=True))
            if not extract.whole and max(labels.scores.values()) < limit
        ]
        again = [articles[number] for number in unsure]
        beginnings = [self._beginning(article) for article in again]
        for number, row in zip(unsure, self.encoded(again, beginnings), strict=True):
            predictions[number] = self._labels(*row)
        return list(predictions)

    def _beginning(self, article: Article) -> Extract:
        """Return what is read of an article where the first window leaves the expert unsure."""
        if self.settings.read_on_tokens is None:
            return self.read(article).beginning()
        return self.backbone.read(article, self.settings.read_on_tokens).extract("head")

    def _labels(self, article: Article, extract: Extract, windows: Sequence[Encoded]) -> Labels:
        if not windows:
            raise PredictionError(NO_TEXT)
        vectors = np.stack([window.window for window in windows])
        mean = np.average(self.probabilities(vectors).astype(np.float64), axis=0, weights=extract.weights)
        scores = dict(zip(self.settings.labels, map(float, mean), strict=True))
        return Labels(scores, self.input_stats(article, extract), self._holding(scores))

    def _holding(self, scores: Mapping[str, float]) -> tuple[str, ...] | None:
        """Return the labels that hold; None where they exclude each other."""
        if self.settings.threshold is None:
            return None
        best, *others = sorted(scores, key=scores.__getitem__, reverse=True)[: self.settings.max_labels]
        return (best, *(label for label in others if scores[label] >= self.settings.threshold))


def load_head(folder: Path, shapes: Mapping[str, tuple[int, ...]], file: str = HEAD_FILE) -> dict[str, Vectors]:
    """Load the tensors of a head."""
    path = folder / file
    try:
        tensors = load_file(path)
    except FileNotFoundError:
        raise ModelError(f"{path}: cannot be loaded: No such file; 'newsmoe train' writes it") from None
    except (OSError, SafetensorError) as error:
        raise ModelError(f"{path}: cannot be loaded: {error}") from None
    for name, shape in shapes.items():
        if name not in tensors:
            raise ModelError(f"{path}: cannot be loaded: there is no tensor {name!r} in it")
        if tensors[name].shape != shape:
            raise ModelError(f"{path}: the {name}'s shape is {tensors[name].shape}, expected {shape}")
        if not np.isfinite(tensors[name]).all():
            raise ModelError(f"{path}: holds NaN or infinite values")
    return {name: tensors[name].astype(np.float32) for name in shapes}
