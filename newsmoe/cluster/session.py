"""A session whose windows are analyzed by workers on Ray (Moritz et al. 2018)."""

import logging
import os
import signal
import socket
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from newsmoe.article import Article, InvalidItem
from newsmoe.cluster.placement import Broker, Placed, Replica
from newsmoe.cluster.worker import Window, Worker, logged_warnings
from newsmoe.errors import ConfigError, NewsmoeError, reason_of
from newsmoe.journal.journal import journal_place
from newsmoe.orchestrator.session import Session
from newsmoe.output.run_report import RunStats
from newsmoe.plugins import require_extra
from newsmoe.record import Record
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.settings.model import Settings, is_gate_path
from newsmoe.text.cleaning import one_line
from newsmoe.text.counts import plural

WINDOWS_IN_FLIGHT = 2  # of a worker: one that it computes, and one that is there when it is done
MAX_WINDOWS = 4  # in memory for each worker, those that wait for an earlier one included
SECONDS_BETWEEN_CHECKS = 1.0  # whether to end
CONNECT_SECONDS = 10
MAX_WARNINGS = 100  # of workers that are shown; some name an article, and there is no end of those
RETRIES = 3  # of a window whose worker has died

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Workers:
    """How many workers there are, and what each of them has.

    Attributes:
        address: of a Ray cluster, as `ray.init` takes it; empty: Ray on this machine, for the time of the run.
        count: default: one for each GPU that it can have, else for each of the cluster's processors.
        gpus: of each worker; may be a fraction.
    """

    address: str = ""
    count: int | None = None
    gpus: float = 0.0


class ClusterSession(Session):
    """A session that has workers analyze; records come in the order of the articles, whatever worker is done first.

    It decides nothing itself: a window of articles is one on every number of workers, so that limits of a gate which
    hold within a window are the same too. A worker that dies is started again, and its windows in flight are repeated.

    Args:
        settings: what to do. Paths in it must be the same on all nodes.
        workers: default: as many as the machine has processors.
        on_batch: called at least once in a second while it waits for workers; what it raises ends the run.

    Raises:
        ConfigError: Ray is not installed, or there is no such cluster; also the errors of `Session`.
        UnknownExpertError: an expert of `placement` does not exist.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        workers: Workers | None = None,
        on_batch: Callable[[], None] = lambda: None,
    ) -> None:
        require_extra("--engine ray", "ray", "ray")
        with logged_warnings() as messages:
            super().__init__(settings)
        self._shown = set(messages)  # warnings, which each worker would repeat
        for name in self.settings.placement:
            self.registry.info(name)  # raises for one that does not exist
        self.workers = workers or Workers()
        self.on_batch = on_batch
        self._actors: list[Any] = []

    def analyze(
        self, articles: Iterable[Article | InvalidItem | Mapping[str, Any]], stats: RunStats | None = None
    ) -> Iterator[Record]:
        """Analyze articles: yield one record for each, in order, as soon as all windows before it are done."""
        self._check_call(articles)
        return self._analyzed(self._items(articles), RunStats() if stats is None else stats)

    def _analyzed(self, items: Iterator[Article | InvalidItem], stats: RunStats) -> Iterator[Record]:
        for window in self._windows(items):
            stats.add(window.stats)
            stats.workers[window.worker] += len(window.records)
            self._show(window.warnings)
            yield from window.records

    def _show(self, messages: Sequence[str]) -> None:
        """Log the warnings of a worker that none has given before."""
        for message in messages:
            if message not in self._shown and len(self._shown) < MAX_WARNINGS:
                self._shown.add(message)
                _logger.warning("%s", message)

    def _windows(self, items: Iterator[Article | InvalidItem]) -> Iterator[Window]:
        """Yield the windows, in order; in memory are those in flight at workers, and some that wait for others."""
        import ray

        workers = self._started()
        in_flight: Counter[Any] = Counter()  # by worker
        pending: dict[Any, Any] = {}  # workers, by what they will return
        order: deque[Any] = deque()
        while True:
            while len(order) < MAX_WINDOWS * len(workers):
                worker = min(workers, key=in_flight.__getitem__)
                if in_flight[worker] == WINDOWS_IN_FLIGHT or not (window := self._next_window(items)):
                    break
                result = worker.analyze.remote(window)
                in_flight[worker] += 1
                pending[result] = worker
                order.append(result)
            if not order:
                return
            while order[0] in pending:
                self.on_batch()
                done, _ = ray.wait(list(pending), timeout=SECONDS_BETWEEN_CHECKS)
                for result in done:
                    in_flight[pending.pop(result)] -= 1
                if done:
                    break
            while order and order[0] not in pending:
                yield _result(order.popleft())

    def _next_window(self, items: Iterator[Article | InvalidItem]) -> list[Article | InvalidItem]:
        return list(islice(items, self.settings.window_articles))

    def _started(self) -> list[Any]:
        """Return the workers, which are started the first time."""
        if self._actors:
            return self._actors
        if dashboard := _start_ray(self.workers.address):
            _logger.debug("Ray's dashboard: http://%s", dashboard)
        import ray

        self._closing.callback(ray.shutdown)  # which ends the workers
        threads, gpus = self.settings.threads or 1, self.workers.gpus
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
        count = self._count([(node.get("CPU", 0.0), node.get("GPU", 0.0)) for node in nodes], threads)
        remote = ray.remote(num_cpus=threads, num_gpus=gpus, max_restarts=-1, max_task_retries=RETRIES)(Worker)
        pools = [info for task in self.gate.tasks for info in self.registry.pool(task)]
        placed = [self._placed(info) for info in pools if info.name in self.settings.placement]
        models = [info.name for info in pools if not info.missing and info.name not in self.settings.placement]
        settings = self._settings_of_workers(threads, gpus)
        self._actors = [remote.remote(settings, models, placed) for _ in range(count)]
        _logger.info("%s on %s", plural(count, "worker"), plural(len(nodes), "node"))
        return self._actors

    def _count(self, nodes: Sequence[tuple[float, float]], threads: int) -> int:
        """Return how many workers there are to be, beside the replicas of placed experts.

        Nodes are given by their processors and GPUs.

        Raises:
            ConfigError: so many do not fit; they would wait for ever.
        """
        free = [list(node) for node in nodes]
        for name, where in self.settings.placement.items():
            for _ in range(where.replicas):
                node = next((node for node in free if node[0] >= where.cpus and node[1] >= where.gpus), None)
                if node is None:
                    needed = f"{where.replicas} replicas with {where.cpus:g} processors and {where.gpus:g} GPUs each"
                    raise ConfigError(f"[placement] {name}: {needed} do not fit into this Ray cluster")
                node[0] -= where.cpus
                node[1] -= where.gpus
        gpus = self.workers.gpus
        fitting = sum(int(min(cpu // threads, gpu // gpus if gpus else cpu // threads)) for cpu, gpu in free)
        count = self.workers.count or max(1, fitting)
        if fitting < count:
            what = plural(threads, "processor") + (f" and {gpus:g} GPU{'s' * (gpus > 1)}" if gpus else "")
            each = " each" if count > 1 else ""
            beside = ", beside what [placement] takes" if self.settings.placement else ""
            fit = f"this Ray cluster has room for {fitting or 'none'}"
            raise ConfigError(f"{plural(count, 'worker')} with {what}{each}{beside}: {fit}")
        return count

    def _placed(self, info: ExpertInfo) -> Placed:
        """Start the replicas of an expert, and their broker."""
        import ray

        where = self.settings.placement[info.name]
        replica = ray.remote(num_cpus=where.cpus, num_gpus=where.gpus, max_restarts=-1)(Replica)
        settings = self._settings_of_workers(max(1, int(where.cpus)), where.gpus)
        replicas = [replica.remote(settings, info.name) for _ in range(where.replicas)]
        broker = ray.remote(num_cpus=0, max_restarts=-1)(Broker).remote(replicas)
        fingerprint = info.fingerprint()
        if fingerprint and bool(where.gpus) != bool(self.workers.gpus):  # stored by the kind of device of workers
            fingerprint += f" on {'a GPU' if where.gpus else 'processors'}"
        return Placed(info.name, broker, fingerprint)

    def _settings_of_workers(self, threads: int, gpus: float) -> str:
        """Return the settings as JSON, with paths that do not depend on a working directory."""
        gate = self.settings.gate
        changes: dict[str, Any] = {
            "threads": threads,
            "journal": journal_place(self.settings) or "none",
            "experts_dir": tuple(path.absolute() for path in self.settings.experts_dir),
            "gate": os.path.abspath(gate) if is_gate_path(gate) else gate,
        }
        if gpus and self.settings.device == "cpu":
            changes["device"] = "cuda"
        return self.settings.model_copy(update=changes).model_dump_json(exclude_none=True)


def _start_ray(address: str) -> str | None:
    """Connect to the cluster at `address`, or start Ray on this machine; return where its dashboard is.

    Raises:
        ConfigError: there is no such cluster, or Ray does not start.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would tell its makers what is run
    import ray

    host, _, port = address.rpartition(":")
    local: dict[str, Any] = {} if address else {"include_dashboard": False}
    before = signal.getsignal(signal.SIGTERM)
    try:
        if port.isdecimal() and "/" not in host:  # Ray itself would look for it for minutes
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
        context = ray.init(address or "local", log_to_driver=False, logging_level=logging.ERROR, **local)
    except Exception as error:  # noqa: BLE001  # Ray raises a bare one where it does not start in time
        what = f"--ray-address {address}: there is no Ray to connect to" if address else "Ray does not start here"
        raise ConfigError(f"{what}: {one_line(reason_of(error))}") from None
    finally:
        if threading.current_thread() is threading.main_thread():  # else Ray has set no handler of its own either
            signal.signal(signal.SIGTERM, before)
    dashboard: str | None = context.dashboard_url
    return dashboard


def _result(reference: Any) -> Window:
    """Return what a worker returned, or raise what it raised."""
    import ray
    from ray.exceptions import RayActorError, RayError, RayTaskError

    try:
        window: Window = ray.get(reference)
    except RayTaskError as error:
        cause: BaseException = error.cause
        raise (cause if isinstance(cause, NewsmoeError) else error) from None
    except RayActorError as error:
        raise NewsmoeError(f"a worker has died {RETRIES + 1} times on the same articles: {error}") from None
    except RayError as error:
        raise NewsmoeError(f"Ray: {error}") from None
    return window
