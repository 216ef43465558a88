"""What was asked for: settings from a file, the environment and the command line, checked once, then frozen.

Precedence: command line, then `NEWSMOE_*`, then the profile asked for there, then `newsmoe.toml`, then the
profile that it names, then the defaults. Rules are added up, the stronger first. The sources are merged
here rather than by pydantic-settings, which passes over unknown variables and cannot say which source a
wrong value came from.
"""

import math
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ByteSize, Field, ValidationError, field_validator

from newsmoe.article import FIELDS
from newsmoe.errors import ConfigError, nearest
from newsmoe.validation import Strict, describe

__all__ = [
    "CONFIG_FILE",
    "DEFAULT_TASKS",
    "GATES",
    "After",
    "Condition",
    "Rule",
    "Settings",
    "find_config",
    "is_gate_folder",
    "load_settings",
    "read_toml",
]

CONFIG_FILE = "newsmoe.toml"
PREFIX = "NEWSMOE_"
GATES = ("auto", "rules", "all", "learned")
DEFAULT_TASKS = ("summarization", "sentiment", "topic")


def _listed(value: object) -> object:
    """Let one value, or several parted by commas, stand for a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _single(value: object) -> object:
    return [value] if isinstance(value, str) else value


CommaList = BeforeValidator(_listed)
Names = Annotated[tuple[str, ...], BeforeValidator(_single)]


class Condition(Strict):
    """What must be true of an article; everything that is given must hold.

    Lists hold alternatives. Names are compared without regard to case.
    """

    topics: Names | None = Field(None, description="one of the scraper's topics is one of these")
    language: Names | None = Field(None, description="the language is one of these codes")
    author: Names | None = Field(None, description="the author is one of these")
    url_host: Names | None = Field(None, description="the URL's host is one of these, or below one")
    headline: re.Pattern[str] | None = Field(None, description="a regular expression found in the headline")
    has_content: bool | None = Field(None, description="whether there is any content")
    min_words: int | None = Field(None, ge=0, description="the content has at least so many words")
    max_words: int | None = Field(None, ge=0, description="the content has at most so many words")


class After(Strict):
    """What the answer to another task, which is asked before, must say of an article.

    Several labels are alternatives. They are compared without regard to case.
    """

    task: str = Field(description="the other task")
    label: Names = Field(min_length=1, description="its answer has one of these labels")
    at_least: float | None = Field(
        None, gt=0, le=1, description="least score of that label; unset: it is the answer's best"
    )

    def __str__(self) -> str:
        """Return the condition in words."""
        least = "" if self.at_least is None else f" with {self.at_least:g} or more"
        return f"{self.task} is {' or '.join(map(repr, self.label))}{least}"


class Rule(Strict):
    """Who answers which task for the articles that meet the condition.

    `use` maps a task to an expert, to a list of experts (the first answers, the next ones stand by in
    case it fails), to a table of weights (all answer), or to an empty list (nobody answers). With `after`
    the rule holds only where an earlier answer says so, and elsewhere the next one that matches decides.
    """

    when: Condition = Condition()
    after: After | None = None
    use: dict[str, str | tuple[str, ...] | dict[str, float]]
    reason: str | None = Field(None, description="what the record says; default: the condition in words")

    @field_validator("use")
    @classmethod
    def _positive_weights(cls, use: dict[str, Any]) -> dict[str, Any]:
        for task, choice in use.items():
            if isinstance(choice, dict) and not (choice and all(0 < w < math.inf for w in choice.values())):
                raise ValueError(f"the weights for {task!r} must be greater than 0, and finite")
        return use


class Settings(Strict):
    """All that a run can be told.

    Every key can stand in `newsmoe.toml` and, in capitals after `NEWSMOE_`, in the environment; the
    tables `rule`, `fields`, `experts` and `profiles` stand in the file only.
    """

    profile: str = Field("embedded", description="settings by name: embedded, tutorial, or one of your own")
    tasks: Annotated[tuple[str, ...], CommaList] = Field(
        (), description=f"tasks to run; empty: {', '.join(DEFAULT_TASKS)} and what your own rules name"
    )
    gate: str = Field(
        "auto",
        description="who decides: rules, all, learned, a TOML file of rules, or a learned gate's folder;"
        " auto: learned gates where they were measured to be better than rules, rules elsewhere",
    )
    top_k: int | None = Field(None, ge=1, description="learned gate: experts that answer; unset: its own")
    capacity: float | None = Field(
        None,
        gt=0,
        le=1,
        description="learned gate: largest share of articles for one expert; unset: its own",
    )
    budget: float | None = Field(
        None,
        gt=0,
        le=1,
        description="learned gate: largest share of what asking everybody costs; unset: its own",
    )
    experts_dir: Annotated[tuple[Path, ...], CommaList] = Field(
        (), description="folders of your own expert cards, besides ./experts"
    )
    device: str = Field("cpu", description="cpu, cuda, cuda:N, mps, or auto for the best that is there")
    threads: int | None = Field(None, ge=1, description="processor threads a model may use; unset: all")
    max_memory: ByteSize | None = Field(
        None, description="let go of idle experts when the process takes more, such as 4GB; unset: never"
    )
    batch_seconds: float | None = Field(
        None, gt=0, description="seconds after which a batch is given up as hanging; unset: never"
    )
    journal: str | None = Field(
        None,
        description="file, or postgresql://USER@HOST/DATABASE, that keeps finished work; 'none' for nothing;"
        " unset: the user's own file",
    )
    batch_tokens: int = Field(16384, ge=1, description="most tokens in one batch, padding included")
    batch_articles: int = Field(64, ge=1, description="most articles in one batch")
    window_articles: int = Field(128, ge=1, description="articles that are in hand at a time")
    input_format: Literal["json", "jsonl", "csv", "tsv", "parquet"] | None = Field(
        None,
        description="what inputs are; unset: by their suffix, of standard input and pipes by the content",
    )
    format: Literal["json", "jsonl", "csv", "parquet", "sqlite"] | None = Field(
        None,
        description="json: one array; jsonl: one record a line; csv, parquet, sqlite: one row a record;"
        " unset: by the output's suffix",
    )
    rule: tuple[Rule, ...] = Field((), description="rules of your own, tried before the built-in ones")
    fields: dict[str, Names] = Field({}, description="your scraper's names for the fields of an article")
    experts: dict[str, dict[str, Any]] = Field({}, description="changed settings of experts, by name")
    profiles: dict[str, dict[str, Any]] = Field({}, description="profiles of your own: settings, by name")

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, fields: dict[str, Any]) -> dict[str, Any]:
        for name in fields.keys() - set(FIELDS):
            raise ValueError(f"an article has no field {name!r}; {nearest(name, FIELDS)}")
        return fields


TABLES = frozenset({"rule", "fields", "experts", "profiles"})
PATHS = frozenset({"experts_dir"})
PROFILES = Path(__file__).parent / "profiles"

Source = tuple[str, dict[str, Any]]
"""Where settings come from, and the settings."""


def find_config(start: Path) -> Path | None:
    """Return the nearest `newsmoe.toml` in `start` or above it."""
    return next(
        (folder / CONFIG_FILE for folder in (start, *start.parents) if (folder / CONFIG_FILE).is_file()), None
    )


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        ConfigError: it cannot be read, or is no TOML; names file and place.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: no valid TOML: {error}") from None


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
    """Return the settings of a file if those have the shape that merging them needs.

    Raises:
        ConfigError: they do not.
    """
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

    Raises:
        ConfigError: there is no such profile.
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
