"""Training of several classifiers with one adapter, so that they read an article once."""

from collections.abc import Sequence
from pathlib import Path

from newsmoe.errors import ConfigError
from newsmoe.registry.backbone.adapter import load_adapter
from newsmoe.training.adapter import adapted_encoder
from newsmoe.training.classifier import read_data
from newsmoe.training.data import TrainingRun
from newsmoe.training.finetune import Lesson, finetune
from newsmoe.training.folder import TrainedExpert
from newsmoe.training.recipe import RECIPE_FILE, ClassifierRecipe, JointRecipe, read_recipe

WINDOWS_TO_START = 2000
"""That a head is fitted on before training; so many the backbone keeps, so that they are encoded once for all heads."""


def member_recipes(recipe: JointRecipe, home: Path) -> list[tuple[Path, ClassifierRecipe]]:
    """Return the experts' folders and recipes; `home` is the folder of the joint recipe."""
    members = []
    for name in recipe.experts:
        folder = home / name
        member = read_recipe(folder / RECIPE_FILE, ClassifierRecipe)
        if not member.shared_adapter or (folder / member.shared_adapter).resolve() != home.resolve():
            raise ConfigError(f"{folder / RECIPE_FILE}: shared_adapter must be the folder {home}, which trains it")
        if member.backbone != recipe.backbone or member.unlabelled:
            raise ConfigError(
                f"{folder / RECIPE_FILE}: needs the backbone {recipe.backbone!r}, and no unlabelled texts"
            )
        members.append((folder, member))
    return members


def train_jointly(
    recipe: JointRecipe, members: Sequence[ClassifierRecipe], home: Path, run: TrainingRun
) -> tuple[Path, list[TrainedExpert]]:
    """Train an adapter with the heads of all members; return where it is, and the experts, which look in `home`."""
    data = [read_data(member, run) for member in members]
    start = home / recipe.adapter.start if recipe.adapter.start else None
    begun = load_adapter(start) if start else None
    lessons = [Lesson(each.fit(begun, run, most=WINDOWS_TO_START), each.train, each.dev) for each in data]
    folder = run.work / "first"
    encoder = adapted_encoder(recipe.adapter, run.backbone, start)
    heads = finetune(recipe.adapter, lessons, folder, encoder=encoder, run=run)
    experts = [each.expert(head, run, folder, shared=home) for each, head in zip(data, heads, strict=True)]
    return folder, experts
