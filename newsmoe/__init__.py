"""Summary, sentiment and topic for news articles, by a mixture of small expert models.

The names below are all that a caller or a plug-in author needs; they are imported when first used, so that
`import newsmoe` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newsmoe.article import Article
    from newsmoe.errors import NewsmoeError
    from newsmoe.jobs.files import analyze_files
    from newsmoe.orchestrator.session import Session, analyze
    from newsmoe.output.run_report import RunReport
    from newsmoe.prediction import Entities, Entity, Fields, InputStats, Labels, Mention, Prediction, Summary
    from newsmoe.record import ItemError, Record, RouteEntry
    from newsmoe.registry.device import Device
    from newsmoe.registry.expert import Expert
    from newsmoe.registry.registry import Registry
    from newsmoe.settings.model import Settings
    from newsmoe.settings.sources import load_settings

__version__ = "0.1.0"

__all__ = [
    "Article", "Device", "Entities", "Entity", "Expert", "Fields", "InputStats", "ItemError", "Labels", "Mention",
    "NewsmoeError", "Prediction", "Record", "Registry", "RouteEntry", "RunReport", "Session", "Settings", "Summary",
    "analyze", "analyze_files", "load_settings",
]  # fmt: skip

_HOMES = {
    "newsmoe.article": ("Article",),
    "newsmoe.errors": ("NewsmoeError",),
    "newsmoe.jobs.files": ("analyze_files",),
    "newsmoe.orchestrator.session": ("Session", "analyze"),
    "newsmoe.output.run_report": ("RunReport",),
    "newsmoe.prediction": ("Entities", "Entity", "Fields", "InputStats", "Labels", "Mention", "Prediction", "Summary"),
    "newsmoe.record": ("ItemError", "Record", "RouteEntry"),
    "newsmoe.registry.device": ("Device",),
    "newsmoe.registry.expert": ("Expert",),
    "newsmoe.registry.registry": ("Registry",),
    "newsmoe.settings.model": ("Settings",),
    "newsmoe.settings.sources": ("load_settings",),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'newsmoe' has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    return __all__
