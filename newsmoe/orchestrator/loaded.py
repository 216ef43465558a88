"""Experts in memory: loaded when they are first needed, evicted where memory is short."""

from dataclasses import dataclass
from time import perf_counter

from newsmoe.errors import NewsmoeError
from newsmoe.output.run_report import ExpertStats
from newsmoe.record import ItemError
from newsmoe.registry.device import Device
from newsmoe.registry.expert import Expert, memory_of
from newsmoe.registry.memory import is_out_of_memory, used_memory
from newsmoe.registry.registry import Registry

AT_ONCE = 1.0
"""Seconds; what fails within these may be tried again at once."""
PATIENCE = 20
"""Times as long as it took to fail that an expert is left alone: attempts then take a twentieth of the time at most."""


@dataclass(frozen=True)
class LoadFailure:
    """Why an expert could not be loaded, and when; the exception itself would keep in memory what was loaded."""

    error: ItemError
    started: float
    ended: float

    @property
    def may_be_retried(self) -> bool:
        """Whether it failed at once, or so long ago that another attempt costs little."""
        seconds = self.ended - self.started
        return seconds < AT_ONCE or perf_counter() - self.ended >= PATIENCE * seconds

    def of_task(self, task: str) -> ItemError:
        """Return the error of an article."""
        return self.error.model_copy(update={"task": task})


class LoadedExperts:
    """The experts that are in memory, on `device`; least recently used first.

    Where the process takes more than `max_memory` bytes, experts that can be unloaded are evicted.
    """

    def __init__(self, registry: Registry, device: Device, max_memory: int | None) -> None:
        self.registry = registry
        self.device = device
        self.max_memory = max_memory
        self._experts: dict[str, Expert | LoadFailure] = {}

    def get(self, name: str, stats: ExpertStats) -> Expert | LoadFailure:
        """Return the expert, loaded; one that failed to load is not tried again before `retry_failed`."""
        expert = self._experts.pop(name, None)
        if expert is None:
            started = perf_counter()
            try:
                expert = self.registry.build(name)
                self._load(expert)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  # its failure is its articles' error
                expert = LoadFailure(ItemError.of("", name, error, "load"), started, perf_counter())
            stats.load_seconds += perf_counter() - started
        self._experts[name] = expert
        return expert

    def drop(self, name: str) -> None:
        """Have an expert built anew when it is needed again."""
        self._experts.pop(name, None)

    def retry_failed(self) -> None:
        """Have experts that failed to load tried again when they are needed; those that took long to fail, later."""
        for name, expert in list(self._experts.items()):
            if isinstance(expert, LoadFailure) and expert.may_be_retried:
                self.drop(name)

    def _load(self, expert: Expert) -> None:
        if self.max_memory is not None:
            needed = memory_of(expert)
            while used_memory(self.device) + needed > self.max_memory and self._evict():
                pass
        while True:
            try:
                return expert.load(self.device)
            except (MemoryError, RuntimeError, NewsmoeError) as error:
                if not (is_out_of_memory(error) and self._evict()):
                    raise

    def _evict(self) -> bool:
        """Unload the least recently used expert that can be; return whether there was one."""
        for name, expert in self._experts.items():
            if (unload := getattr(expert, "unload", None)) is not None:
                del self._experts[name]
                unload()
                return True
        return False
