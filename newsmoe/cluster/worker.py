"""What a worker does: it holds a session, and analyzes windows of articles."""

import logging
import os
import platform
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

from newsmoe.article import Article, InvalidItem
from newsmoe.cluster.placement import Placed, place
from newsmoe.errors import ConfigError
from newsmoe.jobs.job import open_session
from newsmoe.orchestrator.session import Session
from newsmoe.output.run_report import RunStats
from newsmoe.record import Record
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings


class Window(NamedTuple):
    """A window that was analyzed: its records, in order, what was done for them, by whom, and with which warnings."""

    records: list[Record]
    stats: RunStats
    worker: str
    warnings: list[str]


class _Collector(logging.Handler):
    """Collects messages."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Add one."""
        self.messages.append(record.getMessage())


@contextmanager
def logged_warnings() -> Iterator[list[str]]:
    """Yield a list that gets what newsmoe logs as a warning until the block ends."""
    logger, collector = logging.getLogger("newsmoe"), _Collector()
    logger.addHandler(collector)
    try:
        yield collector.messages
    finally:
        logger.removeHandler(collector)


class Worker:
    """A session in a process of its own, on any node; it is opened when the first window comes.

    Args:
        settings: as JSON.
        models: experts whose models are on the driver's machine, and must be here too.
        placed: experts that run elsewhere.
    """

    def __init__(self, settings: str, models: Sequence[str], placed: Sequence[Placed] = ()) -> None:
        self.name = f"{platform.node()}/{os.getpid()}"
        self.settings = Settings.model_validate_json(settings)
        self.models, self.placed = models, placed

    def analyze(self, items: Sequence[Article | InvalidItem]) -> Window:
        """Return the window's records.

        Raises:
            ConfigError: a model is not on this node.
        """
        stats = RunStats()
        with logged_warnings() as messages, warnings.catch_warnings(record=True) as caught:
            records = list(self._session.analyze(items, stats))
        messages += [f"{warning.category.__name__}: {warning.message}" for warning in caught]
        return Window(records, stats, self.name, messages)

    @cached_property
    def _session(self) -> Session:
        registry = Registry(self.settings.experts_dir, self.settings.experts)
        place(registry, self.placed)
        session = open_session(self.settings, registry=registry)
        for name in self.models:
            if missing := session.registry.info(name).missing:
                raise ConfigError(f"node {platform.node()}: the model of {name} is not on it; {missing}")
        return session
