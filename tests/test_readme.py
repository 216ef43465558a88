"""The README's examples, run as they stand there."""

import json
import os
import re
import runpy
import sys
from pathlib import Path

import pytest

from tests.cli.support import MAIN, articles, write

README = Path(__file__).parents[1] / "README.md"


def example(heading: str) -> str:
    """Return the one block of Python under a heading."""
    [section] = re.findall(rf"^### {heading}\n(.*?)(?=^##)", README.read_text(), re.DOTALL | re.MULTILINE)
    [block] = re.findall(r"^```python\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    return str(block)


@pytest.fixture
def news(workdir: Path) -> Path:
    """A working folder with an inbox, and settings for a task that needs no model."""
    (workdir / "inbox").mkdir()
    write(workdir / "inbox" / "a.json", articles(3))
    (workdir / "newsmoe.toml").write_text('tasks = ["summarization"]')
    return workdir


def analyzed(folder: Path) -> list[int]:
    return [json.loads(line)["id"] for line in (folder / "all.jsonl").read_text().splitlines()]


def test_plain_python(news: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (news / "nightly.py").write_text(example("Plain Python"))
    for new in (3, 0):
        runpy.run_path("nightly.py")
        said = capsys.readouterr().out
        assert re.fullmatch(rf"{new} new articles, {new} without errors, \d+ s\n", said)
    assert analyzed(news) == [0, 1, 2]
    write(news / "inbox" / "b.json", [1, 2, 3])
    with pytest.raises(SystemExit, match="^newsmoe: 1 of 1 records have errors, more than --max-errors 5%"):
        runpy.run_path("nightly.py")
    assert analyzed(news) == [0, 1, 2]


@pytest.mark.filterwarnings("ignore")
def test_airflow(news: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_HOME", str(news / "airflow"))
    pytest.importorskip("airflow.sdk", reason="Airflow is not installed")
    pytest.importorskip("airflow.providers.standard", reason="Airflow is not installed")
    from airflow.sdk.exceptions import AirflowSkipException

    program = news / ".venv" / "bin" / "newsmoe"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!{sys.executable}\n{MAIN[-1]}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    (news / "dag.py").write_text(example("Airflow").replace("/srv/news", str(news)))
    [analyze] = runpy.run_path("dag.py")["dag"].tasks
    analyze.execute({})
    assert analyzed(news) == [0, 1, 2]
    program.write_text("#!/bin/sh\nexit 5\n")
    with pytest.raises(AirflowSkipException):
        analyze.execute({})


@pytest.mark.filterwarnings("ignore")
def test_prefect(news: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(news / "prefect"))
    pytest.importorskip("prefect", reason="Prefect is not installed")
    from prefect.testing.utilities import prefect_test_harness

    (news / "flow.py").write_text(example("Prefect"))
    with prefect_test_harness(server_startup_timeout=120):
        assert runpy.run_path("flow.py")["nightly"]() == {"ok": 3}
    assert analyzed(news) == [0, 1, 2]
