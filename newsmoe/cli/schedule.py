"""`newsmoe schedule`: what makes systemd or cron run a command again and again."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsmoe.cli.options import TimeOptions
from newsmoe.errors import ConfigError, nearest

if TYPE_CHECKING:
    from newsmoe.cli.units import Scheduled

CommandArgument = Annotated[
    list[str], typer.Argument(help="Command of newsmoe to run: -- analyze news.json -o out.json", metavar="-- COMMAND")
]
NameOption = Annotated[
    str | None,
    typer.Option("--name", help="Name of the units or of the log; default: newsmoe-COMMAND.", metavar="NAME"),
]


def systemd(context: typer.Context, command: CommandArgument, times: TimeOptions, name: NameOption = None) -> None:
    """Print a systemd service and timer that run COMMAND in the current folder."""
    from newsmoe.cli.units import service_unit, timer_unit

    when = times.times()
    scheduled = _scheduled(context, command, name)
    unit = scheduled.name
    folder = "~/.config/systemd/user"
    typer.echo("# Save each of the two parts below as the file that its first line names, then run:")
    typer.echo("#   systemctl --user daemon-reload")
    typer.echo(f"#   systemctl --user enable --now {unit}.timer")
    typer.echo(f"#   journalctl --user -u {unit}.service        # the messages of its runs")
    typer.echo("#   loginctl enable-linger                    # so that it also runs while you are logged out")
    typer.echo(f"\n# {folder}/{unit}.service\n{service_unit(scheduled)}")
    typer.echo(f"# {folder}/{unit}.timer\n{timer_unit(scheduled, when)}", nl=False)


def cron(context: typer.Context, command: CommandArgument, times: TimeOptions, name: NameOption = None) -> None:
    """Print a crontab line that runs COMMAND in the current folder."""
    from newsmoe.cli.units import crontab_line

    line = crontab_line(_scheduled(context, command, name), times.times())
    typer.echo("# Run crontab -e, and add this line:")
    typer.echo(line, nl=False)


def _scheduled(context: typer.Context, command: list[str], name: str | None) -> "Scheduled":
    """Return the command in full, as this very newsmoe would run it here."""
    from newsmoe.cli.units import Scheduled

    if command[0] == "newsmoe":
        command = command[1:]
    _require_valid(context.find_root().command, "newsmoe", command)
    if command[0] == "watch" and "--once" not in command:
        raise ConfigError("newsmoe watch does not end by itself; add --once to it")
    return Scheduled(name or f"newsmoe-{command[0]}", (str(_program()), *command), Path.cwd())


def _program() -> Path:
    """Return where the newsmoe lies that is running."""
    on_path = shutil.which("newsmoe")
    candidates = [Path(sys.argv[0]), Path(sys.executable).with_name("newsmoe")]
    for path in (*candidates, *([Path(on_path)] if on_path else [])):
        if path.name == "newsmoe" and path.is_file():
            return path.absolute()
    raise ConfigError("the program newsmoe is not there; install the package")


def _require_valid(group: Any, name: str, arguments: list[str]) -> None:
    """Refuse a command that would only fail when it is due: no such command or option, a missing argument."""
    commands: dict[str, Any] = getattr(group, "commands", {})
    if not commands:
        group.make_context(name, list(arguments))
    elif not arguments:
        raise ConfigError(f"{name} needs a command: {', '.join(sorted(commands))}")
    elif arguments[0] not in commands:
        raise ConfigError(f"{name} has no command {arguments[0]!r}; {nearest(arguments[0], commands)}")
    else:
        _require_valid(commands[arguments[0]], f"{name} {arguments[0]}", arguments[1:])
