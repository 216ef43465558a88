"""Summaries of whole sentences, chosen by a trained ranker that sees each in its context."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from newsmoe.article import Article
from newsmoe.errors import PredictionError
from newsmoe.prediction import Prediction, Summary
from newsmoe.registry.backbone.backbone import Encoded, Vectors, unit
from newsmoe.registry.backbone.reading import HEADLINE, Extract, Reading
from newsmoe.registry.kinds.embedded import EmbeddedExpert, EmbeddedSettings, load_head
from newsmoe.registry.kinds.lengths import Draft, SummaryLength, candidates, joined
from newsmoe.registry.kinds.ranker import Ranker, Scores, ranker_shapes
from newsmoe.text.references import opens_with_reference

_WORD = re.compile(r"\w+")


class ExtractiveSettings(SummaryLength, EmbeddedSettings):
    """How long a summary is, beside its bounds: sentences are taken as long as they are likely enough."""

    threshold: float = Field(0.3, ge=0, le=1)
    """Minimum probability of a sentence once there are `min_tokens`."""
    max_junk: float = Field(0.5, ge=0, le=1)
    """Maximum probability that a sentence is no part of the article, such as a caption or a byline."""


class Sentences(NamedTuple):
    """The sentences of an article that may stand in a summary: their numbers there, and their lengths."""

    numbers: NDArray[np.int64]
    tokens: NDArray[np.int64]


class Extractive(EmbeddedExpert[ExtractiveSettings]):
    """Summarizes by whole sentences of the article, chosen by their scores and unlike each other."""

    Settings = ExtractiveSettings
    columns = ("summary",)

    def prepare(self) -> None:
        """Load the ranker."""
        self.ranker = Ranker(load_head(self.card.folder, ranker_shapes(self.backbone.width)))

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the best sentences of each article, in the article's order."""
        return [
            self._summary(article, *scores) for article, scores in zip(articles, self.scores(articles), strict=True)
        ]

    def scores(self, articles: Sequence[Article]) -> Iterator[tuple[Extract, Sentences, Scores]]:
        """Yield what is read of each article, the sentences of it that may stand in a summary, and their scores."""
        for article, extract, windows in self.encoded(articles):
            sentences = sentences_of(self.read(article), extract)
            if not len(sentences.numbers):
                raise PredictionError("there is no sentence in the content")
            yield extract, sentences, scored(self.ranker, sentences, extract, windows)

    def _summary(self, article: Article, extract: Extract, sentences: Sentences, scores: Scores) -> Summary:
        reading = self.read(article)
        chosen = choose(sentences, scores, reading, self.settings)
        return Summary(joined(reading.sentences, chosen), self.input_stats(article, extract))


def sentences_of(reading: Reading, extract: Extract) -> Sentences:
    """Return the sentences that were read and may stand in a summary."""
    read = sorted({span.sentence for window in extract.windows for span in window.spans} - {HEADLINE})
    numbers = [read[place] for place in candidates([reading.sentences[number] for number in read])]
    tokens = [reading.lengths[number] for number in numbers]
    return Sentences(np.array(numbers, dtype=np.int64), np.array(tokens, dtype=np.int64))


def scored(ranker: Ranker, sentences: Sentences, extract: Extract, windows: Sequence[Encoded]) -> Scores:
    """Return the scores of the sentences of an article, given the vectors of what is read of it."""
    vectors = _sentence_vectors(extract, windows)
    matrix = np.stack([vectors[number] for number in sentences.numbers.tolist()])
    whole = unit(np.average([window.window for window in windows], axis=0, weights=extract.weights))
    return ranker(matrix, whole, sentences.numbers, sentences.tokens)


def choose(sentences: Sentences, scores: Scores, reading: Reading, settings: ExtractiveSettings) -> list[int]:
    """Return the numbers of the sentences of the summary, in the article's order.

    First come the likeliest that say something new; where these are too short, those that repeat them; where there is
    none, whatever there is, and what is probably no part of the article last.
    """
    order = np.argsort(-scores.summary, kind="stable")
    numbers, is_junk = sentences.numbers[order], scores.junk[order] > settings.max_junk
    ranked, junk = numbers[~is_junk].tolist(), numbers[is_junk].tolist()
    draft = Draft(settings, reading.lengths)
    likelihood = dict(zip(ranked, scores.summary[order][~is_junk].tolist(), strict=True))
    repeating = _take_new(draft, likelihood, reading, settings.threshold)
    if not draft.has_min_tokens:
        draft.fill(repeating)
    if not draft.taken:
        draft.fill((*ranked, *junk))
    return sorted(draft.taken)


def _take_new(draft: Draft, likelihood: dict[int, float], reading: Reading, threshold: float) -> list[int]:
    """Take sentences, the likeliest first, and pass over those that repeat others, which are returned.

    One that points back to the sentence before it is taken after that one only. One repeats others if it has three
    words in a row of theirs (trigram blocking, Paulus et al. 2018).
    """
    pointing = {number for number in likelihood if opens_with_reference(reading.sentences[number])}
    waiting, repeating = list(likelihood), []
    taken_trigrams: set[tuple[str, ...]] = set()
    while not draft.is_full:
        number = next((each for each in waiting if each not in pointing or each - 1 in draft.taken), None)
        if number is None or (likelihood[number] < threshold and draft.has_min_tokens):
            break
        waiting.remove(number)
        trigrams = _trigrams(reading.sentences[number])
        if trigrams & taken_trigrams:
            repeating.append(number)
        elif draft.take(number):
            taken_trigrams |= trigrams
    return repeating


def _trigrams(sentence: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(sentence.lower())
    return set(zip(words, words[1:], words[2:], strict=False))


def _sentence_vectors(extract: Extract, windows: Sequence[Encoded]) -> dict[int, Vectors]:
    """Return the vector of each sentence; parts of one sentence are averaged."""
    parts: defaultdict[int, list[Vectors]] = defaultdict(list)
    for window, encoded in zip(extract.windows, windows, strict=True):
        for span, vector in zip(window.spans, encoded.sentences, strict=True):
            parts[span.sentence].append(vector * (span.end - span.start))
    return {number: unit(np.sum(vectors, axis=0)) for number, vectors in parts.items()}
