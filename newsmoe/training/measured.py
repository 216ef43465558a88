"""Experts and gates measured on the dev data of a recipe."""

from pathlib import Path

from newsmoe.datasets.sources import LabelSource, SummarySource
from newsmoe.evaluation.gates import Comparison, compare_gates, experts_of_rules
from newsmoe.evaluation.measure import Evaluation, measure
from newsmoe.evaluation.pool import predict_pool
from newsmoe.gating.gate_card import GateCard
from newsmoe.orchestrator.session import Session
from newsmoe.registry.registry import Registry
from newsmoe.training.recipe import AnyRecipe, ClassifierRecipe, GateRecipe
from newsmoe.training.report import Report


def measure_recipe(session: Session, recipe: AnyRecipe, data: Path, report: Report) -> list[Evaluation]:
    """Measure experts on the dev data of a recipe."""
    evaluations = []
    sources: tuple[LabelSource | SummarySource, ...] = recipe.dev
    known = recipe.labels if isinstance(recipe, ClassifierRecipe) else None
    for number, source in enumerate(sources):
        report(f"measuring on {source.title}", number, len(sources))
        evaluations.append(measure(session, recipe.task, source, data, known))
    return evaluations


def measure_gate(
    card: GateCard, recipe: GateRecipe, data: Path, registry: Registry, report: Report, *, neighbours: bool
) -> Comparison:
    """Measure a gate on the dev data of its recipe, beside everything that it has to beat."""
    asked = [
        (card.names, recipe.dev),
        (card.names, recipe.train if neighbours else ()),
        (experts_of_rules(card.task, registry), recipe.dev),
    ]
    dev, train, ruled = (
        predict_pool(names, sources, data, registry, report, target=recipe.target) for names, sources in asked
    )
    return compare_gates(card, registry, dev, train, ruled, seed=recipe.seed)
