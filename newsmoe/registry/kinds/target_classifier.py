"""The tone towards each entity of an article, by a head on the states of its mentions in their sentences."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from newsmoe.article import Article
from newsmoe.prediction import Entity, Labels, Mention, Prediction
from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.backbone import Backbone, Vectors, unit
from newsmoe.registry.backbone.reading import HEADLINE, SHORT, Reading, Window
from newsmoe.registry.cards import Card, builtin_folder, read_card
from newsmoe.registry.device import Device
from newsmoe.registry.kinds.classifier import head_shapes
from newsmoe.registry.kinds.embedded import EmbeddedExpert, EmbeddedSettings, load_head
from newsmoe.registry.kinds.scores import softmax
from newsmoe.registry.kinds.tagger import Tagger, TaggerSettings
from newsmoe.registry.kinds.tokens import ArticleTokens, article_tokens

MAX_SENTENCES = 12
"""Sentences that are read for an entity, the first ones that name it."""


class TargetClassifierSettings(EmbeddedSettings):
    """Labels in the order of the head's rows, who finds the entities, and which of them get a label."""

    labels: tuple[str, ...] = Field(min_length=2)
    temperature: float = Field(1.0, gt=0)
    tagger: str = Field(min_length=1)
    """Name of the built-in expert that finds the entities; or the folder of its card, from this one's, with a `/`."""
    types: tuple[str, ...] = ()
    """Types of entity that get a label; none: all."""
    max_entities: int = Field(10, ge=1)
    """The most salient ones of an article, that get a label."""


class TargetWindow(NamedTuple):
    """A text that names a target, and which of its tokens do."""

    window: Window
    tokens: NDArray[np.int64]

    def vector(self, states: Vectors) -> Vectors:
        """Return what a head reads, shape (2 x width,): the means of all states and of the target's."""
        return np.concatenate([unit(states.mean(axis=0)), unit(states[self.tokens].mean(axis=0))])


class TargetClassifier(EmbeddedExpert[TargetClassifierSettings]):
    """Predicts entities, as another expert finds them, with the tone of the article towards each."""

    Settings = TargetClassifierSettings
    _tagger: Tagger | None = None

    @staticmethod
    def identity(card: Card, settings: TargetClassifierSettings) -> str:
        """Return what decides the predictions beside the card: the tagger."""
        return _tagger_card(card, settings).fingerprint()

    def prepare(self) -> None:
        """Load the head."""
        width = 2 * self.backbone.width
        head = load_head(self.card.folder, head_shapes(self.settings.labels, width))
        self.weight, self.bias = head["weight"], head["bias"]

    def load(self, device: Device) -> None:
        """Load adapter, head and tagger."""
        super().load(device)
        card = _tagger_card(self.card, self.settings)
        self._tagger = Tagger(card, TaggerSettings.model_validate(card.settings), self.backbones)
        self._tagger.load(device)

    @property
    def tagger(self) -> Tagger:
        """The expert that finds the entities."""
        if self._tagger is None:
            raise self.not_loaded()
        return self._tagger

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the entities of each article; the most salient have a sentiment."""
        tagged = list(self.tagger.entities(articles))
        chosen = [[*filter(self._is_judged, each.values)][: self.settings.max_entities] for each in tagged]
        pairs = [(article, entity) for article, some in zip(articles, chosen, strict=True) for entity in some]
        labels = iter(self.labels((article, entity.mentions) for article, entity in pairs))
        predictions: list[Prediction] = []
        for entities, some in zip(tagged, chosen, strict=True):
            judged = {id(entity): replace(entity, sentiment=next(labels)) for entity in some}
            values = tuple(judged.get(id(entity), entity) for entity in entities.values)
            predictions.append(replace(entities, values=values))
        return predictions

    def _is_judged(self, entity: Entity) -> bool:
        return not self.settings.types or entity.type in self.settings.types

    def labels(self, targets: Iterable[tuple[Article, Sequence[Mention]]]) -> list[Labels | None]:
        """Return the tone of each article towards what its mentions name; None where these are not read."""
        windows = target_windows(self.backbone, targets)
        vectors = iter(target_vectors(self.backbone, [target for some in windows for target in some], self.adapter))
        return [self._label([next(vectors) for _ in some]) for some in windows]

    def _label(self, vectors: Sequence[Vectors]) -> Labels | None:
        if not vectors:
            return None
        logits = np.stack(vectors) @ self.weight.T + self.bias
        mean = softmax(logits.astype(np.float64) / self.settings.temperature).mean(axis=0)
        return Labels(dict(zip(self.settings.labels, map(float, mean), strict=True)))


def _tagger_card(card: Card, settings: TargetClassifierSettings) -> Card:
    name = settings.tagger
    return read_card(card.folder / name if "/" in name else builtin_folder() / name)


def target_vectors(backbone: Backbone, targets: Sequence[TargetWindow], adapter: Adapter | None) -> list[Vectors]:
    """Return the vector of each target; a window with several is read once."""
    by_window: defaultdict[Window, list[int]] = defaultdict(list)
    for number, target in enumerate(targets):
        by_window[target.window].append(number)
    numbers = list(by_window.values())

    def read(place: int, states: Vectors) -> list[Vectors]:
        return [targets[number].vector(states) for number in numbers[place]]

    read_vectors = backbone.read_tokens(list(by_window), read, adapter)
    pairs = zip(chain.from_iterable(numbers), chain.from_iterable(read_vectors), strict=True)
    vectors = dict(pairs)
    return [vectors[number] for number in range(len(targets))]


def target_windows(
    backbone: Backbone, targets: Iterable[tuple[Article, Sequence[Mention]]]
) -> list[list[TargetWindow]]:
    """Return for each target the sentences with one of its mentions, each by itself; a short text is one window."""
    tokens: dict[str, ArticleTokens] = {}
    windows: list[list[TargetWindow]] = []
    for article, mentions in targets:
        reading = backbone.read(article)
        if article.key not in tokens:
            tokens[article.key] = article_tokens(article, reading, backbone.tokenizer)
        windows.append(_windows(reading, tokens[article.key], mentions))
    return windows


def _windows(reading: Reading, tokens: ArticleTokens, mentions: Sequence[Mention]) -> list[TargetWindow]:
    is_target = np.zeros(len(tokens.starts), dtype=bool)
    for _, field, start, end in mentions:
        in_field = (tokens.sentences == HEADLINE) == (field == "headline")
        is_target |= in_field & (tokens.starts >= start) & (tokens.ends <= end)
    pieces = ((piece, np.flatnonzero(is_target[begin : begin + len(piece)])) for begin, piece in _pieces(reading))
    return [TargetWindow(piece, numbers) for piece, numbers in pieces if len(numbers)][:MAX_SENTENCES]


def _pieces(reading: Reading) -> Iterator[tuple[int, Window]]:
    """Yield the texts that are read by themselves, each with the number of its first token in the article."""
    begin = 0
    is_short = sum(map(len, reading.windows)) <= SHORT
    for window in reading.windows:
        if is_short:
            yield begin, window
        else:
            yield from ((begin + span.start, window.sentence(span)) for span in window.spans)
        begin += len(window)
