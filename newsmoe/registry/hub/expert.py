"""What experts that are models of the hub have in common."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from newsmoe.article import Article, estimate_tokens
from newsmoe.errors import ModelError, PredictionError
from newsmoe.prediction import InputStats
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import Card
from newsmoe.registry.device import Device
from newsmoe.registry.hub.budget import Budget
from newsmoe.registry.hub.files import ModelSource, find_model, weight_files
from newsmoe.registry.hub.pieces import MAX_CHARACTERS, Piece, cut_text

T = TypeVar("T")

BATCH_TOKENS = {"cpu": 4096}
"""Padded tokens in a forward pass; other devices start with more, and learn what fits."""
BATCH_TOKENS_ELSEWHERE = 32768


class HubSettings(ModelSource):
    """Which model, and what it reads of an article."""

    read: Literal["all", "headline", "content"] = Field(
        "all", description="what is given to the model: headline and content, or one of them"
    )
    max_tokens: int | None = Field(
        None, ge=16, description="read fewer tokens at a time than the model could; unset: as many as it can"
    )
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = Field(
        "auto", description="what to compute in; auto: float32 on a processor, bfloat16 where a GPU has it"
    )
    precision: Literal["fp32", "int8"] = Field(
        "fp32", description="int8: weights of linear layers in 8 bits, on a processor; smaller and faster"
    )


class Parts(NamedTuple):
    """An article as a model reads it.

    Attributes:
        pieces: in order; empty where there is nothing to read.
        truncated: whether some of the text is in none of them.
    """

    pieces: tuple[Piece, ...]
    truncated: bool

    @property
    def tokens(self) -> int:
        """Tokens in all pieces."""
        return sum(piece.tokens for piece in self.pieces)

    def mean(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the mean of scores of shape (pieces, labels) over the pieces, by their lengths."""
        lengths = [max(piece.tokens, 1) for piece in self.pieces]
        mean: NDArray[np.float64] = np.average(scores, axis=0, weights=lengths)
        return mean


def _identity(file: Path) -> str:
    """Return the hash by which the hub's cache names a file; of any other file name, size and time."""
    file = file.resolve()
    if file.parent.name == "blobs":
        return file.name
    found = file.stat()
    return f"{file.name} {found.st_size} {found.st_mtime_ns}"


class HubExpert:
    """An expert that is a model of its own; a kind adds `predict`, and `prepare` where there is more to do.

    Nothing of transformers or torch is imported before `load`.
    """

    architecture: ClassVar[str]

    def __init__(self, card: Card, settings: HubSettings, backbones: BackbonePool) -> None:
        self.name = card.name
        self.task = card.task
        self.languages = card.languages
        self.needs_content = card.needs_content or settings.read == "content"
        self.card = card
        self.source = settings
        self.device: Device | None = None
        self.model: Any = None
        self.tokenizer: Any = None

    @staticmethod
    def missing(card: Card, settings: ModelSource) -> str | None:
        """Say what to do before the expert can be used, or None where its model is on this machine."""
        try:
            find_model(settings, card)
        except ModelError as error:
            return str(error)
        return None

    @staticmethod
    def identity(card: Card, settings: ModelSource) -> str | None:
        """Say which weights these are; the same on every machine where they come from the hub."""
        if HubExpert.missing(card, settings):
            return None
        return " ".join(map(_identity, weight_files(find_model(settings, card))))

    def folder(self) -> Path:
        """Return where the model's files are."""
        return find_model(self.source, self.card)

    def memory(self) -> int:
        """Return about how many bytes the loaded model takes: those of its weights."""
        return sum(file.stat().st_size for file in weight_files(self.folder()))

    def load(self, device: Device) -> None:
        """Bring tokenizer and weights into memory."""
        from newsmoe.registry.hub.loading import counter, in_int8, load_model, load_tokenizer, max_tokens

        folder = self.folder()
        self.device = device
        self.tokenizer = load_tokenizer(folder)
        self.model = load_model(folder, self.architecture, device, self.source.dtype)
        if self.source.precision == "int8" and device.name == "cpu":
            self.model = in_int8(self.model)
        self.input_limit = min(max_tokens(self.model), self.source.max_tokens or 2**31)
        self.limit = self.input_limit  # a kind takes off what it adds to the text
        self.count = counter(self.tokenizer)
        self.budget = Budget(BATCH_TOKENS.get(device.name, BATCH_TOKENS_ELSEWHERE))
        self.prepare()

    def prepare(self) -> None:
        """Do what is left once the model is there; nothing, unless a kind says otherwise."""

    def unload(self) -> None:
        """Let go of the weights, so that others fit into memory; `load` brings them back."""
        if self.device is not None:
            from newsmoe.registry.hub.loading import release

            device, self.device, self.model = self.device, None, None
            release(device)

    def loaded(self) -> Device:
        """Return where the model is."""
        if self.device is None:
            raise PredictionError(f"expert {self.name!r} was asked before load() was called")
        return self.device

    def text(self, article: Article) -> str:
        """Return what the model is given of the article."""
        if self.source.read == "headline":
            return article.headline
        if self.source.read == "content":
            return article.content
        return "\n".join(filter(None, (article.headline, article.content)))

    def lengths(self, articles: Sequence[Article]) -> list[int]:
        """Return about how many tokens are read of each article."""
        return [estimate_tokens(self.text(article)[:MAX_CHARACTERS]) for article in articles]

    def cut(self, article: Article, most: int, size: int | None = None) -> Parts:
        """Return the article's text, in pieces of `size` tokens where it has more than `most`."""
        text = self.text(article)
        pieces = cut_text(text, article.language, self.count, most, size)
        if not pieces:
            raise PredictionError(f"the article has nothing to read ({self.source.read})")
        return Parts(tuple(pieces), len(text) > MAX_CHARACTERS)

    def input_stats(self, article: Article, read: Parts) -> InputStats:
        """Say how much of the article was read."""
        return InputStats(
            tokens=read.tokens,
            truncated=article.truncated or read.truncated,
            windows=len(read.pieces),
        )

    def in_batches(self, lengths: Sequence[int], forward: Callable[[list[int]], Sequence[T]]) -> list[T]:
        """Return what `forward` answers for each item, in order; it is given batches of their indices."""
        from newsmoe.registry.hub.loading import quiet

        with quiet():
            return self.budget.run(lengths, forward)
