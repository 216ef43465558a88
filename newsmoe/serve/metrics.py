"""What a service does, as Prometheus reads it."""

from collections.abc import Iterator
from threading import Lock

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from newsmoe.jobs.metrics import families
from newsmoe.output.run_report import RunStats
from newsmoe.serve.batches import BatchQueue

PREFIX = "newsmoe_"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
ARTICLES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics(Collector):
    """Counts requests, batches and, with what is counted of runs too, records and experts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            f"{PREFIX}requests", "Requests, by path and status.", ["path", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            f"{PREFIX}request_seconds",
            "Seconds from a request's headers to its response.",
            ["path"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.batch_articles = Histogram(
            f"{PREFIX}batch_articles", "Articles in a batch.", buckets=ARTICLES, registry=self.registry
        )
        self.batch_seconds = Histogram(
            f"{PREFIX}batch_seconds", "Seconds that a batch took.", buckets=SECONDS, registry=self.registry
        )
        self._stats = RunStats()
        self._lock = Lock()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def watch(self, queue: BatchQueue) -> None:
        """Show how much waits in a queue."""
        gauge = Gauge(
            f"{PREFIX}queue_tokens", "Tokens that wait, are read or are being computed.", registry=self.registry
        )
        gauge.set_function(lambda: queue.tokens)

    def count_request(self, path: str, status: int, seconds: float) -> None:
        """Count a request that has its response."""
        self.requests.labels(path, status).inc()
        self.seconds.labels(path).observe(seconds)

    def count_batch(self, stats: RunStats, articles: int, seconds: float) -> None:
        """Count a batch."""
        self.batch_articles.observe(articles)
        self.batch_seconds.observe(seconds)
        with self._lock:
            self._stats.add(stats)

    def collect(self) -> Iterator[Metric]:
        """Yield what was counted of records, errors and experts."""
        with self._lock:
            yield from list(families(self._stats, PREFIX, CounterMetricFamily))

    def text(self) -> bytes:
        """Return all of it."""
        return generate_latest(self.registry)
