"""Features that tell, without a model, whether the first sentences of an article would do as its summary.

On CNN/DailyMail these correlate most with what the trained ranker gains over the first sentences in ROUGE-2:
it gains where those are short, and where they leave out what the article keeps coming back to.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from newsmoe.registry.kinds.lengths import candidates

SENTENCES = 3  # of the lead, as many as the expert of that name usually takes

MIN_LETTERS = 5  # of a word of content; shorter ones are mostly grammar

FREQUENT = 20  # words that an article uses most, at least twice; for a single sentence the first half of them

MAX_SENTENCES, MAX_WORDS, MAX_USES = 64, 64, 16  # greater counts count as these

_WORD = re.compile(r"\w+")
_QUOTE = re.compile(r"[\"'“”‘’`«»„]")


def _sentences(sentences: Sequence[str]) -> list[float]:
    """Return their number, and their mean length."""
    count = len(sentences)
    words = sum(len(_words(sentence)) for sentence in sentences)
    return [_scaled(count, MAX_SENTENCES), _scaled(words / max(count, 1), MAX_WORDS)]


def _start(sentences: Sequence[str]) -> list[float]:
    """Return the number of headings and bylines before the first sentence of a summary."""
    return [_scaled(next(iter(candidates(sentences)), 0), MAX_SENTENCES)]


def _lengths(sentences: Sequence[str]) -> list[float]:
    """Return the words of each sentence of the lead."""
    lengths = [_scaled(len(_words(sentence)), MAX_WORDS) for sentence in _lead(sentences)]
    return lengths + [0.0] * (SENTENCES - len(lengths))


def _topics(sentences: Sequence[str]) -> list[float]:
    """Return the shares of the frequent words in opening and lead, and the mean use of the lead's."""
    counts = Counter(word for sentence in sentences for word in _words(sentence) if len(word) >= MIN_LETTERS)
    frequent = [word for word, count in counts.most_common(FREQUENT) if count > 1]
    lead = [set(_words(sentence)) for sentence in _lead(sentences)]
    uses = [_scaled(counts[word], MAX_USES) for words in lead for word in words if word in counts]
    half = frequent[: FREQUENT // 2]
    return [_share(half, lead[:1]), _share(frequent, lead), sum(uses) / max(len(uses), 1)]


def _quotes(sentences: Sequence[str]) -> list[float]:
    """Return the quotation marks of the lead, per word."""
    lead = " ".join(_lead(sentences))
    return [min(len(_QUOTE.findall(lead)) / max(len(_words(lead)), 1), 1.0)]


LEAD_FEATURES: Mapping[str, tuple[int, Callable[[Sequence[str]], list[float]]]] = {
    "sentences": (2, _sentences),
    "lead_start": (1, _start),
    "lead_lengths": (SENTENCES, _lengths),
    "lead_topics": (3, _topics),
    "lead_quotes": (1, _quotes),
}
"""Features of an article's sentences: how many columns, and what stands in them, from 0 to 1."""


def _lead(sentences: Sequence[str]) -> list[str]:
    return [sentences[number] for number in candidates(sentences)[:SENTENCES]]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _share(words: Sequence[str], sentences: Sequence[set[str]]) -> float:
    """Return the share of `words` that one of the sentences has."""
    return sum(any(word in sentence for sentence in sentences) for word in words) / max(len(words), 1)


def _scaled(count: float, maximum: int) -> float:
    return math.log1p(min(count, maximum)) / math.log1p(maximum)
