"""The quality-cost curve as a picture; matplotlib comes with the extra `plot`."""

from importlib.util import find_spec
from pathlib import Path

from newsmoe.errors import ConfigError, OutputError
from newsmoe.evaluation.curve import QualityCost

SUFFIXES = (".png", ".svg", ".pdf")


def check_plot(path: Path) -> None:
    """See that a picture can be drawn there, before anything is measured for it."""
    if find_spec("matplotlib") is None:
        raise ConfigError("--plot needs matplotlib; pip install 'newsmoe[plot]'")
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: a picture is one of {', '.join(SUFFIXES)}")
    if not path.parent.is_dir():
        raise OutputError(f"{path}: cannot be written: there is no folder {path.parent}")


def draw_curves(found: QualityCost, path: Path) -> None:
    """Draw the curves into a file, in the format that its suffix names."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), dpi=150, layout="constrained")
    axes = figure.subplots()
    for curve in found.curves:
        costs, quality = zip(*((one.cost, 100 * one.quality) for one in curve.points), strict=True)
        apgr = "" if curve.apgr is None else f", APGR {curve.apgr:.2f}"
        axes.plot(costs, quality, marker=".", label=f"{curve.system}{apgr}")
    axes.set_xlabel(f"cost, as a share of {found.dear} for every article")
    axes.set_ylabel(found.metric)
    axes.set_title(f"from {found.cheap} to {found.dear}")
    axes.grid(alpha=0.3)
    axes.legend()
    try:
        figure.savefig(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from None
