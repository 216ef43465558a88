"""Training of an adapter together with the head of a classifier, or those of several that share it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from sklearn.metrics import f1_score
from torch import nn

from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.batching import Batcher
from newsmoe.training.adapter import save_adapter
from newsmoe.training.data import Head, TrainingRun, WindowSet
from newsmoe.training.loop import digest_of, fit, shuffled_batches
from newsmoe.training.recipe import AdapterRecipe

MOST_SENTENCES = 4
"""Of an article that is cut to what a teaser has, with its headline."""


@dataclass(frozen=True)
class Lesson:
    """What one head learns."""

    head: Head  # at the start
    train: WindowSet
    dev: Mapping[str, WindowSet]


class _Classifier(nn.Module):
    """Adapted encoder and heads; pooling as in `Backbone`: the mean over all tokens, scaled to length 1."""

    def __init__(self, encoder: nn.Module, heads: Iterable[Head]) -> None:
        super().__init__()
        self.encoder = encoder
        weights, biases = zip(*heads, strict=True)
        self.weights, self.biases = map(_parameters, (weights, biases))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the vector of each window, shape (windows, width)."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return nn.functional.normalize((states * mask.unsqueeze(-1)).sum(dim=1), dim=-1)

    def heads(self) -> list[Head]:
        """Return copies of the heads."""
        pairs = zip(self.weights, self.biases, strict=True)
        return [Head(*(tensor.detach().numpy().copy() for tensor in pair)) for pair in pairs]


@dataclass
class _Objective:
    """Cross-entropy on windows; the quality is macro-F1 on the articles of the dev data, the mean over lessons."""

    model: _Classifier
    backbone: Backbone
    recipe: AdapterRecipe
    lessons: Sequence[Lesson]

    def __post_init__(self) -> None:
        self.windows, self.rows = _merged([lesson.train.windows for lesson in self.lessons])

    @cached_property
    def digest(self) -> str:
        sets = [lesson.train for lesson in self.lessons]
        tables = [table for data in sets for table in (data.articles, data.accepted, data.weights, data.others)]
        return digest_of([window for data in sets for window in data.windows], *tables)

    def batches(self, shuffle: np.random.Generator) -> Sequence[Sequence[int]]:
        return shuffled_batches(_lengths(self.windows), self.recipe, shuffle)

    def loss(self, batch: Sequence[int], noise: np.random.Generator) -> torch.Tensor:
        windows = [self.windows[index] for index in batch]
        if self.recipe.cut:
            windows = [_beginning(each, noise) if noise.random() < self.recipe.cut else each for each in windows]
        copies = 2 if self.recipe.consistency else 1
        ids, mask = self.backbone.padded(windows * copies)
        ids = self.backbone.hide_tokens(ids, noise.random(ids.shape) < self.recipe.token_dropout)
        vectors = self.model(torch.from_numpy(ids), torch.from_numpy(mask))
        losses = vectors.new_zeros(())
        heads = zip(self.model.weights, self.model.biases, strict=True)
        for lesson, (weight, bias), places in zip(self.lessons, heads, self.rows, strict=True):
            rows = np.tile(places[batch], copies)
            present = rows >= 0
            logits = vectors[torch.from_numpy(present)] @ weight.T + bias
            losses = losses + self._losses(logits, lesson.train, rows[present]).sum()
        mean: torch.Tensor = losses / len(ids)
        return mean

    def _losses(self, logits: torch.Tensor, train: WindowSet, rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the weighted loss on each window, given the logits of those at `rows`, shape (windows, labels)."""
        wrong = torch.from_numpy(~train.accepted[train.articles[rows]])
        others = torch.from_numpy(train.others[train.articles[rows]]).float()
        log_probabilities = logits.log_softmax(dim=1)
        losses = -log_probabilities.masked_fill(wrong, -torch.inf).logsumexp(dim=1)
        losses = (1 - others.sum(dim=1)) * losses - (others * log_probabilities).sum(dim=1)
        if self.recipe.consistency:
            losses = losses + self.recipe.consistency / 2 * _divergence(logits)
        weighted: torch.Tensor = losses * torch.from_numpy(train.window_weights[rows]).float()
        return weighted

    def quality(self) -> float:
        sets = [dev for lesson in self.lessons for dev in lesson.dev.values()]
        windows = list(dict.fromkeys(window for dev in sets for window in dev.windows))
        vectors = dict(zip(windows, self._vectors(windows), strict=True))
        means = []
        for head, lesson in zip(self.model.heads(), self.lessons, strict=True):
            logits = [head.logits(np.stack([vectors[window] for window in dev.windows])) for dev in lesson.dev.values()]
            scores = list(map(_macro_f1, lesson.dev.values(), logits))
            means.append(np.average(scores, weights=[dev.weights[0] for dev in lesson.dev.values()]))
        return float(np.mean(means))

    @torch.inference_mode()
    def _vectors(self, windows: Sequence[Window]) -> list[Vectors]:
        def forward(batch: list[Window]) -> list[Vectors]:
            ids, mask = self.backbone.padded(batch)
            return list(self.model(torch.from_numpy(ids), torch.from_numpy(mask)).numpy())

        return Batcher(self.recipe.batch_tokens).run(windows, _lengths(windows), forward)


def finetune(
    recipe: AdapterRecipe, lessons: Sequence[Lesson], folder: Path, *, encoder: PeftModel, run: TrainingRun
) -> list[Head]:
    """Train an adapter and the heads of all lessons, write the best epoch's adapter into `folder`, return its heads.

    The start are heads fitted on the encoder's vectors, so that the adapter need not undo what random ones
    would teach it (Kumar et al. 2022, LP-FT). Training resumes from a checkpoint in `folder`.
    """
    model = _Classifier(encoder, [lesson.head for lesson in lessons])
    fit(model, _Objective(model, run.backbone, recipe, lessons), recipe, folder, run.report)
    save_adapter(encoder, folder)
    return model.heads()


def _macro_f1(dev: WindowSet, logits: Vectors) -> float:
    probabilities = dev.probabilities(logits)
    truth, predicted = dev.truth(probabilities), probabilities.argmax(axis=1)
    return float(f1_score(truth, predicted, labels=np.unique(truth), average="macro", zero_division=0))


def _parameters(tensors: Iterable[Vectors]) -> nn.ParameterList:
    return nn.ParameterList(nn.Parameter(torch.from_numpy(tensor.copy())) for tensor in tensors)


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
    """Return the first sentences of a window, one to `MOST_SENTENCES`, as a teaser has them."""
    spans = window.spans[: noise.integers(1, MOST_SENTENCES, endpoint=True)]
    return Window(window.ids[: 4 * spans[-1].end], spans)


def _lengths(windows: Sequence[Window]) -> list[int]:
    return [len(window) + 2 for window in windows]


def _divergence(logits: torch.Tensor) -> torch.Tensor:
    """Return the KL divergence of each of two passes from the other; the passes are stacked in `logits`."""
    probabilities = logits.log_softmax(dim=1)
    others = probabilities.roll(len(probabilities) // 2, dims=0)
    return nn.functional.kl_div(others, probabilities, reduction="none", log_target=True).sum(dim=1)
