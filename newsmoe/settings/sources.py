"""What was asked for: settings from a file, the environment and the command line, checked once, then frozen.

Precedence: command line, then `NEWSMOE_*`, then the profile asked for there, then `newsmoe.toml`, then the
profile that it names, then the defaults. Rules are added up, the stronger first. The sources are merged
here rather than by pydantic-settings, which passes over unknown variables and cannot say which source a
wrong value came from.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from newsmoe.errors import ConfigError, nearest
from newsmoe.settings.model import GATES, TABLES, Settings, _listed
from newsmoe.settings.toml import read_toml
from newsmoe.validation import describe

CONFIG_FILE = "newsmoe.toml"
PREFIX = "NEWSMOE_"


PATHS = frozenset({"experts_dir"})
PROFILES = Path(__file__).parent / "profiles"

Source = tuple[str, dict[str, Any]]
"""Where settings come from, and the settings."""


def find_config(start: Path) -> Path | None:
    """Return the nearest `newsmoe.toml` in `start` or above it."""
    return next(
        (folder / CONFIG_FILE for folder in (start, *start.parents) if (folder / CONFIG_FILE).is_file()), None
    )


def load_settings(
    config: Path | None = None,
    given: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Merge and check all settings.

    Args:
        config: the file to read; default: the nearest `newsmoe.toml` upwards from the working directory.
        given: settings from the command line; None means not given.
        environment: where `NEWSMOE_*` are looked up; default: the process environment.

    Raises:
        ConfigError: a source has an unknown key or a wrong value; names the source, and the nearest key.
    """
    path = config or find_config(Path.cwd())
    file = _relative_to(path.parent, _checked(path, read_toml(path))) if path else {}
    stronger: list[Source] = [
        ("environment", _from_environment(os.environ if environment is None else environment)),
        ("command line", {key: value for key, value in (given or {}).items() if value is not None}),
    ]
    sources = _with_profile((str(path), file), stronger)
    merged: dict[str, Any] = {}
    for _, values in sources:
        merged = {**merged, **values, "rule": [*values.get("rule", ()), *merged.get("rule", ())]}
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        wrong = [str(detail["loc"][0]) for detail in error.errors()]
        blamed = dict.fromkeys(
            next(name for name, values in reversed(sources) if key in values) for key in wrong
        )
        raise ConfigError(f"{', '.join(blamed)}: {describe(error, Settings)}") from None


def _checked(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a file if those have the shape that merging them needs."""
    shapes = {
        "rule": (list, "[[rule]]"),
        "profile": (str, 'profile = "NAME"'),
        "profiles": (dict, "[profiles.NAME]"),
    }
    for key, (shape, written) in shapes.items():
        if not isinstance(values.get(key, shape()), shape):
            raise ConfigError(f"{path}: {key}: is to be written {written}")
    for own in values.get("profiles", {}).values():
        if isinstance(own, dict):
            _checked(path, own)
    return values


def _with_profile(file: Source, stronger: Sequence[Source]) -> list[Source]:
    """Put the settings of the profile that is asked for among the sources, weakest first.

    A profile that the file itself names gives way to the file's other settings; one that is asked for with
    more force, to those of its own kind only.
    """
    asked = [values["profile"] for _, values in stronger if "profile" in values]
    name = asked[-1] if asked else file[1].get("profile", "embedded")
    own = file[1].get("profiles", {})
    known = {path.stem for path in PROFILES.glob("*.toml")} | set(own)
    if name not in known:
        raise ConfigError(f"no profile is called {name!r}; {nearest(str(name), known)}")
    values = own[name] if name in own else read_toml(PROFILES / f"{name}.toml")
    if not isinstance(values, dict):
        raise ConfigError(f"{file[0]}: the profile {name!r} is no table of settings")
    profile = (f"profile {name!r}", {**values, "profile": name})
    return [file, profile, *stronger] if asked else [profile, file, *stronger]


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    known = set(Settings.model_fields) - TABLES
    for variable, text in environment.items():
        if not variable.startswith(PREFIX):
            continue
        key = variable.removeprefix(PREFIX).lower()
        if key not in known:
            names = [PREFIX + name.upper() for name in known]
            raise ConfigError(f"environment: unknown variable {variable}; {nearest(variable, names)}")
        values[key] = text
    return values


def is_gate_folder(gate: str, start: Path = Path()) -> bool:
    """Tell whether `gate`, seen from `start`, is the folder of a gate rather than a gate's name."""
    return gate not in ("", *GATES) and (start / gate).is_dir()


def _relative_to(folder: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Read the file's paths as relative to the folder it lies in."""
    changed = dict(values)
    for key in PATHS & values.keys():
        listed = _listed(values[key])
        if isinstance(listed, list):
            changed[key] = [folder / _at_home(path) if isinstance(path, str) else path for path in listed]
    gate = values.get("gate")
    if isinstance(gate, str) and (gate.endswith(".toml") or is_gate_folder(gate, folder)):
        changed["gate"] = str(folder / gate)
    journal = values.get("journal")
    if isinstance(journal, str) and journal not in ("", "none") and "://" not in journal:
        changed["journal"] = str(folder / _at_home(journal))
    profiles = values.get("profiles")
    if isinstance(profiles, dict):
        changed["profiles"] = {
            name: _relative_to(folder, own) if isinstance(own, dict) else own
            for name, own in profiles.items()
        }
    return changed


def _at_home(path: str) -> Path:
    """Return a path with the folder that `~` stands for; where there is none it is a name like others."""
    return Path(os.path.expanduser(path))
