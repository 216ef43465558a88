"""From a recipe to an expert's folder: trained, written, measured as it is served."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from newsmoe.evaluation.measure import Evaluation, session_of_one
from newsmoe.orchestrator.session import Session
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import Card
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings
from newsmoe.training.classifier import train_classifier
from newsmoe.training.folder import with_measurements, write_expert, write_model_card
from newsmoe.training.measured import measure_recipe
from newsmoe.training.recipe import RECIPE_FILE, AnyRecipe, ClassifierRecipe
from newsmoe.training.report import Report

WORK_FOLDER = ".training"
"""In an expert's folder: what is being trained."""
QUALITIES = ("accuracy", "macro-F1", "ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum")
MAX_COST = 0.003
"""Of quality that int8 may cost on any dev data: 0.3 points."""


def make_expert(
    path: Path, recipe: AnyRecipe, data: Path, folder: Path, device: Device, report: Report
) -> list[Evaluation]:
    """Train an expert, write its folder, measure it on its dev data, and put the figures into its card.

    An expert that is in the folder already stays as it is until the new one is trained.
    """
    backbone, work = BackbonePool().backbone(device.resolve()), folder / WORK_FOLDER
    if isinstance(recipe, ClassifierRecipe):
        what, made = "classifier", train_classifier(recipe, path.parent, data, backbone, work, report)
    else:
        from newsmoe.training.summarizer import train_summarizer  # needs torch, which a head alone does not

        what, made = "summarizer", train_summarizer(recipe, data, backbone, work, report)
    card = write_expert(folder, recipe, made, f"newsmoe train {what} {path.as_posix()}{_data_option(data)}")
    shutil.rmtree(work, ignore_errors=True)
    own = folder / RECIPE_FILE
    if not (own.exists() and own.samefile(path)):
        shutil.copyfile(path, own)
    return finish_expert(card, recipe, data, report)


def finish_expert(card: Card, recipe: AnyRecipe, data: Path, report: Report) -> list[Evaluation]:
    """Measure an expert in fp32 and int8, choose int8 if it costs next to nothing, and write the card."""
    chosen = card.with_settings({"precision": "fp32"})
    evaluations = measure_recipe(_alone(chosen), recipe, data, report)
    if recipe.adapter is not None:
        rounded = card.with_settings({"precision": "int8"})
        found = measure_recipe(_alone(rounded), recipe, data, report)
        cost = _cost(evaluations, found)
        report(f"int8 costs at most {100 * cost:.2f} points of any figure", 1, 1)
        if cost <= MAX_COST:
            chosen, evaluations = rounded, found
    card = with_measurements(chosen, evaluations, f"newsmoe evaluate {card.name}{_data_option(data)}")
    write_model_card(card, recipe)
    return evaluations


def _data_option(data: Path) -> str:
    return "" if data == Path() else " --data DATA"


def _alone(card: Card) -> Session:
    """Return a session in which the expert of `card`, as set there, answers alone."""
    changes = {card.name: {"precision": card.settings["precision"]}}
    registry = Registry([card.folder], changes, plugins=False, builtin=False)
    return session_of_one(card.name, Settings(), registry)


def _cost(before: Sequence[Evaluation], after: Sequence[Evaluation]) -> float:
    """Return the largest loss of any figure of quality, from 0 to 1."""
    return max(
        one.figures[name] - other.figures[name]
        for one, other in zip(before, after, strict=True)
        for name in QUALITIES
        if name in one.figures
    )
