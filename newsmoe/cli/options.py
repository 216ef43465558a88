"""Options that several commands share, and the settings and registry that they lead to."""

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from newsmoe.jobs.timetable import Cron, Every
    from newsmoe.registry.registry import Registry
    from newsmoe.settings.model import Settings

USERS_FOLDER = Path("experts")


class LogFormat(StrEnum):
    """How a command says what it does."""

    TEXT = "text"
    JSON = "json"


EXPERTS_PANEL = "Who answers, and where"
JOBS_PANEL = "Jobs"
EXAMPLES_PANEL = "Examples"
"""Headings in the help, the last one of the options that say how a file of examples reads."""

NameArgument = Annotated[str, typer.Argument(help="Name of the expert.")]

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="Settings file; default: newsmoe.toml here or above.", metavar="FILE"),
]
ExpertsDirOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--experts-dir",
        help="Folder of your own expert cards; may be repeated.",
        metavar="DIR",
        rich_help_panel=EXPERTS_PANEL,
    ),
]
GateOption = Annotated[
    str | None,
    typer.Option(
        "--gate",
        help="Who decides: auto (default), rules, all, learned, a .toml file of rules, or a gate's folder.",
        metavar="GATE",
        rich_help_panel=EXPERTS_PANEL,
    ),
]
BudgetOption = Annotated[
    float | None,
    typer.Option(
        "--budget",
        help="Learned gate: spend at most this share of what asking every expert would cost.",
        metavar="SHARE",
        rich_help_panel=EXPERTS_PANEL,
    ),
]
TasksOption = Annotated[
    str | None,
    typer.Option("--tasks", help="Tasks to run, parted by commas; default: all three.", metavar="TASKS"),
]
ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        help="Settings by name: embedded, tutorial, or one of your own.",
        metavar="NAME",
        rich_help_panel=EXPERTS_PANEL,
    ),
]
MaxMemoryOption = Annotated[
    str | None,
    typer.Option(
        "--max-memory",
        help="Let go of idle experts above this, such as 4GB; default: never.",
        metavar="SIZE",
        rich_help_panel=EXPERTS_PANEL,
    ),
]
JournalOption = Annotated[
    str | None,
    typer.Option(
        "--journal",
        help="What keeps finished work: a file, or postgresql://USER@HOST/DATABASE; default: your own file.",
        metavar="FILE|URL",
        rich_help_panel=JOBS_PANEL,
    ),
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=0, help="Read the first N articles only.", metavar="N")
]
LogFormatOption = Annotated[
    LogFormat,
    typer.Option(
        "--log-format",
        help="Messages on standard error: text, or JSON, one object a line.",
        rich_help_panel=JOBS_PANEL,
    ),
]
MetricsOption = Annotated[
    Path | None,
    typer.Option(
        "--metrics",
        help="Where figures for Prometheus go: a textfile, *.prom.",
        metavar="FILE",
        rich_help_panel=JOBS_PANEL,
    ),
]
InputFormatOption = Annotated[
    str | None,
    typer.Option(
        "--input-format",
        help="What the inputs are: json, jsonl, csv, tsv, parquet; default: by suffix, else by content.",
        metavar="FORMAT",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
DeviceOption = Annotated[
    str | None,
    typer.Option(
        "--device", help="cpu, cuda, cuda:N, mps, or auto.", metavar="DEVICE", rich_help_panel=EXPERTS_PANEL
    ),
]
DataOption = Annotated[
    Path, typer.Option("--data", help="Folder that the recipe's paths start from.", metavar="DIR")
]

EveryOption = Annotated[
    str | None, typer.Option("--every", help="Time between two runs: 30s, 15m, 2h, 1d.", metavar="DURATION")
]
CronOption = Annotated[
    str | None,
    typer.Option("--cron", help='Times as for cron: "0 6 * * *" is every day at six.', metavar="EXPRESSION"),
]

HeadlineOption = Annotated[
    str | None,
    typer.Option("--headline", help="Key or column of the headline.", rich_help_panel=EXAMPLES_PANEL),
]
ContentOption = Annotated[
    str | None, typer.Option("--content", help="Key or column of the text.", rich_help_panel=EXAMPLES_PANEL)
]
LabelOption = Annotated[
    str, typer.Option("--label", help="Key or column of the label.", rich_help_panel=EXAMPLES_PANEL)
]
SummaryOption = Annotated[
    str | None,
    typer.Option(
        "--summary", help="Key or column of the summary, a text or a list.", rich_help_panel=EXAMPLES_PANEL
    ),
]


def needs_training_extra(what: str) -> None:
    """Check that the packages of the extra `train` are there, without importing them."""
    from newsmoe.errors import ConfigError

    for package in ("jinja2", "nltk", "peft", "rouge_score", "sklearn", "tomli_w"):
        if find_spec(package) is None:
            raise ConfigError(f"{what} needs {package}; pip install 'newsmoe[train]'")


def settings_of(config: Path | None, experts_dir: list[Path] | None, **given: object) -> "Settings":
    """Merge the command line with environment and file; a folder `./experts` is one of the user's."""
    from newsmoe.settings.sources import load_settings

    settings = load_settings(config, {"experts_dir": tuple(experts_dir) if experts_dir else None, **given})
    if USERS_FOLDER.is_dir():
        folders = tuple(dict.fromkeys((*settings.experts_dir, USERS_FOLDER)))
        settings = settings.model_copy(update={"experts_dir": folders})
    return settings


def times_of(every: str | None, cron: str | None) -> "Every | Cron":
    """Read `--every` or `--cron`."""
    from newsmoe.jobs.timetable import parse_cron, parse_every

    if every is not None and cron is None:
        return parse_every(every)
    if cron is not None and every is None:
        return parse_cron(cron)
    raise typer.BadParameter("say when: either --every 15m or --cron '0 6 * * *'")


def registry_of(settings: "Settings") -> "Registry":
    """Return the registry that the settings describe."""
    from newsmoe.registry.registry import Registry

    return Registry(settings.experts_dir, settings.experts)
