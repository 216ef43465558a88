"""Metrics, as Prometheus' own parser reads them."""

from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from newsmoe.errors import OutputError
from newsmoe.jobs.metrics import write_metrics
from newsmoe.output.run_report import ExpertStats, RunStats
from newsmoe.prediction import InputStats
from newsmoe.record import ItemError, Record

LAST = "newsmoe_last_success_timestamp_seconds"
HOSTILE = 'quo"te\\ back\nline {a="b"} é'


def samples(path: Path) -> dict[tuple[str, ...], float]:
    """Return the values by name and labels; every family has a help text, is a gauge and is unique."""
    families = list(text_string_to_metric_families(path.read_text(encoding="utf-8")))
    assert all(family.documentation.endswith(".") and family.type == "gauge" for family in families)
    assert len({family.name for family in families}) == len(families)
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def record(status: Any, *errors: ItemError) -> Record:
    return Record(
        id=1, headline=None, url=None, status=status, analyses={}, route=[], errors=list(errors),
        input=InputStats(tokens=5),
    )  # fmt: skip


def failure(stage: Any, expert: str | None) -> ItemError:
    return ItemError(expert=expert, type="ValueError", message="the text of the article", stage=stage)


def stats() -> RunStats:
    run = RunStats()
    for item in (
        record("ok"),
        record("ok"),
        record("partial", failure("predict", HOSTILE), failure("predict", HOSTILE)),
        record("failed", failure("read", None)),
    ):
        run.count(item)
    run.experts = {HOSTILE: ExpertStats(items=2, reused=1, tokens=10, seconds=0.5, load_seconds=2.0)}
    return run


def test_all_figures_are_there_whatever_an_expert_is_called(tmp_path: Path) -> None:
    path = tmp_path / "newsmoe.prom"
    write_metrics(path, stats(), 12.5, 4)
    metrics = samples(path)
    ended = metrics.pop(("newsmoe_run_timestamp_seconds",))
    assert ended == pytest.approx(path.stat().st_mtime, abs=60)
    assert metrics == {
        ("newsmoe_run_items", "ok"): 2,
        ("newsmoe_run_items", "partial"): 1,
        ("newsmoe_run_items", "failed"): 1,
        ("newsmoe_run_errors", "", "read"): 1,
        ("newsmoe_run_errors", HOSTILE, "predict"): 2,
        ("newsmoe_run_expert_items", HOSTILE): 2,
        ("newsmoe_run_expert_reused", HOSTILE): 1,
        ("newsmoe_run_expert_tokens", HOSTILE): 10,
        ("newsmoe_run_expert_seconds", HOSTILE): 0.5,
        ("newsmoe_run_expert_load_seconds", HOSTILE): 2,
        ("newsmoe_run_tokens",): 20,
        ("newsmoe_run_seconds",): 12.5,
        ("newsmoe_run_exit_code",): 4,
        ("newsmoe_run_success",): 0,
    }
    assert "the text of the article" not in path.read_text()


def test_figures_of_several_runs_add_up(tmp_path: Path) -> None:
    both = stats()
    both.add(stats())
    write_metrics(tmp_path / "m.prom", both, 1, 0)
    metrics = samples(tmp_path / "m.prom")
    assert metrics["newsmoe_run_items", "ok"] == 4
    assert metrics["newsmoe_run_errors", HOSTILE, "predict"] == 4
    assert metrics["newsmoe_run_expert_seconds", HOSTILE] == 1
    assert metrics["newsmoe_run_tokens",] == 40


def test_the_last_success_outlives_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.prom"
    now = 1e9
    monkeypatch.setattr("newsmoe.jobs.metrics.time", lambda: now)
    write_metrics(path, RunStats(), 1, 1)
    assert (LAST,) not in samples(path)
    for code, expected in ((0, 2e9), (4, 2e9), (143, 2e9), (0, 5e9)):
        now += 1e9
        write_metrics(path, RunStats(), 1, code)
        assert samples(path)[LAST,] == expected
        assert samples(path)["newsmoe_run_success",] == (code == 0)
    assert [file.name for file in tmp_path.iterdir()] == ["m.prom"]


@pytest.mark.parametrize("share", [0, 0.3, 0.6, 0.9])
def test_truncated_metrics_are_replaced(share: float, tmp_path: Path) -> None:
    path = tmp_path / "m.prom"
    write_metrics(path, stats(), 1, 0)
    text = path.read_bytes()
    path.write_bytes(text[: int(share * len(text))])
    write_metrics(path, stats(), 1, 1)
    assert samples(path)["newsmoe_run_exit_code",] == 1


def test_a_file_that_holds_no_metrics_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]")
    with pytest.raises(OutputError, match="holds something else; name another file with --metrics"):
        write_metrics(tmp_path / "a.json", RunStats(), 1, 0)
    assert (tmp_path / "a.json").read_text() == "[1]"


@pytest.mark.parametrize("name", ["no/m.prom", "folder"])
def test_a_file_that_cannot_be_written_is_reported(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match=name):
        write_metrics(tmp_path / name, RunStats(), 1, 0)
