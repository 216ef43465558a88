"""The pages' Python examples, run as they stand there."""

import json
import os
import re
import runpy
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import GIST, MAIN, articles, newsmoe, process, with_plug_ins
from tests.docs.pages import FOLDER, PAGES, blocks, example
from tests.support import write

JOBS, LIBRARY, PLUGINS, STORIES, TOUR = (
    FOLDER / f"{name}.md" for name in ("jobs", "library", "plugins", "stories", "tour")
)
TESTED = {JOBS: 3, LIBRARY: 3, PLUGINS: 1, STORIES: 1, TOUR: 1}
"""How many Python blocks of a page are run here, or with the commands of the page."""


def test_every_python_block_is_run() -> None:
    numbers = {page: len([block for block in blocks(page) if block.language == "python"]) for page in PAGES}
    assert {page: number for page, number in numbers.items() if number} == TESTED


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
    (news / "nightly.py").write_text(example(JOBS, "Plain Python"))
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
    (news / "dag.py").write_text(example(JOBS, "Airflow").replace("/srv/news", str(news)))
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

    (news / "flow.py").write_text(example(JOBS, "Prefect"))
    with prefect_test_harness(server_startup_timeout=120):
        assert runpy.run_path("flow.py")["nightly"]() == {"ok": 3}
    assert analyzed(news) == [0, 1, 2]


@pytest.mark.slow
def test_library(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    articles = [{"headline": "Rowers take gold", "content": "By a length."}]
    names: dict[str, Any] = {"__name__": "program", "my_articles": articles}
    said = []
    for block in [block.text for block in blocks(LIBRARY) if block.language == "python"]:
        exec(block, names)
        said.append(capsys.readouterr().out)
    assert "ok {'summarization'" in said[0]
    [record] = names["more"]
    assert said[1] == f"{record.analyses['topic']}\n"
    assert "'capitals': 1" in said[2]


@pytest.mark.slow
def test_an_output_format_in_one_file(workdir: Path, site: Path, install: Callable[..., None]) -> None:
    heading = "An output format in one file"
    project = tomllib.loads(example(PLUGINS, heading, "toml"))["project"]
    [(group, points)] = project["entry-points"].items()
    [module] = points.values()
    install(project["name"], {module: example(PLUGINS, heading)}, points, group)
    write(workdir / "news.json", [*articles(1), {"headline": "<b>&amp; more", "content": "It rained."}, 5])
    done = process("analyze", "news.json", "-o", "news.html", *GIST, env=with_plug_ins(site))
    assert done.returncode == 4, done.stderr
    page = (workdir / "news.html").read_text(encoding="utf-8")
    printed = newsmoe("analyze", "news.json", "-o", "-", "--format", "digest", *GIST)
    assert (printed.exit_code, printed.stdout) == (4, page)
    assert page.startswith("<!doctype html>")
    assert "<h2>Headline 0</h2>\n<p>Nobody was hurt. The road stays closed.</p>" in page
    assert page.count("<h2>") == 3
