"""Training of a classifier's adapter and head together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
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


class _Classifier(nn.Module):
    """Adapted encoder and head; pooling as in `Backbone`: the mean over all tokens, scaled to length 1."""

    def __init__(self, encoder: nn.Module, head: Head) -> None:
        super().__init__()
        self.encoder = encoder
        self.weight = nn.Parameter(torch.from_numpy(head.weight.copy()))
        self.bias = nn.Parameter(torch.from_numpy(head.bias.copy()))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        vectors = nn.functional.normalize((states * mask.unsqueeze(-1)).sum(dim=1), dim=-1)
        return vectors @ self.weight.T + self.bias


@dataclass
class _Objective:
    """Cross-entropy on windows; the quality is macro-F1 on the articles of the dev data."""

    model: _Classifier
    backbone: Backbone
    recipe: AdapterRecipe
    train: WindowSet
    dev: Mapping[str, WindowSet]

    @cached_property
    def digest(self) -> str:
        train = self.train
        return digest_of(train.windows, train.articles, train.accepted, train.weights, train.others)

    def batches(self, shuffle: np.random.Generator) -> Sequence[Sequence[int]]:
        return shuffled_batches(_lengths(self.train.windows), self.recipe, shuffle)

    def loss(self, batch: Sequence[int], noise: np.random.Generator) -> torch.Tensor:
        train, consistency = self.train, self.recipe.consistency
        batch = [*batch, *batch] if consistency else batch
        ids, mask = self.backbone.padded([train.windows[index] for index in batch])
        ids = self.backbone.hide_tokens(ids, noise.random(ids.shape) < self.recipe.token_dropout)
        logits = self.model(torch.from_numpy(ids), torch.from_numpy(mask))
        wrong = torch.from_numpy(~train.accepted[train.articles[batch]])
        others = torch.from_numpy(train.others[train.articles[batch]]).float()
        log_probabilities = logits.log_softmax(dim=1)
        losses = -log_probabilities.masked_fill(wrong, -torch.inf).logsumexp(dim=1)
        losses = (1 - others.sum(dim=1)) * losses - (others * log_probabilities).sum(dim=1)
        if consistency:
            losses = losses + consistency / 2 * _divergence(logits)
        weighted: torch.Tensor = losses * torch.from_numpy(train.window_weights[batch]).float()
        return weighted.mean()

    def quality(self) -> float:
        weights = [dev.weights[0] for dev in self.dev.values()]
        return float(np.average([self._macro_f1(dev) for dev in self.dev.values()], weights=weights))

    def _macro_f1(self, dev: WindowSet) -> float:
        probabilities = dev.probabilities(self._logits(dev.windows))
        truth, predicted = dev.truth(probabilities), probabilities.argmax(axis=1)
        labels = np.unique(truth)
        return float(f1_score(truth, predicted, labels=labels, average="macro", zero_division=0))

    @torch.inference_mode()
    def _logits(self, windows: Sequence[Window]) -> Vectors:
        def forward(batch: list[Window]) -> list[Vectors]:
            ids, mask = self.backbone.padded(batch)
            return list(self.model(torch.from_numpy(ids), torch.from_numpy(mask)).numpy())

        return np.stack(Batcher(self.recipe.batch_tokens).run(windows, _lengths(windows), forward))


def finetune(
    recipe: AdapterRecipe,
    head: Head,
    train: WindowSet,
    folder: Path,
    *,
    encoder: PeftModel,
    dev: Mapping[str, WindowSet],
    run: TrainingRun,
) -> Head:
    """Train adapter and head, write the best epoch's adapter into `folder` and return its head.

    The start is a head fitted on the encoder's vectors, so that the adapter need not undo what a random head
    would teach it (Kumar et al. 2022, LP-FT). Training resumes from a checkpoint in `folder`.
    """
    model = _Classifier(encoder, head)
    fit(model, _Objective(model, run.backbone, recipe, train, dev), recipe, folder, run.report)
    save_adapter(encoder, folder)
    return Head(model.weight.detach().numpy().copy(), model.bias.detach().numpy().copy())


def _lengths(windows: Sequence[Window]) -> list[int]:
    return [len(window) + 2 for window in windows]


def _divergence(logits: torch.Tensor) -> torch.Tensor:
    """Return the KL divergence of each of two passes from the other; the passes are stacked in `logits`."""
    probabilities = logits.log_softmax(dim=1)
    others = probabilities.roll(len(probabilities) // 2, dims=0)
    return nn.functional.kl_div(others, probabilities, reduction="none", log_target=True).sum(dim=1)
