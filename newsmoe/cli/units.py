"""A command again and again: as units of systemd, and as a line of a crontab."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from newsmoe.errors import ConfigError
from newsmoe.jobs.timetable import SECONDS, Cron, Every

WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
HOURS_OF_A_DAY = 24
MINUTES_OF_AN_HOUR = 60

_BARE = re.compile(r"[A-Za-z0-9_./:=@%+,-]+")
_UNIT_NAME = re.compile(r"[A-Za-z0-9:_.@-]{1,200}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Scheduled:
    """What runs, and where.

    Attributes:
        name: of the units, and of the log.
        command: absolute path of the program, then its arguments.
        folder: absolute path of the folder to run in.
    """

    name: str
    command: tuple[str, ...]
    folder: Path

    def __post_init__(self) -> None:
        if not _UNIT_NAME.fullmatch(self.name):
            raise ConfigError(f"{self.name!r} cannot be a unit's name; use letters, digits and :_.@-")
        for text in (*self.command, str(self.folder)):
            if _CONTROL.search(text):
                raise ConfigError(f"{text!r}: neither units nor crontabs can hold control characters")


def service_unit(what: Scheduled) -> str:
    """Return a systemd service that runs the command once."""
    folder = str(what.folder)
    if folder != folder.rstrip() or folder.endswith("\\"):
        raise ConfigError(f"{folder!r}: a unit cannot name a folder with such an end; run this elsewhere")
    program, *arguments = what.command
    line = " ".join([_quoted(program), *(_quoted(argument).replace("$", "$$") for argument in arguments)])
    return _lines(
        "[Unit]",
        f"Description=newsmoe {_specified(' '.join(arguments))}".rstrip("\\"),
        "",
        "[Service]",
        "Type=oneshot",
        f"WorkingDirectory={_specified(folder)}",
        f"ExecStart={line}",
        "# systemctl stop is not a failure",
        "SuccessExitStatus=143",
    )


def timer_unit(what: Scheduled, when: Every | Cron) -> str:
    """Return the systemd timer that starts the service of the same name; never while it still runs."""
    if isinstance(when, Cron):
        times = [f"OnCalendar={times}" for times in on_calendar(when)]
        times.append("# runs missed while the machine was off are coalesced into one")
        times.append("Persistent=true")
    else:
        times = ["OnActiveSec=1s", f"OnUnitActiveSec={when.seconds}s"]
    return _lines(
        "[Unit]",
        f"Description={what.name} {_specified(str(when))}",
        "",
        "[Timer]",
        *times,
        "AccuracySec=1s",
        "",
        "[Install]",
        "WantedBy=timers.target",
    )


def on_calendar(when: Cron) -> list[str]:
    """Return systemd's calendar expressions for the times of a cron expression.

    There are two where a day of the month or a weekday is enough: systemd asks for both in one expression.
    """
    months = _spelled(when.months, 1, 12)
    days = _spelled(when.days, 1, 31)
    time = f"{_spelled(when.hours, 0, 23)}:{_spelled(when.minutes, 0, 59)}:00"
    weekdays = "" if len(when.weekdays) == len(WEEKDAYS) else ",".join(WEEKDAYS[day] for day in when.weekdays)
    if when.either_day:
        return [f"*-{months}-{days} {time}", f"{weekdays} *-{months}-* {time}".lstrip()]
    return [f"{weekdays} *-{months}-{days} {time}".lstrip()]


def crontab_line(what: Scheduled, when: Every | Cron) -> str:
    """Return the crontab's line; what the command says goes to a log in its folder."""
    log = what.folder / f"{what.name}.log"
    command = f"cd {shlex.quote(str(what.folder))} && {shlex.join(what.command)} >> {shlex.quote(str(log))} 2>&1"
    # cron makes a line end of % and takes one backslash off \%; a quoted nothing keeps others away from it
    command = command.replace("\\%", "\\''%").replace("%", "\\%")
    return f"{when.text if isinstance(when, Cron) else _as_cron(when)} {command}\n"


def _as_cron(when: Every) -> str:
    minutes, odd = divmod(when.seconds, SECONDS["m"])
    hours, odd_minutes = divmod(minutes, MINUTES_OF_AN_HOUR)
    if not odd and minutes and MINUTES_OF_AN_HOUR % minutes == 0:
        return f"*/{minutes} * * * *" if minutes < MINUTES_OF_AN_HOUR else "0 * * * *"
    if not odd and not odd_minutes and hours and HOURS_OF_A_DAY % hours == 0:
        return f"0 */{hours} * * *" if hours < HOURS_OF_A_DAY else "0 0 * * *"
    raise ConfigError(
        f"cron cannot say every {when.text}: only minutes that divide an hour, and hours that divide a day;"
        " use --cron, or newsmoe schedule systemd"
    )


def _spelled(values: tuple[int, ...], lowest: int, highest: int) -> str:
    """Return numbers as systemd writes them: all, from one on in steps, a range, or a list."""
    first, last = values[0], values[-1]
    steps = {after - before for before, after in zip(values, values[1:], strict=False)}
    if len(values) == highest - lowest + 1:
        return "*"
    if len(values) > 2 and steps == {1}:
        return f"{first:02}..{last:02}"
    if len(values) > 2 and len(steps) == 1 and last + min(steps) > highest:
        return f"{first:02}/{min(steps)}"
    return ",".join(f"{value:02}" for value in values)


def _quoted(text: str) -> str:
    """Return a word as systemd reads it back, but for `$`."""
    text = _specified(text)
    if _BARE.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _specified(text: str) -> str:
    return text.replace("%", "%%")


def _lines(*lines: str) -> str:
    return "\n".join(lines) + "\n"
