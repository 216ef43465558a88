"""Training of several experts with one adapter, so that they read an article once."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import nn

from newsmoe.errors import ConfigError
from newsmoe.registry.backbone.adapter import load_adapter
from newsmoe.registry.cards import CARD_FILE, read_card
from newsmoe.registry.kinds.embedded import load_head
from newsmoe.training.adapter import adapted_encoder
from newsmoe.training.classifier import LabelledData, read_data
from newsmoe.training.data import TrainingRun, WindowSet
from newsmoe.training.finetune import HeadObjective, LabelObjective, finetune
from newsmoe.training.folder import TrainedExpert
from newsmoe.training.recipe import (
    RECIPE_FILE,
    JointRecipe,
    SharingRecipe,
    SummarizerRecipe,
    TaggerRecipe,
    TargetRecipe,
    read_any_recipe,
)
from newsmoe.training.summarizer import SentenceObjective
from newsmoe.training.tagger import TagObjective

WINDOWS_TO_START = 1000
"""That a head is fitted on before training; fewer than the backbone keeps, so they are encoded once for all heads."""


def member_recipes(recipe: JointRecipe, home: Path) -> list[tuple[Path, SharingRecipe]]:
    """Return the experts' folders and recipes; `home` is the folder of the joint recipe."""
    members: list[tuple[Path, SharingRecipe]] = []
    for name in recipe.experts:
        path = home / name / RECIPE_FILE
        member = read_any_recipe(path)
        if not member.shared_adapter or (path.parent / member.shared_adapter).resolve() != home.resolve():
            raise ConfigError(f"{path}: shared_adapter must be the folder {home}, which trains it")
        if isinstance(member, TargetRecipe):
            raise ConfigError(f"{path}: an expert for the tone towards entities cannot share an adapter")
        if member.backbone != recipe.backbone or member.unlabelled:
            raise ConfigError(f"{path}: needs the backbone {recipe.backbone!r}, and no unlabelled texts")
        members.append((path.parent, member))
    return members


def train_jointly(
    recipe: JointRecipe, members: Sequence[tuple[Path, SharingRecipe]], home: Path, run: TrainingRun
) -> tuple[Path, list[TrainedExpert]]:
    """Train an adapter with the heads of all members; return where it is, and the experts, which look in `home`.

    Members are given by their folders and recipes. Where training starts from an adapter, their heads start from
    those that were trained with it, if there are any.
    """
    start = recipe.adapter.start_folder(home)
    objectives: list[HeadObjective] = []
    make: list[Callable[[Path], TrainedExpert]] = []
    for folder, member in members:
        if isinstance(member, SummarizerRecipe):
            sentences = SentenceObjective(member, folder, run)
            objectives.append(sentences)
            make.append(partial(sentences.expert, run, shared=home))
        elif isinstance(member, TaggerRecipe):
            tags = TagObjective(member, run)
            objectives.append(tags)
            make.append(partial(tags.expert, shared=home))
        else:
            data = read_data(member, folder, run)
            head = data.fit(
                load_adapter(start) if start else None, run, max_windows=WINDOWS_TO_START, seed=recipe.adapter.seed
            )
            labels = LabelObjective(head, data.train, data.dev, recipe.adapter.consistency)
            objectives.append(labels)
            make.append(partial(_classifier, data, labels, run, home))
    if start:
        for (folder, member), objective in zip(members, objectives, strict=True):
            _load_head(objective.module, folder, member, start)
    adapter = run.work / "first"
    finetune(recipe.adapter, objectives, adapter, encoder=adapted_encoder(recipe.adapter, run.backbone, start), run=run)
    return adapter, [expert(adapter) for expert in make]


def _load_head(head: nn.Module, folder: Path, recipe: SharingRecipe, adapter: Path) -> None:
    """Load into `head` that of the expert in `folder`, if it has the adapter and predicts what the recipe says."""
    if not (folder / CARD_FILE).is_file():
        return
    card = read_card(folder)
    predicted = recipe.model_dump(mode="json", include={"labels", "types"})
    if card.adapter_folder.resolve() == adapter.resolve() and predicted.items() <= card.settings.items():
        shapes = {name: tuple(tensor.shape) for name, tensor in head.state_dict().items()}
        head.load_state_dict({name: torch.from_numpy(tensor) for name, tensor in load_head(folder, shapes).items()})


def _classifier(
    data: LabelledData, objective: LabelObjective[WindowSet], run: TrainingRun, home: Path, folder: Path
) -> TrainedExpert:
    return data.expert(objective.head, run, folder, shared=home)
