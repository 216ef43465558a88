"""The sentences that say most: near the whole article's meaning, near its start, unlike each other."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from pydantic import Field

from newsmoe.analysis import Prediction, Summary
from newsmoe.article import Article
from newsmoe.errors import PredictionError
from newsmoe.registry.backbone.backbone import Encoded, Vectors, unit
from newsmoe.registry.backbone.reading import HEADLINE, Extract, Window
from newsmoe.registry.cards import Card
from newsmoe.registry.kinds import Workshop
from newsmoe.registry.kinds.embedded import EmbeddedExpert
from newsmoe.registry.kinds.lengths import SummaryLength, candidates, joined

__all__ = ["Extractive", "ExtractiveSettings"]


class ExtractiveSettings(SummaryLength):
    """How sentences are ranked; the weights are relative to each other.

    `map-reduce` reads the whole article, takes the best sentences of each window, and ranks those alone.
    """

    long_input: Literal["head", "head+tail", "windows", "map-reduce"] = "windows"
    centrality: float = Field(1.0, ge=0, description="likeness to the whole article")
    headline: float = Field(1.0, ge=0, description="likeness to the headline")
    position: float = Field(
        1.0, ge=0, description="nearness to the start: 1 for the first sentence, then 1/2, 1/3"
    )
    redundancy: float = Field(
        0.5, ge=0, description="likeness to a sentence that was taken already, subtracted"
    )


class Extractive(EmbeddedExpert):
    """Summarizes by whole sentences of the article, chosen by maximal marginal relevance.

    Carbonell and Goldstein (1998): the next sentence is the one with the greatest relevance, less its
    greatest similarity to those already taken.
    """

    Settings = ExtractiveSettings

    def __init__(self, card: Card, settings: ExtractiveSettings, workshop: Workshop) -> None:
        reads = "windows" if settings.long_input == "map-reduce" else settings.long_input
        super().__init__(card, workshop, reads)
        self.settings = settings

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the best sentences of each article, in the article's order."""
        read = [self.extract(article) for article in articles]
        encoded = iter(self.encode([window for extract in read for window in extract.windows]))
        return [
            self._summary(article, extract, [next(encoded) for _ in extract.windows])
            for article, extract in zip(articles, read, strict=True)
        ]

    def _summary(self, article: Article, extract: Extract, encoded: Sequence[Encoded]) -> Summary:
        reading = self.backbone.read(article)
        vectors, home = _sentence_vectors(extract.windows, encoded)
        headline = vectors.pop(HEADLINE, None)
        read = sorted(vectors)
        numbers = [read[index] for index in candidates([reading.sentences[number] for number in read])]
        if not numbers:
            raise PredictionError("there is no sentence in the content")
        matrix = np.stack([vectors[number] for number in numbers])
        whole = np.average([one.window for one in encoded], axis=0, weights=extract.weights)
        relevance = self._relevance(matrix, unit(whole), headline, np.array(numbers))
        if self.settings.long_input == "map-reduce":
            kept = _best_of_each([home[number] for number in numbers], relevance, self.settings.sentences)
            numbers = [numbers[index] for index in kept]
            matrix, relevance = matrix[kept], relevance[kept]
        taken: list[int] = []
        ranked = _by_marginal_relevance(numbers, matrix, relevance, self.settings.redundancy, taken)
        chosen = self.settings.choose(ranked, reading.lengths, taken)
        return Summary(joined(reading.sentences, chosen), self.use(article, extract))

    def _relevance(
        self, matrix: Vectors, whole: Vectors, headline: Vectors | None, places: Vectors
    ) -> Vectors:
        """Return the relevance of sentences, shape (sentences,), for vectors of shape (sentences, width)."""
        settings = self.settings
        relevance = settings.centrality * (matrix @ whole) + settings.position / (1.0 + places)
        if headline is not None:
            relevance += settings.headline * (matrix @ headline)
        return np.asarray(relevance, dtype=np.float32)


def _sentence_vectors(
    windows: Sequence[Window], encoded: Sequence[Encoded]
) -> tuple[dict[int, Vectors], dict[int, int]]:
    """Return for each sentence its vector and its first window; pieces of one sentence are averaged."""
    pieces: defaultdict[int, list[Vectors]] = defaultdict(list)
    home: dict[int, int] = {}
    for place, (window, one) in enumerate(zip(windows, encoded, strict=True)):
        for span, vector in zip(window.spans, one.sentences, strict=True):
            pieces[span.sentence].append(vector * (span.end - span.start))
            home.setdefault(span.sentence, place)
    return {number: unit(np.sum(parts, axis=0)) for number, parts in pieces.items()}, home


def _best_of_each(home: Sequence[int], relevance: Vectors, most: int) -> list[int]:
    """Return the places of the `most` most relevant sentences of each window, in order."""
    by_window: defaultdict[int, list[int]] = defaultdict(list)
    for index in np.argsort(-relevance, kind="stable"):
        if len(by_window[home[index]]) < most:
            by_window[home[index]].append(int(index))
    return sorted(index for kept in by_window.values() for index in kept)


def _by_marginal_relevance(
    numbers: Sequence[int], matrix: Vectors, relevance: Vectors, redundancy: float, taken: Sequence[int]
) -> Iterator[int]:
    """Yield sentence numbers, the next best one first, as seen from what was `taken` so far.

    Args:
        numbers: of the sentences, one a row of `matrix`.
        matrix: their vectors, shape (sentences, width).
        relevance: of each.
        redundancy: what likeness to a sentence that was taken costs.
        taken: grows between two steps by the number that was yielded, if it was taken.
    """
    left = relevance.astype(np.float64)
    closest = np.zeros(len(left))
    for _ in range(len(left)):
        best = int(np.argmax(left - redundancy * closest))
        left[best] = -np.inf
        yield numbers[best]
        if taken and taken[-1] == numbers[best]:
            closest = np.maximum(closest, matrix @ matrix[best])
