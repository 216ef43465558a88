"""Settings from a file, the environment and the command line, checked once, then frozen.

Precedence: command line, then `NEWSMOE_*`, then the profile that is named there, then `newsmoe.toml`, then
the profile that it names, then the defaults. Rules are added up, the stronger first. The sources are merged
here rather than by pydantic-settings, which passes over unknown variables and cannot say which source a wrong
value came from.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from newsmoe.errors import ConfigError, nearest
from newsmoe.settings.model import TABLES, Settings, is_gate_path, split_list
from newsmoe.settings.toml import read_toml
from newsmoe.settings.trust import require_trusted

CONFIG_FILE = "newsmoe.toml"
USER_FOLDER = Path("experts")
"""Folder of the user's own experts, where it exists in the working directory."""

PREFIX = "NEWSMOE_"
TOKEN_VARIABLE = "NEWSMOE_TOKEN"  # no setting: what clients of `newsmoe serve` must know
PATHS = frozenset({"experts_dir"})
PROFILES = Path(__file__).parent / "profiles"

NamedSettings = tuple[str, dict[str, Any]]
"""What a source is called, and the settings in it."""


def find_config(start: Path) -> Path | None:
    """Return the nearest `newsmoe.toml` in `start` or above it."""
    paths = (folder / CONFIG_FILE for folder in (start, *start.parents))
    return next((path for path in paths if path.is_file()), None)


def load_settings(
    config: Path | str | None = None,
    overrides: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Merge and check all settings.

    Args:
        config: the file to read; default: the nearest `newsmoe.toml` upwards from the working directory.
        overrides: settings that go before all others; None as a value means unset.
        environment: where `NEWSMOE_*` are looked up; default: the process environment.

    Raises:
        ConfigError: a source, or any profile in the file, has an unknown key or a wrong value; names the source, and
            the nearest key. Or the file was found, not named, and others could have written it.
    """
    path = Path(config) if config else find_config(Path.cwd())
    if path and not config:
        remedy = f"if you trust it, name it with --config {path}; --config {os.devnull} runs without it"
        require_trusted(path, remedy)
    file = _relative_to(path.parent, _checked(path, read_toml(path))) if path else {}
    for name, values in file.get("profiles", {}).items():
        _require_valid(f"{path}: profile {name!r}", values)
    stronger: list[NamedSettings] = [
        ("environment", _from_environment(os.environ if environment is None else environment)),
        ("command line", {key: value for key, value in (overrides or {}).items() if value is not None}),
    ]
    sources = _with_profile((str(path), file), stronger)
    merged: dict[str, Any] = {}
    for source, values in sources:
        _require_valid(source, values)
        merged = {**merged, **values, "rule": [*values.get("rule", ()), *merged.get("rule", ())]}
    return Settings.model_validate(merged)


def _require_valid(source: str, values: object) -> None:
    """Refuse settings with an unknown key or a wrong value, though stronger ones may override it."""
    try:
        Settings.model_validate(values)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from None


def _checked(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of a file if those have the shape that merging them needs."""
    shapes = {"rule": (list, "[[rule]]"), "profile": (str, 'profile = "NAME"'), "profiles": (dict, "[profiles.NAME]")}
    for key, (shape, written) in shapes.items():
        if not isinstance(values.get(key, shape()), shape):
            raise ConfigError(f"{path}: {key}: is to be written {written}")
    for profile in values.get("profiles", {}).values():
        if isinstance(profile, dict):
            _checked(path, profile)
    return values


def _with_profile(file: NamedSettings, stronger: Sequence[NamedSettings]) -> list[NamedSettings]:
    """Return the sources, weakest first, the settings of the profile in force among them.

    A profile that the file itself names gives way to the file's other settings; one that is named by a
    stronger source, to that source only.
    """
    requested = [values["profile"] for _, values in stronger if "profile" in values]
    name = requested[-1] if requested else file[1].get("profile", "embedded")
    user_profiles = file[1].get("profiles", {})
    names = {path.stem for path in PROFILES.glob("*.toml")} | set(user_profiles)
    if name not in names:
        raise ConfigError(f"no profile is called {name!r}; {nearest(str(name), names)}")
    values = user_profiles[name] if name in user_profiles else read_toml(PROFILES / f"{name}.toml")
    profile = (f"profile {name!r}", {**values, "profile": name})
    return [file, profile, *stronger] if requested else [profile, file, *stronger]


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    variables = {PREFIX + name.upper(): name for name in set(Settings.model_fields) - TABLES}
    values = {}
    for variable, text in environment.items():
        if variable.startswith(PREFIX) and variable != TOKEN_VARIABLE:
            if (table := variable.removeprefix(PREFIX).lower()) in TABLES:
                raise ConfigError(f"environment: {variable}: {table!r} can stand in {CONFIG_FILE} only")
            if variable not in variables:
                raise ConfigError(f"environment: unknown variable {variable}; {nearest(variable, variables)}")
            values[variables[variable]] = text
    return values


def _relative_to(folder: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Return a file's settings with its paths relative to the folder it lies in."""
    changed = dict(values)
    for key in PATHS & values.keys():
        paths = split_list(values[key])
        if isinstance(paths, list):
            changed[key] = [folder / _expanded(path) if isinstance(path, str) else path for path in paths]
    gate = values.get("gate")
    if isinstance(gate, str) and is_gate_path(str(_expanded(gate)), folder):
        changed["gate"] = str(folder / _expanded(gate))
    journal = values.get("journal")
    if isinstance(journal, str) and journal not in ("", "none") and "://" not in journal:
        changed["journal"] = str(folder / _expanded(journal))
    profiles = values.get("profiles")
    if isinstance(profiles, dict):
        changed["profiles"] = {
            name: _relative_to(folder, profile) if isinstance(profile, dict) else profile
            for name, profile in profiles.items()
        }
    return changed


def _expanded(path: str) -> Path:
    """Return a path with `~` expanded; where there is no such home folder, it stays as it is."""
    return Path(os.path.expanduser(path))
