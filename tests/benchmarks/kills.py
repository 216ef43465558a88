"""Runs that are killed at random moments: nothing may be lost, doubled or torn, and the next run tidies up.

    python -m tests.benchmarks.kills [--times 200] [--seed 0]

Each time a command is started and killed (SIGKILL) after a while, then run again to its end, and what it wrote is
checked: `analyze` to JSON, JSON Lines and SQLite, with and without `--append`; `watch`; two runs at once on one output.
Every ten times a line says how many commands were killed while they ran. What is wrong is said, and does not end this.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep
from typing import NamedTuple

MAIN = (sys.executable, "-c", "from newsmoe.cli.app import main; main()")
GIST = ("--tasks", "summarization", "--quiet")
ARTICLES = 1_500
STEP = 10  # kills for a line of progress
BEFORE = 40  # articles that an output to be added to holds already


class Case(NamedTuple):
    """A command that is killed, and what it writes."""

    name: str
    command: tuple[str, ...]
    output: str
    append: bool = False
    twice: bool = False  # two at once


CASES = (
    Case("json", ("analyze", "a.json", "-o", "out.json"), "out.json"),
    Case("jsonl", ("analyze", "a.json", "-o", "out.jsonl"), "out.jsonl"),
    Case("sqlite", ("analyze", "a.json", "-o", "out.db", "--format", "sqlite"), "out.db"),
    Case("jsonl, append", ("analyze", "a.json", "-o", "out.jsonl", "--append"), "out.jsonl", append=True),
    Case(
        "sqlite, append", ("analyze", "a.json", "-o", "out.db", "--append", "--format", "sqlite"), "out.db", append=True
    ),
    Case("watch", ("watch", "inbox", "--out", "outbox", "--once", "--settle", "0"), "outbox/analyzed_a.json"),
    Case(
        "two at once",
        ("analyze", "a.json", "-o", "out.jsonl", "--append", "--wait"),
        "out.jsonl",
        append=True,
        twice=True,
    ),
)


def main() -> None:
    """Kill, run again, check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    whole = {case.name: _duration(case) for case in CASES}
    killed: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for number in range(options.times):
        case = CASES[number % len(CASES)]
        after = chance.uniform(0.0, 1.1 * whole[case.name])
        folder = Path(tempfile.mkdtemp())
        try:
            killed[case.name] += kill(case, folder, after)
            shutil.rmtree(folder)
        except Exception as error:  # noqa: BLE001  whatever a torn file may raise
            wrong[case.name] += 1
            print(f"{case.name}, killed after {after:.3f} s: {error!r}; see {folder}", flush=True)
        if number % STEP == STEP - 1:
            print(f"{number + 1} times: {killed.total()} killed while they ran, {wrong.total()} wrong", flush=True)
    for case in CASES:
        faults = f"{wrong[case.name]} WRONG" if wrong[case.name] else "nothing lost, doubled, torn or left"
        print(f"{case.name:16} killed {killed[case.name]} times while it ran; {faults}")
    if wrong:
        raise SystemExit(1)


def kill(case: Case, folder: Path, after: float) -> bool:
    """Kill a command after some seconds, run it again, and check; tell whether it was still running."""
    _prepare(case, folder)
    children = [_started(case, folder) for _ in range(1 + case.twice)]
    deadline = monotonic() + after
    while monotonic() < deadline and children[0].poll() is None:
        sleep(0.005)
    was_running = children[0].poll() is None
    children[0].send_signal(signal.SIGKILL)
    for child in children:
        child.wait()
    _check(_records(case, folder), case, at_the_end=case.twice)
    again = _started(case, folder)
    if (code := again.wait()) != 0:
        raise AssertionError(f"{case.name}: after a kill at {after:.3f} s the next run ended with exit code {code}")
    _check(_records(case, folder), case, at_the_end=True)
    left = [path.name for path in folder.rglob("*") if path.name.endswith((".tmp", ".lock", "-journal", "-wal"))]
    if left := [name for name in left if not name.startswith("journal.sqlite")]:
        raise AssertionError(f"{case.name}: after a kill at {after:.3f} s there is litter: {', '.join(left)}")
    return was_running


def _prepare(case: Case, folder: Path) -> None:
    place = folder / "inbox" if case.name == "watch" else folder
    place.mkdir(exist_ok=True)
    if case.append:
        _write(folder / "a.json", BEFORE)
        _started(case, folder).wait()
    _write(place / "a.json", ARTICLES)


def _write(path: Path, count: int) -> None:
    articles = [
        {
            "id": number,
            "url": f"https://example.com/{number}",
            "headline": f"Storm {number}",
            "content": f"It was {number}.",
        }
        for number in range(count)
    ]
    path.write_text(json.dumps(articles))


def _started(case: Case, folder: Path) -> "subprocess.Popen[bytes]":
    home = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"), str(folder / ".home"))
    arguments = [*case.command, *GIST] if case.command[0] == "analyze" else [*case.command, *GIST[:2]]
    return subprocess.Popen([*MAIN, *arguments], cwd=folder, env={**os.environ, **home}, stderr=subprocess.DEVNULL)


def _duration(case: Case) -> float:
    with tempfile.TemporaryDirectory() as folder:
        _prepare(case, Path(folder))
        start = monotonic()
        _started(case, Path(folder)).wait()
        return monotonic() - start


def _records(case: Case, folder: Path) -> list[int]:
    """Return the ids of the records in an output; a torn file raises."""
    path = folder / case.output
    if not path.exists():
        return []
    if path.suffix == ".db":
        with closing(sqlite3.connect(path)) as base:
            assert base.execute("pragma integrity_check").fetchone() == ("ok",)
            if not base.execute("select 1 from sqlite_master").fetchone():
                return []
            return [int(identifier) for (identifier,) in base.execute("select id from analyses")]
    text = path.read_text()
    records = json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    return [record["id"] for record in records]


def _check(ids: Sequence[int], case: Case, *, at_the_end: bool) -> None:
    if doubled := [identifier for identifier, count in Counter(ids).items() if count > 1]:
        raise AssertionError(f"{case.name}: doubled: {doubled[:5]}")
    least = ARTICLES if at_the_end else BEFORE if case.append else 0
    if len(ids) < least:
        raise AssertionError(f"{case.name}: {len(ids)} records, where there should be {least}")


if __name__ == "__main__":
    main()
