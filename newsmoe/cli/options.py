"""Options that several commands share, and the settings and registry that they lead to."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from newsmoe.config import Settings
    from newsmoe.registry.registry import Registry

__all__ = [
    "ConfigOption",
    "ExpertsDirOption",
    "GateOption",
    "JsonOption",
    "LimitOption",
    "TasksOption",
    "needs_training_extra",
    "registry_of",
    "settings_of",
]

USERS_FOLDER = Path("experts")

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file; default: newsmoe.toml here or above.", metavar="FILE"),
]
ExpertsDirOption = Annotated[
    list[Path] | None,
    typer.Option("--experts-dir", help="Folder of your own expert cards; may be repeated.", metavar="DIR"),
]
GateOption = Annotated[
    str | None,
    typer.Option("--gate", help="Who decides: rules, all, or a .toml file of rules.", metavar="GATE"),
]
TasksOption = Annotated[
    str | None,
    typer.Option("--tasks", help="Tasks to run, parted by commas; default: all three.", metavar="TASKS"),
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=0, help="Read the first N articles only.", metavar="N")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def needs_training_extra(what: str) -> None:
    """Check that the packages of the extra `train` are there, without importing them.

    Raises:
        ConfigError: one is not.
    """
    from newsmoe.errors import ConfigError

    for package in ("jinja2", "nltk", "peft", "rouge_score", "sklearn", "tomli_w"):
        if find_spec(package) is None:
            raise ConfigError(f"{what} needs {package}; pip install 'newsmoe[train]'")


def settings_of(config: Path | None, experts_dir: list[Path] | None, **given: object) -> "Settings":
    """Merge the command line with environment and file; a folder `./experts` is one of the user's.

    Raises:
        ConfigError: a setting makes no sense.
    """
    from newsmoe.config import load_settings

    settings = load_settings(config, {"experts_dir": tuple(experts_dir) if experts_dir else None, **given})
    if USERS_FOLDER.is_dir():
        folders = tuple(dict.fromkeys((*settings.experts_dir, USERS_FOLDER)))
        settings = settings.model_copy(update={"experts_dir": folders})
    return settings


def registry_of(settings: "Settings") -> "Registry":
    """Return the registry that the settings describe."""
    from newsmoe.registry.registry import Registry

    return Registry(settings.experts_dir, settings.experts)
