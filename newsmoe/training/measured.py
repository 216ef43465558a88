"""Experts measured on the dev data of a recipe."""

from pathlib import Path

from newsmoe.evaluation.labelled import LabelSource, SummarySource
from newsmoe.evaluation.measure import Evaluation, measure
from newsmoe.orchestrator.session import Session
from newsmoe.training.recipe import AnyRecipe, ClassifierRecipe
from newsmoe.training.report import Report

__all__ = ["measure_recipe"]


def measure_recipe(session: Session, recipe: AnyRecipe, data: Path, report: Report) -> list[Evaluation]:
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
    sources: tuple[LabelSource | SummarySource, ...] = recipe.dev
    known = recipe.labels if isinstance(recipe, ClassifierRecipe) else None
    for number, source in enumerate(sources):
        report(f"measuring on {source.title}", number, len(sources))
        evaluations.append(measure(session, recipe.task, source, data, known))
    return evaluations
