"""What experts that are models of the hub have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import Field

from newsmoe.article import Article, estimate_tokens
from newsmoe.errors import ModelError, PredictionError
from newsmoe.prediction import InputStats, Prediction
from newsmoe.registry.batching import Batcher, default_batch_tokens
from newsmoe.registry.card_expert import CardExpert
from newsmoe.registry.cards import Card
from newsmoe.registry.device import Device
from newsmoe.registry.extras import hub_extra_missing, require_hub_extra
from newsmoe.registry.hub.chunks import MAX_CHARACTERS, Chunk, ChunkedText, split_text
from newsmoe.registry.hub.files import ModelSource, find_model, weight_files

DType = Literal["auto", "float32", "bfloat16", "float16"]
"""What a model computes in; `auto`: float32 on a processor, bfloat16 where a GPU has it."""


class HubSettings(ModelSource):
    """Which model, and what it reads of an article."""

    read: Literal["all", "headline", "content"] = "all"
    """Headline and content, or one of them."""

    max_tokens: int | None = Field(None, ge=16)
    """Tokens that are read at a time; None: as many as the model can."""

    dtype: DType = "auto"

    precision: Literal["fp32", "int8"] = "fp32"
    """`int8`: weights of linear layers in 8 bits, on a processor; smaller and faster."""

    long_input: str = "head"
    """What is read of a text that is longer than the model; a kind says which policies it has."""


S = TypeVar("S", bound=HubSettings)
T = TypeVar("T")


class HubExpert(CardExpert[S], ABC):
    """An expert with a model of its own; a kind says how articles are read, computed and predicted.

    Nothing of transformers or torch is imported before `load`.
    """

    architecture: ClassVar[str]
    device: Device | None = None
    model: Any = None
    tokenizer: Any = None

    @staticmethod
    def missing(card: Card, settings: HubSettings) -> str | None:
        """Say what to do before the expert can be used, or None where packages and model are here."""
        try:
            find_model(settings, card)
        except ModelError as error:
            return hub_extra_missing(f"expert {card.name!r}") or str(error)
        return hub_extra_missing(f"expert {card.name!r}")

    @staticmethod
    def identity(card: Card, settings: HubSettings) -> str | None:
        """Say which weights these are; the same on every machine where they come from the hub."""
        try:
            return " ".join(map(_file_identity, weight_files(find_model(settings, card))))
        except ModelError:
            return None

    def memory(self) -> int:
        """Return about how many bytes the loaded model takes: those of its weights."""
        return sum(file.stat().st_size for file in weight_files(find_model(self.settings, self.card)))

    def load(self, device: Device) -> None:
        """Load tokenizer and weights."""
        require_hub_extra(f"expert {self.name!r}")
        from newsmoe.registry.hub.loading import in_int8, load_model, load_tokenizer, max_tokens

        folder = find_model(self.settings, self.card)
        self.device = device
        self.tokenizer = load_tokenizer(folder)
        self.model = load_model(folder, self.architecture, device, self.settings.dtype)
        if self.settings.precision == "int8" and device.name == "cpu":
            self.model = in_int8(self.model)
        self.batcher = Batcher(device.batch_tokens or default_batch_tokens(device))
        if self.tokenizer.pad_token_id is None and not self._pad_with_end():
            self.batcher = Batcher(1)  # token: no two texts in a batch
        self.input_limit = min(max_tokens(self.model), self.settings.max_tokens or 2**31)
        self.added_tokens = self.prepare()
        self.limit = self.input_limit - self.added_tokens
        if self.limit < 1:
            raise ModelError(f"{self.name}: prompt, prefix or labels leave no room for text; shorten them")

    def _pad_with_end(self) -> bool:
        """Pad with the token that ends a text, if there is one, and texts do not end with it anyway."""
        end = self.tokenizer.eos_token_id
        if end is None or end in self.tokenizer("a")["input_ids"]:
            return False
        self.tokenizer.pad_token = self.tokenizer.eos_token
        self.model.config.get_text_config().pad_token_id = end
        return True

    @abstractmethod
    def prepare(self) -> int:
        """Do the rest of loading; return how many tokens the model reads beside a chunk of text."""

    def unload(self) -> None:
        """Free the weights' memory for others; `load` brings them back."""
        if self.device is not None:
            from newsmoe.registry.hub.loading import release

            device, self.device, self.model = self.device, None, None
            release(device)

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the prediction of each article."""
        if self.device is None:
            raise self.not_loaded()
        from newsmoe.registry.hub.loading import quiet

        with quiet():
            texts = [self.read(article) for article in articles]
            predictions = self.compute(articles, texts)
        return [
            replace(prediction, input_stats=self.input_stats(article, text))
            for article, text, prediction in zip(articles, texts, predictions, strict=True)
        ]

    def read(self, article: Article) -> ChunkedText:
        """Return what the model reads of the article."""
        return self.split(article).select(self.settings.long_input)

    @abstractmethod
    def compute(self, articles: Sequence[Article], texts: Sequence[ChunkedText]) -> Sequence[Prediction]:
        """Return the prediction for each article, of which `texts` are what is read."""

    def text(self, article: Article) -> str:
        """Return the part of the article that the settings name."""
        headline = "" if self.settings.read == "content" else article.headline
        content = "" if self.settings.read == "headline" else article.content
        return "\n".join(filter(None, (headline, content)))

    def lengths(self, articles: Sequence[Article]) -> list[int]:
        """Return about how many tokens are read of each article."""
        return [estimate_tokens(self.text(article)[:MAX_CHARACTERS]) for article in articles]

    def split(self, article: Article, size: int | None = None) -> ChunkedText:
        """Return the article's text, in chunks of `size` tokens where it has more than the limit."""
        text = self.text(article)
        chunks = split_text(text, article.language, self.count, self.limit, size)
        if not chunks:
            raise PredictionError(f"the article has nothing to read ({self.settings.read})")
        return ChunkedText(tuple(chunks), len(text) > MAX_CHARACTERS)

    def input_stats(self, article: Article, text: ChunkedText) -> InputStats:
        """Say how much of the article was read."""
        tokens = sum(chunk.tokens for chunk in text.chunks)
        truncated = article.truncated or text.truncated
        return InputStats(tokens=tokens, truncated=truncated, windows=len(text.chunks))

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special ones."""
        if not texts:
            return []
        return [len(ids) for ids in self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    def in_batches(self, chunks: Sequence[Chunk], forward: Callable[[list[Chunk]], Sequence[T]]) -> list[T]:
        """Return the result of `forward` for each chunk, in order; it takes a batch of them."""
        return self.batcher.run(chunks, [chunk.tokens + self.added_tokens for chunk in chunks], forward)

    def tokenize(self, *texts: list[str], truncation: str = "longest_first") -> Any:
        """Return the texts, or pairs of texts, as a padded batch on the model's device."""
        padding = self.tokenizer.pad_token_id is not None
        return self.tokenizer(
            *texts, padding=padding, truncation=truncation, max_length=self.input_limit, return_tensors="pt"
        ).to(self.model.device)


def _file_identity(file: Path) -> str:
    """Return the hash by which the hub's cache names a file; of any other file name, size and time."""
    file = file.resolve()
    if file.parent.name == "blobs":
        return file.name
    status = file.stat()
    return f"{file.name} {status.st_size} {status.st_mtime_ns}"
