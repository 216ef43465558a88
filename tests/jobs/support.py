"""What the tests of jobs share: plans, a clock to set, files of a certain age, and an analyst that records."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newsmoe.errors import InputError
from newsmoe.jobs.plan import Job, plan_jobs
from newsmoe.output.atomic import write_text
from newsmoe.output.run_report import RunReport
from newsmoe.settings.model import Settings

SETTLE = 10


class CrashError(BaseException):
    """Simulates the end of the process."""


class Clock:
    """Seconds since 1970, set by the test."""

    def __init__(self, now: float = 1_700_000_000) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Analyst:
    """Copies its input to its output, so that a test sees what was read; refuses what begins with `!`.

    Attributes:
        done: name and content of each input, in order.
        meanwhile: what happens to an input's name once its output is written.
    """

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.meanwhile: Callable[[str], object] = lambda name: None

    def __call__(self, job: Job) -> RunReport:
        path = Path(job.inputs[0])
        content = path.read_text()
        if content.startswith("!"):
            raise InputError(f"{path}: not valid JSON")
        write_text(job.output, content)
        self.done.append((path.name, content))
        self.meanwhile(path.name)
        return report(job)


def report(job: Job, items: int = 1) -> RunReport:
    return RunReport(
        inputs=list(job.inputs),
        output=str(job.output),
        started=datetime.now(UTC),
        seconds=0.1,
        items=items,
        statuses={"ok": items},
        errors={},
        abstentions={},
        tokens=0,
        device="cpu",
        gate="rules",
        tasks=[],
        experts={},
        versions={},
    )


def put(path: Path, content: str, time: float) -> Path:
    """Write a file that says that it was written at `time`."""
    path.write_text(content)
    os.utime(path, ns=(int(time * 1e9), int(time * 1e9)))
    return path


def plan(inputs: Sequence[str], output: str | None = None, report: str | None = None, **kw: Any) -> list[Job]:
    return plan_jobs(inputs, Path(output) if output else None, Path(report) if report else None, Settings(**kw))
