"""A job at its times, one run at a time, by APScheduler (the extra `schedule`)."""

from collections.abc import Callable
from datetime import UTC, datetime
from time import sleep
from typing import Any, NoReturn

from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from newsmoe.jobs.timetable import Cron, Every

ALL_DAYS = tuple(range(1, 32))
ALL_WEEKDAYS = tuple(range(7))
MAX_WAIT = 60
"""Seconds after which the clock is looked at again: no wait counts what a machine sleeps."""

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def run_at(when: Every | Cron, job: Callable[[], None]) -> NoReturn:
    """Run `job` at its times, in this thread, until it raises or a signal's handler does.

    What recurs at an interval runs at once for the first time. Times that pass while the job runs, or while
    the machine sleeps, are coalesced into one run; a clock that is put back makes no wait longer.

    The times are APScheduler's. Its scheduler is not used, for it logs what a signal's handler raises within
    its own code, traceback and all, and goes on.
    """
    trigger = _trigger(when)
    now = _now()
    due = now if isinstance(when, Every) else trigger.get_next_fire_time(None, now)
    while True:
        while (now := _now()) < due:
            due = min(due, trigger.get_next_fire_time(now, now))  # for the clock may have been put back
            sleep(min((due - now).total_seconds(), MAX_WAIT))
        while (later := trigger.get_next_fire_time(due, now)) <= now:
            due = later
        job()
        due = trigger.get_next_fire_time(due, now)


def _now() -> datetime:
    return datetime.now(UTC)


def _trigger(when: Every | Cron) -> Any:
    if isinstance(when, Every):
        return IntervalTrigger(seconds=when.seconds)
    if when.either_day:
        return OrTrigger([_cron_trigger(when, when.days, ALL_WEEKDAYS), _cron_trigger(when, ALL_DAYS, when.weekdays)])
    return _cron_trigger(when, when.days, when.weekdays)


def _cron_trigger(when: Cron, days: tuple[int, ...], weekdays: tuple[int, ...]) -> CronTrigger:
    """Return a trigger for days that are both; weekdays by name, as APScheduler counts them from Monday."""
    return CronTrigger(
        minute=_listed(when.minutes),
        hour=_listed(when.hours),
        day=_listed(days),
        month=_listed(when.months),
        day_of_week=",".join(WEEKDAYS[day] for day in weekdays),
    )


def _listed(values: tuple[int, ...]) -> str:
    return ",".join(map(str, values))
