"""How text is generated: what cards can say of it, and the bounds of its length."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import Field

from newsmoe.registry.hub.expert import HubSettings

DEFAULT_MAX_TOKENS = 142
"""New tokens where neither card nor model says how many, as BART's for CNN/DailyMail."""

LIBRARY_MAX_LENGTH = 20
"""What transformers takes for `max_length` where a model says nothing."""

MIN_INPUT_TOKENS = 8
"""Tokens that even the summary of a headline may have."""

SEARCH_OPTIONS = ("num_beams", "no_repeat_ngram_size", "length_penalty", "repetition_penalty", "early_stopping")

_SENTENCE_END = re.compile(r"""[.!?…。！？]['"”’»)\]]*(?=\s|$)""")


class Bounds(NamedTuple):
    """How many new tokens a text has: at least, without the one that ends it, and at most, with it."""

    min_tokens: int
    max_tokens: int

    def for_input(self, tokens: int) -> "Bounds":
        """Return the bounds for an input of `tokens` tokens: no summary is empty, or longer than that."""
        max_tokens = min(self.max_tokens, max(tokens, MIN_INPUT_TOKENS))
        return Bounds(max(1, min(self.min_tokens, tokens // 2)), max_tokens)


class GenerationSettings(HubSettings):
    """How text is generated; what is left out is as the model's own `generation_config` has it."""

    min_new_tokens: int | None = Field(None, ge=0, description="fewest tokens of a summary")
    max_new_tokens: int | None = Field(None, ge=1, description="most tokens of a summary")
    num_beams: int | None = Field(None, ge=1, description="beams of the search; 1 is greedy")
    no_repeat_ngram_size: int | None = Field(None, ge=0, description="no n words twice; 0 for no such rule")
    length_penalty: float | None = Field(None, description="above 0 favours long summaries (beams only)")
    repetition_penalty: float | None = Field(None, gt=0, description="above 1 discourages repetition")
    early_stopping: bool | None = Field(None, description="stop at as many finished beams as there are beams")

    def search_options(self, defaults: Mapping[str, Any]) -> dict[str, Any]:
        """Return how `generate` searches, as this card says, or else by the model's defaults."""
        stated = {name: getattr(self, name) for name in SEARCH_OPTIONS}
        options = {name: defaults.get(name) if value is None else value for name, value in stated.items()}
        return {name: value for name, value in options.items() if value is not None}

    def bounds(self, defaults: Mapping[str, Any], decoder_limit: int) -> Bounds:
        """Return how long texts are, as this card says, or else by the model's defaults."""
        longest = defaults.get("max_new_tokens") or (defaults.get("max_length") or LIBRARY_MAX_LENGTH) - 1
        if longest == LIBRARY_MAX_LENGTH - 1:
            longest = DEFAULT_MAX_TOKENS
        shortest = defaults.get("min_new_tokens") or max((defaults.get("min_length") or 0) - 1, 0)
        max_tokens = min(self.max_new_tokens or longest, decoder_limit)
        min_tokens = shortest if self.min_new_tokens is None else self.min_new_tokens
        return Bounds(min(min_tokens, max_tokens), max_tokens)


def decode(tokenizer: Any, rows: Sequence[Sequence[int]], bounds: Sequence[Bounds]) -> list[str]:
    """Return the text of each row of tokens that was generated within its bounds."""
    texts = tokenizer.batch_decode(rows, skip_special_tokens=True)
    return [
        whole_sentences(text, is_finished=len(row) + 1 < bound.max_tokens)
        for text, row, bound in zip(texts, rows, bounds, strict=True)
    ]


def whole_sentences(text: str, *, is_finished: bool) -> str:
    """Return generated text; one that was stopped by its length loses the sentence that it broke off in."""
    text = text.replace("<n>", "\n").strip()  # Pegasus writes line ends so
    if is_finished or _SENTENCE_END.search(text, max(0, len(text) - 3)):
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends else f"{text}…" if text else ""
