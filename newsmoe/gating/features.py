"""The features of a learned gate: an embedding of the article's lead, and what can be counted."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from newsmoe.article import Article, base_language
from newsmoe.gating.lead_features import LEAD_FEATURES
from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.backbone import Backbone

Features = NDArray[np.float32]
"""Shape (articles, width)."""

FeatureName = Literal[
    "embedding",
    "length",
    "has_headline",
    "has_content",
    "language",
    "topics",
    "source",
    "sentences",
    "lead_start",
    "lead_lengths",
    "lead_topics",
    "lead_quotes",
]

BEYOND_TEXT: frozenset[FeatureName] = frozenset({"topics", "source"})
"""Features of what is no part of an article's key: articles of one text may differ in them."""

BUCKETS = 32
"""Columns of a feature that is a set of names, some of which share one (Weinberger et al. 2009)."""

LANGUAGES = (
    "ar", "bg", "bn", "cs", "da", "de", "el", "en", "es", "fa", "fi", "fr", "he", "hi", "hr", "hu",
    "id", "it", "ja", "ko", "nl", "no", "pl", "pt", "ro", "ru", "sr", "sv", "tr", "uk", "zh",
)  # fmt: skip
"""ISO 639-1 codes that have a column each; all others share one more."""

MAX_WORDS = 512  # longer content counts as this long: the length beyond the lead says little


def _hashed(names: Iterable[str]) -> list[float]:
    columns = [0.0] * BUCKETS
    for name in names:
        columns[sha256(name.casefold().encode()).digest()[0] % BUCKETS] = 1.0
    return columns


def _language(code: str | None) -> list[float]:
    """Return 1 in the language's column; all 0 where it is unknown."""
    columns = [0.0] * (len(LANGUAGES) + 1)
    if code:
        base = base_language(code)
        columns[LANGUAGES.index(base) if base in LANGUAGES else -1] = 1.0
    return columns


SURFACE: Mapping[str, tuple[int, Callable[[Article], list[float]]]] = {
    "length": (1, lambda article: [math.log1p(min(article.words, MAX_WORDS)) / math.log1p(MAX_WORDS)]),
    "has_headline": (1, lambda article: [float(bool(article.headline))]),
    "has_content": (1, lambda article: [float(bool(article.content))]),
    "language": (len(LANGUAGES) + 1, lambda article: _language(article.language)),
    "topics": (BUCKETS, lambda article: _hashed(article.topics)),
    "source": (BUCKETS, lambda article: _hashed(filter(None, [article.source or article.url_host]))),
}  # fmt: skip
"""Features of the article as a whole: how many columns, and what stands in them, from 0 to 1."""


class FeatureReader:
    """Computes the features of articles; `columns` says where each stands, `width` how many there are.

    The embedding is of headline and lead, as `long_input = "sentences"` reads them, so that an expert with
    the same adapter reuses it.
    """

    def __init__(self, names: Sequence[FeatureName], backbone: Backbone, adapter: Adapter | None) -> None:
        self.names = tuple(names)
        self.backbone = backbone
        self.adapter = adapter
        widths = [
            backbone.width if name == "embedding" else (SURFACE.get(name) or LEAD_FEATURES[name])[0]
            for name in self.names
        ]
        ends = np.cumsum(widths).tolist()
        self.width: int = ends[-1]
        self.columns = {name: slice(end - width, end) for name, width, end in zip(names, widths, ends, strict=True)}

    def __call__(self, articles: Sequence[Article]) -> Features:
        """Return features of shape (articles, width)."""
        parts = [self._part(name, articles).reshape(len(articles), -1) for name in self.names]
        return np.concatenate(parts, axis=1)

    def _part(self, name: FeatureName, articles: Sequence[Article]) -> Features:
        if name == "embedding":
            return self._embeddings(articles)
        if name in LEAD_FEATURES:
            count = LEAD_FEATURES[name][1]
            rows = [count(self.backbone.read(article).sentences) for article in articles]
        else:
            rows = [SURFACE[name][1](article) for article in articles]
        return np.array(rows, dtype=np.float32)

    def tokens(self, articles: Sequence[Article]) -> list[int]:
        """Return the number of tokens of each article that the embedding reads."""
        if "embedding" not in self.names:
            return [0] * len(articles)
        return [self.backbone.read(article).extract("sentences").tokens for article in articles]

    def _embeddings(self, articles: Sequence[Article]) -> Features:
        """Return the weighted mean of the vectors of each article's windows; zeros where there is no text."""
        extracts = [self.backbone.read(article).extract("sentences") for article in articles]
        windows = [window for extract in extracts for window in extract.windows]
        encoded = iter(self.backbone.encode(windows, self.adapter))
        vectors = np.zeros((len(articles), self.backbone.width), dtype=np.float32)
        for row, extract in enumerate(extracts):
            embedded = [next(encoded).window for _ in extract.windows]
            if embedded:
                vectors[row] = np.average(np.stack(embedded), axis=0, weights=extract.weights)
        return vectors
