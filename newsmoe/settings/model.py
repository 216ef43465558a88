"""All that a run can be told."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ByteSize, Field, field_validator

from newsmoe.article import FIELDS
from newsmoe.errors import nearest
from newsmoe.settings.conditions import Names, Rule
from newsmoe.validation import Strict

GATES = ("auto", "rules", "all", "learned")


DEFAULT_TASKS = ("summarization", "sentiment", "topic")


def _listed(value: object) -> object:
    """Let one value, or several parted by commas, stand for a list."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


CommaList = BeforeValidator(_listed)


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
    input_format: str | None = Field(
        None,
        description="what inputs are; unset: by their suffix, of standard input and pipes by the content",
    )
    format: str | None = Field(
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
