"""How fast articles go through everything but the models, and how much memory that takes.

    python -m tests.benchmarks.throughput [ARTICLES.json] [--count 3000] [--rounds 3] [--journal] [--to jsonl]
    python -m tests.benchmarks.throughput [ARTICLES.json] --memory [--to parquet]

The articles of the file are repeated under new ids and headlines; without one they are made up, of 50 words.
The only expert is one without a model, behind the built-in rules. Printed are microseconds of one processor
an article (the least of the rounds: what else runs on the machine only adds) and what that is in articles a
second: for reading alone (checking the file, parsing, cleaning, identifying the language), for gate,
dispatcher and combiner alone, and for a whole run from JSON Lines to the output and its report.

With `--memory` the peak of the resident memory is printed for 10,000 and for 100,000 articles, each run in a
process of its own.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from time import process_time
from typing import Any

from newsmoe.article import Article
from newsmoe.ingest.source import open_source, read_elements
from newsmoe.jobs.job import run_job
from newsmoe.jobs.plan import Job
from newsmoe.journal.journal import open_journal
from newsmoe.orchestrator.session import Session
from newsmoe.prediction import Labels
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings
from newsmoe.testing import FakeExpert

WORDS = ("the", "of", "storm", "council", "market", "police", "team", "company", "hospital", "fell", "said")


class Quick(FakeExpert):
    """Returns predictions at once that may be stored, and holds nothing itself."""

    fingerprint = "one"

    def predict(self, articles: Any) -> list[Any]:
        return [Labels({"positive": 0.75, "negative": 0.25})] * len(articles)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("articles", nargs="?")
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--to", default="jsonl")
    parser.add_argument("--journal", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--peak", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.memory:
            _show_memory(options)
            return
        path = _written(folder / "articles.jsonl", options.articles, options.count)
        if options.peak:
            _whole(path, folder, options.to, journal=options.journal)
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
            return
        with open_source(str(path)) as source:
            ready = [item for item in source.articles() if isinstance(item, Article)]
        session = _session()
        list(session.analyze(ready[:1]))
        steps: dict[str, Callable[[], object]] = {
            "reading": lambda: read_through(path),
            "orchestrator": lambda: list(session.analyze(ready)),
            f"whole run to {options.to}": lambda: _whole(path, folder, options.to, journal=options.journal),
        }
        for step, work in steps.items():
            micros = min(processor_seconds(work) for _ in range(options.rounds)) / options.count * 1e6
            print(f"{step:25} {micros:7.1f} us an article {1e6 / micros:9.0f} a second")


def _show_memory(options: argparse.Namespace) -> None:
    peaks = []
    for count in (10_000, 100_000):
        inputs = [options.articles] if options.articles else []
        command = ["-m", "tests.benchmarks.throughput", *inputs, "--peak", "--to", options.to]
        done = subprocess.run(
            [sys.executable, *command, "--count", str(count)], capture_output=True, check=True, text=True
        )
        peaks.append(int(done.stdout) / 1024)
        print(f"{count:7} articles: {peaks[-1]:.1f} MB at the peak")
    print(f"{100 * (peaks[1] / peaks[0] - 1):+.1f} %")


def _written(path: Path, source: str | None, count: int) -> Path:
    elements = cycle(list(read_elements(source, Path(source)))) if source else _made_up()
    with path.open("w", encoding="utf-8") as file:
        for number, element in enumerate(islice(elements, count)):
            headline = f"{element.get('headline') or element.get('title')} {number}"
            file.write(json.dumps({**element, "id": number, "headline": headline}) + "\n")
    return path


def _made_up() -> Iterator[dict[str, Any]]:
    chance = random.Random(0)
    while True:
        text = " ".join(chance.choices(WORDS, k=50))
        yield {"url": "https://example.com/news", "headline": "Storm", "content": text, "topics": ["Weather"]}


def _session(journal: Any = None) -> Session:
    registry = Registry(plugins=False)
    registry.add(Quick("quick", "quick"))
    return Session(Settings(tasks=("quick",)), registry=registry, journal=journal)


def read_through(path: Path) -> None:
    """Read all articles of a file."""
    with open_source(str(path)) as source:
        for _ in source.articles():
            pass


def _whole(path: Path, folder: Path, format: str, *, journal: bool) -> None:
    for old in folder.glob("journal*"):
        old.unlink()
    job = Job((str(path),), folder / f"out.{format}", format, folder / "report.json")
    with open_journal(str(folder / "journal.sqlite") if journal else None) as store:
        run_job(_session(store), job)


def processor_seconds(work: Callable[[], object]) -> float:
    """Return how long some work takes on one processor."""
    started = process_time()
    work()
    return process_time() - started


if __name__ == "__main__":
    main()
