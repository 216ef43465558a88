"""From a recipe to an expert's folder: training, files, figures as the expert is served."""

import shutil
from collections.abc import Sequence
from functools import partial
from math import ceil
from pathlib import Path
from statistics import fmean
from time import perf_counter

from newsmoe.evaluation.measure import Evaluation, MeasuredSource, measure, single_expert_session
from newsmoe.evaluation.progress import Progress
from newsmoe.orchestrator.session import Session
from newsmoe.registry.backbone.adapter import Precision
from newsmoe.registry.backbone.onnx_runtime import processors
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import Card
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings
from newsmoe.text.counts import plural
from newsmoe.training.classifier import train_classifier
from newsmoe.training.data import TrainingRun
from newsmoe.training.folder import copy_recipe, data_option, move_adapter, write_expert, write_figures, write_page
from newsmoe.training.recipe import AnyRecipe, ClassifierRecipe, JointRecipe, TaggerRecipe, TargetRecipe
from newsmoe.training.teachers import Teachers

WORK_FOLDER = ".training"  # in the expert's folder, for adapters and checkpoints
QUALITIES = ("accuracy", "macro-F1", "F1", "ROUGE-1", "ROUGE-2", "ROUGE-L", "ROUGE-Lsum")
MAX_LOSS = 0.003  # of the qualities of all experts on their dev data, on average, for which int8 is chosen


def make_jointly(path: Path, recipe: JointRecipe, data: Path, device: Device, report: Progress) -> list[Evaluation]:
    """Train an adapter, into the folder of its recipe, and the experts that share it, into theirs; measure them."""
    from newsmoe.training.joint import member_recipes, train_jointly  # loads torch

    started, home = perf_counter(), path.parent
    members = member_recipes(recipe, home)
    backbones = BackbonePool()
    run = _run(recipe, data, home, device, report, backbones)
    adapter, experts = train_jointly(recipe, members, home, run)
    move_adapter(adapter, home)
    shutil.rmtree(run.work, ignore_errors=True)
    source = f"newsmoe train joint {path.as_posix()}{data_option(data)}"
    time = _since(started) + (", starting from earlier weights" if recipe.adapter.start else "")
    cards = [
        write_expert(folder, member, expert, source, time)
        for (folder, member), expert in zip(members, experts, strict=True)
    ]
    repository = run.backbone.files.published.repository
    write_page(home, "shared_adapter.md", recipe=recipe, cards=cards, repository=repository)
    return finish_experts(cards, [member for _, member in members], data, report, backbones)


def make_expert(
    path: Path, recipe: AnyRecipe, data: Path, folder: Path, device: Device, report: Progress
) -> list[Evaluation]:
    """Train an expert, write its folder, and measure it on its dev data.

    An expert that is already in the folder stays unchanged until the new one is trained.
    """
    started, backbones = perf_counter(), BackbonePool()
    run = _run(recipe, data, folder, device, report, backbones)
    if isinstance(recipe, ClassifierRecipe):
        command, trained = "classifier", train_classifier(recipe, path.parent, run)
    elif isinstance(recipe, TargetRecipe):
        from newsmoe.training.targets import train_target_classifier  # loads torch

        command, trained = "targets", train_target_classifier(recipe, path.parent, run)
    elif isinstance(recipe, TaggerRecipe):
        from newsmoe.training.tagger import train_tagger  # loads torch

        command, trained = "tagger", train_tagger(recipe, path.parent, run)
    else:
        from newsmoe.training.summarizer import train_summarizer  # loads torch

        command, trained = "summarizer", train_summarizer(recipe, path.parent, run)
    source = f"newsmoe train {command} {path.as_posix()}{data_option(data)}"
    card = write_expert(folder, recipe, trained, source, _since(started))
    shutil.rmtree(run.work, ignore_errors=True)
    copy_recipe(path, folder)
    return finish_experts([card], [recipe], data, report, backbones)


def _since(started: float) -> str:
    """Return how long ago that was, for a card; of training that was resumed it is the last part."""
    seconds = ceil(perf_counter() - started)
    time = f"{seconds} s" if seconds < 60 else f"{ceil(seconds / 60)} min"
    return f"{time} on {plural(processors(), 'processor')}"


def _run(
    recipe: AnyRecipe | JointRecipe, data: Path, folder: Path, device: Device, report: Progress, backbones: BackbonePool
) -> TrainingRun:
    device = device.resolve()
    backbone = backbones.backbone(device, recipe.backbone)
    return TrainingRun(data, folder / WORK_FOLDER, backbone, report, Teachers(device, backbones))


def finish_experts(
    cards: Sequence[Card],
    recipes: Sequence[AnyRecipe],
    data: Path,
    report: Progress,
    backbones: BackbonePool | None = None,
) -> list[Evaluation]:
    """Measure experts in fp32 and int8, choose int8 for all if they do not lose much on average, and write the cards.

    Those that share an adapter read a text once.
    """
    measured = partial(_measured, cards, recipes, data=data, report=report, backbones=backbones or BackbonePool())
    chosen, evaluations = measured("fp32")
    if any(recipe.adapter or recipe.shared_adapter for recipe in recipes):
        quantized, in_int8 = measured("int8")
        loss = fmean(map(_mean_loss, evaluations, in_int8))
        report(f"int8 loses {100 * loss:.2f} points of the experts' figures on average", 1, 1)
        if loss <= MAX_LOSS:
            chosen, evaluations = quantized, in_int8
    for card, recipe, figures in zip(chosen, recipes, evaluations, strict=True):
        write_figures(card, recipe, figures, f"newsmoe evaluate {card.name}{data_option(data)}")
    return [evaluation for figures in evaluations for evaluation in figures]


def _measured(
    cards: Sequence[Card],
    recipes: Sequence[AnyRecipe],
    precision: Precision,
    *,
    data: Path,
    report: Progress,
    backbones: BackbonePool,
) -> tuple[list[Card], list[list[Evaluation]]]:
    """Return the cards in a precision, and the figures of each."""
    cards = [card.with_settings({"precision": precision}) for card in cards]
    sessions = (_session(card, backbones) for card in cards)
    return cards, [
        measure_recipe(session, recipe, data, report) for session, recipe in zip(sessions, recipes, strict=True)
    ]


def measure_recipe(session: Session, recipe: AnyRecipe, data: Path, report: Progress) -> list[Evaluation]:
    """Measure an expert on the dev data of its recipe."""
    evaluations = []
    sources: tuple[MeasuredSource, ...] = recipe.dev
    labels = recipe.labels if isinstance(recipe, ClassifierRecipe) else None
    for number, source in enumerate(sources):
        report(f"measuring on {source.title}", number, len(sources))
        evaluations.append(measure(session, recipe.task, source, data, labels))
    return evaluations


def _session(card: Card, backbones: BackbonePool) -> Session:
    """Return a session with the expert of `card`, in the card's precision, alone."""
    changes = {card.name: {"precision": card.settings["precision"]}}
    registry = Registry([card.folder], changes, plugins=False, builtin=False)
    registry.backbones = backbones
    return single_expert_session(card.name, Settings(), registry)


def _mean_loss(before: Sequence[Evaluation], after: Sequence[Evaluation]) -> float:
    """Return the mean loss of an expert's qualities, from 0 to 1; one alone may be that of a label with few texts."""
    pairs = zip(before, after, strict=True)
    return fmean(
        old.figures[name] - new.figures[name] for old, new in pairs for name in QUALITIES if name in old.figures
    )
