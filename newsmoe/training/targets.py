"""Training of an expert for the tone towards something that a text names."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from newsmoe.datasets.targets import TargetSource
from newsmoe.errors import ConfigError, InputError
from newsmoe.registry.backbone.adapter import load_adapter
from newsmoe.registry.backbone.backbone import Vectors, token_states
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.kinds.target_classifier import TargetWindow, target_vectors, target_windows
from newsmoe.training.adapter import adapted_encoder
from newsmoe.training.classifier import calibrated
from newsmoe.training.data import Head, TrainingRun, WindowSet
from newsmoe.training.finetune import LabelObjective, finetune
from newsmoe.training.folder import TrainedExpert
from newsmoe.training.recipe import TargetRecipe


@dataclass(frozen=True)
class TargetSet(WindowSet):
    """Labelled texts, with the tokens of each window that name the target."""

    targets: Sequence[NDArray[np.int64]]

    def vectors(self, states: Mapping[Window, Vectors]) -> Vectors:
        """Return what the head reads of each window, given the states of its tokens."""
        pairs = zip(self.windows, self.targets, strict=True)
        return np.stack([TargetWindow(window, tokens).vector(states[window]) for window, tokens in pairs])


def train_target_classifier(recipe: TargetRecipe, home: Path, run: TrainingRun) -> TrainedExpert:
    """Train an adapter and a head, whose temperature is fitted on the dev sources; `home` is the recipe's folder."""
    if recipe.shared_adapter:
        raise ConfigError(f"{recipe.name}: only classifiers, summarizers and taggers share an adapter")
    start = recipe.adapter.start_folder(home)
    dev = {source.title: _read((source,), recipe, run) for source in recipe.dev}
    measured_on = {window for data in dev.values() for window in data.windows}
    train = _read(recipe.train, recipe, run, measured_on)
    if not (len(train.accepted) and all(len(data.accepted) for data in dev.values())):
        raise InputError("too few examples: train or dev has none; add some")
    width = 2 * run.backbone.width
    zero = np.zeros((len(recipe.labels), width), dtype=np.float32)
    objective = TargetObjective(Head(zero, zero[:, 0]), train, dev, recipe.adapter.consistency)
    encoder = adapted_encoder(recipe.adapter, run.backbone, start)
    finetune(recipe.adapter, [objective], run.work, encoder=encoder, run=run)
    adapter = load_adapter(run.work)
    logits = {}
    for title, data in dev.items():
        targets = list(map(TargetWindow, data.windows, data.targets))
        logits[title] = objective.head.logits(np.stack(target_vectors(run.backbone, targets, adapter)))
    head, temperature = calibrated(objective.head, train, dev, logits)
    settings = recipe.model_dump(mode="json", include={"labels", "tagger", "types"}) | {"temperature": temperature}
    return TrainedExpert("target-classifier", settings, head._asdict(), run.work)


class TargetObjective(LabelObjective[TargetSet]):
    """Cross-entropy of the tone towards targets; the quality is macro-F1, the mean over dev sources."""

    read = staticmethod(token_states)

    def vectors(self, states: torch.Tensor, windows: Sequence[Window], rows: NDArray[np.int64]) -> torch.Tensor:
        """Return the means over all tokens and over the target's, each scaled to length 1, side by side."""
        parts = torch.zeros(len(windows), 2, states.shape[1])
        for number, (window, row) in enumerate(zip(windows, rows.tolist(), strict=True)):
            parts[number, 0, 1 : len(window) + 1] = 1.0
            parts[number, 1, torch.from_numpy(self.train.targets[row] + 1)] = 1.0
        return nn.functional.normalize(torch.bmm(parts, states), dim=-1).flatten(1)

    def dev_vectors(self, data: TargetSet, read: Mapping[Window, Vectors]) -> Vectors:
        """Return what the head reads of windows of dev data, given their states."""
        return data.vectors(read)


def _read(
    sources: Sequence[TargetSource], recipe: TargetRecipe, run: TrainingRun, measured_on: Set[Window] = frozenset()
) -> TargetSet:
    """Read sources, in the sentences that name the target; texts that the expert is measured on are left out."""
    rows: list[tuple[list[TargetWindow], int, float]] = []
    for source in sources:
        examples = list(source.examples(run.data))
        for label in {example.label for example in examples}.difference(recipe.labels):
            raise InputError(f"{source.title}: label {label!r} is not one of {', '.join(recipe.labels)}")
        texts = target_windows(run.backbone, ((example.article, example.mentions) for example in examples))
        rows += [
            (windows, recipe.labels.index(example.label), source.weight)
            for example, windows in zip(examples, texts, strict=True)
            if windows and measured_on.isdisjoint(target.window for target in windows)
        ]
    sizes = np.array([len(windows) for windows, _, _ in rows], dtype=np.int64)
    accepted = np.eye(len(recipe.labels), dtype=bool)[[label for _, label, _ in rows]]
    return TargetSet(
        windows=[target.window for windows, _, _ in rows for target in windows],
        articles=np.repeat(np.arange(len(rows)), sizes),
        parts=np.repeat(1.0 / sizes, sizes),
        accepted=accepted,
        weights=np.array([weight for _, _, weight in rows]),
        others=np.zeros(accepted.shape),
        targets=[target.tokens for windows, _, _ in rows for target in windows],
    )
