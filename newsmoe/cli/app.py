"""`newsmoe`: the commands, and the one place where errors become messages and exit codes.

0 all well; 1 could not run; 2 usage; 3 a bug of ours; 4 finished, some items failed; 5 another run is at
work in the same place; 130 interrupted; 143 terminated. Commands import what they need when they run, so
that `--help` is quick.
"""

import functools
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer

import newsmoe
from newsmoe.cli import (
    analyze,
    config,
    evaluate,
    experts,
    gate,
    journal,
    models,
    route,
    schedule,
    schema,
    show,
    train,
    watch,
)
from newsmoe.cli.exits import exit_code
from newsmoe.cli.signals import TerminatedError, terminate
from newsmoe.errors import NewsmoeError

LONGEST_NAME = 200  # characters of a path in a message


def with_exit_codes(command: Callable[..., None]) -> Callable[..., None]:
    """Turn what a command raises into a message and an exit code."""

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
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
            said = f"{one_line(os.fsdecode(error.filename))[:LONGEST_NAME]}: {error.strerror}"
            say(f"newsmoe: {said}", **fields, message=said)
        case TerminatedError():
            say("newsmoe: terminated", **fields)
        case KeyboardInterrupt():
            say("newsmoe: interrupted", **fields)
        case _:  # whose message may quote an article, which does not belong in a log
            place = traceback.extract_tb(error.__traceback__)[-1]
            say(f"newsmoe: this is a bug of ours: {type(error).__name__}: {error}", **fields)
            say(f"Please report it, with the place {place.filename}:{place.lineno} and what you ran.")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"newsmoe {newsmoe.__version__}")
        raise typer.Exit


app = typer.Typer(
    help="Summary, sentiment and topic for every article in a pile of news.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Summary, sentiment and topic for every article in a pile of news."""


def _group(help_text: str, *commands: tuple[str, Callable[..., None]]) -> typer.Typer:
    group = typer.Typer(help=help_text, no_args_is_help=True)
    for name, command in commands:
        group.command(name)(with_exit_codes(command))
    return group


app.command("analyze")(with_exit_codes(analyze.analyze))
app.command("watch")(with_exit_codes(watch.watch))
app.add_typer(
    _group(
        "Print what runs a command again and again.",
        ("systemd", schedule.systemd),
        ("cron", schedule.cron),
    ),
    name="schedule",
)
app.command("show")(with_exit_codes(show.show))
app.command("route")(with_exit_codes(route.route))
app.add_typer(
    _group(
        "See, try and make experts.",
        ("list", experts.list_experts),
        ("show", experts.show),
        ("check", experts.check),
        ("compile", experts.compile_experts),
        ("pull", models.pull),
        ("convert", models.convert),
        ("new", experts.new),
    ),
    name="experts",
)
app.add_typer(
    _group(
        "Make experts of your own data.",
        ("classifier", train.classifier),
        ("summarizer", train.summarizer),
    ),
    name="train",
)
app.add_typer(
    _group(
        "Make and measure gates that learn.",
        ("train", gate.train),
        ("evaluate", gate.evaluate),
        ("prune", gate.prune),
    ),
    name="gate",
)
app.command("evaluate")(with_exit_codes(evaluate.evaluate))
app.command("schema")(with_exit_codes(schema.schema))
app.add_typer(
    _group(
        "What is kept of finished work.",
        ("stats", journal.stats),
        ("prune", journal.prune),
        ("verify", journal.verify),
    ),
    name="journal",
)
app.add_typer(
    _group("What was run.", ("list", journal.list_runs), ("show", journal.show_run)),
    name="runs",
)
app.command("retry")(with_exit_codes(journal.retry))
app.add_typer(_group("See the settings.", ("show", config.show)), name="config")


def main() -> None:
    """Run the command line; a request to end is heard, so that nothing half done is left behind."""
    # numpy is left with small products, for which its threads wait for each other: up to 200 times longer
    # where other programs are at work. To be said before numpy is imported.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    signal.signal(signal.SIGTERM, terminate)
    sys.exit(app())
