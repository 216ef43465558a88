"""What was measured of a gate, in its folder: figures in `gate.toml`, a page for people."""

from datetime import date
from importlib.metadata import version

from newsmoe.evaluation.curve import Curve
from newsmoe.evaluation.gate_metrics import SystemFigures
from newsmoe.evaluation.gates import Comparison, variants
from newsmoe.gating.gate_card import GateCard, MeasuredGate
from newsmoe.training.folder import write_page
from newsmoe.training.gate import write_gate
from newsmoe.training.recipe import GateRecipe


def write_measured(card: GateCard, recipe: GateRecipe, found: Comparison, command: str) -> None:
    """Put what was measured into the gate's folder."""
    as_set = next(name for name, settings in variants(card).items() if settings == card.settings)
    row = next(row for row in found.systems if row.system == as_set)
    figures = {
        "better": row.gain > row.margin,
        "measured": tuple(map(_system, found.systems)),
        "curve": tuple(map(_curve, found.curve.curves)),
    }
    card = card.model_copy(update=figures)
    write_gate(card)
    source = f"{command}; {date.today().isoformat()}, newsmoe {version('newsmoe')}"
    verdict = _verdict(card, row, next(row for row in found.systems if row.system == "rules"))
    write_page(
        card.folder, "gate_card.md", card=card, recipe=recipe, found=found, source=source, verdict=verdict
    )


def _verdict(card: GateCard, row: SystemFigures, rules: SystemFigures) -> str:
    """Say whether the gate, as set, is better than the rules, and what follows from that."""
    better, follows = ("better", "it decides") if card.better else ("not better", "the rules decide")
    return (
        f"The gate ({row.system}) is {better} than the rules beyond chance:"
        f" {100 * row.gain:+.2f} ± {100 * row.margin:.2f} points of {next(iter(row.figures))}"
        f" at a cost of {row.cost + row.gate_cost:.2f} against {rules.cost:.2f}. So {follows} by default."
    )


def _system(row: SystemFigures) -> MeasuredGate:
    costs = {
        "cost": row.cost,
        "gate cost": row.gate_cost,
        "seconds": row.seconds,
        "gate seconds": row.gate_seconds,
    }
    values = {**row.figures, "gain": row.gain, "margin": row.margin, **costs, **row.sources}
    return MeasuredGate(system=row.system, figures={name: round(one, 4) for name, one in values.items()})


def _curve(curve: Curve) -> MeasuredGate:
    reached = {f"cost at {level}": cost for level, cost in curve.cost_at.items()}
    values = {"APGR": curve.apgr, "lead": curve.lead, "margin": curve.margin, **reached}
    return MeasuredGate(
        system=curve.system, figures={name: round(one, 4) for name, one in values.items() if one is not None}
    )
