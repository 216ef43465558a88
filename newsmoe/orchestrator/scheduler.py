"""A job at its times, one run at a time, by APScheduler (the extra `schedule`)."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import Any

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.base import STATE_STOPPED
from apscheduler.schedulers.blocking import BlockingScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from newsmoe.orchestrator.timetable import Cron, Every

__all__ = ["run_at"]

ALL_DAYS = tuple(range(1, 32))
ALL_WEEKDAYS = tuple(range(7))
LONGEST_WAIT = 60  # seconds
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class _Scheduler(BlockingScheduler):  # type: ignore[misc]  # APScheduler has no types
    """Looks at the clock every minute: it may be put back, and no wait counts what a machine sleeps."""

    def _process_jobs(self) -> float | None:
        now = datetime.now(self.timezone)
        for job in self.get_jobs():
            latest = job.trigger.get_next_fire_time(now, now)
            if job.next_run_time > latest:
                job.modify(next_run_time=latest)
        wait: float | None = super()._process_jobs()
        return None if wait is None else min(wait, LONGEST_WAIT)


def run_at(when: Every | Cron, job: Callable[[], None]) -> None:
    """Run `job` at its times, in this thread, until it raises or a signal's handler does.

    What recurs at an interval runs at once for the first time. Times that pass while the job runs, or while
    the machine sleeps, are made up for by one run; a clock that is put back makes no wait longer. Call it in
    the main thread: signals interrupt no other.
    """
    ended: list[BaseException] = []
    scheduler = _Scheduler(executors={"default": DebugExecutor()})

    def run() -> None:
        try:
            job()
        except BaseException as error:  # noqa: BLE001  # raised again below; APScheduler would go on
            ended.append(error)
            scheduler.state = STATE_STOPPED  # shutdown() would forget the job that is being run

    first: dict[str, Any] = {}
    if isinstance(when, Every):
        first["next_run_time"] = datetime.now(scheduler.timezone)
    scheduler.add_job(run, _trigger(when), coalesce=True, max_instances=1, misfire_grace_time=None, **first)
    with _heard(scheduler):
        scheduler.start()
    if ended:
        raise ended[0]


@contextmanager
def _heard(scheduler: BlockingScheduler) -> Iterator[None]:
    """See to it that no signal is lost: APScheduler swallows what a handler raises within its own code.

    So a signal also stops the scheduler, and its handler has another word once that has stopped.
    """
    handlers = {
        number: handler
        for number in (signal.SIGINT, signal.SIGTERM)
        if callable(handler := signal.getsignal(number))
    }
    heard: list[signal.Signals] = []

    def stop(number: int, frame: FrameType | None) -> None:
        heard.append(signal.Signals(number))
        scheduler.state = STATE_STOPPED
        handlers[heard[-1]](number, frame)

    for known in handlers:
        signal.signal(known, stop)
    try:
        yield
    finally:
        for known, handler in handlers.items():
            signal.signal(known, handler)
    if heard:
        handlers[heard[0]](heard[0], None)


def _trigger(when: Every | Cron) -> Any:
    if isinstance(when, Every):
        return IntervalTrigger(seconds=when.seconds)
    if when.either_day:
        return OrTrigger(
            [_cron_trigger(when, when.days, ALL_WEEKDAYS), _cron_trigger(when, ALL_DAYS, when.weekdays)]
        )
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
