"""How long a summary is."""

import re
from collections.abc import Iterable, Sequence

from pydantic import Field, model_validator

from newsmoe.text.captions import is_caption
from newsmoe.text.datelines import without_dateline
from newsmoe.text.notes import is_editors_note
from newsmoe.validation import Authored

_FINISHED = re.compile(r"""[.!?…。！？।؟]["'”’»)\]]*$""")


class SummaryLength(Authored):
    """Bounds of a summary; tokens are word pieces, about 1.3 to a word.

    A summary grows until it has `sentences` sentences and `min_tokens` tokens, and takes no sentence
    that would bring it over `max_tokens`.
    """

    sentences: int = Field(3, ge=1)
    min_tokens: int = Field(40, ge=1)
    max_tokens: int = Field(250, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> "SummaryLength":
        if self.min_tokens > self.max_tokens:
            raise ValueError(f"min_tokens ({self.min_tokens}) is over max_tokens ({self.max_tokens})")
        return self

    def choose(self, ranked: Iterable[int], tokens: Sequence[int]) -> list[int]:
        """Take sentences, the best first, and return their numbers in the article's order."""
        draft = Draft(self, tokens)
        draft.fill(ranked)
        return sorted(draft.taken)


class Draft:
    """A summary that grows by whole sentences, given the tokens of each sentence of the article."""

    def __init__(self, length: SummaryLength, tokens: Sequence[int]) -> None:
        self.length = length
        self.tokens = tokens
        self.taken: list[int] = []
        self.total = 0

    @property
    def has_min_tokens(self) -> bool:
        """Whether it has as many tokens as it must."""
        return self.total >= self.length.min_tokens

    @property
    def is_full(self) -> bool:
        """Whether it has as many sentences and tokens as it must."""
        return len(self.taken) >= self.length.sentences and self.has_min_tokens

    def take(self, number: int) -> bool:
        """Take a sentence if it fits, as the first one always does; tell whether it was taken."""
        if self.taken and self.total + self.tokens[number] > self.length.max_tokens:
            return False
        self.taken.append(number)
        self.total += self.tokens[number]
        return True

    def fill(self, ranked: Iterable[int]) -> None:
        """Take those that fit, the best first, until it is full."""
        for number in ranked:
            self.take(number)
            if self.is_full:
                break


def candidates(sentences: Sequence[str]) -> list[int]:
    """Return the numbers of the sentences that may stand in a summary.

    Excluded are those that repeat an earlier one, case and spacing aside, captions, notes of the editors, and headings
    and bylines, which have no punctuation mark at their end; where no sentence has one, none is excluded for that.
    """
    first: dict[str, int] = {}
    for number, sentence in enumerate(sentences):
        first.setdefault(" ".join(sentence.lower().split()), number)
    distinct = list(first.values())
    finished = [number for number in distinct if _FINISHED.search(sentences[number])] or distinct
    return [number for number in finished if not _is_excluded(number, sentences[number])] or finished


def _is_excluded(number: int, sentence: str) -> bool:
    return is_editors_note(sentence) or is_caption(sentence, is_first=number == 0)


def joined(sentences: Sequence[str], chosen: Iterable[int]) -> str:
    """Return the chosen sentences as one text, without datelines."""
    return " ".join(without_dateline(sentences[number], is_first=number == 0) for number in chosen)
