"""Answers of experts to labelled texts, kept in the user's cache: training and measuring ask the same."""

import json
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from platformdirs import user_cache_path

from newsmoe.analysis import InputUse, Labels
from newsmoe.article import Article
from newsmoe.registry.registry import ExpertInfo

__all__ = ["kept_answers"]

KEPT_SECONDS = 90 * 24 * 3600.0


def kept_answers(
    info: ExpertInfo,
    articles: Sequence[Article],
    ask: Callable[[ExpertInfo, Sequence[Article]], list[Labels]],
) -> list[Labels]:
    """Return what an expert answers to articles, from the cache if it is there.

    The key is the expert's fingerprint and the articles' text. An expert without one is always asked.

    Args:
        info: the expert.
        articles: what it reads.
        ask: has it answer.
    """
    if not (fingerprint := info.fingerprint()):
        return ask(info, articles)
    digest = sha256("".join([fingerprint, *(article.key for article in articles)]).encode())
    path = user_cache_path("newsmoe") / "answers" / f"{digest.hexdigest()[:32]}.json"
    found = _read(path, len(articles))
    if found is None:
        found = ask(info, articles)
        _write(path, found)
    return found


def _read(path: Path, count: int) -> list[Labels] | None:
    """Return what is kept there; None where there is nothing, or something else."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        found = [Labels(row["scores"], row["use"] and InputUse(**row["use"])) for row in rows]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if len(found) == count else None


def _write(path: Path, answers: Sequence[Labels]) -> None:
    """Keep answers; where the cache cannot be written they are asked for again the next time."""
    rows = [{"scores": dict(one.scores), "use": one.use and one.use.model_dump()} for one in answers]
    temporary = path.with_suffix(".tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for old in path.parent.iterdir():
            if time.time() - old.stat().st_mtime > KEPT_SECONDS:
                old.unlink(missing_ok=True)
        temporary.write_text(json.dumps(rows), encoding="utf-8")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
