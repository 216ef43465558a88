"""Entities by any token classifier of the hub."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from newsmoe.article import Article
from newsmoe.errors import ModelError
from newsmoe.prediction import Entities, Mention
from newsmoe.registry.hub.chunks import Chunk, ChunkedText
from newsmoe.registry.hub.expert import HubExpert, HubSettings
from newsmoe.registry.kinds.mentions import entities_of
from newsmoe.registry.kinds.text_classification import LongInput

Spans = list[dict[str, Any]]
"""What the pipeline of transformers says of each entity in a text: `entity_group`, `start`, `end` and more."""


class TokenClassificationSettings(HubSettings):
    """A tagger's types of entity."""

    types: dict[str, str] = {}
    """A name for each of the model's types, such as PER, or none; '' drops a type."""

    long_input: LongInput = "windows"


class TokenClassification(HubExpert[TokenClassificationSettings]):
    """Predicts what an article names, by the pipeline for tags of transformers."""

    Settings = TokenClassificationSettings
    architecture = "AutoModelForTokenClassification"

    def prepare(self) -> int:
        """Match the card's types with the model's, and make the pipeline."""
        from transformers import TokenClassificationPipeline

        if not self.tokenizer.is_fast:
            raise ModelError(f"{self.name}: the tokenizer does not say where tokens are in a text; name another model")
        self.pipeline: Any = TokenClassificationPipeline(  # type: ignore[no-untyped-call]  # transformers' own
            model=self.model, tokenizer=self.tokenizer, aggregation_strategy="first", device=self.model.device
        )
        types = {self.pipeline.get_tag(str(label))[1] for label in self.model.config.id2label.values()} - {"O"}
        self.types = _matched(types, self.settings.types, self.name)
        return int(self.tokenizer.num_special_tokens_to_add(pair=False))

    def compute(self, articles: Sequence[Article], texts: Sequence[ChunkedText]) -> list[Entities]:
        """Return the entities of each article; there may be none."""
        spans = iter(self.in_batches([chunk for text in texts for chunk in text.chunks], self._spans))
        return [
            Entities(entities_of(self._mentions(article, text, [next(spans) for _ in text.chunks])))
            for article, text in zip(articles, texts, strict=True)
        ]

    def _spans(self, chunks: Sequence[Chunk]) -> list[Spans]:
        spans: list[Spans] = self.pipeline([chunk.text for chunk in chunks], batch_size=len(chunks))
        return spans

    def _mentions(self, article: Article, text: ChunkedText, spans: Sequence[Spans]) -> Iterator[tuple[Mention, str]]:
        """Yield the mentions in an article, given what is in each chunk of what is read of it."""
        whole = self.text(article)
        content_start = len(whole) - len(article.content) if self.settings.read != "headline" else len(whole)
        position = 0
        for chunk, entities in zip(text.chunks, spans, strict=True):
            begin = whole.index(chunk.text, position)
            position = begin + len(chunk.text)
            for entity in entities:
                start, end = begin + int(entity["start"]), begin + int(entity["end"])
                type = self.types[entity["entity_group"]]
                if not type or not whole[start:end].strip():
                    continue
                if start >= content_start:
                    yield Mention(whole[start:end], "content", start - content_start, end - content_start), type
                elif end <= len(article.headline):
                    yield Mention(whole[start:end], "headline", start, end), type


def _matched(types: Collection[str], names: Mapping[str, str], expert: str) -> dict[str, str]:
    """Return the card's name for each of the model's types; '' where it is dropped."""
    if unknown := names.keys() - set(types):
        raise ModelError(
            f"{expert}: the model has no type {', '.join(map(repr, sorted(unknown)))}; its types are"
            f" {', '.join(map(repr, sorted(types)))}; change [settings.types]"
        )
    return {type: names.get(type, type) for type in types}
