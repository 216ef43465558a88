"""A gate beside its rivals, as tables."""

from typing import TYPE_CHECKING

from newsmoe.cli.console import plain, results, table
from newsmoe.cli.evaluate import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from newsmoe.evaluation.curve import QualityCost
    from newsmoe.evaluation.gate_metrics import SystemFigures
    from newsmoe.evaluation.gates import GateComparison


def show_comparison(comparison: "GateComparison") -> None:
    """Print the quality and cost of each system, its load, and what each makes of a budget."""
    console = results()
    for shown in (_systems(comparison.systems), _load(comparison.systems), _curve(comparison.curve)):
        console.print(shown)
        console.print()
    console.print(plain(f"expected calibration error of the gate's scores: {comparison.gate_ece:.3f}"))


def _systems(rows: "Sequence[SystemFigures]") -> "Table":
    metrics, sources = list(rows[0].figures), list(rows[0].sources)
    columns = (*metrics, "above rules", "cost", "gate cost", "ms", "gate ms", "abstained", *sources)
    shown = table("!system", *(f">{name}" for name in columns))
    for row in rows:
        shown.add_row(
            plain(row.system),
            *(figure(name, row.figures[name]) for name in metrics),
            f"{100 * row.gain:+.2f} ±{100 * row.margin:.2f}",
            f"{row.cost:.2f}",
            f"{row.gate_cost:.2f}",
            f"{1000 * row.seconds:.1f}",
            f"{1000 * row.gate_seconds:.1f}",
            f"{row.abstained:.2f}",
            *(f"{100 * row.sources[name]:.2f}" for name in sources),
        )
    return shown


def _load(rows: "Sequence[SystemFigures]") -> "Table":
    experts = list(dict.fromkeys(name for row in rows for name in row.load))
    shown = table("share of articles", *(f">{name}" for name in experts))
    for row in rows:
        shown.add_row(plain(row.system), *(f"{row.load.get(name, 0.0):.2f}" for name in experts))
    return shown


def _curve(quality_cost: "QualityCost") -> "Table":
    levels = list(quality_cost.curves[0].cost_at)
    gain = f"{100 * quality_cost.gain:+.2f} ±{100 * quality_cost.margin:.2f} {quality_cost.metric}"
    shown = table(
        "budget",
        ">APGR",
        ">above chance",
        *(f">cost at {level}" for level in levels),
        title=f"from {quality_cost.cheap} to {quality_cost.dear}: {gain}",
    )
    for curve in quality_cost.curves:
        shown.add_row(
            plain(curve.system),
            "-" if curve.apgr is None else f"{curve.apgr:.2f}",
            f"{100 * curve.lead:+.2f} ±{100 * curve.margin:.2f}",
            *("-" if (cost := curve.cost_at[level]) is None else f"{cost:.2f}" for level in levels),
        )
    return shown
