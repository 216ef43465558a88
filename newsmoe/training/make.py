"""From a recipe to an expert's folder: trained, written, measured as it is served."""

import shutil
from pathlib import Path

from newsmoe.config import Settings
from newsmoe.evaluation.measure import Evaluation, measure, session_of_one
from newsmoe.orchestrator.session import Session
from newsmoe.registry.expert import Device
from newsmoe.registry.kinds import Workshop
from newsmoe.registry.registry import Registry
from newsmoe.training.classifier import train_classifier
from newsmoe.training.folder import with_measurements, write_expert, write_model_card
from newsmoe.training.recipe import RECIPE_FILE, ClassifierRecipe
from newsmoe.training.report import Report

__all__ = ["make_expert", "measure_recipe"]


def make_expert(
    path: Path, recipe: ClassifierRecipe, data: Path, folder: Path, device: Device, report: Report
) -> list[Evaluation]:
    """Train an expert, write its folder, measure it on its dev data, and put the figures into its card.

    Args:
        path: the recipe's file; a copy of it goes with the expert.
        recipe: what stands there.
        data: what the paths of its sources are relative to.
        folder: of the expert.
        device: where the backbone runs while a head is fitted.
        report: told of the progress.

    Raises:
        InputError: a source cannot be read.
        ConfigError: the recipe starts from an expert that is not there.
    """
    made = train_classifier(recipe, path.parent, data, Workshop().backbone(device.resolve()), folder, report)
    options = "" if data == Path() else " --data DATA"
    card = write_expert(folder, recipe, made, f"newsmoe train classifier {path.as_posix()}{options}")
    own = folder / RECIPE_FILE
    if not (own.exists() and own.samefile(path)):
        shutil.copyfile(path, own)
    registry = Registry([folder.parent], plugins=False, builtin=False)
    session = session_of_one(card.name, Settings(device=device.name, threads=device.threads), registry)
    evaluations = measure_recipe(session, recipe, data, report)
    card = with_measurements(card, evaluations, f"newsmoe evaluate {card.name}{options}")
    write_model_card(card, recipe)
    return evaluations


def measure_recipe(
    session: Session, recipe: ClassifierRecipe, data: Path, report: Report
) -> list[Evaluation]:
    """Measure experts on the dev data of a recipe.

    Args:
        session: who answers.
        recipe: names the data.
        data: what the paths of its sources are relative to.
        report: told of the progress.

    Raises:
        InputError: a source cannot be read, or nothing was answered.
    """
    evaluations = []
    for number, source in enumerate(recipe.dev):
        report(f"measuring on {source.title}", number, len(recipe.dev))
        evaluations.append(measure(session, recipe.task, source, data, recipe.labels))
    return evaluations
