"""From a recipe to an expert's folder: training, files, figures as the expert is served."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from newsmoe.datasets.sources import LabelSource, SummarySource
from newsmoe.evaluation.measure import Evaluation, measure, single_expert_session
from newsmoe.evaluation.progress import Progress
from newsmoe.orchestrator.session import Session
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import Card
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings
from newsmoe.training.classifier import train_classifier
from newsmoe.training.data import TrainingRun
from newsmoe.training.folder import copy_recipe, data_option, write_expert, write_figures
from newsmoe.training.recipe import AnyRecipe, ClassifierRecipe

WORK_FOLDER = ".training"  # in the expert's folder, for adapters and checkpoints
QUALITIES = ("accuracy", "macro-F1", "ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum")
MAX_LOSS = 0.003  # of any quality, on any dev data, for which int8 is chosen


def make_expert(
    path: Path, recipe: AnyRecipe, data: Path, folder: Path, device: Device, report: Progress
) -> list[Evaluation]:
    """Train an expert, write its folder, and measure it on its dev data.

    An expert that is already in the folder stays unchanged until the new one is trained.
    """
    run = TrainingRun(data, folder / WORK_FOLDER, BackbonePool().backbone(device.resolve(), recipe.backbone), report)
    if isinstance(recipe, ClassifierRecipe):
        command, trained = "classifier", train_classifier(recipe, path.parent, run)
    else:
        from newsmoe.training.summarizer import train_summarizer  # loads torch

        command, trained = "summarizer", train_summarizer(recipe, run)
    source = f"newsmoe train {command} {path.as_posix()}{data_option(data)}"
    card = write_expert(folder, recipe, trained, source)
    shutil.rmtree(run.work, ignore_errors=True)
    copy_recipe(path, folder)
    return finish_expert(card, recipe, data, report)


def finish_expert(card: Card, recipe: AnyRecipe, data: Path, report: Progress) -> list[Evaluation]:
    """Measure an expert in fp32 and int8, choose int8 if it loses almost nothing, and write the card."""
    chosen = card.with_settings({"precision": "fp32"})
    evaluations = measure_recipe(_session(chosen), recipe, data, report)
    if recipe.adapter is not None:
        quantized = card.with_settings({"precision": "int8"})
        in_int8 = measure_recipe(_session(quantized), recipe, data, report)
        loss = _largest_loss(evaluations, in_int8)
        report(f"int8 loses at most {100 * loss:.2f} points of any figure", 1, 1)
        if loss <= MAX_LOSS:
            chosen, evaluations = quantized, in_int8
    write_figures(chosen, recipe, evaluations, f"newsmoe evaluate {card.name}{data_option(data)}")
    return evaluations


def measure_recipe(session: Session, recipe: AnyRecipe, data: Path, report: Progress) -> list[Evaluation]:
    """Measure an expert on the dev data of its recipe."""
    evaluations = []
    sources: tuple[LabelSource | SummarySource, ...] = recipe.dev
    labels = recipe.labels if isinstance(recipe, ClassifierRecipe) else None
    for number, source in enumerate(sources):
        report(f"measuring on {source.title}", number, len(sources))
        evaluations.append(measure(session, recipe.task, source, data, labels))
    return evaluations


def _session(card: Card) -> Session:
    """Return a session with the expert of `card`, in the card's precision, alone."""
    changes = {card.name: {"precision": card.settings["precision"]}}
    registry = Registry([card.folder], changes, plugins=False, builtin=False)
    return single_expert_session(card.name, Settings(), registry)


def _largest_loss(before: Sequence[Evaluation], after: Sequence[Evaluation]) -> float:
    """Return the largest loss of any quality, from 0 to 1."""
    pairs = zip(before, after, strict=True)
    return max(old.figures[name] - new.figures[name] for old, new in pairs for name in QUALITIES if name in old.figures)
