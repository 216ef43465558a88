"""Options that several commands share, and the settings and registry that they lead to.

A command says which settings are its options with `takes`; they are made from `Settings`: name, type,
description, heading. Other options that go together are a dataclass, which stands as one parameter of the
command.
"""

import inspect
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import StrEnum
from functools import partial
from inspect import Parameter
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_type_hints

import typer

if TYPE_CHECKING:
    from newsmoe.jobs.timetable import Cron, Every
    from newsmoe.registry.registry import Registry
    from newsmoe.settings.model import Settings

_LINE_END = re.compile(r"(?<!\n)\n(?!\n)")
"""Within a paragraph; typer prints these as they are, whatever the width of the terminal."""

JOBS_PANEL = "Jobs"
EXAMPLES_PANEL = "Examples"

RUN_SETTINGS = (
    "input_format", "items", "encoding", "format", "details", "tasks", "gate", "budget", "experts_dir", "profile",
    "device", "max_memory", "batch_tokens", "journal",
)  # fmt: skip
"""The settings that are options of every command that analyzes."""

Command = Callable[..., None]
LoadSettings = Callable[[], "Settings"]
"""What a command with options of settings gets: returns the settings in force, of all sources."""


class LogFormat(StrEnum):
    """How a command says what it does."""

    TEXT = "text"
    JSON = "json"


NameArgument = Annotated[str, typer.Argument(help="Name of the expert.")]

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file; default: newsmoe.toml here or above.", metavar="FILE")
]
LimitOption = Annotated[int | None, typer.Option("--limit", min=0, help="Read only the first N articles.", metavar="N")]
WaitOption = Annotated[
    bool, typer.Option("--wait", help="Wait while another run writes the same output.", rich_help_panel=JOBS_PANEL)
]
StrictOption = Annotated[
    bool,
    typer.Option("--strict", help="End the run if one of several inputs cannot be read.", rich_help_panel=JOBS_PANEL),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
FileArgument = Annotated[
    Path, typer.Argument(help="Examples in CSV, TSV or JSON Lines, or a recipe.toml.", metavar="FILE")
]
DataOption = Annotated[
    Path, typer.Option("--data", help="Folder that paths in the recipe are relative to.", metavar="DIR")
]


@dataclass
class LogOptions:
    """What a run tells programs."""

    log_format: Annotated[
        LogFormat,
        typer.Option(
            help="Messages on standard error: text, or json with one object per line.", rich_help_panel=JOBS_PANEL
        ),
    ] = LogFormat.TEXT
    metrics: Annotated[
        Path | None,
        typer.Option(
            help="File for the textfile collector of Prometheus: *.prom.", metavar="FILE", rich_help_panel=JOBS_PANEL
        ),
    ] = None

    @property
    def as_json(self) -> bool:
        """Whether messages are JSON."""
        return self.log_format is LogFormat.JSON


@dataclass
class TimeOptions:
    """When to run."""

    every: Annotated[str | None, typer.Option(help="Time between runs: 30s, 15m, 2h, 1d.", metavar="DURATION")] = None
    cron: Annotated[
        str | None, typer.Option(help='Times as in a crontab: "0 6 * * *" is every day at six.', metavar="EXPRESSION")
    ] = None

    @property
    def named(self) -> bool:
        """Whether there are any."""
        return self.every is not None or self.cron is not None

    def times(self) -> "Every | Cron":
        """Return when; it is an error of usage if neither or both are set."""
        from newsmoe.jobs.timetable import parse_cron, parse_every

        if self.every is not None and self.cron is None:
            return parse_every(self.every)
        if self.cron is not None and self.every is None:
            return parse_cron(self.cron)
        if self.named:
            raise contradiction("--every", "--cron")
        raise typer.BadParameter("--every or --cron is required, such as --every 15m or --cron '0 6 * * *'")


def _key(name: str, text: str) -> Any:
    return typer.Option(f"--{name}", help=text, rich_help_panel=EXAMPLES_PANEL)


HeadlineOption = Annotated[str | None, _key("headline", "Key or column of the headline.")]
ContentOption = Annotated[str | None, _key("content", "Key or column of the text.")]
LabelOption = Annotated[str, _key("label", "Key or column of the label.")]
SummaryOption = Annotated[str | None, _key("summary", "Key or column of the summary, a text or a list.")]


@dataclass
class ExampleKeys:
    """Where the texts, and the labels or summaries, of a file of examples are."""

    headline: HeadlineOption = None
    content: ContentOption = None
    label: LabelOption = "label"
    summary: SummaryOption = None


def takes(*settings: str, config: bool = True) -> Callable[[Command], Command]:
    """Give a command the options of these settings; its parameter `load` loads them.

    With `config` it has the option `--config` too, and loads the settings of file and environment.
    """

    def mark(command: Command) -> Command:
        command.settings, command.config = settings, config  # type: ignore[attr-defined]
        return command

    return mark


def expanded(command: Command) -> Command:
    """Return the command with its options spelled out, one parameter each, as typer reads them."""
    names: tuple[str, ...] = getattr(command, "settings", ())
    config: bool = getattr(command, "config", False)
    groups: dict[str, type] = {}
    parameters: list[Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name == "load":
            parameters += _setting_parameters(names)
            if config:
                parameters.append(_parameter("config", ConfigOption))
        elif is_dataclass(parameter.annotation) and isinstance(parameter.annotation, type):
            groups[parameter.name] = parameter.annotation
            parameters += _group_parameters(parameter.annotation)
        else:
            parameters.append(parameter.replace(kind=Parameter.KEYWORD_ONLY))

    def run(**values: Any) -> None:
        for name in names:
            if values.get(f"no_{name}") and values[name] is not None:
                raise contradiction(f"--no-{name}", f"--{name}")
        arguments = {name: group(**_taken(values, group)) for name, group in groups.items()}
        if names:
            overrides = {name: None if (value := values.pop(name)) == [] else value for name in names}
            arguments["load"] = partial(_load, overrides, values.pop("config") if config else False)
        command(**values, **arguments)

    run.__doc__ = _LINE_END.sub(" ", inspect.getdoc(command) or "")
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _taken(values: dict[str, Any], group: type) -> dict[str, Any]:
    return {field.name: values.pop(field.name) for field in fields(group)}


def _group_parameters(group: type) -> Iterator[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    for field in fields(group):
        default = Parameter.empty if field.default is MISSING else field.default
        yield _parameter(field.name, hints[field.name], default)


def _setting_parameters(names: tuple[str, ...]) -> Iterator[Parameter]:
    from newsmoe.settings.model import Settings

    for name in names:
        field = Settings.model_fields[name]
        shown: Mapping[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        option = typer.Option(
            f"--{name.replace('_', '-')}",
            help=f"{(field.description or '')[:1].upper()}{(field.description or '')[1:]}.",
            metavar=shown["metavar"] or None,
            rich_help_panel=shown["panel"] or None,
        )
        annotation: Any = Annotated[_option_type(field.annotation) | None, option]
        yield _parameter(name, annotation)


def _parameter(name: str, annotation: Any, default: Any = None) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _load(overrides: Mapping[str, object], config: Path | Literal[False] | None) -> "Settings":
    """Return the settings of all sources, or those of the command line alone."""
    if config is not False:
        return load_settings(config, overrides)
    from newsmoe.settings.model import Settings

    return Settings.model_validate({name: value for name, value in overrides.items() if value is not None})


def _option_type(annotation: Any) -> Any:
    """Return what typer converts to; everything but flags, numbers and folders goes to `Settings` as text."""
    parts = get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
    if Path in get_args(annotation):
        return list[Path]
    return next((kind for kind in (bool, int, float) if kind in parts), str)


def contradiction(option: str, other: str) -> typer.BadParameter:
    """Return the error of two options that contradict each other."""
    return typer.BadParameter(f"{option} and {other} contradict each other; leave out one of them")


def refuse_options(context: typer.Context, names: Collection[str | None], help: str) -> None:
    """Refuse options that stand on the command line where they would do nothing."""
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.name in names and source and source.name == "COMMANDLINE":
            raise typer.BadParameter(f"{parameter.opts[0]} {help}")


def refuse_example_options(context: typer.Context, help: str) -> None:
    """Refuse options that say how a file of examples is read, where there is none to read."""
    parameters = context.command.params
    names = {each.name for each in parameters if getattr(each, "rich_help_panel", "") == EXAMPLES_PANEL}
    refuse_options(context, names, f"is for a file of examples; {help}")


def refuse_label_options(context: typer.Context) -> None:
    """Refuse options for examples with labels, where they have summaries."""
    names = {"label", "rename", "closed"}
    refuse_options(context, names, "is for examples with labels, and these have summaries; leave it out")


def needs_training_extra(what: str) -> None:
    """Check that the packages of the extra `train` are installed, without importing them."""
    from newsmoe.plugins import require_extra

    require_extra(what, "train", "jinja2", "nltk", "peft", "rouge_score", "sklearn", "tomli_w")


def load_settings(config: Path | None, overrides: Mapping[str, object] | None = None) -> "Settings":
    """Merge the command line with environment and file; a folder `./experts` is one of the user's."""
    from newsmoe.settings import sources
    from newsmoe.settings.trust import require_trusted

    settings, folder = sources.load_settings(config, overrides), sources.USER_FOLDER
    if folder.is_dir():
        if folder not in settings.experts_dir:
            require_trusted(folder, f"if you trust it, name it with --experts-dir {folder}")
        folders = tuple(dict.fromkeys((*settings.experts_dir, folder)))
        settings = settings.model_copy(update={"experts_dir": folders})
    return settings


def registry_of(settings: "Settings") -> "Registry":
    """Return the registry that the settings describe."""
    from newsmoe.registry.registry import Registry

    return Registry(settings.experts_dir, settings.experts)
