"""How far a window is, before it has any record: in articles, as if each were done bit by bit."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from newsmoe.output.run_report import RunStats
from newsmoe.registry.batching import reporting_progress

Advance = Callable[[float], None]
"""Is told that an expert is done with so many more articles, or parts of articles."""


class WindowProgress:
    """Counts the work on a window into `stats.underway`: that of the gate, and that of each call of an expert."""

    def __init__(self, stats: RunStats, articles: int, tasks: int) -> None:
        self.stats = stats
        self.articles = articles
        self._of_gate = articles / (1 + tasks)  # about what an expert takes, where the gate runs a model at all
        self._share = 0.0

    @contextmanager
    def gate(self) -> Iterator[None]:
        """Count what the gate computes while the block runs; rules compute nothing."""

        def report(fraction: float) -> None:
            self.stats.underway = max(self.stats.underway, fraction * self._of_gate)

        with reporting_progress(report):
            yield

    def expect(self, calls: int) -> None:
        """Share what is left among so many articles that experts are to read."""
        self._share = (self.articles - self.stats.underway) / max(calls, 1)

    def advance(self, articles: float) -> None:
        """Count what an expert has done."""
        self.stats.underway = min(self.articles, self.stats.underway + articles * self._share)


@contextmanager
def stepwise(articles: int, advance: Advance) -> Iterator[None]:
    """Call `advance` as a batch of so many articles comes along while the block runs, and with the rest at its end."""
    done = 0.0

    def report(fraction: float) -> None:
        nonlocal done
        more = max(0.0, fraction * articles - done)
        done += more
        advance(more)

    with reporting_progress(report):
        yield
    advance(articles - done)
