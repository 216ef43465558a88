"""An adapter on the backbone and a linear head, trained together."""

import math
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn

from newsmoe.batching import cut_batches
from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.backbone.files import NAME
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.backbone.torch_runtime import load_bert
from newsmoe.training.data import Head, WindowSet
from newsmoe.training.recipe import AdapterRecipe
from newsmoe.training.report import Report

__all__ = ["finetune"]


class _Classifier(nn.Module):
    """Adapted encoder and head; the pooling is that of `Backbone`: the mean over all tokens, of length 1."""

    def __init__(self, encoder: nn.Module, weight: Vectors, bias: Vectors) -> None:
        super().__init__()
        self.encoder = encoder
        self.weight = nn.Parameter(torch.from_numpy(weight.copy()))
        self.bias = nn.Parameter(torch.from_numpy(bias.copy()))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        vectors = nn.functional.normalize((states * mask.unsqueeze(-1)).sum(dim=1), dim=-1)
        return vectors @ self.weight.T + self.bias


def finetune(
    recipe: AdapterRecipe,
    train: WindowSet,
    dev: WindowSet,
    start: Head,
    backbone: Backbone,
    folder: Path,
    report: Report,
) -> Head:
    """Train an adapter and a head; write the best epoch's adapter into `folder` and return its head.

    The head starts from `start`, fitted on the frozen backbone, so that the adapter need not undo what a
    random head would teach it (Kumar et al. 2022, LP-FT). Best is the epoch of least loss on dev data.

    Args:
        recipe: rank, epochs, rates, seed.
        train: to learn from.
        dev: to choose the epoch by.
        start: the head to start from.
        backbone: tokenizer and batches.
        folder: where the adapter goes, in peft's format.
        report: told of the progress.
    """
    torch.manual_seed(recipe.seed)
    shuffle = np.random.default_rng(recipe.seed)
    encoder = _adapted(recipe, backbone)
    model = _Classifier(encoder, start.weight, start.bias)
    optimizer, schedule = _optimizer(model, recipe, train, shuffle)
    best, tuned = math.inf, start
    for epoch in range(recipe.epochs):
        model.train()
        batches = list(_batches(train.windows, recipe, shuffle))
        for number, chosen in enumerate(batches):
            loss = _loss(model, backbone, train, chosen)
            loss.backward()  # type: ignore[no-untyped-call]  # torch's own
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            report(f"epoch {epoch + 1} of {recipe.epochs}, loss {loss.item():.3f}", number + 1, len(batches))
        dev_loss = _mean_loss(model, backbone, dev, recipe)
        report(f"epoch {epoch + 1}: dev loss {dev_loss:.4f}", 1, 1)
        if dev_loss < best:
            best, tuned = dev_loss, _save(model, encoder, folder)
    return tuned


def _adapted(recipe: AdapterRecipe, backbone: Backbone) -> PeftModel:
    """Return the published encoder with a fresh adapter on all its linear modules."""
    lora = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=["query", "key", "value", "dense"],
        bias="none",
    )
    with warnings.catch_warnings():  # peft asks transformers for a name that is on its way out
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        encoder = get_peft_model(load_bert(backbone.files, recipe.backbone_dropout), lora)
    encoder.peft_config["default"].base_model_name_or_path = NAME  # not a path on this machine
    return encoder


def _optimizer(
    model: _Classifier, recipe: AdapterRecipe, train: WindowSet, shuffle: np.random.Generator
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Return AdamW and a schedule: a tenth of the steps to warm up, then straight down to nothing."""
    steps = recipe.epochs * sum(1 for _ in _batches(train.windows, recipe, shuffle))
    warm = max(1, steps // 10)
    groups = [
        {"params": [p for p in model.encoder.parameters() if p.requires_grad], "lr": recipe.learning_rate},
        {"params": [model.weight, model.bias], "lr": recipe.head_learning_rate, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm, max(0.0, (steps - step) / max(1, steps - warm)))
    )
    return optimizer, schedule


def _batches(
    windows: Sequence[Window], recipe: AdapterRecipe, shuffle: np.random.Generator
) -> Iterator[list[int]]:
    """Yield batches of like length in random order; a little noise makes them differ from epoch to epoch."""
    lengths = [round((len(window) + 2) * shuffle.uniform(0.9, 1.1)) for window in windows]
    cut = list(cut_batches(lengths, recipe.batch_tokens, recipe.batch_items))
    for index in shuffle.permutation(len(cut)):
        yield cut[index]


def _logits(model: _Classifier, backbone: Backbone, data: WindowSet, chosen: Sequence[int]) -> torch.Tensor:
    ids, mask = backbone.padded([data.windows[index] for index in chosen])
    logits: torch.Tensor = model(torch.from_numpy(ids), torch.from_numpy(mask))
    return logits


def _loss(model: _Classifier, backbone: Backbone, data: WindowSet, chosen: Sequence[int]) -> torch.Tensor:
    losses = nn.functional.cross_entropy(
        _logits(model, backbone, data, chosen),
        torch.from_numpy(data.labels[data.articles[chosen]]),
        reduction="none",
    )
    weights = torch.from_numpy(data.window_weights[chosen]).float()
    return (losses * weights).mean()


@torch.inference_mode()
def _mean_loss(model: _Classifier, backbone: Backbone, data: WindowSet, recipe: AdapterRecipe) -> float:
    model.eval()
    total = 0.0
    for chosen in cut_batches([len(window) + 2 for window in data.windows], recipe.batch_tokens):
        total += _loss(model, backbone, data, chosen).item() * len(chosen)
    return total / len(data.windows)


def _save(model: _Classifier, encoder: PeftModel, folder: Path) -> Head:
    encoder.save_pretrained(
        str(folder), save_embedding_layers=False
    )  # else peft looks the base up on the hub
    (folder / "README.md").unlink(missing_ok=True)  # peft's own; the model card is written later
    return Head(model.weight.detach().numpy().copy(), model.bias.detach().numpy().copy())
