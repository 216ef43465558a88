"""Everything a run needs, put together from settings."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from newsmoe.article import Article, InvalidItem
from newsmoe.gating.build import build_gate
from newsmoe.gating.gate import Gate
from newsmoe.ingest.normalise import Normaliser
from newsmoe.journal.journal import journal_place, open_journal
from newsmoe.journal.store import PredictionStore
from newsmoe.orchestrator.dispatcher import Dispatcher
from newsmoe.orchestrator.pipeline import Pipeline
from newsmoe.orchestrator.stats import RunStats
from newsmoe.record import Record
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings


class RunStore(PredictionStore, Protocol):
    """What keeps answers and runs; `newsmoe.journal.journal.Journal` is one."""

    def keep_run(self, started: str, report: str) -> None:
        """Keep the report of a run, in JSON, and when it started, by ISO 8601."""


class Session:
    """A registry, a gate and loaded experts, for one or more inputs.

    Args:
        settings: what was asked for.
        registry: where experts come from; default: the built-in ones, plug-ins, and the settings' folders.
        gate: who decides; default: what the settings say.
        store: what keeps answers from one run to the next, and runs; default: nothing.
        on_batch: called between batches; what it raises ends the run.

    Raises:
        ConfigError: the settings do not fit each other or this machine.
        RegistryError: the experts' names clash.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry | None = None,
        gate: Gate | None = None,
        store: RunStore | None = None,
        on_batch: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.store = store
        self.registry = registry or Registry(settings.experts_dir, settings.experts)
        self.gate = gate or build_gate(settings, self.registry, store)
        self.device = Device(settings.device, settings.threads).resolve()
        self._dispatcher = Dispatcher(
            self.registry,
            self.device,
            settings.batch_tokens,
            settings.batch_articles,
            settings.max_memory,
            settings.batch_seconds,
            store,
            on_batch,
        )
        self._pipeline = Pipeline(self.gate, self._dispatcher, settings.window_articles)

    def analyze(
        self, items: Iterable[Article | InvalidItem], figures: RunStats | None = None
    ) -> Iterator[Record]:
        """Yield one record for each item, in order; count it in `figures`.

        An expert that failed to load for an earlier input is tried again.
        """
        self._dispatcher.retry_broken()
        return self._pipeline.run(items, RunStats() if figures is None else figures)


@contextmanager
def open_session(
    settings: Settings,
    registry: Registry | None = None,
    gate: Gate | None = None,
    on_batch: Callable[[], None] = lambda: None,
) -> Iterator[Session]:
    """Give a session whose store is the journal that the settings name.

    Args:
        settings: what was asked for.
        registry: as of `Session`, like the others.
        gate: who decides.
        on_batch: called between batches.

    Raises:
        ConfigError: the settings do not fit each other or this machine.
        RegistryError: the experts' names clash.
    """
    with open_journal(journal_place(settings)) as journal:
        yield Session(settings, registry, gate, journal, on_batch)


def analyze(
    articles: Iterable[Article | Mapping[str, Any]],
    settings: Settings | None = None,
    *,
    registry: Registry | None = None,
    gate: Gate | None = None,
) -> Iterator[Record]:
    """Analyze articles: yield one record for each, in order, as soon as its window is done.

    What goes wrong with one article stands in its record; nothing is raised for it.

    Args:
        articles: `Article` objects, or what a scraper wrote.
        settings: what to do; default: all tasks by the built-in gates on the CPU. No file and no
            environment variable is read; `load_settings` does that.
        registry: where experts come from.
        gate: who decides.

    Raises:
        NewsmoeError: the settings do not fit each other or this machine.
    """
    session = Session(settings or Settings(), registry, gate)
    normaliser = Normaliser(session.settings.fields)
    items = (article if isinstance(article, Article) else normaliser(article) for article in articles)
    return session.analyze(items)
