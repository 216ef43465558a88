"""`newsmoe`: the commands, and the one place where errors become messages and exit codes.

0 all well; 1 could not run; 2 usage; 3 a bug of ours; 4 finished, some items failed; 5 another run holds the
lock; 130 interrupted; 143 terminated. Commands import what they need when they run, so that `--help` is
quick.
"""

import functools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info
from typer.models import CommandInfo

from newsmoe.cli import (
    analyze,
    config,
    evaluate,
    experts,
    gate,
    journal,
    models,
    report,
    route,
    schedule,
    schema,
    serve,
    show,
    stories,
    train,
    watch,
)
from newsmoe.cli.exits import UsageError, exit_code
from newsmoe.cli.options import Command, expanded
from newsmoe.cli.signals import TerminatedError, terminate
from newsmoe.cli.streams import guard_streams
from newsmoe.errors import COULD_NOT_RUN, ConfigError, NewsmoeError

MAX_PATH = 200  # characters of a path in a message

T = TypeVar("T")


def with_exit_codes(command: Callable[..., T]) -> Callable[..., T]:
    """Turn what a command raises into a message and an exit code."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> T:
        try:
            return command(*args, **kwargs)
        except (typer.Exit, typer.Abort, UsageError, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # outermost: a bug is told, not spilled
            _tell(error)
            raise typer.Exit(exit_code(error)) from None

    return run


def _tell(error: BaseException) -> None:
    from newsmoe.cli.logs import say
    from newsmoe.text.cleaning import one_line

    fields: dict[str, Any] = {"event": "error", "type": type(error).__name__, "exit_code": exit_code(error)}
    match error:
        case NewsmoeError():
            say(f"newsmoe: {error}", **fields, message=str(error))
        case OSError() if error.filename is not None:
            said = f"{one_line(os.fsdecode(error.filename))[:MAX_PATH]}: {error.strerror}"
            say(f"newsmoe: {said}", **fields, message=said)
        case TerminatedError():
            say("newsmoe: terminated", **fields)
        case KeyboardInterrupt():
            say("newsmoe: interrupted", **fields)
        case _:  # whose message may quote an article, which does not belong in a log
            place = traceback.extract_tb(error.__traceback__)[-1]
            say(f"newsmoe: this is a bug of ours: {type(error).__name__}: {error}", **fields)
            say(f"Please report it, with the place {place.filename}:{place.lineno} and what you ran.")


class _PlainFlags:
    """A command in whose help flags have no type, since they take no value."""

    def get_params(self, context: Any) -> Any:
        """Return the parameters."""
        parameters = super().get_params(context)  # type: ignore[misc]  # of the command that this is mixed into
        for parameter in parameters:
            if getattr(parameter, "is_flag", False):
                parameter.metavar = ""
        return parameters


class _Command(_PlainFlags, TyperCommand): ...


class _Group(_PlainFlags, TyperGroup):
    """The commands; a file in the place of one is most likely to be analyzed."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is named."""
        if args[0] not in self.commands and os.path.isfile(args[0]):
            raise UsageError(f"No such command {args[0]!r}. Did you mean newsmoe analyze {args[0]!r}?", ctx)
        return super().resolve_command(ctx, args)


class _LazyCommand(TyperCommand):
    """A command whose options are made when it runs: the program's own help needs none of them."""

    @with_exit_codes
    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """Make the context of the command with all its options."""
        callback: Any = self.callback
        full = get_command_from_info(
            CommandInfo(info_name, cls=_Command, callback=with_exit_codes(expanded(callback.command))),
            pretty_exceptions_short=False,
            rich_markup_mode=self.rich_markup_mode,
        )
        return full.make_context(info_name, args, parent, **extra)


def _version(wanted: bool) -> None:
    if wanted:
        from newsmoe.cli.version import describe_installation

        for line in describe_installation():
            typer.echo(line)
        raise typer.Exit


app = typer.Typer(
    cls=_Group,
    help="Give every news article a summary, a sentiment and a topic, by a mixture of small expert models.",
    epilog="Start with 'newsmoe analyze FILE', then 'newsmoe show analyzed_FILE.json'.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print what is installed and exit.")
    ] = False,
) -> None:
    """Give every news article a summary, a sentiment and a topic, by a mixture of small expert models."""


def _add(group: typer.Typer, name: str, command: Command) -> None:
    def stub() -> None: ...

    stub.__doc__ = command.__doc__
    stub.command = command  # type: ignore[attr-defined]
    group.command(name, cls=_LazyCommand)(stub)


def _add_group(name: str, help_text: str, **commands: Command) -> None:
    group = typer.Typer(cls=_Group, help=help_text, no_args_is_help=True)
    for command_name, command in commands.items():
        _add(group, command_name, command)
    app.add_typer(group, name=name)


_add(app, "analyze", analyze.analyze)
_add(app, "show", show.show)
_add(app, "stats", show.stats)
_add(app, "report", report.report)
_add(app, "route", route.route)
_add(app, "stories", stories.stories)
_add(app, "retry", journal.retry)
_add(app, "watch", watch.watch)
_add(app, "serve", serve.serve)
_add(app, "evaluate", evaluate.evaluate)
_add(app, "schema", schema.schema)
_add_group("config", "See the settings.", show=config.show)
_add_group(
    "schedule",
    "Print a crontab line or systemd units that run a command again and again.",
    systemd=schedule.systemd,
    cron=schedule.cron,
)
_add_group("runs", "See earlier runs.", list=journal.list_runs, show=journal.show_run)
_add_group(
    "journal",
    "See and clean up the stored predictions.",
    stats=journal.stats,
    prune=journal.prune,
    verify=journal.verify,
)
_add_group(
    "experts",
    "List, check, download and create experts.",
    list=experts.list_experts,
    show=experts.show,
    check=experts.check,
    compile=experts.compile_experts,
    pull=models.pull,
    convert=models.convert,
    new=experts.new,
)
_add_group(
    "train",
    "Train experts on your own data.",
    classifier=train.classifier,
    summarizer=train.summarizer,
    tagger=train.tagger,
    targets=train.targets,
    joint=train.joint,
)
_add_group(
    "gate", "Train, measure and prune learned gates.", train=gate.train, evaluate=gate.evaluate, prune=gate.prune
)


def _check_working_directory() -> None:
    try:
        os.getcwd()
    except OSError:
        raise ConfigError("the folder that this runs in was removed; go to another one") from None


def main() -> None:
    """Run the command line; SIGTERM ends it as an exception, so that nothing half done is left behind."""
    # numpy has small products only, on which its threads wait for each other: up to 200 times longer where
    # other programs run. Must be set before numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, terminate)
    guard_streams()
    code: Any = 0
    try:
        _check_working_directory()
        try:
            app()
        except SystemExit as ended:
            code = ended.code
        with suppress(typer.Exit):  # of a reader that has closed standard output
            sys.stdout.flush()
    except NewsmoeError as error:  # outside of a command
        if code != COULD_NOT_RUN:
            _tell(error)
        code = COULD_NOT_RUN
    sys.exit(code)
