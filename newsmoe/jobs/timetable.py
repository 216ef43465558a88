"""When to run: every so often, or at the times of a cron expression."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, product

from newsmoe.errors import ConfigError

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
HOURS = 24  # of a day
MAX_SECONDS = 366 * SECONDS["d"]

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
MAX_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
"""Of each month, January first."""

_DURATION = re.compile(r"([0-9]{1,9})([smhd])")
_PART = re.compile(r"(?:\*|(?P<low>[0-9]{1,2}|[a-z]{3})(?:-(?P<high>[0-9]{1,2}|[a-z]{3}))?)(?:/(?P<step>[0-9]{1,2}))?")


@dataclass(frozen=True)
class Every:
    """Again and again, so many seconds apart.

    Attributes:
        seconds: from one time to the next.
        text: as it was asked for.
    """

    seconds: int
    text: str

    def after(self, previous: datetime, now: datetime) -> datetime:
        """Return the first time after `now`, given an earlier one."""
        step = timedelta(seconds=self.seconds)
        return previous + ((now - previous) // step + 1) * step

    def __str__(self) -> str:
        return f"every {self.text}"


@dataclass(frozen=True)
class Cron:
    """At the times of a cron expression, in local time.

    Attributes:
        minutes: 0 to 59.
        hours: 0 to 23.
        days: of the month, 1 to 31.
        months: 1 to 12.
        weekdays: 0, which is Sunday, to 6.
        either_day: whether a day of the month or a weekday is enough, as cron has it where both are given;
            else a day must be both.
        text: the five fields, as they were given.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: tuple[int, ...]
    months: tuple[int, ...]
    weekdays: tuple[int, ...]
    either_day: bool
    text: str

    def after(self, previous: datetime, now: datetime) -> datetime:
        """Return the first time after `now`, in UTC.

        A time that clocks leave out comes an hour later, and one that they show twice counts once, as with cron,
        unless every hour is asked for.
        """
        today = now.astimezone().date()
        days = (today + timedelta(days=number) for number in count())
        return next(time for day in days if self._includes(day) for time in self._times(day) if time > now)

    def _includes(self, day: date) -> bool:
        fits = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return day.month in self.months and (any(fits) if self.either_day else all(fits))

    def _times(self, day: date) -> list[datetime]:
        return sorted(moment for parts in product(self.hours, self.minutes) for moment in self._at(day, time(*parts)))

    def _at(self, day: date, clock: time) -> list[datetime]:
        """Return the moments, in UTC, at which clocks show a time on a day."""
        local = (datetime.combine(day, clock.replace(fold=fold)) for fold in (0, 1))
        moments = sorted({moment.astimezone(UTC) for moment in local})
        if len(moments) == 1:
            return moments
        shown = [moment for moment in moments if moment.astimezone().time() == clock]
        return shown if len(self.hours) == HOURS else shown[:1] or moments[-1:]

    def __str__(self) -> str:
        return f'at "{self.text}"'


@dataclass(frozen=True)
class _Field:
    name: str
    lowest: int
    highest: int
    names: Mapping[str, int]


def _numbered(names: str, start: int) -> dict[str, int]:
    return {name: number for number, name in enumerate(names.split(), start)}


FIELDS = (
    _Field("minute", 0, 59, {}),
    _Field("hour", 0, 23, {}),
    _Field("day of the month", 1, 31, {}),
    _Field("month", 1, 12, _numbered("jan feb mar apr may jun jul aug sep oct nov dec", 1)),
    _Field("day of the week", 0, 7, _numbered("sun mon tue wed thu fri sat", 0)),
)


def parse_every(text: str) -> Every:
    """Read `30s`, `15m`, `2h` or `1d`."""
    match = _DURATION.fullmatch(text.strip())
    seconds = int(match[1]) * SECONDS[match[2]] if match else 0
    if not 0 < seconds <= MAX_SECONDS:
        raise ConfigError(f"{text!r} is no duration from 1s to 366d; write 30s, 15m, 2h or 1d")
    return Every(seconds, text.strip())


def parse_cron(text: str) -> Cron:
    """Read a cron expression: five fields, or one of cron's words, such as `@daily`."""
    fields = MACROS.get(text.strip().lower(), text).lower().split()
    if len(fields) != len(FIELDS):
        raise ConfigError(
            f"{text!r} is no cron expression: expected minute, hour, day of the month, month and day of the"
            f' week, as in "0 6 * * *", or one of {", ".join(MACROS)}'
        )
    try:
        minutes, hours, days, months, weekdays = map(_values, fields, FIELDS)
    except ValueError as error:
        raise ConfigError(f"{text!r} is no cron expression: {error}") from None
    either_day = not (fields[2].startswith("*") or fields[4].startswith("*"))
    if not either_day and all(min(days) > MAX_DAYS[month - 1] for month in months):
        raise ConfigError(f"{text!r} is a day that never comes")
    weekdays = tuple(sorted({day % 7 for day in weekdays}))
    return Cron(minutes, hours, days, months, weekdays, either_day, " ".join(fields))


def _values(text: str, field: _Field) -> tuple[int, ...]:
    """Return the numbers that a field of a cron expression stands for, in order."""
    values: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        if not match or (match["low"] and match["step"] and not match["high"]):
            raise ValueError(f"{field.name} {part!r} is no number, range, * or */step")
        low, high = field.lowest, field.highest
        if match["low"]:
            low = _number(match["low"], field)
        ends_week = match["high"] == "sun" and "sun" in field.names  # which begins one as well
        if match["low"] and not ends_week:
            high = _number(match["high"] or match["low"], field)
        step = int(match["step"] or 1)
        if not (field.lowest <= low <= high <= field.highest and step):
            raise ValueError(f"{field.name} {part!r} is not within {field.lowest} to {field.highest}")
        values |= set(range(low, high + 1, step))
    return tuple(sorted(values))


def _number(text: str, field: _Field) -> int:
    if text.isdigit():
        return int(text)
    if text not in field.names:
        raise ValueError(f"{field.name} {text!r} is unknown")
    return field.names[text]
