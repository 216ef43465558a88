"""How fast the service is: `python -m tests.benchmarks.service ARTICLES.json [--seconds 60]`.

Against the command line on the same articles, against one client at a time, and at four times what it can do. Every
request has an article that differs from all others by a word, so that nothing is reused.
"""

import argparse
import asyncio
import itertools
import json
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

NEWSMOE = (sys.executable, "-m", "newsmoe")
CLIENTS = 64
OVERLOAD = 4


class Reply(NamedTuple):
    """A response, and when it was asked for."""

    status: int
    seconds: float
    retries: bool  # whether it says when to try again


class Pile:
    """Articles as bodies of requests, without end, each one of its own."""

    def __init__(self, path: Path) -> None:
        self.elements = json.loads(path.read_text(encoding="utf-8"))
        self.numbers = itertools.count()

    def element(self) -> dict[str, object]:
        number = next(self.numbers)
        element = self.elements[number % len(self.elements)]
        text = next(key for key in ("content", "text", "body") if element.get(key))
        return {**element, "id": number, text: f"No. {number}. {element[text]}"}

    def body(self) -> bytes:
        return json.dumps(self.element()).encode()


async def post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> Reply:
    """Post an article over a connection that stays open."""
    started = time.perf_counter()
    head = f"POST /v1/analyze HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    headers = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = re.search(r"content-length: (\d+)", headers)
    await reader.readexactly(int(length[1]) if length else 0)
    return Reply(int(headers.split()[1]), time.perf_counter() - started, "retry-after" in headers)


async def busy(port: int, pile: Pile, clients: int, seconds: float) -> list[Reply]:
    """Have so many clients post one article after the other."""
    deadline = time.perf_counter() + seconds
    replies: list[Reply] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while time.perf_counter() < deadline:
            replies.append(await post(reader, writer, pile.body()))
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return replies


async def flooded(port: int, pile: Pile, rate: float, seconds: float) -> list[Reply]:
    """Post so many articles a second, whatever becomes of them."""
    count = int(rate * seconds)
    bodies = [pile.body() for _ in range(count)]
    started = time.perf_counter()

    async def client(number: int, body: bytes) -> Reply:
        await asyncio.sleep(max(0.0, started + number / rate - time.perf_counter()))
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            return await post(reader, writer, body)
        finally:
            writer.close()

    return list(await asyncio.gather(*(client(number, body) for number, body in enumerate(bodies))))


@contextmanager
def service(*arguments: str) -> Iterator[tuple[int, psutil.Process]]:
    """Yield the port and the process of a service that is ready."""
    command = [*NEWSMOE, "serve", "--port", "0", "--journal", "none", *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        port = 0
        for line in process.stderr:
            if match := re.search(r"serving on http://127.0.0.1:(\d+)", line):
                port = int(match[1])
            if "ready" in line:
                break
        try:
            yield port, psutil.Process(process.pid)
        finally:
            process.kill()


def command_line(pile: Pile, count: int) -> float:
    """Return the articles a second of `newsmoe analyze`, without its start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "articles.json"
        path.write_text(json.dumps([pile.element() for _ in range(count)]))
        subprocess.run([*NEWSMOE, "analyze", str(path), "--no-journal", "--quiet"], check=True)
        report = json.loads((Path(folder) / "analyzed_articles.run.json").read_text())
    return count / float(report["seconds"])


def share(values: Sequence[float], quantile: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))] if ordered else 0.0


async def measured_busy(port: int, process: psutil.Process, pile: Pile, seconds: float) -> list[Reply]:
    """Post by many clients, and print how much memory the service had early and late."""
    memory = {}

    async def sample(name: str, after: float) -> None:
        await asyncio.sleep(after)
        memory[name] = process.memory_info().rss

    early, late = sample("early", min(10.0, seconds / 3)), sample("late", seconds - 0.5)
    replies, *_ = await asyncio.gather(busy(port, pile, CLIENTS, seconds), early, late)
    print(f"memory: {memory['early'] / 1e6:.0f} MB early, {memory['late'] / 1e6:.0f} MB at the end")
    return replies


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("articles", type=Path)
    parser.add_argument("--seconds", type=float, default=60)
    arguments = parser.parse_args()
    pile, seconds = Pile(arguments.articles), arguments.seconds
    with service() as (port, process):
        asyncio.run(busy(port, pile, CLIENTS, 3))  # warm
        alone = asyncio.run(busy(port, pile, 1, seconds / 3))
        many = asyncio.run(measured_busy(port, process, pile, seconds))
        rate = len(many) / seconds
        flood = asyncio.run(flooded(port, pile, OVERLOAD * rate, seconds / 3))
        after = asyncio.run(busy(port, pile, CLIENTS, seconds / 3))
    cli = command_line(pile, int(rate * seconds / 2))
    single = len(alone) / (seconds / 3)
    latencies = [reply.seconds for reply in many]
    refused = [reply for reply in flood if reply.status == 503]
    statuses = dict(Counter(reply.status for reply in flood))
    slowest = share([reply.seconds for reply in refused], 0.99)
    print(f"command line:    {cli:6.1f} articles/s")
    print(f"{CLIENTS} clients:      {rate:6.1f} articles/s, {rate / cli:.2f} of the command line;", end=" ")
    print(f"p50 {share(latencies, 0.5):.2f} s, p95 {share(latencies, 0.95):.2f} s")
    print(f"1 client:        {single:6.1f} articles/s; {CLIENTS} clients do {rate / single:.2f} times that")
    print(f"{OVERLOAD} times as many: {statuses}; refused in {1000 * slowest:.0f} ms (p99),", end=" ")
    print(f"{sum(reply.retries for reply in refused)} of {len(refused)} with Retry-After")
    print(f"after that:      {len(after) / (seconds / 3):6.1f} articles/s")


if __name__ == "__main__":
    main()
