"""A job at its times, one run at a time.

APScheduler is not used: it runs a job twice at a time that clocks show twice, and its scheduler logs what a signal's
handler raises within its own code, traceback and all, and goes on.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from time import sleep
from typing import NoReturn

from newsmoe.jobs.timetable import Cron, Every

MAX_WAIT = 2
"""Seconds after which the clock is looked at again: no wait counts what a machine sleeps.

So few, because a signal that comes just before a wait begins is noticed only after it.
"""


def run_at(when: Every | Cron, job: Callable[[], None]) -> NoReturn:
    """Run `job` at its times, in this thread, until it raises or a signal's handler does.

    What recurs at an interval runs at once for the first time. Times that pass while the job runs, or while
    the machine sleeps, are coalesced into one run; a clock that is put back makes no wait longer.
    """
    last = now = _now()
    due = now if isinstance(when, Every) else when.after(now, now)
    while True:
        while (now := _now()) < due:
            if now < last:  # the clock was put back
                due = min(due, when.after(now, now))
            last = now
            sleep(min((due - now).total_seconds(), MAX_WAIT))
        job()
        due = when.after(due, now)


def _now() -> datetime:
    return datetime.now(UTC)
