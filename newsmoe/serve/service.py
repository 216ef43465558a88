"""A warm session, what waits for it, and which variants of it a request may have."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock, Thread

from newsmoe.errors import nearest
from newsmoe.jobs.job import open_session
from newsmoe.journal.journal import journal_place
from newsmoe.orchestrator.session import Session
from newsmoe.serve.batches import BatchQueue
from newsmoe.serve.limits import Limits
from newsmoe.serve.metrics import Metrics
from newsmoe.serve.problems import Problem
from newsmoe.serve.recent import RecentPredictions
from newsmoe.settings.model import Settings, split_list
from newsmoe.testing import ARTICLES

GATES = ("auto", "rules")
"""Built-in gates that a request may name besides the server's; `all` would have it run every model there is."""

MAX_VARIANTS = 64  # that are remembered

_logger = logging.getLogger(__name__)


@contextmanager
def open_service(settings: Settings, limits: Limits) -> Iterator["Service"]:
    """Open a service whose journal is the user's own file where the settings name none.

    Raises:
        NewsmoeError: the settings do not fit each other or this machine.
    """
    recent = None if journal_place(settings) else RecentPredictions()
    with open_session(settings, journal=recent) as session:
        yield Service(session, limits)


class Service:
    """A warm session, and the jobs that wait for it.

    Attributes:
        ready: whether its experts are loaded.
        draining: whether it was told to end: what it has begun is finished, and nothing else.
    """

    def __init__(self, session: Session, limits: Limits | None = None) -> None:
        self.session = session
        self.limits = limits or Limits()
        self.metrics = Metrics()
        self.queue = BatchQueue(self.limits, self.metrics.count_batch)
        self.metrics.watch(self.queue)
        if isinstance(session.journal, RecentPredictions):
            self.queue.before_batch = session.journal.next_batch
        self.ready = self.draining = False
        self._variants: dict[tuple[tuple[str, ...], str], Session] = {}
        self._lock = Lock()

    def start(self) -> None:
        """Load the experts that an ordinary article needs, and start to compute; all in threads."""
        Thread(target=self._warm_up, name="newsmoe-start", daemon=True).start()

    def _warm_up(self) -> None:
        record = self.session.warm_up(ARTICLES[1])
        for error in record.errors:
            _logger.warning("%s: %s: %s", error.expert, error.type, error.message)
        self.queue.start()
        self.ready = True
        _logger.info("ready")

    def variant(self, tasks: str | None, gate: str | None) -> Session:
        """Return the session for the tasks, separated by commas, and the gate that a request names.

        Raises:
            Problem: it may not have them.
        """
        if not tasks and not gate:
            return self.session
        names = self._tasks(tasks) if tasks else self.session.gate.tasks
        gate = gate or self.session.settings.gate
        if gate not in (self.session.settings.gate, *GATES):
            message = f"gate: {gate[:40]!r} is not allowed; this service has {', '.join(self._gates())}"
            raise Problem(400, "NotAllowed", message)
        with self._lock:
            if (names, gate) not in self._variants:
                if len(self._variants) == MAX_VARIANTS:
                    del self._variants[next(iter(self._variants))]
                self._variants[names, gate] = self.session.variant(tasks=names, gate=gate)
            return self._variants[names, gate]

    def _gates(self) -> Sequence[str]:
        own_gate = self.session.settings.gate
        return (*GATES, *([own_gate] if own_gate in ("all", "learned") else []))

    def _tasks(self, text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(str(name) for name in split_list(text)))  # type: ignore[attr-defined]
        registry = self.session.registry
        usable = {info.task for info in registry.experts.values() if not info.broken and not info.missing}
        for name in names:
            if name not in usable:
                raise Problem(400, "UnknownTask", f"tasks: no expert predicts {name[:40]!r}; {nearest(name, usable)}")
        return names
