"""What tells, without a model, whether the first sentences of an article would do as its summary.

On articles of CNN/DailyMail these correlate most with what the trained ranker gains over the first sentences
in ROUGE-2: it gains where those are short, and where they leave out what the article keeps coming back to.
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from newsmoe.registry.kinds.lengths import candidates

SENTENCES = 3
"""Of the lead, as long as the expert of that name usually makes it."""

WORD = 5
"""Letters of a word that counts as one of content; shorter ones are mostly grammar."""

TOPICS = 20
"""Words that an article uses most, of those that it uses twice; for one sentence the first half counts."""

MAX_SENTENCES = 64
MAX_WORDS = 64
MAX_USES = 16
"""Counts above these count as these."""

_WORD = re.compile(r"\w+")
_QUOTE = re.compile(r"[\"'“”‘’`«»„]")


def _sentences(sentences: Sequence[str]) -> list[float]:
    """Return how many there are, and how long they are on average."""
    count = len(sentences)
    words = sum(len(_words(sentence)) for sentence in sentences)
    return [_scaled(count, MAX_SENTENCES), _scaled(words / max(count, 1), MAX_WORDS)]


def _start(sentences: Sequence[str]) -> list[float]:
    """Return how many come before the first that may stand in a summary: headings and bylines."""
    return [_scaled(next(iter(candidates(sentences)), 0), MAX_SENTENCES)]


def _lengths(sentences: Sequence[str]) -> list[float]:
    """Return the words of each sentence of the lead."""
    found = [_scaled(len(_words(sentence)), MAX_WORDS) for sentence in _lead(sentences)]
    return found + [0.0] * (SENTENCES - len(found))


def _topics(sentences: Sequence[str]) -> list[float]:
    """Return how much of the frequent words opening and lead have, and how frequent those of the lead are."""
    counts = Counter(word for sentence in sentences for word in _words(sentence) if len(word) >= WORD)
    frequent = [word for word, count in counts.most_common(TOPICS) if count > 1]
    lead = [set(_words(sentence)) for sentence in _lead(sentences)]
    uses = [_scaled(counts[word], MAX_USES) for one in lead for word in one if word in counts]
    half = frequent[: TOPICS // 2]
    return [_share(half, lead[:1]), _share(frequent, lead), sum(uses) / max(len(uses), 1)]


def _quotes(sentences: Sequence[str]) -> list[float]:
    """Return the marks of quotation to a word of the lead."""
    lead = " ".join(_lead(sentences))
    return [min(len(_QUOTE.findall(lead)) / max(len(_words(lead)), 1), 1.0)]


LEAD_FEATURES: Mapping[str, tuple[int, Callable[[Sequence[str]], list[float]]]] = {
    "sentences": (2, _sentences),
    "lead_start": (1, _start),
    "lead_lengths": (SENTENCES, _lengths),
    "lead_topics": (3, _topics),
    "lead_quotes": (1, _quotes),
}
"""Features of an article's sentences: how many columns, and what they are, from 0 to 1."""


def _lead(sentences: Sequence[str]) -> list[str]:
    return [sentences[number] for number in candidates(sentences)[:SENTENCES]]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _share(words: Sequence[str], sentences: Sequence[set[str]]) -> float:
    """Return the share of words that stand in one of the sentences."""
    return sum(any(word in one for one in sentences) for word in words) / max(len(words), 1)


def _scaled(count: float, most: int) -> float:
    return math.log1p(min(count, most)) / math.log1p(most)
