"""The quality-cost curve as a plot; matplotlib comes with the extra `plot`."""

from pathlib import Path

from newsmoe.errors import ConfigError
from newsmoe.evaluation.curve import QualityCost
from newsmoe.output.atomic import check_folder, translate_errors
from newsmoe.plugins import require_extra

SUFFIXES = (".png", ".svg", ".pdf")


def check_plot(path: Path) -> None:
    """Check that a plot can be written to `path`, before anything is measured for it."""
    require_extra("--plot", "plot", "matplotlib")
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: the suffix of a plot must be one of {', '.join(SUFFIXES)}")
    check_folder(path)


def draw_curves(curves: QualityCost, path: Path) -> None:
    """Draw the curves into a file, in the format that its suffix names."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), dpi=150, layout="constrained")
    axes = figure.subplots()
    for curve in curves.curves:
        costs, quality = zip(*((point.cost, 100 * point.quality) for point in curve.points), strict=True)
        apgr = "" if curve.apgr is None else f", APGR {curve.apgr:.2f}"
        axes.plot(costs, quality, marker=".", label=f"{curve.system}{apgr}")
    axes.set_xlabel(f"cost, as a share of that of {curves.dear} for every article")
    axes.set_ylabel(curves.metric)
    axes.set_title(f"from {curves.cheap} to {curves.dear}")
    axes.grid(alpha=0.3)
    axes.legend()
    with translate_errors(path):
        figure.savefig(path)
