import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from newsmoe.jobs import scheduler
from newsmoe.jobs.inbox import Inbox, open_inbox
from newsmoe.jobs.job import run_job
from newsmoe.jobs.plan import Job
from newsmoe.jobs.scheduler import run_at
from newsmoe.jobs.timetable import Cron, Every, parse_cron, parse_every
from newsmoe.orchestrator.session import Session
from newsmoe.output.run_report import RunReport
from newsmoe.settings.model import Settings
from tests.jobs.support import SETTLE, Clock, CrashError, put

HOUR = 3600
DAY = 24 * HOUR


class OverError(BaseException):
    """The simulated time is over."""


class Simulation(Clock):
    """Time that passes only where the scheduler waits, or a job says so."""

    def __init__(self, patch: pytest.MonkeyPatch, seconds: float = DAY) -> None:
        super().__init__(datetime(2025, 3, 3, tzinfo=UTC).timestamp())  # a Monday
        self.start = self.now
        self.end = self.now + seconds
        self.slow = 0.0  # seconds by which the clock was put back
        self.events: list[tuple[float, Callable[[], object]]] = []
        simulation = self

        class Time(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                return datetime.fromtimestamp(simulation.now - simulation.slow, tz)

        patch.setattr(scheduler, "datetime", Time)
        patch.setattr(scheduler, "sleep", self.pass_by)
        patch.setattr(scheduler, "MAX_WAIT", HOUR)  # for the sake of the tests' own time

    def at(self, seconds: float, event: Callable[[], object]) -> None:
        """Schedule an event `seconds` after the start."""
        self.events = sorted([*self.events, (self.start + seconds, event)], key=lambda timed: timed[0])

    def pass_by(self, seconds: float) -> None:
        until = min(self.now + seconds, self.end)
        while self.events and self.events[0][0] <= until:
            self.now, event = self.events.pop(0)
            event()
        self.now = until
        if self.now == self.end:
            raise OverError


@pytest.fixture
def zone(request: pytest.FixtureRequest) -> Iterator[None]:
    """The time zone of the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", getattr(request, "param", "UTC"))
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def simulation(zone: None, monkeypatch: pytest.MonkeyPatch) -> Simulation:
    return Simulation(monkeypatch)


def times(simulation: Simulation, when: Every | Cron, lasting: float = 0) -> list[float]:
    """Return the hours after the start at which a job ran whose first run lasted `lasting`."""
    hours: list[float] = []

    def job() -> None:
        hours.append((simulation.now - simulation.start) / HOUR)
        simulation.pass_by(lasting if len(hours) == 1 else 0)

    with pytest.raises(OverError):
        run_at(when, job)
    return hours


def test_an_interval_begins_at_once(simulation: Simulation) -> None:
    assert times(simulation, parse_every("6h")) == [0, 6, 12, 18]


def test_runs_missed_during_a_long_run_are_coalesced_into_one(simulation: Simulation) -> None:
    assert times(simulation, parse_every("4h"), lasting=9 * HOUR) == [0, 9, 12, 16, 20]


def test_a_cron_expression_waits_for_its_time(simulation: Simulation) -> None:
    assert times(simulation, parse_cron("30 6,18 * * *")) == [6.5, 18.5]


def test_the_next_time_is_looked_up_once(simulation: Simulation, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up, after = [], Cron.after
    monkeypatch.setattr(Cron, "after", lambda *arguments: looked_up.append(1) or after(*arguments))
    assert times(simulation, parse_cron("30 6,18 * * *")) == [6.5, 18.5]
    assert len(looked_up) == 3


@pytest.mark.parametrize(
    ("when", "hours"),
    [(parse_every("4h"), [0, 4.5, 8.5, 12.5, 16.5, 20.5]), (parse_cron("0 */6 * * *"), [0, 1, 7, 13, 19])],
)
def test_a_clock_that_is_set_back_does_not_delay_the_next_run(
    when: Every | Cron, hours: list[float], simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "MAX_WAIT", 60)
    simulation.now -= 1
    simulation.at(0.5 * HOUR, lambda: setattr(simulation, "slow", 365 * DAY + HOUR))
    assert times(simulation, when) == pytest.approx(hours, abs=0.05)


def test_runs_missed_while_the_machine_slept_are_coalesced_into_one(simulation: Simulation) -> None:
    simulation.end += 4 * DAY
    assert times(simulation, parse_cron("0 6 * * *"), lasting=2.5 * DAY) == [6, 66, 78, 102]


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 0 * * 0", [6, 13]),
        ("0 0 * * 7", [6, 13]),
        ("0 0 * * mon", [0, 7]),
        ("0 0 * * 1-2", [0, 1, 7, 8]),
        ("0 0 5 * *", [2]),
        ("0 0 5 * fri", [2, 4, 11]),
        ("0 0 */4 * fri", []),
        ("0 0 * 4 *", []),
    ],
)
def test_days_of_the_week_are_counted_as_in_cron(text: str, days: list[float], simulation: Simulation) -> None:
    simulation.end += 13 * DAY
    simulation.now -= 1
    starts = times(simulation, parse_cron(text))
    assert [hours / 24 for hours in starts] == days


@pytest.mark.parametrize("zone", ["CET-1CEST,M3.5.0,M10.5.0/3"], indirect=True)
@pytest.mark.parametrize(
    ("text", "day", "clocks"),
    [
        ("30 2 * * *", (2026, 3, 29), ["03:30+0200"]),
        ("15 2,3 * * *", (2026, 3, 29), ["03:15+0200"]),
        ("30 * * * *", (2026, 3, 29), ["00:30+0100", "01:30+0100", "03:30+0200", "04:30+0200", "05:30+0200"]),
        ("30 2 * * *", (2026, 10, 25), ["02:30+0200"]),
        ("0 1-3 * * *", (2026, 10, 25), ["01:00+0200", "02:00+0200", "03:00+0100"]),
        ("30 * * * *", (2026, 10, 25), ["00:30+0200", "01:30+0200", "02:30+0200", "02:30+0100", "03:30+0100"]),
    ],
)
def test_where_clocks_are_changed_no_run_is_lost_and_none_comes_twice(
    text: str, day: tuple[int, int, int], clocks: list[str], simulation: Simulation
) -> None:
    midnight = datetime(*day).timestamp()
    simulation.now, simulation.end = midnight - 1, midnight + 4.75 * HOUR
    ran = []

    def job() -> None:
        ran.append(datetime.fromtimestamp(simulation.now).astimezone().strftime("%H:%M%z"))

    with pytest.raises(OverError):
        run_at(parse_cron(text), job)
    assert ran == clocks


@pytest.mark.parametrize("zone", ["CET-1CEST,M3.5.0,M10.5.0/3"], indirect=True)
def test_an_interval_stays_the_same_where_clocks_are_changed(simulation: Simulation) -> None:
    simulation.now = datetime(2026, 10, 25).timestamp()
    simulation.start, simulation.end = simulation.now, simulation.now + 5 * HOUR
    assert times(simulation, parse_every("1h")) == [0, 1, 2, 3, 4]


def test_an_exception_of_a_job_ends_the_schedule(simulation: Simulation) -> None:
    def job() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_at(parse_every("1h"), job)


# signals


def terminate(number: int, frame: object) -> None:
    raise CrashError


@pytest.fixture
def handler() -> Any:
    before = signal.signal(signal.SIGTERM, terminate)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_signal_ends_a_wait(handler: None, simulation: Simulation) -> None:
    simulation.at(HOUR / 2, lambda: os.kill(os.getpid(), signal.SIGTERM))
    ran = []
    with pytest.raises(CrashError):
        run_at(parse_every("1h"), lambda: ran.append(1))
    assert ran == [1]
    assert signal.getsignal(signal.SIGTERM) is terminate


def test_a_signal_ends_a_job(handler: None, simulation: Simulation) -> None:
    with pytest.raises(CrashError):
        run_at(parse_every("1h"), lambda: os.kill(os.getpid(), signal.SIGTERM))


# a day


class Newsroom:
    """Files that appear, change and are renamed, and a watch over them that crashes now and then.

    Attributes:
        analyzed: how often each file's text was analyzed by a watch that recorded it before a crash.
        crashes: the number of analyses before each crash that is still to come.
    """

    def __init__(self, folder: Path, simulation: Simulation) -> None:
        self.simulation = simulation
        self.folder, self.outbox = folder / "in", folder / "out"
        self.folder.mkdir()
        self.analyzed: Counter[tuple[str, str]] = Counter()
        self.crashes = [2, 2, 7, 11]

    def write(self, at: float, name: str, text: str) -> None:
        """Schedule a file to be written in three steps, five seconds apart, from this time of the day."""
        elements = json.dumps([{"id": text, "headline": name, "content": "Nobody was hurt. It is over."}])
        for go in (1, 2, 3):
            content = elements[: len(elements) * go // 3]
            self.simulation.at(at + 5 * go, partial(self._put, name, content))

    def _put(self, name: str, content: str) -> None:
        put(self.folder / name, content, self.simulation.now)

    def watch(self) -> None:
        """Watch, with freshly loaded experts, until the day is over or the process crashes."""
        session = Session(Settings(tasks=("summarization",)))
        with open_inbox(self.folder, self.outbox, settle=SETTLE, clock=self.simulation) as inbox:
            run_at(parse_every("15m"), lambda: self.scan(inbox, session))

    def scan(self, inbox: Inbox, session: Session) -> None:
        assert inbox.scan(partial(self.analyze, session)).unreadable == 0

    def analyze(self, session: Session, job: Job) -> RunReport:
        report = run_job(session, job)
        if self.crashes and self.analyzed.total() == self.crashes[0]:
            del self.crashes[0]
            raise CrashError  # the output is in place, but the state does not say so
        (record,) = json.loads(job.output.read_text())
        self.analyzed[Path(job.inputs[0]).name, record["id"]] += 1
        return report


@pytest.mark.slow
def test_in_a_day_with_crashes_each_file_is_analyzed_once(tmp_path: Path, simulation: Simulation) -> None:
    newsroom = Newsroom(tmp_path, simulation)
    draw = random.Random(0)
    last = {}
    expected = []
    for name in map("".join, product(("wi-re", "wi_re"), "01", (".json", ".json.gz", ".jsonl"))):
        moment = draw.randrange(1, 80) * 900 - draw.randrange(20)
        for version in range(draw.choice((1, 1, 2))):
            last[name] = f"{name}, version {version}"
            newsroom.write(moment + version * HOUR, name, last[name])
            expected.append((name, last[name]))
    old, new = newsroom.folder / "wi_re0.json", newsroom.folder / "renamed.json"
    simulation.at(DAY - 2 * HOUR, lambda: old.rename(new))
    expected.append((new.name, last[old.name]))
    last[new.name] = last[old.name]
    with pytest.raises(OverError):
        while True:
            with suppress(CrashError):
                newsroom.watch()
    assert newsroom.crashes == []
    assert newsroom.analyzed == Counter(expected)
    written = {path.name: path.read_text() for path in newsroom.outbox.glob("analyzed_*.json")}
    outputs = [json.loads(text) for name, text in written.items() if not name.endswith(".run.json")]
    assert sorted(record["id"] for (record,) in outputs) == sorted(last.values())
