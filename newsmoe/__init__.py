"""Summary, sentiment and topic for news articles, by a mixture of small expert models.

The names below are all that a caller or a plug-in author needs; they are imported when first used, so that
`import newsmoe` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsmoe.analysis import (
        Analysis,
        Fields,
        InputUse,
        ItemError,
        Labels,
        Prediction,
        RouteEntry,
        Summary,
    )
    from newsmoe.article import Article
    from newsmoe.config import Settings, load_settings
    from newsmoe.errors import NewsmoeError
    from newsmoe.jobs.files import analyze_files
    from newsmoe.orchestrator.session import analyze
    from newsmoe.registry.expert import Device, Expert
    from newsmoe.registry.registry import Registry
    from newsmoe.storage.run_report import RunReport

__version__ = "0.1.0"

__all__ = [
    "Analysis",
    "Article",
    "Device",
    "Expert",
    "Fields",
    "InputUse",
    "ItemError",
    "Labels",
    "NewsmoeError",
    "Prediction",
    "Registry",
    "RouteEntry",
    "RunReport",
    "Settings",
    "Summary",
    "analyze",
    "analyze_files",
    "load_settings",
]

_HOMES = {
    "newsmoe.analysis": (
        "Analysis", "Fields", "InputUse", "ItemError", "Labels", "Prediction", "RouteEntry", "Summary",
    ),
    "newsmoe.article": ("Article",),
    "newsmoe.config": ("Settings", "load_settings"),
    "newsmoe.errors": ("NewsmoeError",),
    "newsmoe.jobs.files": ("analyze_files",),
    "newsmoe.orchestrator.session": ("analyze",),
    "newsmoe.registry.expert": ("Device", "Expert"),
    "newsmoe.registry.registry": ("Registry",),
    "newsmoe.storage.run_report": ("RunReport",),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'newsmoe' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
