"""A gate beside its rivals, as tables."""

from typing import TYPE_CHECKING

from newsmoe.cli.console import plain, results, table
from newsmoe.cli.evaluate import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from newsmoe.evaluation.curve import QualityCost
    from newsmoe.evaluation.gate_metrics import SystemFigures
    from newsmoe.evaluation.gates import Comparison


def show_comparison(found: "Comparison") -> None:
    """Print who is how good at what cost, whom each asks, and what each makes of a budget."""
    console = results()
    for shown in (_systems(found.systems), _load(found.systems), _curve(found.curve)):
        console.print(shown)
        console.print()
    console.print(plain(f"calibration error of the gate's own scores: {found.gate_ece:.3f}"))


def _systems(rows: "Sequence[SystemFigures]") -> "Table":
    metrics, sources = list(rows[0].figures), list(rows[0].sources)
    columns = (*metrics, "to rules", "cost", "of the gate", "ms", "of the gate", "nobody", *sources)
    shown = table("system", *(f">{name}" for name in columns))
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
    shown = table("asked about", *(f">{name}" for name in experts))
    for row in rows:
        shown.add_row(plain(row.system), *(f"{row.load.get(name, 0.0):.2f}" for name in experts))
    return shown


def _curve(found: "QualityCost") -> "Table":
    levels = list(found.curves[0].cost_at)
    gain = f"{100 * found.gain:+.2f} ±{100 * found.margin:.2f} {found.metric}"
    shown = table(
        "budget",
        ">APGR",
        ">above chance",
        *(f">cost at {level}" for level in levels),
        title=f"from {found.cheap} to {found.dear}: {gain}",
    )
    for one in found.curves:
        shown.add_row(
            plain(one.system),
            "-" if one.apgr is None else f"{one.apgr:.2f}",
            f"{100 * one.lead:+.2f} ±{100 * one.margin:.2f}",
            *("-" if (cost := one.cost_at[level]) is None else f"{cost:.2f}" for level in levels),
        )
    return shown
