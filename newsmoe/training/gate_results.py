"""The results of a gate: measured, and written to its folder."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path

from newsmoe.evaluation.gate_metrics import SystemFigures
from newsmoe.evaluation.gates import GateComparison, compare_gates, experts_of_rules, variants
from newsmoe.evaluation.pool import predict_pool
from newsmoe.evaluation.progress import Progress
from newsmoe.gating.gate_card import GateCard, MeasuredGate
from newsmoe.registry.registry import Registry
from newsmoe.training.folder import write_page
from newsmoe.training.gate import write_gate
from newsmoe.training.recipe import GateRecipe

FIGURES = ("gain", "margin", "cost", "gate_cost", "seconds", "gate_seconds")


def measure_gate(
    card: GateCard, recipe: GateRecipe, data: Path, registry: Registry, report: Progress, *, neighbours: bool
) -> GateComparison:
    """Compare a gate with all other ways of choosing experts, on the dev data of its recipe."""
    predict = partial(predict_pool, root=data, registry=registry, report=report, target=recipe.target)
    dev = predict(card.names, recipe.dev)
    train = predict(card.names, recipe.train if neighbours else ())
    ruled = predict(experts_of_rules(card.task, registry), recipe.dev)
    return compare_gates(card, registry, dev, train, ruled, seed=recipe.seed)


def against_rivals(card: GateCard, results: GateComparison) -> tuple[str, bool]:
    """Return in a sentence how good a gate is beside the rules and the best expert alone, and whether it beats both."""
    gate = _as_set(card, results)
    rows = {row.system: row for row in results.systems}
    best = max((rows[name] for name in card.names), key=lambda row: row.quality)
    figures = {"the gate": gate, "the rules": rows["rules"], f"{best.system} alone": best}
    metric = next(iter(gate.figures))
    said = ", ".join(f"{name} {100 * row.quality:.1f}" for name, row in figures.items())
    return f"{metric} on the dev data: {said}", gate.quality > max(rows["rules"].quality, best.quality)


def _as_set(card: GateCard, results: GateComparison) -> SystemFigures:
    """Return the figures of the gate with its own settings."""
    name = next(name for name, settings in variants(card).items() if settings == card.settings)
    return next(row for row in results.systems if row.system == name)


def write_results(card: GateCard, recipe: GateRecipe, results: GateComparison, command: str) -> None:
    """Write the results of a gate into its folder."""
    rows = {row.system: row for row in results.systems}
    gate = _as_set(card, results)
    systems, curves = [], []
    for row in results.systems:
        figures = {name.replace("_", " "): getattr(row, name) for name in FIGURES}
        systems.append(_measured(row.system, {**row.figures, **figures, **row.sources}))
    for curve in results.curve.curves:
        figures = {"APGR": curve.apgr, "lead": curve.lead, "margin": curve.margin}
        reached = {f"cost at {level}": cost for level, cost in curve.cost_at.items()}
        curves.append(_measured(curve.system, figures | reached))
    better = gate.gain > gate.margin
    card = card.model_copy(update={"better": better, "measured": tuple(systems), "curve": tuple(curves)})
    write_gate(card)
    source = f"{command}; {date.today().isoformat()}, newsmoe {version('newsmoe')}"
    verdict = _verdict(card, gate, rows["rules"])
    page = {"card": card, "recipe": recipe, "results": results, "source": source, "verdict": verdict}
    write_page(card.folder, "gate_card.md", **page)


def _measured(system: str, figures: Mapping[str, float | None]) -> MeasuredGate:
    rounded = {name: round(value, 4) for name, value in figures.items() if value is not None}
    return MeasuredGate(system=system, figures=rounded)


def _verdict(card: GateCard, gate: SystemFigures, rules: SystemFigures) -> str:
    """Return whether the gate, as set, is better than the rules, and what follows from that."""
    better, default = ("", "the gate decides") if card.better else ("not ", "the rules decide")
    return (
        f"The gate ({gate.system}) is {better}significantly better than the rules:"
        f" {100 * gate.gain:+.2f} ± {100 * gate.margin:.2f} points of {next(iter(gate.figures))}"
        f" at a cost of {gate.cost + gate.gate_cost:.2f} against {rules.cost:.2f}."
        f" By default {default}."
    )
