"""What is compared of an article: a vector of its beginning and its rare words, and a sketch of its words."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import log, nan

import numpy as np
from numpy.typing import NDArray

from newsmoe.article import Article
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.stories.words import hash_word, shingle, words_of
from newsmoe.text.dates import in_utc, moment_of

Vectors = NDArray[np.float32]
Half = NDArray[np.float16]

READ_CHARACTERS = 3_000
"""Of a content, for the vector: more than a window of the backbone holds."""

SKETCH = 256
"""Shingles that are stored of an article: all of 250 words, and of more words those with the smallest hashes."""

BUCKETS = 256
RARE_SHARE = 0.35
"""How much of the similarity of two articles is that of their rare words; the rest is that of their beginnings."""

FIRST_WORD, COMMON_WORDS, ABSENT_RANK = 1996, 100, 60_000
"""BERT's vocabulary: its first word, how many of those that follow say nothing, and the rank of a word not in it."""


@dataclass(frozen=True, eq=False)
class StoryFeatures:
    """What is compared of an article.

    Attributes:
        vector: of length 1, in half precision; beginning and rare words, shape (width + BUCKETS,).
        sketch: hashes of the smallest shingles of the content, in order.
        shingles: number of shingles of the content.
        day: of publication, with its hours as a fraction, since the year 1; NaN where it is not known.
    """

    vector: Half
    sketch: NDArray[np.uint32]
    shingles: int
    day: float

    def similarity(self, other: "StoryFeatures") -> float:
        """Return the cosine of both vectors."""
        return float(self.vector.astype(np.float32) @ other.vector.astype(np.float32))

    @property
    def limit(self) -> int:
        """The hash up to which the sketch has all shingles of the text."""
        return int(self.sketch[-1]) if self.shingles > len(self.sketch) else int(np.iinfo(np.uint32).max)


class StoryFeatureReader:
    """Reads features with a backbone; the words of its vocabulary stand in the order of their frequency."""

    def __init__(self, backbone: Backbone) -> None:
        self.backbone = backbone

    @cached_property
    def _ranks(self) -> Mapping[str, int]:
        vocabulary = self.backbone.tokenizer.get_vocab()
        return {word: number - FIRST_WORD + 1 for word, number in vocabulary.items() if number >= FIRST_WORD}

    def features(self, articles: Sequence[Article]) -> list[StoryFeatures]:
        """Return the features of some articles, in order; of many at a time, the backbone holds what it computed."""
        features = []
        for article, beginning in zip(articles, self._beginnings(articles), strict=True):
            shingles = shingle(article.content)
            vector = joined(beginning, self.rare_words(article))
            features.append(StoryFeatures(vector, shingles[:SKETCH], len(shingles), day_of(article.publication_date)))
        self.backbone.forget()
        return features

    def _beginnings(self, articles: Sequence[Article]) -> Iterator[Vectors]:
        """Yield the vector of each article's first window."""
        starts = [replace(article, content=article.content[:READ_CHARACTERS]) for article in articles]
        windows = [self.backbone.read(start).windows[:1] for start in starts]
        encoded = iter(self.backbone.encode([window for (window,) in filter(None, windows)]))
        nothing = np.zeros(self.backbone.width, dtype=np.float32)
        for window in windows:
            yield next(encoded).window if window else nothing

    def rare_words(self, article: Article) -> Vectors:
        """Return a vector of the words in headline and beginning, of length 1, in which rare ones count most."""
        text = f"{article.headline}\n{article.content[:READ_CHARACTERS]}".lower()
        vector = np.zeros(BUCKETS, dtype=np.float32)
        for word, count in Counter(match[0] for match in words_of(text)).items():
            weight = self._rarity(word) * (1 + log(count))
            number = hash_word(word)
            vector[number % BUCKETS] += weight if number >> 63 else -weight
        return unit_or_zero(vector)

    def _rarity(self, word: str) -> float:
        """Return how rare a word is: by Zipf's law, the logarithm of its rank."""
        return max(0.0, log(self._ranks.get(word, ABSENT_RANK) / COMMON_WORDS))


def joined(beginning: Vectors, rare_words: Vectors) -> Half:
    """Return a vector whose dot products are the weighted mean of those of both."""
    both = np.concatenate([(1 - RARE_SHARE) ** 0.5 * beginning, RARE_SHARE**0.5 * rare_words])
    return unit_or_zero(both).astype(np.float16)


def unit_or_zero(vector: Vectors) -> Vectors:
    """Return a vector at length 1; zeros stay."""
    length = float(np.linalg.norm(vector))
    return (vector / length if length else vector).astype(np.float32)


def day_of(date: str | None) -> float:
    """Return the day of an ISO 8601 date, in UTC, with its hours as a fraction; NaN for another one."""
    moment = moment_of(date)
    moment = in_utc(moment) if moment else None
    return moment.toordinal() + (moment.hour * 60 + moment.minute) / 1440 if moment else nan
