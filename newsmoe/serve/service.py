"""A warm session, what waits for it, and which variants of it a request may have."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
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
from newsmoe.settings.model import GATE_NAMES, Settings
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
        self.queue = BatchQueue(self.limits, self.metrics.count_batch, self._forget)
        self.metrics.watch(self.queue)
        self.ready = self.draining = False
        self._variants: dict[tuple[tuple[str, ...], str], Session] = {}
        self._lock = Lock()

    def start(self) -> None:
        """Load the experts that an ordinary article needs, and start to compute; all in threads."""
        Thread(target=self._warm_up, name="newsmoe-start", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            record = self.session.warm_up(ARTICLES[1])
            for error in record.errors:
                _logger.warning("%s: %s: %s", error.expert, error.type, error.message)
        except BaseException as error:  # noqa: BLE001  # of a gate, say; each request will be told of its own
            _logger.error("the experts could not be tried: %s", type(error).__name__, exc_info=error)
        finally:
            self.queue.start()
            self.ready = True
        _logger.info("ready")

    def _forget(self) -> None:
        """Drop what only earlier batches needed, so that memory does not grow with their number."""
        self.session.forget()
        if isinstance(self.session.journal, RecentPredictions):
            self.session.journal.next_batch()

    def variant(self, tasks: str | None, gate: str | None) -> Session:
        """Return the session for the tasks, separated by commas, and the gate that a request names, as options do.

        Raises:
            Problem: it may not have them.
        """
        names = self._named(tasks or "")
        if not names and gate is None:
            return self.session
        names = names or self.session.gate.tasks
        gate = self.session.settings.gate if gate is None else gate
        if gate not in (self.session.settings.gate, *GATES):
            message = f"gate: {gate[:40]!r} is not allowed; this service has {', '.join(self.gates)}"
            raise Problem(400, "NotAllowed", message)
        with self._lock:
            if (names, gate) not in self._variants:
                if len(self._variants) == MAX_VARIANTS:
                    del self._variants[next(iter(self._variants))]
                self._variants[names, gate] = self.session.variant(tasks=names, gate=gate)
            return self._variants[names, gate]

    @property
    def gates(self) -> Sequence[str]:
        """The gates that a request may name; the server's own is perhaps a file, and is not told."""
        servers = self.session.settings.gate
        return tuple(dict.fromkeys((*GATES, servers))) if servers in GATE_NAMES else GATES

    @cached_property
    def tasks(self) -> Sequence[str]:
        """The tasks that a request may name: those of experts whose models are here."""
        experts = self.session.registry.experts.values()
        return sorted({info.task for info in experts if not info.broken and not info.missing})

    def _named(self, text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(filter(None, map(str.strip, text.split(",")))))
        for name in names:
            if name not in self.tasks:
                message = f"tasks: no expert predicts {name[:40]!r}; {nearest(name, self.tasks)}"
                raise Problem(400, "UnknownTask", message)
        return names
