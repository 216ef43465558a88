"""Experts in pools of their own: loaded once for each replica, and shared by all workers."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from newsmoe.article import Article
from newsmoe.errors import PredictionError
from newsmoe.prediction import Prediction, checked_list, count_problem
from newsmoe.registry.device import Device, device_of
from newsmoe.registry.expert import Expert
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings

MAX_ARTICLES = 64  # that are joined for one call of a replica
ATTEMPTS = 2  # at articles whose replica dies
SECONDS_BETWEEN_CHECKS = 0.5  # of a replica that is being started again


class Placed(NamedTuple):
    """Where an expert is: the handle of its broker, and the fingerprint that its predictions are stored by."""

    name: str
    broker: Any
    fingerprint: str


class Replica:
    """An expert in a process of its own, with what was reserved for it."""

    def __init__(self, settings: str, name: str) -> None:
        self.settings, self.name = Settings.model_validate_json(settings), name

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return the expert's predictions."""
        return self._expert.predict(list(articles))

    def ping(self) -> None:
        """Do nothing, but tell that it is there."""

    @cached_property
    def _expert(self) -> Expert:
        settings = self.settings
        expert = Registry(settings.experts_dir, settings.experts).build(self.name)
        expert.load(device_of(settings))
        return expert


@dataclass
class _Call:
    """Articles of one worker, and what it waits for."""

    articles: Sequence[Article]
    result: asyncio.Future[list[Prediction]]
    alone: bool = False  # whether it must not be joined with others
    deaths: int = 0  # of replicas that it was in flight at


class Broker:
    """Hands the articles of all workers to the replicas of an expert; whichever is idle takes what is waiting."""

    def __init__(self, replicas: Sequence[Any]) -> None:
        self.replicas = replicas
        self.waiting: deque[_Call] = deque()
        self.changed = asyncio.Condition()
        self.tasks: list[asyncio.Task[None]] = []

    async def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return predictions, or raise what the expert raises on these articles."""
        if not self.tasks:  # which need the event loop
            self.tasks = [asyncio.create_task(self._serve(replica)) for replica in self.replicas]
        call = _Call(articles, asyncio.get_running_loop().create_future())
        async with self.changed:
            self.waiting.append(call)
            self.changed.notify()
        return await call.result

    async def _serve(self, replica: Any) -> None:
        while True:
            async with self.changed:
                await self.changed.wait_for(lambda: self.waiting)
                calls = self._joined()
            if not await self._ask(replica, calls):
                await _is_back(replica)

    def _joined(self) -> list[_Call]:
        """Take what is waiting, up to a batch; a call that failed with others, or whose replica died, comes alone."""
        calls = [self.waiting.popleft()]
        count = len(calls[0].articles)
        while self.waiting and not (calls[0].alone or self.waiting[0].alone):
            count += len(self.waiting[0].articles)
            if count > MAX_ARTICLES:
                break
            calls.append(self.waiting.popleft())
        return calls

    async def _ask(self, replica: Any, calls: Sequence[_Call]) -> bool:
        """Have a replica predict; return whether it is alive. Calls that are to be repeated wait again."""
        from ray.exceptions import RayError, RayTaskError

        articles = [article for call in calls for article in call.articles]
        try:
            predictions = checked_list(await replica.predict.remote(articles))
            if problem := count_problem(predictions, articles):
                raise PredictionError(problem)
        except (RayTaskError, PredictionError) as error:
            if len(calls) > 1:  # which of them it fails on is not known
                await self._again([replace(call, alone=True) for call in calls])
            else:
                _fail(calls[0], getattr(error, "cause", None) or error)
            return True
        except RayError as error:  # it has died, or cannot be reached
            again = [replace(call, alone=True, deaths=call.deaths + 1) for call in calls]
            for call in again:
                if call.deaths == ATTEMPTS:
                    _fail(call, RuntimeError(f"its replica died {ATTEMPTS} times: {error}"))
            await self._again([call for call in again if call.deaths < ATTEMPTS])
            return False
        start = 0
        for call in calls:
            call.result.set_result(list(predictions[start : start + len(call.articles)]))
            start += len(call.articles)
        return True

    async def _again(self, calls: Sequence[_Call]) -> None:
        async with self.changed:
            self.waiting.extendleft(reversed(calls))
            self.changed.notify_all()


async def _is_back(replica: Any) -> None:
    """Wait until Ray has started a replica again; meanwhile others take what is waiting."""
    from ray.exceptions import RayError

    while True:
        await asyncio.sleep(SECONDS_BETWEEN_CHECKS)
        try:
            await replica.ping.remote()
        except RayError:
            continue
        return


def _fail(call: _Call, cause: BaseException) -> None:
    if isinstance(cause, StopIteration):  # which no future can hold
        cause = RuntimeError("StopIteration")
    call.result.set_exception(cause)


class PlacedExpert:
    """An expert whose `predict` goes to its replicas."""

    def __init__(self, info: ExpertInfo, placed: Placed) -> None:
        self.name, self.task, self.fingerprint = info.name, info.task, placed.fingerprint
        self.broker = placed.broker

    def load(self, device: Device) -> None:
        """Do nothing: replicas load the expert when they are first asked."""

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        """Return what a replica predicts, or raise what it raises."""
        import ray
        from ray.exceptions import RayTaskError

        try:
            predictions: list[Prediction] = ray.get(self.broker.predict.remote(list(articles)))
        except RayTaskError as error:
            raise error.cause from None
        return predictions


def place(registry: Registry, placed: Sequence[Placed]) -> None:
    """Have a registry build placed experts; their models need not be on this node."""
    for expert in placed:
        info = registry.info(expert.name)
        registry.replace(replace(info, card=None, expert=PlacedExpert(info, expert)))
