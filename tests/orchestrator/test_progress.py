"""How far a window is, while its experts run."""

from collections.abc import Sequence
from typing import Any

import pytest

from newsmoe.article import Article
from newsmoe.orchestrator.pipeline import Pipeline
from newsmoe.output.run_report import RunStats
from newsmoe.prediction import Prediction
from newsmoe.registry.batching import Batcher
from newsmoe.testing import FakeExpert
from tests.orchestrator.support import FixedGate, articles, decision, dispatcher_of, echo


class Batching(FakeExpert):
    """Computes two articles at a time; notes how far the run is before each."""

    def __init__(self, name: str, stats: RunStats, seen: list[float]) -> None:
        super().__init__(name, name)
        self.stats = stats
        self.seen = seen

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        def forward(batch: list[Article]) -> list[Prediction]:
            self.seen.append(round(self.stats.items + self.stats.underway, 6))
            return [echo(article) for article in batch]

        return Batcher(2).run(articles, [1] * len(articles), forward)


@pytest.mark.parametrize("options", [{}, {"batch_seconds": 60.0}])
def test_work_counts_before_there_are_records(options: dict[str, Any]) -> None:
    stats, seen = RunStats(), list[float]()
    dispatcher = dispatcher_of(*(Batching(name, stats, seen) for name in ("a", "b")), batch_articles=4)
    dispatcher.batch_seconds = options.get("batch_seconds")
    gate = FixedGate(*(decision({name: 1.0}, task=name) for name in ("a", "b")))
    done = [stats.items + stats.underway for _ in Pipeline(gate, dispatcher, 8).run(articles(12), stats)]
    assert seen == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert done == [8] * 8 + [12] * 4


def test_what_a_gate_computes_counts_too() -> None:
    stats, seen = RunStats(), list[float]()

    class Computing(FixedGate):
        def route(self, articles: Sequence[Article]) -> Any:
            Batching("gate", stats, seen).predict(articles)
            return super().route(articles)

    gate = Computing(decision({"a": 1.0}, task="a"))
    records = Pipeline(gate, dispatcher_of(Batching("a", stats, seen)), 8).run(articles(4), stats)
    assert len(list(records)) == 4
    assert seen == [0, 1, 2, 3]  # the gate takes about as long as one expert
    assert (stats.items, stats.underway) == (4, 0)
