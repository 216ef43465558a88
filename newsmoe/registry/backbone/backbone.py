"""Text windows in, vectors out; each distinct window is computed once."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from newsmoe.article import Article
from newsmoe.errors import ModelError
from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.files import BackboneFiles
from newsmoe.registry.backbone.reading import WINDOW_TOKENS, Reading, Window, read_article
from newsmoe.registry.batching import Batcher

Vectors = NDArray[np.float32]

T = TypeVar("T")

SPECIAL_TOKENS = {"bert": ("[CLS]", "[SEP]", "[PAD]", "[MASK]"), "mpnet": ("<s>", "</s>", "<pad>", "<mask>")}

MAX_CACHED_WINDOWS = 2048
MAX_CACHED_READINGS = 512


class Runtime(Protocol):
    """What computes the backbone's last hidden states.

    Attributes:
        batch_tokens: tokens in one forward pass, padding included, exceeded by a single window only.
        workers: forward passes that may run at a time.
    """

    batch_tokens: int
    workers: int

    def hidden(self, ids: NDArray[np.int64], mask: NDArray[np.int64], adapter: Adapter | None = None) -> Vectors:
        """Return states of shape (batch, tokens, width) for ids and mask of shape (batch, tokens)."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """Vectors of a window, each of length 1.

    Attributes:
        window: mean over all its tokens, shape (width,).
        sentences: mean over the tokens of each span, shape (spans, width); the tokens attend to
            the whole window, so a sentence's vector depends on its neighbours.
    """

    window: Vectors
    sentences: Vectors


class Backbone:
    """An encoder, its tokenizer, and a cache of what it has computed."""

    def __init__(self, files: BackboneFiles, runtime: Runtime) -> None:
        self.files = files
        self.runtime = runtime
        self.width: int = files.config["hidden_size"]
        self.max_window_tokens = files.config["max_position_embeddings"] - 2
        self.max_cached_windows = MAX_CACHED_WINDOWS
        self._batcher = Batcher(runtime.batch_tokens, runtime.workers)
        self._encoded: OrderedDict[tuple[Window, str], Encoded] = OrderedDict()
        self._readings: OrderedDict[str, dict[int, Reading]] = OrderedDict()  # by article, then by window tokens

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """The tokenizer, its own truncation and padding switched off: limits come from the model's config."""
        try:
            tokenizer: Tokenizer = Tokenizer.from_file(str(self.files.tokenizer))
        except Exception as error:  # the library has no type of its own
            raise self.files.unreadable(self.files.tokenizer, error) from error
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _frame(self) -> tuple[int, int, int]:
        """Ids of the tokens that open, close and pad a window."""
        first, last, pad, _ = self._special_tokens
        return self._id(first), self._id(last), self._id(pad)

    @property
    def _special_tokens(self) -> tuple[str, str, str, str]:
        """The tokens that open, close, pad and hide."""
        return SPECIAL_TOKENS[self.files.config["model_type"]]

    def _id(self, token: str) -> int:
        number = self.tokenizer.token_to_id(token)
        if number is None:
            raise ModelError(f"{self.files.tokenizer}: lacks the token {token}")
        return int(number)

    def read(self, article: Article, window_tokens: int = WINDOW_TOKENS) -> Reading:
        """Cut an article into windows of so many tokens, or of as many as the backbone has positions for."""
        size = min(window_tokens, self.max_window_tokens)
        readings = self._readings.setdefault(article.key, {})
        self._readings.move_to_end(article.key)
        if len(self._readings) > MAX_CACHED_READINGS:
            self._readings.popitem(last=False)
        if size not in readings:
            other = next(iter(readings.values()), None)
            readings[size] = other.cut(size) if other else read_article(article, self.tokenizer, size)
        return readings[size]

    def encode(self, windows: Sequence[Window], adapter: Adapter | None = None) -> list[Encoded]:
        """Return the vectors of each window, in order, as the backbone with `adapter` computes them."""
        key = adapter.key if adapter else ""
        encoded = {window: self._encoded[window, key] for window in windows if (window, key) in self._encoded}
        missing = [window for window in dict.fromkeys(windows) if window not in encoded]

        def forward(batch: list[Window]) -> list[Encoded]:
            states = self.runtime.hidden(*self.padded(batch), adapter)
            return [pooled(row, window) for row, window in zip(states, batch, strict=True)]

        encoded |= zip(missing, self._batcher.run(missing, framed_lengths(missing), forward), strict=True)
        for window, vectors in encoded.items():
            self._encoded[window, key] = vectors
            self._encoded.move_to_end((window, key))
        while len(self._encoded) > self.max_cached_windows:
            self._encoded.popitem(last=False)
        return [encoded[window] for window in windows]

    def read_tokens(
        self, windows: Sequence[Window], read: Callable[[int, Vectors], T], adapter: Adapter | None = None
    ) -> list[T]:
        """Return what `read` makes of each window, by its number and its tokens' states, of shape (tokens, width).

        Nothing is stored; states are large, and are not kept for longer than `read` takes.
        """
        numbered = list(enumerate(windows))

        def forward(batch: list[tuple[int, Window]]) -> list[T]:
            states = self.runtime.hidden(*self.padded([window for _, window in batch]), adapter)
            return [
                read(number, token_states(row, window)) for row, (number, window) in zip(states, batch, strict=True)
            ]

        return self._batcher.run(numbered, framed_lengths(windows), forward)

    def forget(self) -> None:
        """Drop what was computed, so that memory does not grow with what is read."""
        self._encoded.clear()
        self._readings.clear()

    def padded(self, windows: Sequence[Window]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return ids and mask, shape (windows, tokens), with opening, closing and padding tokens."""
        first, last, pad = self._frame
        ids = np.full((len(windows), max(map(len, windows)) + 2), pad, dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, window in enumerate(windows):
            size = len(window) + 2
            ids[row, :size] = [first, *np.frombuffer(window.ids, dtype=np.int32), last]
            mask[row, :size] = 1
        return ids, mask

    def hide_tokens(self, ids: NDArray[np.int64], hidden: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Return ids with those under `hidden`, of the same shape, replaced; the frame and padding stay."""
        return np.where(hidden & ~np.isin(ids, self._frame), self._id(self._special_tokens[-1]), ids)


def framed_lengths(windows: Sequence[Window]) -> list[int]:
    """Return the tokens of each window, those that open and close it counted."""
    return [len(window) + 2 for window in windows]


def token_states(states: Vectors, window: Window) -> Vectors:
    """Return the states of a window, shape (tokens, width), without those of special tokens and padding."""
    return states[1 : len(window) + 1]


def pooled(states: Vectors, window: Window) -> Encoded:
    """Average the states of a window, shape (tokens, width), over all its tokens and over its sentences."""
    states = states[: len(window) + 2]  # without padding
    starts = [span.start + 1 for span in window.spans]
    return Encoded(unit(states.mean(axis=0)), unit(np.add.reduceat(states[:-1], starts, axis=0)))


def unit(vectors: Vectors) -> Vectors:
    """Scale to length 1, so that the sum over tokens is as good as the mean."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
