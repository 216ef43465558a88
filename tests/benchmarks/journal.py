"""How many articles a second a journal takes from 1 to 16 clients: `python -m tests.benchmarks.journal [--seconds 10]`.

Each client is a process that does for a window of 128 new articles what a run does for three experts: it looks the
predictions up, finds none, and stores those of 64 articles at a time. SQLite is a file on the disk of the temporary
folder; PostgreSQL, where it is installed, is a server on this machine that writes to the same disk, with its defaults.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier
from typing import NamedTuple

from newsmoe.journal.journal import existing_journal, open_journal
from newsmoe.prediction import InputStats, Labels, Prediction, Summary
from tests import postgres_server

CLIENTS = (1, 2, 4, 8, 16)
WINDOW, BATCH = 128, 64
STATS = InputStats(tokens=450, windows=2)
PREDICTIONS: dict[str, Prediction] = {
    "summarization": Summary("The bridge over the harbour opened on Monday after two years of work. " * 5, STATS),
    "sentiment": Labels({"positive": 0.71234567, "neutral": 0.2, "negative": 0.08765433}, STATS),
    "topic": Labels({f"topic number {number}": 1 / 17 for number in range(17)}, STATS, holding=("topic number 1",)),
}


class Work(NamedTuple):
    """What clients have done: articles, and the seconds of a processor that they took."""

    articles: int
    processor: float


def client(place: str, number: int, barrier: Barrier, seconds: float, results: "multiprocessing.Queue[Work]") -> None:
    """Look up and store until the time is over; put what that was."""
    with existing_journal(place) as journal:
        barrier.wait()
        end, count, began = time.monotonic() + seconds, 0, time.process_time()
        while time.monotonic() < end:
            keys = [f"{number:04x}{count + offset:060x}" for offset in range(WINDOW)]
            for expert, prediction in PREDICTIONS.items():
                assert not journal.predictions(expert, keys)
                for start in range(0, WINDOW, BATCH):
                    journal.keep(expert, dict.fromkeys(keys[start : start + BATCH], prediction))
            count += WINDOW
        assert len(journal.predictions("topic", keys)) == WINDOW  # a journal that fails stores nothing, and is silent
        results.put(Work(count, time.process_time() - began))


def rates(place: str, clients: int, seconds: float) -> tuple[float, float]:
    """Return how many articles so many clients store in a second, and in a second of their own processor time."""
    barrier = multiprocessing.Barrier(clients + 1)
    results: multiprocessing.Queue[Work] = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=client, args=(place, number, barrier, seconds, results))
        for number in range(clients)
    ]
    for process in processes:
        process.start()
    barrier.wait()
    began = time.monotonic()
    done = [results.get(timeout=10 * seconds + 60) for _ in processes]
    elapsed, articles = time.monotonic() - began, sum(work.articles for work in done)
    for process in processes:
        process.join()
    return articles / elapsed, articles / sum(work.processor for work in done)


@contextmanager
def journals() -> Iterator[dict[str, Callable[[], str]]]:
    """Yield what returns the place of a new journal, for each database that there is."""
    with tempfile.TemporaryDirectory() as folder:
        files = {"SQLite": lambda: f"{tempfile.mkdtemp(dir=folder)}/journal.sqlite"}
        if (programs := postgres_server.find_programs()) is None:
            print("PostgreSQL is not installed")
            yield files
            return
        postgres_server.UNSAFE = {"max_connections": "20"}  # and all else as a server has it by default
        with postgres_server.serving(programs) as server:
            yield {**files, "PostgreSQL": server.place}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with journals() as places:
        for name, new_place in places.items():
            for clients in CLIENTS:
                with open_journal(place := new_place()) as journal:
                    assert journal is not None
                articles, by_processor = rates(place, clients, options.seconds)
                print(
                    f"{name:10} {clients:2} clients {articles:8.0f} articles a second,"
                    f" {by_processor:8.0f} in a second of the clients' processors",
                    flush=True,
                )


if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    main()
