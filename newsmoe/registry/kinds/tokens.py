"""Where the tokens that a model reads of an article are in it, and how they are written."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from newsmoe.article import Article
from newsmoe.registry.backbone.reading import HEADLINE, Reading
from newsmoe.text.shapes import starts_word, token_shapes


class ArticleTokens(NamedTuple):
    """The tokens of a reading's windows, in order.

    Attributes:
        starts: in characters of the headline or the content.
        ends: likewise.
        sentences: number of the sentence of each token, `HEADLINE` for the headline.
        shapes: how they are written, see `newsmoe.text.shapes`.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    sentences: NDArray[np.int64]
    shapes: NDArray[np.int64]

    @property
    def words(self) -> NDArray[np.int64]:
        """The numbers of the tokens that start a word."""
        return np.flatnonzero(starts_word(self.shapes))

    def first(self, count: int) -> "ArticleTokens":
        """Return the first tokens."""
        return ArticleTokens(*(values[:count] for values in self))

    def word_ends(self) -> NDArray[np.int64]:
        """Return where each word ends."""
        following = np.append(self.words[1:], len(self.ends))[: len(self.words)]
        return np.asarray(self.ends[following - 1])


def article_tokens(article: Article, reading: Reading, tokenizer: Tokenizer) -> ArticleTokens:
    """Return where the tokens of a reading are in its article."""
    texts = [article.headline, *reading.sentences]
    begins = [0, *_begins(article.content, reading.sentences)]
    encodings = tokenizer.encode_batch(texts, add_special_tokens=False)
    spans = [np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2) for encoding in encodings]
    shapes = [token_shapes(text, encoding.offsets) for text, encoding in zip(texts, encodings, strict=True)]
    places = np.concatenate([span + begin for span, begin in zip(spans, begins, strict=True)])
    numbers = np.repeat(np.arange(HEADLINE, len(texts) + HEADLINE), [len(span) for span in spans])
    return ArticleTokens(places[:, 0], places[:, 1], numbers, np.concatenate(shapes))


def _begins(content: str, sentences: Sequence[str]) -> list[int]:
    """Return where each sentence begins; they are in order, and as they stand in the content."""
    begins: list[int] = []
    position = 0
    for sentence in sentences:
        begins.append(content.index(sentence, position))
        position = begins[-1] + len(sentence)
    return begins


def by_window(values: NDArray[np.int64], lengths: Sequence[int]) -> list[NDArray[np.int64]]:
    """Return the values of the tokens of each window, given how many tokens are in each."""
    return np.split(values, list(accumulate(lengths))[:-1]) if lengths else []
