"""Experts in pools of their own: loaded once for each replica, and shared by all workers."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

from newsmoe.article import Article
from newsmoe.prediction import Prediction
from newsmoe.registry.device import Device
from newsmoe.registry.expert import Expert
from newsmoe.registry.registry import ExpertInfo, Registry
from newsmoe.settings.model import Settings

MOST_ARTICLES = 64  # that are joined for one call of a replica
ATTEMPTS = 2  # at articles whose replica dies


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

    @cached_property
    def _expert(self) -> Expert:
        settings = self.settings
        expert = Registry(settings.experts_dir, settings.experts).build(self.name)
        expert.load(Device(settings.device, settings.threads, settings.batch_tokens).resolve())
        return expert


@dataclass
class _Call:
    """Articles of one worker, and what it waits for."""

    articles: Sequence[Article]
    result: asyncio.Future[list[Prediction]]
    attempts: int = 0


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
            await self._ask(replica, calls)

    def _joined(self) -> list[_Call]:
        """Take what is waiting, up to a batch; a call that failed with others, or whose replica died, comes alone."""
        calls = [self.waiting.popleft()]
        count = len(calls[0].articles)
        while self.waiting and not (calls[0].attempts or self.waiting[0].attempts):
            count += len(self.waiting[0].articles)
            if count > MOST_ARTICLES:
                break
            calls.append(self.waiting.popleft())
        return calls

    async def _ask(self, replica: Any, calls: Sequence[_Call]) -> None:
        from ray.exceptions import RayActorError, RayTaskError

        articles = [article for call in calls for article in call.articles]
        try:
            predictions = await replica.predict.remote(articles)
        except RayTaskError as error:
            if len(calls) > 1:
                await self._again(calls)
            else:
                calls[0].result.set_exception(error.cause)
            return None
        except RayActorError as error:
            if calls[0].attempts + 1 < ATTEMPTS:
                await self._again(calls)
            else:
                for call in calls:
                    call.result.set_exception(RuntimeError(f"its replica died {ATTEMPTS} times: {error}"))
            return None
        if len(predictions) != len(articles) and len(calls) > 1:  # whose would they be?
            return await self._again(calls)
        start = 0
        for call in calls:
            call.result.set_result(predictions[start : start + len(call.articles)])
            start += len(call.articles)
        return None

    async def _again(self, calls: Sequence[_Call]) -> None:
        async with self.changed:
            self.waiting.extendleft(replace(call, attempts=call.attempts + 1) for call in reversed(calls))
            self.changed.notify_all()


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
