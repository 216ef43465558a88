"""Summaries by any encoder-decoder of the hub: BART, Pegasus, T5, LED and their kin."""

from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field

from newsmoe.article import Article
from newsmoe.prediction import Summary
from newsmoe.registry.hub.chunks import Chunk, ChunkedText, split_text
from newsmoe.registry.hub.expert import HubExpert
from newsmoe.registry.hub.generation_settings import GenerationSettings, decode

LongInput = Literal["head", "head+tail", "map-reduce"]
"""What is read of a text that is longer than the model: as much of its start as fits, half of start and end
each, or all of it in chunks, whose summaries are summarized."""


class Seq2SeqSettings(GenerationSettings):
    """Which model summarizes, and how."""

    read: Literal["all", "headline", "content"] = "content"
    prefix: str | None = Field(None, description="stands before the text; unset: as the model's config says")
    long_input: LongInput = "head"


class Seq2Seq(HubExpert[Seq2SeqSettings]):
    """Summarizes in the model's own words."""

    Settings = Seq2SeqSettings
    columns = ("summary",)
    architecture = "AutoModelForSeq2SeqLM"

    def prepare(self) -> int:
        """Configure generation, and find the prefix that the model expects."""
        from newsmoe.registry.hub.generation import configure_generation

        config = self.model.config
        defaults = self.model.generation_config.to_dict()
        defaults |= (getattr(config, "task_specific_params", None) or {}).get("summarization", {})
        self.prefix = defaults.get("prefix", "") if self.settings.prefix is None else self.settings.prefix
        self.bounds = self.settings.bounds(defaults, _decoder_limit(config))
        options = self.settings.search_options(defaults)
        configure_generation(self.model, options, self.tokenizer.all_special_ids)
        return int(self.tokenizer.num_special_tokens_to_add(pair=False)) + sum(self.count([self.prefix]))

    def read(self, article: Article) -> ChunkedText:
        """Return the chunks that the policy for long input selects; start and end as one chunk."""
        if self.settings.long_input != "head+tail":
            return super().read(article)
        text = self.split(article, self.limit // 2 - 1).select("head+tail")
        if len(text.chunks) == 1:
            return text
        head, tail = text.chunks
        both = Chunk(f"{head.text}\n{tail.text}", head.tokens + tail.tokens + 1)
        return ChunkedText((both,), text.truncated)

    def compute(self, articles: Sequence[Article], texts: Sequence[ChunkedText]) -> list[Summary]:
        """Summarize the chunks of each text, then those summaries, until each text has one."""
        summaries: dict[int, str] = {}
        pending: dict[int, Sequence[Chunk]] = {index: text.chunks for index, text in enumerate(texts)}
        while pending:
            chunks = [chunk for text_chunks in pending.values() for chunk in text_chunks]
            outputs = iter(self.in_batches(chunks, self._write))
            written = {index: [next(outputs) for _ in text_chunks] for index, text_chunks in pending.items()}
            summaries |= {index: parts[0] for index, parts in written.items() if len(parts) == 1}
            pending = {
                index: split_text("\n".join(parts), None, self.count, self.limit)[: len(parts) - 1]
                for index, parts in written.items()
                if len(parts) > 1
            }
        return [Summary(summaries[index]) for index in range(len(texts))]

    def _write(self, chunks: Sequence[Chunk]) -> list[str]:
        bounds = [self.bounds.for_input(chunk.tokens) for chunk in chunks]
        return decode(self.tokenizer, self.generate(chunks), bounds)

    def generate(self, chunks: Sequence[Chunk]) -> list[list[int]]:
        """Return the tokens that the model writes on each chunk of a batch, without the end of a text."""
        from newsmoe.registry.hub.generation import generate

        inputs = self.tokenize([self.prefix + chunk.text for chunk in chunks])
        return generate(self.model, inputs, [self.bounds.for_input(chunk.tokens) for chunk in chunks])


def _decoder_limit(config: Any) -> int:
    """Return the most tokens that the decoder can write after the one it starts with."""
    names = ("max_decoder_position_embeddings", "max_position_embeddings")
    return next((size for name in names if (size := getattr(config, name, None))), 1 << 20) - 1
