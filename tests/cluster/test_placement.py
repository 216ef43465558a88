"""The broker between workers and the replicas of an expert, with replicas that stand in for Ray's."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from newsmoe.article import Article
from newsmoe.cluster.placement import Broker
from newsmoe.prediction import Fields, Prediction
from newsmoe.testing import ARTICLES

pytestmark = pytest.mark.slow  # Ray takes a second to import

Answer = Callable[[Sequence[Article]], list[Prediction]]


class Method:
    """What Ray calls by `remote`."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call

    async def remote(self, *arguments: Any) -> Any:
        await asyncio.sleep(0)
        return self.call(*arguments)


class StandIn:
    """A replica in this process; `deaths` calls find it dead."""

    def __init__(self, answer: Answer, deaths: int = 0) -> None:
        self.batches: list[list[str | int]] = []
        self.answer, self.deaths = answer, deaths
        self.predict, self.ping = Method(self._predict), Method(lambda: None)

    def _predict(self, articles: Sequence[Article]) -> list[Prediction]:
        from ray.exceptions import RayActorError, RayTaskError

        self.batches.append([article.id for article in articles])
        if self.deaths:
            self.deaths -= 1
            raise RayActorError
        try:
            return self.answer(articles)
        except Exception as error:  # noqa: BLE001  # as Ray does
            raise RayTaskError("predict", "", error) from None


def ids(articles: Sequence[Article]) -> list[Prediction]:
    return [Fields({"id": article.id}) for article in articles]


def poisoned(articles: Sequence[Article]) -> list[Prediction]:
    if any(article.id == "long" for article in articles):
        raise ValueError("no")
    return ids(articles)


def results_of(*replicas: StandIn) -> list[Any]:
    """Return what each of three workers gets, which ask for an article each at once."""

    async def run() -> list[Any]:
        broker = Broker(replicas)
        calls = (broker.predict([article]) for article in ARTICLES)
        return await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 20)

    return asyncio.run(run())


EXPECTED = [[Fields({"id": article.id})] for article in ARTICLES]


def test_what_waits_of_several_workers_is_joined() -> None:
    replica = StandIn(ids)
    assert results_of(replica) == EXPECTED
    assert sorted(map(len, replica.batches)) in ([3], [1, 2])


def test_articles_that_fail_cost_no_other_worker_its_own() -> None:
    short, long, headline_only = results_of(StandIn(poisoned))
    assert [short, headline_only] == [EXPECTED[0], EXPECTED[2]]
    assert isinstance(long, ValueError)


def test_too_few_predictions_are_nobodys() -> None:
    assert all("predictions for 1 articles" in str(result) for result in results_of(StandIn(lambda articles: [])))


def test_what_is_no_list_keeps_nobody_waiting() -> None:
    results = results_of(StandIn(lambda articles: None))  # type: ignore[arg-type,return-value]
    assert all("predict returned NoneType, expected a list" in str(result) for result in results)


def test_what_no_future_can_hold_is_an_error_too() -> None:
    def exhausted(articles: Sequence[Article]) -> list[Prediction]:
        return [next(iter([]))]

    assert all(isinstance(result, RuntimeError) for result in results_of(StandIn(exhausted)))


def test_the_articles_of_a_replica_that_dies_are_repeated() -> None:
    assert results_of(StandIn(ids, deaths=1), StandIn(ids)) == EXPECTED
    assert results_of(StandIn(ids, deaths=1)) == EXPECTED


def test_articles_on_which_replicas_die_again_and_again_are_given_up() -> None:
    results = results_of(StandIn(ids, deaths=10), StandIn(ids, deaths=10))
    assert all("its replica died 2 times" in str(result) for result in results)
