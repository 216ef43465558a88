"""Training of an adapter together with the head of an expert, or those of several that share it."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from timeit import repeat
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from sklearn.metrics import f1_score
from torch import nn

from newsmoe.registry.backbone.backbone import Backbone, Vectors, framed_lengths, pooled
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.batching import Batcher
from newsmoe.training.adapter import save_adapter
from newsmoe.training.data import Head, TrainingRun, WindowSet
from newsmoe.training.loop import digest_of, fit, shuffled_batches
from newsmoe.training.lower_layers import LowerLayers
from newsmoe.training.recipe import AdapterRecipe

S = TypeVar("S", bound=WindowSet)

MAX_TEASER_SENTENCES = 4
"""Of an article that is cut to what a teaser has, with its headline."""


class HeadObjective(ABC):
    """What one expert learns from the states of an adapted encoder.

    Attributes:
        module: its head, trained along with the adapter.
        windows: what it learns from, a row each.
        dev_windows: what its quality is measured on.
        read: what it reads of a dev window's states, of shape (tokens, width).
    """

    read: Callable[[Vectors, Window], Any] = staticmethod(pooled)

    module: nn.Module
    windows: Sequence[Window]
    dev_windows: Sequence[Window]

    @property
    @abstractmethod
    def tables(self) -> Sequence[NDArray[np.generic]]:
        """What is to be learned, for a hash of the examples."""

    def tensors(self, dtype: torch.dtype = torch.float32) -> dict[str, NDArray[Any]]:
        """Return the tensors of the head by name, as the expert that serves takes them."""
        return {name: tensor.to(dtype).numpy() for name, tensor in self.module.state_dict().items()}

    @abstractmethod
    def loss(self, states: torch.Tensor, windows: Sequence[Window], rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the sum of the weighted losses on windows, of which `rows` are the numbers, and some are cut.

        States are of shape (windows, tokens, width), with the opening token first, and zero where there is padding.
        """

    @abstractmethod
    def quality(self, read: Mapping[Window, Any]) -> float:
        """Return the quality on dev data, from 0 to 1, given what was read of each window."""


@dataclass
class _JointObjective:
    """The sum of the losses of all objectives, and the mean of their qualities."""

    model: nn.ModuleDict
    backbone: Backbone
    recipe: AdapterRecipe
    objectives: Sequence[HeadObjective]
    lower: LowerLayers | None = None

    def __post_init__(self) -> None:
        self.windows, self.rows = _merged([objective.windows for objective in self.objectives])

    @cached_property
    def digest(self) -> str:
        windows = [window for objective in self.objectives for window in objective.windows]
        return digest_of(windows, *(table for objective in self.objectives for table in objective.tables))

    def batches(self, shuffle: np.random.Generator) -> Sequence[Sequence[int]]:
        return shuffled_batches(framed_lengths(self.windows), self.recipe, shuffle)

    def loss(self, batch: Sequence[int], noise: np.random.Generator) -> torch.Tensor:
        windows = [self.windows[index] for index in batch]
        if self.recipe.cut:
            windows = [_beginning(each, noise) if noise.random() < self.recipe.cut else each for each in windows]
        copies = 2 if self.recipe.consistency else 1
        windows *= copies
        states = self._states(windows, noise)
        losses = states.new_zeros(())
        for objective, places in zip(self.objectives, self.rows, strict=True):
            rows = np.tile(places[batch], copies)
            present = np.flatnonzero(rows >= 0)
            if len(present):
                some = [windows[index] for index in present.tolist()]
                losses = losses + objective.loss(states[torch.from_numpy(present)], some, rows[present])
        mean: torch.Tensor = losses / len(windows)
        return mean

    def quality(self) -> float:
        windows = list(dict.fromkeys(window for objective in self.objectives for window in objective.dev_windows))
        readers = list(dict.fromkeys(objective.read for objective in self.objectives))
        rows = dict(zip(windows, self._read(windows, readers), strict=True))
        read = {reader: {window: row[number] for window, row in rows.items()} for number, reader in enumerate(readers)}
        return float(np.mean([objective.quality(read[objective.read]) for objective in self.objectives]))

    def _states(self, windows: Sequence[Window], noise: np.random.Generator | None = None) -> torch.Tensor:
        """Return states of shape (windows, tokens, width), zero where there is padding; with `noise` as in training."""
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16_is_faster()):
            if self.lower is not None:
                return self.lower(windows)
            ids, mask = self.backbone.padded(windows)
            if noise is not None:
                ids = self.backbone.hide_tokens(ids, noise.random(ids.shape) < self.recipe.token_dropout)
            present = torch.from_numpy(mask)
            output = self.model["encoder"](input_ids=torch.from_numpy(ids), attention_mask=present)
            states: torch.Tensor = output.last_hidden_state.float()
            return states * present.unsqueeze(-1)

    @torch.inference_mode()
    def _read(self, windows: Sequence[Window], readers: Sequence[Callable[[Vectors, Window], Any]]) -> list[list[Any]]:
        def forward(batch: list[Window]) -> list[list[Any]]:
            states = self._states(batch).numpy()
            return [[read(row, window) for read in readers] for row, window in zip(states, batch, strict=True)]

        return Batcher(self.recipe.batch_tokens).run(windows, framed_lengths(windows), forward)


def finetune(
    recipe: AdapterRecipe, objectives: Sequence[HeadObjective], folder: Path, *, encoder: PeftModel, run: TrainingRun
) -> None:
    """Train an adapter and the heads of all objectives, and write the best epoch's adapter into `folder`.

    Training resumes from a checkpoint in `folder`.
    """
    heads = nn.ModuleList(objective.module for objective in objectives)
    model = nn.ModuleDict({"encoder": encoder, "heads": heads})
    lower = None
    if recipe.first_layer:
        windows = (window for objective in objectives for window in (*objective.windows, *objective.dev_windows))
        lower = LowerLayers(encoder, run.backbone, recipe.first_layer, windows, folder)
    fit(model, _JointObjective(model, run.backbone, recipe, objectives, lower), recipe, folder, run.report)
    save_adapter(encoder, folder)


class LabelObjective(HeadObjective, Generic[S]):
    """Cross-entropy on windows; the quality is macro-F1 on articles, the mean over dev sources."""

    def __init__(self, head: Head, train: S, dev: Mapping[str, S], consistency: float = 0.0) -> None:
        """Start from a head fitted on the encoder's vectors.

        So the adapter need not undo what a random one would teach it (Kumar et al. 2022, LP-FT). `consistency` is
        the weight of R-Drop, for windows that come twice.
        """
        self.module: nn.Linear = nn.Linear(head.weight.shape[1], head.weight.shape[0])
        self.module.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in head._asdict().items()})
        self.windows, self.train, self.dev, self.consistency = train.windows, train, dev, consistency
        self.dev_windows = [window for data in dev.values() for window in data.windows]

    @property
    def tables(self) -> Sequence[NDArray[np.generic]]:
        """Articles, labels and weights."""
        return self.train.articles, self.train.accepted, self.train.weights, self.train.others

    @property
    def head(self) -> Head:
        """A copy of the head."""
        return Head(*(tensor.detach().numpy().copy() for tensor in (self.module.weight, self.module.bias)))

    def loss(self, states: torch.Tensor, windows: Sequence[Window], rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the loss on the windows' vectors."""
        train = self.train
        logits = self.module(self.vectors(states, windows, rows))
        wrong = torch.from_numpy(~train.accepted[train.articles[rows]])
        others = torch.from_numpy(train.others[train.articles[rows]]).float()
        log_probabilities = logits.log_softmax(dim=1)
        losses = -log_probabilities.masked_fill(wrong, -torch.inf).logsumexp(dim=1)
        losses = (1 - others.sum(dim=1)) * losses - (others * log_probabilities).sum(dim=1)
        if self.consistency:
            losses = losses + self.consistency / 2 * _divergence(logits)
        return torch.dot(losses, torch.from_numpy(train.window_weights[rows]).float())

    def vectors(self, states: torch.Tensor, windows: Sequence[Window], rows: NDArray[np.int64]) -> torch.Tensor:
        """Return what the head reads: the mean over all tokens, scaled to length 1, as in `Backbone`."""
        return nn.functional.normalize(states.sum(dim=1), dim=-1)

    def dev_vectors(self, data: S, read: Mapping[Window, Any]) -> Vectors:
        """Return what the head reads of windows of dev data, given what was read of their states."""
        return np.stack([read[window].window for window in data.windows])

    def quality(self, read: Mapping[Window, Any]) -> float:
        """Return macro-F1."""
        scores = [self._macro_f1(data, read) for data in self.dev.values()]
        return float(np.average(scores, weights=[data.weights[0] for data in self.dev.values()]))

    def _macro_f1(self, data: S, read: Mapping[Window, Any]) -> float:
        logits = self.head.logits(self.dev_vectors(data, read))
        probabilities = data.probabilities(logits)
        truth, predicted = data.truth(probabilities), probabilities.argmax(axis=1)
        return float(f1_score(truth, predicted, labels=np.unique(truth), average="macro", zero_division=0))


def _merged(sets: Sequence[Sequence[Window]]) -> tuple[list[Window], list[NDArray[np.int64]]]:
    """Return the windows of all sets, and for each set which of its windows each one is, -1 for none.

    What is several times in one set stays so.
    """
    numbers: dict[tuple[Window, int], int] = {}
    places: list[list[int]] = []
    for windows in sets:
        seen: Counter[Window] = Counter()
        places.append([])
        for window in windows:
            places[-1].append(numbers.setdefault((window, seen[window]), len(numbers)))
            seen[window] += 1
    rows = [np.full(len(numbers), -1, dtype=np.int64) for _ in sets]
    for row, indices in zip(rows, places, strict=True):
        row[indices] = np.arange(len(indices))
    return [window for window, _ in numbers], rows


def _beginning(window: Window, noise: np.random.Generator) -> Window:
    """Return the first sentences of a window, one to `MAX_TEASER_SENTENCES`, as a teaser has them."""
    spans = window.spans[: noise.integers(1, MAX_TEASER_SENTENCES, endpoint=True)]
    return Window(window.ids[: 4 * spans[-1].end], spans)


@cache
def bfloat16_is_faster() -> bool:
    """Try whether products in half of the bits take less time here.

    What a processor says of itself does not tell: some with instructions for it are slower than in single precision.
    """
    if not any(torch.cpu.get_capabilities().get(name, False) for name in ("amx_bf16", "avx512_bf16")):
        return False
    seconds = [_seconds_of_product(precision) for precision in (torch.bfloat16, torch.float32)]
    return seconds[0] < seconds[1]


def _seconds_of_product(precision: torch.dtype) -> float:
    """Return how long a product of the size of a batch takes, the best of some."""
    states, weights = torch.ones(2048, 384, dtype=precision), torch.ones(384, 1536, dtype=precision)
    return min(repeat(lambda: states @ weights, number=1, repeat=8))


def _divergence(logits: torch.Tensor) -> torch.Tensor:
    """Return the KL divergence of each of two passes from the other; the passes are stacked in `logits`."""
    probabilities = logits.log_softmax(dim=1)
    others = probabilities.roll(len(probabilities) // 2, dims=0)
    return nn.functional.kl_div(others, probabilities, reduction="none", log_target=True).sum(dim=1)
