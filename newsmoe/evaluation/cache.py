"""Answers of experts to examples, kept in the user's cache: training and measuring ask the same."""

import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from platformdirs import user_cache_path

from newsmoe.article import Article
from newsmoe.journal.serialization import deserialize_prediction, serialize_prediction
from newsmoe.prediction import Prediction
from newsmoe.registry.registry import ExpertInfo

KEPT_SECONDS = 90 * 24 * 3600.0


class TimedPredictions(NamedTuple):
    """What an expert answered, and how long it took for all, loading not counted."""

    answers: Sequence[Prediction]
    seconds: float


def cached_predictions(
    info: ExpertInfo,
    articles: Sequence[Article],
    ask: Callable[[ExpertInfo, Sequence[Article]], TimedPredictions],
) -> TimedPredictions:
    """Return what an expert answers to articles, from the cache if it is there.

    The key is the expert's name and fingerprint, newsmoe's version, and the articles' text. An expert without
    a fingerprint is always asked.
    """
    if not (fingerprint := info.fingerprint()):
        return ask(info, articles)
    digest = sha256(
        " ".join(
            [info.name, fingerprint, version("newsmoe"), *(article.key for article in articles)]
        ).encode()
    )
    path = user_cache_path("newsmoe") / "answers" / f"{digest.hexdigest()[:32]}.jsonl"
    found = _read(path, len(articles))
    if found is None:
        found = ask(info, articles)
        _write(path, found)
    return found


def _read(path: Path, count: int) -> TimedPredictions | None:
    """Return what is kept there; None where there is nothing, or something else."""
    try:
        seconds, *rows = path.read_text(encoding="utf-8").splitlines()
        found = TimedPredictions([deserialize_prediction(row) for row in rows], float(seconds))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if len(found.answers) == count else None


def _write(path: Path, answered: TimedPredictions) -> None:
    """Keep answers; where the cache cannot be written they are asked for again the next time."""
    rows = [f"{answered.seconds:.3f}", *map(serialize_prediction, answered.answers)]
    temporary = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.iterdir():
            if time.time() - old.stat().st_mtime > KEPT_SECONDS:
                old.unlink(missing_ok=True)
        temporary.write_text("\n".join(rows) + "\n", encoding="utf-8")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
