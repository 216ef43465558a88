"""ROUGE of summaries, and the baselines that they are compared with.

Scores are those of Google's `rouge-score` with stemming. The oracle tries every sentence of an article many
times, so overlaps are counted here, on the tokens of `rouge-score`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from nltk.stem.porter import PorterStemmer
from numpy.typing import NDArray
from rouge_score.rouge_scorer import RougeScorer
from rouge_score.tokenize import tokenize
from rouge_score.tokenizers import Tokenizer

ROUGE = {"rouge1": "ROUGE-1", "rouge2": "ROUGE-2", "rougeL": "ROUGE-L", "rougeLsum": "ROUGE-Lsum"}

LEAD_SENTENCES = 3
"""Sentences of the lead baseline, from the start of the article."""

Grams = Counter[tuple[str, ...]]


class _Stems(Tokenizer):  # type: ignore[misc]  # rouge-score has no types
    """rouge-score's tokens, each word stemmed once instead of at every occurrence."""

    def __init__(self) -> None:
        self._stem = cache(PorterStemmer().stem)

    def tokenize(self, text: str) -> list[str]:
        """Return the stems in lower case."""
        return [self._stem(word) if len(word) > 3 else word for word in tokenize(text, None)]


_STEMS = _Stems()
_SCORER = RougeScorer(list(ROUGE), tokenizer=_STEMS)


def rouge(reference: str, summary: str) -> dict[str, float]:
    """Return the F1 of ROUGE-1, -2, -L and -Lsum, from 0 to 1."""
    scores = _SCORER.score(reference, summary)
    return {title: float(scores[key].fmeasure) for key, title in ROUGE.items()}


class RougeCounts:
    """Overlaps of sentences with a reference, counted once, to score many selections of sentences.

    Bigrams across the border of two sentences are not counted.
    """

    def __init__(self, sentences: Sequence[str], reference: str) -> None:
        wanted = _grams(_STEMS.tokenize(reference))
        grams = [_grams(_STEMS.tokenize(sentence)) for sentence in sentences]
        # unigrams and bigrams of each sentence, shape (sentences, 2), and of the reference, shape (2,)
        self.sizes = np.array([[counts.total() for counts in pair] for pair in grams]).reshape(-1, 2)
        self.reference = np.array([counts.total() for counts in wanted])
        self._wanted = [np.array(list(counts.values()), dtype=np.int64) for counts in wanted]
        self._shared = [
            np.array([[pair[order][gram] for gram in wanted[order]] for pair in grams], dtype=np.int64)
            for order in (0, 1)
        ]

    def scores(self, chosen: Sequence[int]) -> NDArray[np.float64]:
        """Return ROUGE-1 and -2 F1 of one or more sentences together; shape (2,)."""
        *others, last = chosen
        return np.array([scores[last] for scores in self._with_each(others)])

    def with_each(self, chosen: Sequence[int]) -> NDArray[np.float64]:
        """Return the mean of ROUGE-1 and -2 F1 of the chosen sentences and each sentence in turn."""
        first, second = self._with_each(chosen)
        return (first + second) / 2

    def _with_each(self, chosen: Sequence[int]) -> Iterator[NDArray[np.float64]]:
        """Yield ROUGE-1 F1 of the chosen sentences with each of all, and then ROUGE-2."""
        rows = list(chosen)
        for order, (shared, wanted) in enumerate(zip(self._shared, self._wanted, strict=True)):
            overlap = np.minimum(shared[rows].sum(axis=0) + shared, wanted).sum(axis=1)
            sizes = self.sizes[rows, order].sum() + self.sizes[:, order]
            yield 2 * overlap / np.maximum(sizes + self.reference[order], 1)


def greedy_oracle(counts: RougeCounts, max_sentences: int) -> list[int]:
    """Return the sentences with the highest score together, added one by one while it grows.

    Nallapati et al. (2017) label articles for extractive training in this way.
    """
    chosen: list[int] = []
    best = 0.0
    while len(chosen) < min(max_sentences, len(counts.sizes)):
        scores = counts.with_each(chosen)
        scores[chosen] = 0.0
        number = int(scores.argmax())
        if scores[number] <= best:
            break
        best = scores[number]
        chosen.append(number)
    return sorted(chosen)


def baselines(sentences: Sequence[str], reference: str) -> dict[str, str]:
    """Return the baseline summaries by name, one sentence a line."""
    chosen = greedy_oracle(RougeCounts(sentences, reference), LEAD_SENTENCES)
    return {
        f"lead-{LEAD_SENTENCES}": "\n".join(sentences[:LEAD_SENTENCES]),
        "oracle": "\n".join(sentences[number] for number in chosen),
    }


def _grams(tokens: Sequence[str]) -> tuple[Grams, Grams]:
    return Counter((token,) for token in tokens), Counter(zip(tokens, tokens[1:], strict=False))
