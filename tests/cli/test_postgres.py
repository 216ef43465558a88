"""Jobs that share their journal with others, in PostgreSQL."""

import json
import logging
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.support import (
    COUNTED,
    GIST,
    MAIN,
    PlugIn,
    article,
    calls,
    counting,
    different,
    names,
    newsmoe,
    one_line,
    process,
    started,
)
from tests.support import LogCapture, read, write

if TYPE_CHECKING:
    from tests.postgres_server import Server

STOPPING = """
import os
import signal

from newsmoe import Fields


class Stopping:
    name = "stopping"
    task = "stopping"
    fingerprint = "one"
    batches = 0

    def load(self, device):
        pass

    def predict(self, articles):
        self.batches += 1
        if self.batches == 3 and "SERVER" in os.environ:
            server = int(os.environ["SERVER"])
            os.kill(server, signal.SIGQUIT)
            os.waitid(os.P_PID, server, os.WEXITED | os.WNOWAIT)  # until then it may store what comes
        return [Fields({"length": len(article.content)}) for article in articles]
"""


@pytest.fixture
def place(postgres: "Server", here: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty journal of the server's, with a password in its URL, which the environment names."""
    place = postgres.place().replace("newsmoe@", "newsmoe:secret@")
    monkeypatch.setenv("NEWSMOE_JOURNAL", place)
    return place


@pytest.mark.slow
def test_the_journal_and_its_runs_can_be_seen(here: Path, place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = newsmoe("journal", "stats")
    assert one_line(nothing.stderr)
    assert "no journal yet" in nothing.stderr
    write(here / "a.json", [*different(3), 7])
    command = ("analyze", "a.json", *GIST)
    monkeypatch.setattr("sys.argv", ["newsmoe", *command])
    assert newsmoe(*command).exit_code == 4
    stats = json.loads(newsmoe("journal", "stats", "--json").stdout)
    assert (stats["predictions"], stats["experts"], stats["articles"], stats["runs"]) == (3, 1, 3, 1)
    assert "3 predictions are sound" in newsmoe("journal", "verify").stdout
    (run,) = json.loads(newsmoe("runs", "list", "--json").stdout)
    assert (run["run"], run["items"], run["output"]) == (1, 4, "analyzed_a.json")
    write(here / "a.json", different(4))
    assert newsmoe("retry", "1", "--yes").exit_code == 0
    assert [record["status"] for record in read(here / "analyzed_a.json")] == ["ok"] * 4
    assert newsmoe("retry", "2", "--yes").exit_code == 0
    assert newsmoe("journal", "prune", "--days", "0").stdout == "4 predictions deleted\n"


@pytest.mark.slow
def test_the_password_is_shown_nowhere(
    here: Path, place: str, monkeypatch: pytest.MonkeyPatch, log: LogCapture
) -> None:
    log.set_level(logging.DEBUG)
    write(here / "a.json", [article()])
    command = ("analyze", "a.json", *GIST, "--journal", place)
    monkeypatch.setattr("sys.argv", ["newsmoe", *command])
    said = newsmoe(*command).output
    for arguments in (["config", "show"], ["journal", "stats"], ["runs", "list", "--json"], ["runs", "show", "1"]):
        said += newsmoe(*arguments).output
    written = "".join(path.read_text() for path in here.iterdir())
    shown = place.replace(":secret", "")
    assert "secret" not in said + written + log.text
    assert json.loads((here / "analyzed_a.run.json").read_text())["command"][-1] == shown
    assert said.count(shown) == 4
    assert newsmoe("retry", "1", "--yes", "--journal", place).exit_code == 0


@pytest.mark.slow
def test_two_runs_over_the_same_articles_store_each_prediction_once(here: Path, plug_in: PlugIn, place: str) -> None:
    env = counting(plug_in, seconds=0.02)
    write(here / "a.json", different(60))
    (here / "newsmoe.toml").write_text("batch_articles = 4\n")
    command = [*MAIN, "analyze", "a.json", *COUNTED, "--quiet", "-o"]
    runs = [subprocess.Popen([*command, output], env=env) for output in ("one.json", "two.json")]
    assert [run.wait(60) for run in runs] == [0, 0]
    assert (here / "one.json").read_bytes() == (here / "two.json").read_bytes()
    assert [record["id"] for record in read(here / "one.json")] == list(range(60))
    assert set(calls(here)) == {str(number) for number in range(60)}
    stats = json.loads(newsmoe("journal", "stats", "--json").stdout)
    assert (stats["predictions"], stats["runs"]) == (60, 2)


@pytest.mark.slow
def test_predictions_of_a_killed_run_are_not_repeated(here: Path, plug_in: PlugIn, place: str) -> None:
    env = counting(plug_in, seconds=0.1)
    write(here / "a.json", different(60))
    (here / "newsmoe.toml").write_text("batch_articles = 4\n")
    assert newsmoe("analyze", "a.json", *COUNTED, "--no-journal", "-o", "whole.json").exit_code == 0
    (here / "calls").unlink()
    with started(here, env) as child:
        child.kill()
    finished = len(calls(here))
    assert finished < 60
    assert "analyzed_a.json" not in names(here)
    assert process("analyze", "a.json", *COUNTED, env=env).returncode == 0
    assert (here / "analyzed_a.json").read_bytes() == (here / "whole.json").read_bytes()
    assert 60 <= len(calls(here)) <= 64


@pytest.mark.slow
def test_a_server_that_stops_during_a_run_loses_only_the_journal(
    here: Path, plug_in: PlugIn, postgres: "Server", place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsmoe.journal.postgres.RETRY_DELAYS", (0.01, 0.01))
    plug_in(STOPPING, stopping="Stopping")
    write(here / "a.json", different(40))
    (here / "newsmoe.toml").write_text("batch_articles = 4\nwindow_articles = 8\ntasks = ['stopping']\n")
    assert newsmoe("analyze", "a.json", "--no-journal", "-o", "whole.json").exit_code == 0
    monkeypatch.setenv("SERVER", str(postgres.process.pid))
    try:
        result = newsmoe("analyze", "a.json")
    finally:
        postgres.stop()
        postgres.start()
    assert result.exit_code == 0
    assert result.stderr.count("predictions are no longer stored") == 1
    assert "secret" not in result.output
    assert (here / "analyzed_a.json").read_bytes() == (here / "whole.json").read_bytes()
    monkeypatch.delenv("SERVER")
    assert "8 predictions reused" in newsmoe("analyze", "a.json").stderr


def test_an_unreachable_server_ends_the_run_with_one_line(here: Path) -> None:
    write(here / "a.json", different(1))
    result = newsmoe("analyze", "a.json", *GIST, "--journal", "postgresql://me:secret@127.0.0.1:1/db")
    assert result.exit_code == 1
    assert one_line(result.stderr)
    assert "postgresql://me@127.0.0.1:1/db: cannot be used" in result.stderr
    assert names(here) == ["a.json", "analyzed_a.run.json"]
    assert "secret" not in (here / "analyzed_a.run.json").read_text()
