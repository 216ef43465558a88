"""What Ray costs and brings: `python -m tests.benchmarks.cluster ARTICLES.json [--articles 600] [--pairs 3]`.

Each pair runs, on the same articles and without a journal, the local engine on one thread, one worker, and two workers.
With `--synthetic N` it prints instead the memory and the processor seconds of the driver over N articles that are read
by no model: those of the file, each made different from all others, or short ones.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import psutil

from tests.benchmarks.service import Pile

NEWSMOE = (sys.executable, "-m", "newsmoe", "analyze")
SECONDS_BETWEEN_LOOKS = 2
SETTLED = 100_000  # records, after which the memory of the driver should not grow
ENGINES = {"local": (), "one worker": ("--workers", "1"), "two workers": ("--workers", "2")}


def run(path: Path, *arguments: str) -> float:
    """Return the seconds of a run, as its report has them."""
    engine = ("--engine", "ray") if arguments else ()
    subprocess.run(
        [*NEWSMOE, str(path), "--no-journal", "--quiet", *engine, *arguments],
        env={**os.environ, "NEWSMOE_THREADS": "1"},
        check=True,
    )
    return float(json.loads(path.with_name(f"analyzed_{path.stem}.run.json").read_text())["seconds"])


def pairs(pile: Pile, count: int, rounds: int) -> None:
    """Print the time of each engine, without what it takes to start."""
    with tempfile.TemporaryDirectory() as folder:
        single, many = Path(folder) / "single.json", Path(folder) / "many.json"
        single.write_text(json.dumps([pile.element()]))
        many.write_text(json.dumps([pile.element() for _ in range(count)]))
        starts = {name: run(single, *arguments) for name, arguments in ENGINES.items()}
        for name, seconds in starts.items():
            print(f"{name:12} {seconds:6.1f} s for a single article, its start included")
        times: dict[str, list[float]] = {name: [] for name in ENGINES}
        for _ in range(rounds):
            for name, arguments in ENGINES.items():
                times[name].append(run(many, *arguments) - starts[name])
            print(", ".join(f"{name} {values[-1]:.1f} s" for name, values in times.items()), flush=True)
    local, alone, two = times.values()
    overhead = statistics.median(b / a for a, b in zip(local, alone, strict=True))
    gain = statistics.median(a / b for a, b in zip(alone, two, strict=True))
    print(f"one worker takes {overhead:.2f} times as long as the local engine; two are {gain:.2f} times as fast as one")


def synthetic(count: int, pile: Pile | None) -> None:
    """Print what the driver takes as it reads and writes many articles."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.jsonl"
        with path.open("w") as file:
            for number in range(count):
                text = f"Report {number} from the coast. Nobody was hurt."
                element = pile.element() if pile else {"id": number, "headline": f"Storm {number}", "content": text}
                file.write(json.dumps(element) + "\n")
        output, config = path.with_name("records.jsonl"), path.with_name("newsmoe.toml")
        config.write_text('[[rule]]\nuse = { summarization = "lead" }\n')
        command = [*NEWSMOE, str(path), "-o", str(output), "--no-journal", "--quiet", "--tasks", "summarization"]
        command += ["--config", str(config)]
        began = time.monotonic()
        with subprocess.Popen([*command, "--engine", "ray", "--workers", "2"]) as process:
            sizes = dict(watched(process, output))
        late = [size for records, size in sizes.items() if records >= SETTLED]
        if late:
            print(f"from {SETTLED} records on: {min(late):.0f} to {max(late):.0f} MB, {max(late) / late[0] - 1:+.1%}")
        if not output.exists():
            sys.exit(f"the run ended with exit code {process.returncode}")
        with output.open("rb") as file:
            print(f"{count_lines(file)} records, exit code {process.returncode}, {time.monotonic() - began:.0f} s")


def watched(process: "subprocess.Popen[bytes]", output: Path) -> Iterator[tuple[int, float]]:
    """Yield, and print, how many records a run has written, and the memory of its process in MB."""
    driver, began, records, offset = psutil.Process(process.pid), time.monotonic(), 0, 0
    while process.poll() is None:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        for temporary in output.parent.glob(f".{output.name}.*.tmp"):
            with suppress(OSError), temporary.open("rb") as file:
                file.seek(offset)
                records += count_lines(file)
                offset = file.tell()
        with suppress(psutil.NoSuchProcess):
            size, used = driver.memory_info().rss / 1e6, driver.cpu_times()
            if size:  # it has not ended meanwhile
                shown = f"{size:.0f} MB, {used.user + used.system:.1f} s of a processor"
                print(f"{time.monotonic() - began:6.0f} s {records:9} records, driver {shown}", flush=True)
                yield records, size


def count_lines(file: BinaryIO) -> int:
    return sum(part.count(b"\n") for part in iter(lambda: file.read(1 << 20), b""))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("articles", type=Path, nargs="?")
    parser.add_argument("--articles", type=int, default=600, dest="count")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--synthetic", type=int, metavar="N")
    options = parser.parse_args()
    if options.synthetic:
        synthetic(options.synthetic, Pile(options.articles) if options.articles else None)
    elif options.articles:
        pairs(Pile(options.articles), options.count, options.pairs)
    else:
        parser.error("name a file of articles, or --synthetic N")


if __name__ == "__main__":
    main()
