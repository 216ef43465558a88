"""Summaries by any encoder-decoder of the hub: BART, Pegasus, T5, LED and their kin."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Literal

from pydantic import Field

from newsmoe.article import Article
from newsmoe.prediction import Prediction, Summary
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import Card
from newsmoe.registry.hub.bounds import Bounds
from newsmoe.registry.hub.expert import HubExpert, HubSettings, Parts
from newsmoe.registry.hub.pieces import Piece, cut_text

LongInput = Literal["head", "head+tail", "map-reduce"]
"""What is read of a text that is longer than the model: as much of its start as fits, half of start and end
each, or all of it in pieces, whose summaries are summarized."""

DEFAULT_MAX = 142
"""New tokens where neither card nor model says how many, as BART's for CNN/DailyMail."""

LIBRARY_MAX = 20
"""What transformers takes for `max_length` where a model says nothing."""

_SENTENCE_END = re.compile(r"""[.!?…。！？]['"”’»)\]]*(?=\s|$)""")


SEARCH = ("num_beams", "no_repeat_ngram_size", "length_penalty", "repetition_penalty", "early_stopping")


class Generation(HubSettings):
    """How text is generated; what is left out is as the model's own `generation_config` has it."""

    min_new_tokens: int | None = Field(None, ge=0, description="fewest tokens of a summary")
    max_new_tokens: int | None = Field(None, ge=1, description="most tokens of a summary")
    num_beams: int | None = Field(None, ge=1, description="beams of the search; 1 is greedy")
    no_repeat_ngram_size: int | None = Field(None, ge=0, description="no n words twice; 0 for no such rule")
    length_penalty: float | None = Field(None, description="above 0 favours long summaries (beams only)")
    repetition_penalty: float | None = Field(None, gt=0, description="above 1 discourages repetition")
    early_stopping: bool | None = Field(None, description="stop at as many finished beams as there are beams")

    def over(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Return how `generate` searches: as this card says, else as the model's `own` settings do."""
        return {
            name: value
            for name in SEARCH
            if (value := own.get(name) if (asked := getattr(self, name)) is None else asked) is not None
        }


class Seq2SeqSettings(Generation):
    """Which model summarizes, and how."""

    read: Literal["all", "headline", "content"] = "content"
    prefix: str | None = Field(None, description="stands before the text; unset: as the model's config says")
    long_input: LongInput = "head"


class Seq2Seq(HubExpert):
    """Summarizes in the model's own words."""

    Settings = Seq2SeqSettings
    columns = ("summary",)
    architecture = "AutoModelForSeq2SeqLM"

    def __init__(self, card: Card, settings: Seq2SeqSettings, backbones: BackbonePool) -> None:
        super().__init__(card, settings, backbones)
        self.settings = settings

    def prepare(self) -> None:
        """Take over the model's own settings, and the prefix that it wants."""
        from newsmoe.registry.hub.generation import settle

        own = self.model.generation_config.to_dict()
        own |= (getattr(self.model.config, "task_specific_params", None) or {}).get("summarization", {})
        self.prefix = own.get("prefix", "") if self.settings.prefix is None else self.settings.prefix
        self.bounds = _bounds(own, self.settings, _decoder_limit(self.model.config))
        settle(self.model, self.settings.over(own), self.tokenizer.all_special_ids)
        self.limit -= self.tokenizer.num_special_tokens_to_add(pair=False) + sum(self.count([self.prefix]))

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the summary of each article."""
        self.loaded()
        read = [self._parts(article) for article in articles]
        texts = self._summaries([parts.pieces for parts in read])
        return [
            Summary(text, self.input_stats(article, parts))
            for article, parts, text in zip(articles, read, texts, strict=True)
        ]

    def _parts(self, article: Article) -> Parts:
        """Return what is read of the article, under its policy."""
        both_ends = self.settings.long_input == "head+tail"
        parts = self.cut(article, self.limit, self.limit // 2 - 1 if both_ends else None)
        if len(parts.pieces) == 1 or self.settings.long_input == "map-reduce":
            return parts
        head, *_, tail = parts.pieces
        if not both_ends:
            return Parts((head,), truncated=True)
        ends = Piece(f"{head.text}\n{tail.text}", head.tokens + tail.tokens + 1)
        return Parts((ends,), parts.truncated or len(parts.pieces) > 2)

    def _summaries(self, read: Sequence[Sequence[Piece]]) -> list[str]:
        """Summarize the pieces of each article, then those summaries, until one is left of each."""
        found: dict[int, str] = {}
        waiting = dict(enumerate(read))
        while waiting:
            pieces = [piece for own in waiting.values() for piece in own]
            texts = iter(self.in_batches([one.tokens for one in pieces], partial(self._written, pieces)))
            written = {index: [next(texts) for _ in own] for index, own in waiting.items()}
            found |= {index: own[0] for index, own in written.items() if len(own) == 1}
            waiting = {
                index: cut_text("\n".join(own), None, self.count, self.limit)[: len(own) - 1]
                for index, own in written.items()
                if len(own) > 1
            }
        return [found[index] for index in range(len(read))]

    def _written(self, pieces: Sequence[Piece], batch: Sequence[int]) -> list[str]:
        """Return the summary of each piece of a batch."""
        rows = self.tokens(pieces, batch)
        texts = self.tokenizer.batch_decode(rows, skip_special_tokens=True)
        return [
            whole_sentences(text, finished=len(row) + 1 < self._bounds_of(pieces[index]).most)
            for text, row, index in zip(texts, rows, batch, strict=True)
        ]

    def tokens(self, pieces: Sequence[Piece], batch: Sequence[int]) -> list[list[int]]:
        """Return the tokens that the model writes on each piece of a batch, without the end of a text."""
        from newsmoe.registry.hub.generation import generate

        inputs = self.tokenizer(
            [self.prefix + pieces[index].text for index in batch],
            padding=True,
            truncation=True,
            max_length=self.input_limit,
            return_tensors="pt",
        ).to(self.model.device)
        asked = {name: inputs[name] for name in ("input_ids", "attention_mask")}
        return generate(self.model, asked, [self._bounds_of(pieces[index]) for index in batch])

    def _bounds_of(self, piece: Piece) -> Bounds:
        return self.bounds.for_input(piece.tokens)


def whole_sentences(text: str, *, finished: bool) -> str:
    """Return generated text; one that was stopped by its length loses the sentence that it broke off in."""
    text = text.replace("<n>", "\n").strip()  # Pegasus writes line ends so
    if finished or _SENTENCE_END.search(text, max(0, len(text) - 3)):
        return text
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[: ends[-1]] if ends else f"{text}…" if text else ""


def _bounds(own: Mapping[str, Any], asked: Generation, limit: int) -> Bounds:
    """Return how long summaries are: as the card says, else as the model's settings do."""
    stated = own.get("max_new_tokens") or (own.get("max_length") or LIBRARY_MAX) - 1
    most = asked.max_new_tokens or (stated if stated != LIBRARY_MAX - 1 else DEFAULT_MAX)
    least = own.get("min_new_tokens") or max((own.get("min_length") or 0) - 1, 0)
    least = least if asked.min_new_tokens is None else asked.min_new_tokens
    return Bounds(min(least, most, limit), min(most, limit))


def _decoder_limit(config: Any) -> int:
    """Return the most tokens that the decoder can write after the one it starts with."""
    names = ("max_decoder_position_embeddings", "max_position_embeddings")
    return next((size for name in names if (size := getattr(config, name, None))), 1 << 20) - 1
