"""The warm heart: experts, gate and journal, for any number of inputs and threads."""

import copy
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import islice
from threading import RLock
from typing import Any, Protocol, Self

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import ConfigError, nearest
from newsmoe.gating.build import build_gate
from newsmoe.gating.gate import Gate
from newsmoe.ingest.normalise import Normaliser
from newsmoe.journal.journal import journal_place, open_journal
from newsmoe.journal.store import PredictionStore
from newsmoe.orchestrator.combiners import COMBINERS, Combiner
from newsmoe.orchestrator.dispatcher import Dispatcher
from newsmoe.orchestrator.loaded import LoadedExperts
from newsmoe.orchestrator.pipeline import Pipeline
from newsmoe.orchestrator.routing import Routed, routed
from newsmoe.output.run_report import RunStats
from newsmoe.record import Record
from newsmoe.registry.device import device_of
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings

_logger = logging.getLogger(__name__)


class RunStore(PredictionStore, Protocol):
    """What keeps predictions and the reports of runs; `newsmoe.journal.journal.Journal` is one."""

    def keep_run(self, started: str, report: str) -> None:
        """Store the report of a run, in JSON, and when it started, by ISO 8601."""


class Session:
    """A registry, a gate, loaded experts and a journal: what is loaded once serves every call.

        with Session(settings) as session:
            for record in session.analyze(articles): ...

    Any number of threads may share one; one window of articles at a time is with the models.

    Args:
        settings: what to do; default: all tasks by the built-in gates on the CPU. No file and no environment
            variable is read; `load_settings` does that.
        registry: where experts come from; default: the built-in ones, plug-ins, and the settings' folders.
        gate: decides which experts read what; default: what the settings say.
        journal: stores predictions between runs; default: the one that `settings.journal` names, if any.
        on_batch: called between batches; what it raises ends the run.

    Raises:
        ConfigError: the settings do not fit each other or this machine.
        RegistryError: the experts' names clash.
        JournalError: the journal is on a server that cannot be used.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        registry: Registry | None = None,
        gate: Gate | None = None,
        journal: RunStore | None = None,
        on_batch: Callable[[], None] = lambda: None,
    ) -> None:
        _require("settings", settings, Settings, "newsmoe.Settings(tasks=['topic'])")
        _require("registry", registry, Registry, "newsmoe.Registry()")
        self.settings = settings = settings or Settings()
        self.registry = registry or Registry(settings.experts_dir, settings.experts)
        self.device = device_of(settings)
        self._closing = ExitStack()
        self._closed = False
        if journal is None and settings.journal:
            journal = self._closing.enter_context(open_journal(journal_place(settings)))
        self.journal = journal
        self._lock = RLock()
        try:
            self.gate = gate or build_gate(settings, self.registry, journal)
            combiners = self._combiners()
        except BaseException:
            self.close()
            raise
        self._experts = LoadedExperts(self.registry, self.device, settings.max_memory)
        self._pipeline = Pipeline(
            self.gate,
            Dispatcher(self._experts, settings.batch_articles, settings.batch_seconds, journal, on_batch),
            settings.window_articles,
            combiners,
            self._lock,
            details=settings.details,
            budget=settings.budget,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _combiners(self) -> dict[str, Combiner]:
        tasks = self.registry.tasks()
        for task in self.settings.combiners:
            if task not in tasks:
                raise ConfigError(
                    f"[combiners] names the task {task!r}, which no expert predicts; {nearest(task, tasks)}"
                )
        return {task: COMBINERS.load(name) for task, name in self.settings.combiners.items()}

    def close(self) -> None:
        """Close the journal, if the session opened it; no articles can be analyzed from then on."""
        self._closed = True
        self._closing.close()

    def analyze(
        self, articles: Iterable[Article | InvalidItem | Mapping[str, Any]], stats: RunStats | None = None
    ) -> Iterator[Record]:
        """Analyze articles: yield one record for each, in order, as soon as its window is done.

        What goes wrong with one article is in its record; nothing is raised for it. An expert that failed to
        load in an earlier call is tried again, one that took long to fail not at once.

        Args:
            articles: `Article` objects, or what a scraper wrote.
            stats: counts what is done; may be read meanwhile.

        Raises:
            TypeError: what was passed is one article, a text or a table, and no list of articles.
            RuntimeError: the session is closed.
        """
        self._check_call(articles)
        with self._lock:
            self._experts.retry_failed()
        return self._pipeline.run(self._items(articles), RunStats() if stats is None else stats)

    def _check_call(self, articles: object) -> None:
        _require_several(articles)
        if self._closed:
            raise RuntimeError("the session is closed; analyze articles within its 'with' block")

    def variant(self, *, tasks: Sequence[str] | None = None, gate: str | None = None) -> "Session":
        """Return a session for other tasks, or by another gate, with the experts, the journal and the lock of this one.

        Raises:
            ConfigError: no expert predicts a task, or there is no such gate.
        """
        changes = {"tasks": None if tasks is None else tuple(tasks), "gate": gate}
        changed = {name: value for name, value in changes.items() if value is not None}
        other = copy.copy(self)
        other._closing = ExitStack()
        other.settings = self.settings.model_copy(update=changed)
        other.gate = build_gate(other.settings, self.registry, self.journal)
        other._pipeline = copy.copy(self._pipeline)
        other._pipeline.gate = other.gate
        return other

    def warm_up(self, article: Article) -> Record:
        """Load the experts that read such an article, and have them read it; no prediction is looked up or stored."""
        pipeline = copy.copy(self._pipeline)
        pipeline.dispatcher = Dispatcher(self._experts, self.settings.batch_articles, self.settings.batch_seconds)
        (record,) = pipeline.run([article], RunStats())
        return record

    def forget(self) -> None:
        """Drop what was computed of earlier articles for several experts to use; finished predictions stay stored."""
        with self._lock:
            self.registry.backbones.forget()

    def route(self, items: Iterable[Article | InvalidItem]) -> Iterator[Routed]:
        """Yield each item with its route; no expert is loaded. An item that is no article has an empty route."""
        stream = iter(items)
        while window := list(islice(stream, self.settings.window_articles)):
            with self._lock:
                pairs = list(routed(self.gate, window))
            yield from pairs

    def _items(self, articles: Iterable[Article | InvalidItem | Mapping[str, Any]]) -> Iterator[Article | InvalidItem]:
        normaliser = Normaliser(self.settings.fields)
        for article in articles:
            yield article if isinstance(article, Article | InvalidItem) else normaliser(article)
        for notice in normaliser.notices():
            _logger.warning("%s", notice)


def analyze(
    articles: Iterable[Article | Mapping[str, Any]],
    settings: Settings | None = None,
    *,
    registry: Registry | None = None,
    gate: Gate | None = None,
    session: Session | None = None,
) -> Iterator[Record]:
    """Analyze articles: yield one record for each, in order, as soon as its window is done.

    What goes wrong with one article is in its record; nothing is raised for it. Each call loads its experts,
    unless it is given a `session`, which keeps them loaded.

    Args:
        articles: `Article` objects, or what a scraper wrote.
        settings: what to do; default: all tasks by the built-in gates on the CPU. No file and no
            environment variable is read; `load_settings` does that.
        registry: where experts come from.
        gate: decides which experts read what.
        session: what to analyze them with, in place of settings, registry and gate.

    Raises:
        ConfigError: the settings do not fit each other or this machine, or there is a session beside them.
        NewsmoeError: experts or journal cannot be used.
        TypeError: what was passed is one article, a text or a table, and no list of articles.
    """
    _require_several(articles)
    if session is None:
        return _analyze_and_close(Session(settings, registry=registry, gate=gate), articles)
    if (settings, registry, gate) != (None, None, None):
        raise ConfigError("a session has its own settings, registry and gate; pass either the session or these")
    return session.analyze(articles)


def _require(name: str, value: object, kind: type, example: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{name} must be a newsmoe.{kind.__name__}, not {type(value).__name__}, such as {example}")


def _require_several(articles: object) -> None:
    """Refuse what could be iterated, but would be taken for articles that it does not hold: letters, or keys."""
    if isinstance(articles, str | bytes | Mapping | Article):
        what = "a text" if isinstance(articles, str | bytes) else "one article"
        raise TypeError(f"{what} instead of a list of articles; to read files, use newsmoe.analyze_files")
    if hasattr(articles, "columns"):  # as the tables of pandas, polars and Arrow have, which are iterated by column
        raise TypeError("a table instead of a list of articles; pass its rows as dicts, such as df.to_dict('records')")


def _analyze_and_close(session: Session, articles: Iterable[Article | Mapping[str, Any]]) -> Iterator[Record]:
    with session:
        yield from session.analyze(articles)
