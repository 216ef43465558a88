from pathlib import Path

import pytest

from newsmoe import Article, Labels, Registry
from newsmoe.evaluation.cache import TimedPredictions, cached_predictions
from newsmoe.prediction import InputStats


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_predictions_are_cached_by_fingerprint_and_text(cache: Path) -> None:
    info = Registry(plugins=False).info("sentiment-news")
    calls: list[int] = []

    def predict(_: object, articles: object) -> TimedPredictions:
        calls.append(len(list(articles)))  # type: ignore[call-overload]
        return TimedPredictions([Labels({"good": 0.1 + 0.2, "bad": 0.7}, InputStats(tokens=3))], seconds=1.5)

    storm, calm = Article(headline="Storm"), Article(headline="Calm")
    first = cached_predictions(info, [storm], predict)
    assert cached_predictions(info, [storm], predict) == first
    assert isinstance(prediction := first.predictions[0], Labels)
    assert prediction.scores["good"] == 0.1 + 0.2
    assert len(calls) == 1
    cached_predictions(info, [calm], predict)
    assert info.card is not None
    changed = Registry(changes={info.name: {"temperature": 2.0}}, plugins=False).info(info.name)
    cached_predictions(changed, [storm], predict)
    assert len(calls) == 3


def test_damaged_files_of_the_cache_are_written_again(cache: Path) -> None:
    info = Registry(plugins=False).info("sentiment-news")

    def predict(_: object, articles: object) -> TimedPredictions:
        return TimedPredictions([Labels({"good": 1.0}, InputStats(tokens=3))], seconds=1.5)

    first = cached_predictions(info, [Article(headline="Storm")], predict)
    [path] = (cache / "newsmoe" / "answers").glob("*.jsonl")
    for damage in ("", "[]", "1.5\n[]", "1.5\n5", "1.5", '1.5\n["Rumour", {}, null]'):
        path.write_text(damage)
        assert cached_predictions(info, [Article(headline="Storm")], predict) == first
    assert "Rumour" not in path.read_text()
