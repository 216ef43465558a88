"""All that a run can be told."""

import codecs
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BeforeValidator,
    ByteSize,
    Field,
    ModelWrapValidatorHandler,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.config import JsonDict

from newsmoe.article import FIELDS
from newsmoe.errors import ConfigError, nearest
from newsmoe.settings.conditions import Names, Rule
from newsmoe.validation import Authored, describe

GATE_NAMES = ("auto", "rules", "all", "learned")
"""The built-in gates."""

DEFAULT_TASKS = ("summarization", "sentiment", "topic")

EXPERTS_PANEL = "Experts and gate"
JOBS_PANEL = "Jobs"


def split_list(value: object) -> object:
    """Let one value, or several separated by commas, stand for a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def split_names(value: object) -> object:
    """Let names, separated by commas or blanks, stand for a list."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


CommaList = BeforeValidator(split_list)
NameList = BeforeValidator(split_names)


def _setting(default: Any, description: str, metavar: str = "", panel: str = "", **constraints: Any) -> Any:
    """Return a field that may be an option of the command line too: with a metavar, below a heading."""
    option: JsonDict = {"metavar": metavar, "panel": panel}
    return Field(default, description=description, json_schema_extra=option, **constraints)


class Placement(Authored):
    """Where an expert runs, of a run on Ray: in processes of its own, which all workers share."""

    replicas: int = Field(1, ge=1)
    cpus: float = Field(1.0, ge=0)  # of each replica
    gpus: float = Field(0.0, ge=0)


class Settings(Authored):
    """All that a run can be told.

    Every key can stand in `newsmoe.toml` and, in capitals after `NEWSMOE_`, in the environment; the
    tables `rule`, `fields`, `experts`, `combiners`, `placement` and `profiles` stand in the file only.

    Raises:
        ConfigError: a key is unknown, or a value is wrong; names the key, and the nearest one.
    """

    profile: str = _setting(
        "embedded", "named settings: embedded, accurate, tutorial, or a profile of your own", "NAME", EXPERTS_PANEL
    )
    tasks: Annotated[tuple[str, ...], NameList] = _setting(
        (),
        f"tasks to run, separated by commas; default: {', '.join(DEFAULT_TASKS)}, and those of your own rules",
        "TASKS",
    )
    gate: str = _setting(
        "auto",
        "gate that selects experts: auto, rules, learned, all, a .toml file of rules, or the folder of a learned gate;"
        " auto uses rules, and learned gates that were measured to be better",
        "GATE",
        EXPERTS_PANEL,
    )
    top_k: int | None = _setting(
        None, "number of experts for an article; requires a learned gate; default: the gate's own", ge=1
    )
    capacity: float | None = _setting(
        None,
        "largest share of the articles for one expert; requires a learned gate; default: the gate's own",
        gt=0,
        le=1,
    )
    budget: float | None = _setting(
        None,
        "largest share, from 0 to 1, of the articles that second experts read again (default: all whose two best labels"
        " are close); with a learned gate, of the cost of running every expert (default: the gate's own)",
        "SHARE",
        EXPERTS_PANEL,
        gt=0,
        le=1,
    )
    experts_dir: Annotated[tuple[Path, ...], CommaList] = _setting(
        (), "folder of your own expert cards, in addition to ./experts; may be repeated", "DIR", EXPERTS_PANEL
    )
    device: str = _setting(
        "cpu", "where models run: cpu, cuda, cuda:N, mps, or auto for the best available", "DEVICE", EXPERTS_PANEL
    )
    threads: int | None = _setting(None, "processor threads that a model may use; default: all", ge=1)
    max_memory: ByteSize | None = _setting(
        None,
        "evict idle experts when the process uses more memory than this, such as 4GB; default: never",
        "SIZE",
        EXPERTS_PANEL,
    )
    batch_seconds: float | None = _setting(None, "seconds after which a batch is abandoned; default: never", gt=0)
    journal: str | None = _setting(
        None,
        "where predictions are stored: a file, postgresql://USER@HOST/DATABASE, or none;"
        " default: a file in your data folder",
        "FILE|URL",
        JOBS_PANEL,
    )
    batch_tokens: int | None = _setting(
        None,
        "tokens in one forward pass of a model, padding included; default: what is fastest on the device",
        "N",
        EXPERTS_PANEL,
        ge=1,
    )
    batch_articles: int = _setting(64, "articles that an expert reads at a time", ge=1)
    window_articles: int = _setting(128, "articles in memory at a time", ge=1)
    input_format: str | None = _setting(
        None,
        "format of the inputs: json, jsonl, csv, tsv, xlsx, parquet, feed, html; default: by suffix, else by content",
        "FORMAT",
    )
    encoding: str | None = _setting(
        None, "encoding of the inputs, such as windows-1251; default: what the file declares, else detected", "NAME"
    )
    items: str | None = _setting(
        None,
        "path to the articles in JSON, such as response.docs or hits.hits[]._source; default: found automatically",
        "PATH",
    )
    max_characters: int = _setting(
        16_000_000,
        "characters of the largest article in an input, with everything that the scraper stored for it",
        ge=1_000,
    )
    format: str | None = _setting(
        None,
        "format of the output: json, jsonl, csv, csv-excel, xlsx, parquet, sqlite; default: by its suffix",
        "FORMAT",
    )
    details: bool = _setting(False, "add each expert's own prediction to the record", panel=EXPERTS_PANEL)
    rule: tuple[Rule, ...] = _setting((), "your own rules, tried before the built-in ones")
    fields: dict[str, Names] = _setting({}, "names of the fields of an article in your files")
    experts: dict[str, dict[str, Any]] = _setting({}, "changed settings of experts, by the name of the expert")
    combiners: dict[str, str] = _setting(
        {}, "how predictions of several experts are combined, by task: mean (default) or best"
    )
    placement: dict[str, Placement] = _setting(
        {}, "experts that get processes of their own, by name: replicas, cpus, gpus; requires --engine ray"
    )
    profiles: dict[str, dict[str, Any]] = _setting({}, "your own profiles: settings, by the name of the profile")

    @model_validator(mode="wrap")
    @classmethod
    def _refused_in_words(cls, values: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        try:
            return handler(values)
        except ValidationError as error:
            raise ConfigError(describe(error, cls)) from None

    @field_validator("encoding")
    @classmethod
    def _existing_encoding(cls, encoding: str | None) -> str | None:
        try:
            if encoding is None or codecs.lookup(encoding)._is_text_encoding:
                return encoding
        except (LookupError, ValueError):
            pass
        raise ValueError(f"there is no encoding {encoding!r}; use names such as utf-8, windows-1251, shift_jis")

    @field_validator("fields")
    @classmethod
    def _existing_fields(cls, fields: dict[str, Any]) -> dict[str, Any]:
        for name in fields.keys() - set(FIELDS):
            raise ValueError(f"an article has no field {name!r}; {nearest(name, FIELDS)}")
        return fields


TABLES = frozenset({"rule", "fields", "experts", "combiners", "placement", "profiles"})


def settings_hash(settings: Settings) -> str:
    """Return a hash of all settings but the place of the journal."""
    return sha256(settings.model_dump_json(exclude={"journal"}).encode()).hexdigest()[:16]


def is_gate_folder(gate: str, start: Path = Path()) -> bool:
    """Tell whether `gate`, seen from `start`, is the folder of a gate rather than a gate's name."""
    return gate not in ("", *GATE_NAMES) and (start / gate).is_dir()


def is_gate_path(gate: str, start: Path = Path()) -> bool:
    """Tell whether `gate`, seen from `start`, is a file of rules or a gate's folder rather than a gate's name."""
    return gate.endswith(".toml") or is_gate_folder(gate, start)
