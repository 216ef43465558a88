"""What the tests of the orchestrator share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from newsmoe.article import Article, InvalidItem
from newsmoe.gating.gate import Decision, Route
from newsmoe.orchestrator.dispatcher import Dispatcher
from newsmoe.orchestrator.loaded import LoadedExperts
from newsmoe.orchestrator.pipeline import Pipeline
from newsmoe.output.run_report import RunStats
from newsmoe.prediction import Fields, Prediction
from newsmoe.record import Record
from newsmoe.registry.device import Device
from newsmoe.registry.expert import Expert
from newsmoe.testing import FakeExpert
from tests.support import registry_of

TASK = "task"

Answer = Callable[[Article], Prediction]


class FixedGate:
    """Routes every article the same way; records the windows that it was called with."""

    def __init__(self, *decisions: Decision) -> None:
        self.decisions = decisions
        self.tasks = tuple(decision.task for decision in decisions)
        self.windows: list[list[str | int]] = []

    def route(self, articles: Sequence[Article]) -> list[Route]:
        self.windows.append([article.id for article in articles])
        return [self.decisions for _ in articles]


def articles(count: int) -> list[Article]:
    return [Article(id=number, headline=f"headline {number}") for number in range(count)]


def echo(article: Article) -> Prediction:
    return Fields({"id": article.id})


def failing_on(*ids: str | int, error: BaseException | None = None, otherwise: Answer = echo) -> Answer:
    def prediction(article: Article) -> Prediction:
        if article.id in ids:
            raise error or ValueError(f"cannot read {article.id}")
        return otherwise(article)

    return prediction


def failing(message: str = "out of order") -> Answer:
    def prediction(article: Article) -> Prediction:
        raise RuntimeError(message)

    return prediction


def dispatcher_of(*experts: Expert, device: Device | None = None, batch_articles: int = 64) -> Dispatcher:
    loaded = LoadedExperts(registry_of(*experts), device or Device(), None)
    return Dispatcher(loaded, batch_articles)


def decision(
    weights: Mapping[str, float], *fallbacks: str, task: str = TASK, reason: str = "test", **more: Any
) -> Decision:
    return Decision(task, dict(weights), fallbacks, reason, **more)


def run(
    items: Sequence[Article | InvalidItem],
    decisions: Sequence[Decision],
    *experts: FakeExpert,
    stats: RunStats | None = None,
    window_articles: int = 256,
    budget: float | None = None,
) -> list[Record]:
    pipeline = Pipeline(FixedGate(*decisions), dispatcher_of(*experts), window_articles, budget=budget)
    return list(pipeline.run(items, RunStats() if stats is None else stats))
