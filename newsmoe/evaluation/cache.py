"""Predictions of experts for examples, cached for the user: training and evaluation need the same ones."""

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from newsmoe.article import Article
from newsmoe.errors import OutputError
from newsmoe.journal.serialization import deserialize_prediction, serialize_prediction
from newsmoe.output.atomic import write_text
from newsmoe.prediction import Prediction
from newsmoe.registry.cache_key import cache_key
from newsmoe.registry.expert_info import ExpertInfo

MAX_AGE = 90 * 24 * 3600.0  # seconds


class TimedPredictions(NamedTuple):
    """An expert's predictions, and the seconds that all took together, loading not included."""

    predictions: Sequence[Prediction]
    seconds: float


Predict = Callable[[ExpertInfo, Sequence[Article]], TimedPredictions]


def cached_predictions(info: ExpertInfo, articles: Sequence[Article], predict: Predict) -> TimedPredictions:
    """Return an expert's predictions, from the cache if possible; one without a fingerprint is always run."""
    if not (key := cache_key(info.name, info.fingerprint())):
        return predict(info, articles)
    key = " ".join([key, *(article.key for article in articles)])
    path = user_cache_path("newsmoe") / "answers" / f"{sha256(key.encode()).hexdigest()[:32]}.jsonl"
    predictions = _read(path, len(articles))
    if predictions is None:
        predictions = predict(info, articles)
        _write(path, predictions)
    return predictions


def _read(path: Path, count: int) -> TimedPredictions | None:
    """Return the cached predictions; None if there are none, or the file is damaged."""
    try:
        seconds, *rows = path.read_text(encoding="utf-8").splitlines()
        timed = TimedPredictions([deserialize_prediction(row) for row in rows], float(seconds))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return timed if len(timed.predictions) == count else None


def _write(path: Path, timed: TimedPredictions) -> None:
    """Cache predictions and delete old ones; a cache that cannot be written is no error."""
    rows = [f"{timed.seconds:.3f}", *map(serialize_prediction, timed.predictions)]
    with suppress(OSError, OutputError):
        path.parent.mkdir(parents=True, exist_ok=True)
        for file in path.parent.iterdir():
            if time.time() - file.stat().st_mtime > MAX_AGE:
                file.unlink(missing_ok=True)
        write_text(path, "\n".join(rows) + "\n")
