"""What the tests of the orchestrator share."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from newsmoe.analysis import Analysis, Fields, Prediction
from newsmoe.article import Article, Unreadable
from newsmoe.gating.gate import Choice, Route
from newsmoe.orchestrator.dispatch import Dispatcher
from newsmoe.orchestrator.figures import RunFigures
from newsmoe.orchestrator.pipeline import Pipeline
from newsmoe.registry.expert import Device, Expert
from newsmoe.registry.registry import Registry
from newsmoe.testing import FakeExpert

TASK = "task"
KEYS = ["id", "headline", "url", "status", "analyses", "route", "errors", "input"]

Answer = Callable[[Article], Prediction]


class FixedGate:
    """Sends every article the same way; remembers the windows that it was asked about."""

    def __init__(self, *choices: Choice) -> None:
        self.choices = choices
        self.tasks = tuple(choice.task for choice in choices)
        self.windows: list[list[str | int]] = []

    def route(self, articles: Sequence[Article]) -> list[Route]:
        self.windows.append([article.id for article in articles])
        return [self.choices for _ in articles]


def articles(count: int) -> list[Article]:
    return [Article(id=number, headline=f"headline {number}") for number in range(count)]


def echo(article: Article) -> Prediction:
    return Fields({"id": article.id})


def failing_on(*ids: str | int, error: BaseException | None = None, otherwise: Answer = echo) -> Answer:
    def answer(article: Article) -> Prediction:
        if article.id in ids:
            raise error or ValueError(f"cannot read {article.id}")
        return otherwise(article)

    return answer


def failing(message: str = "out of order") -> Answer:
    def answer(article: Article) -> Prediction:
        raise RuntimeError(message)

    return answer


def registry_of(*experts: Expert) -> Registry:
    registry = Registry(plugins=False)
    for expert in experts:
        registry.add(expert)
    return registry


def dispatcher_of(
    *experts: Expert, device: Device | None = None, batch_tokens: int = 16384, batch_articles: int = 64
) -> Dispatcher:
    return Dispatcher(registry_of(*experts), device or Device(), batch_tokens, batch_articles)


def choice(
    weights: Mapping[str, float], *reserves: str, task: str = TASK, reason: str = "test", **more: Any
) -> Choice:
    return Choice(task, dict(weights), reserves, reason, **more)


def run(
    items: Sequence[Article | Unreadable],
    choices: Sequence[Choice],
    *experts: FakeExpert,
    figures: RunFigures | None = None,
    window_articles: int = 256,
) -> list[Analysis]:
    pipeline = Pipeline(FixedGate(*choices), dispatcher_of(*experts), window_articles)
    return list(pipeline.run(items, RunFigures() if figures is None else figures))
