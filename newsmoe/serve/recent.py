"""Predictions of the last two batches, for a service without a journal."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from newsmoe.prediction import Prediction


class RecentPredictions:
    """Stores predictions until the batch after the next, so that a text that comes twice meanwhile is read once."""

    def __init__(self) -> None:
        self._now: defaultdict[str, dict[str, Prediction]] = defaultdict(dict)
        self._before = self._now

    def next_batch(self) -> None:
        """Forget what was not used in the last batch."""
        self._before, self._now = self._now, defaultdict(dict)

    def predictions(self, cache_key: str, articles: Sequence[str]) -> dict[str, Prediction]:
        """Return the stored predictions, by article."""
        before, now = self._before.get(cache_key, {}), self._now[cache_key]
        for article in articles:
            if article in before:
                now[article] = before[article]
        return {article: now[article] for article in articles if article in now}

    def keep(self, cache_key: str, predictions: Mapping[str, Prediction]) -> None:
        """Store predictions by article."""
        self._now[cache_key].update(predictions)

    def keep_run(self, started: str, report: str) -> None:
        """Pass over the report of a run."""
