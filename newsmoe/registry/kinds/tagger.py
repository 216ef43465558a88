"""Entities by a head on the backbone that tags every word."""

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from newsmoe.article import Article
from newsmoe.prediction import Entities, Mention, Prediction
from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.backbone.reading import HEADLINE
from newsmoe.registry.kinds.embedded import EmbeddedExpert, EmbeddedSettings, load_head
from newsmoe.registry.kinds.mentions import entities_of
from newsmoe.registry.kinds.token_head import TokenHead, best_path, spans_of, tags_of, token_head_shapes
from newsmoe.registry.kinds.tokens import ArticleTokens, article_tokens, by_window


class TaggerSettings(EmbeddedSettings):
    """What is read of an article, and the types of entity in the order of the head's tags."""

    long_input: Literal["head", "windows"] = "windows"
    types: tuple[str, ...] = Field(min_length=1)


class Tagger(EmbeddedExpert[TaggerSettings]):
    """Predicts what an article names: people, organizations, places and whatever types its card has."""

    Settings = TaggerSettings

    def prepare(self) -> None:
        """Load the head."""
        tags = tags_of(self.settings.types)
        self.head = TokenHead(load_head(self.card.folder, token_head_shapes(len(tags), self.backbone.width)))

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the entities of each article; there may be none."""
        return list(self.entities(articles))

    def entities(self, articles: Sequence[Article]) -> Iterator[Entities]:
        """Yield the entities of each article; all articles are read at once."""
        extracts = [self.extract(article) for article in articles]
        tokens = [
            article_tokens(article, self.read(article), self.backbone.tokenizer).first(extract.tokens)
            for article, extract in zip(articles, extracts, strict=True)
        ]
        windows = [window for extract in extracts for window in extract.windows]
        shapes = [
            part
            for extract, places in zip(extracts, tokens, strict=True)
            for part in by_window(places.shapes, list(map(len, extract.windows)))
        ]

        def score(number: int, states: Vectors) -> Vectors:
            return self.head(states, shapes[number])

        logits = iter(self.backbone.read_tokens(windows, score, self.adapter))
        for article, extract, places in zip(articles, extracts, tokens, strict=True):
            scores = [next(logits) for _ in extract.windows]
            mentions = self._mentions(article, places, np.concatenate(scores)) if scores else ()
            yield Entities(entities_of(mentions), self.input_stats(article, extract))

    def _mentions(self, article: Article, tokens: ArticleTokens, logits: Vectors) -> Iterator[tuple[Mention, str]]:
        words, ends = tokens.words, tokens.word_ends()
        for start, end, type in tagged_spans(tokens.sentences[words], logits[words]):
            first, last = int(tokens.starts[words[start]]), int(ends[end - 1])
            if tokens.sentences[words[start]] == HEADLINE:
                mention = Mention(article.headline[first:last], "headline", first, last)
            else:
                mention = Mention(article.content[first:last], "content", first, last)
            yield mention, self.settings.types[type]


def tagged_spans(sentences: NDArray[np.int64], logits: Vectors) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and number of type of each entity, in words, of an article.

    Args:
        sentences: number of the sentence of each word, in order; no entity goes beyond one.
        logits: of shape (words, tags).
    """
    ends = (np.flatnonzero(np.diff(sentences, append=np.iinfo(np.int64).max)) + 1).tolist()
    for begin, end in zip([0, *ends], ends, strict=False):
        for start, stop, type in spans_of(best_path(logits[begin:end]).tolist()):
            yield begin + start, begin + stop, type
