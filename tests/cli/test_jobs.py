"""Jobs that run every night: interrupted and resumed, terminated, failing in part, two at a time."""

import json
import random
import signal
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.support import (
    COUNTED,
    COUNTING,
    GIST,
    MAIN,
    PlugIn,
    article,
    articles,
    calls,
    counting,
    different,
    ending,
    names,
    newsmoe,
    one_line,
    process,
    started,
    with_plug_ins,
)
from tests.support import read, write


@pytest.mark.slow
def test_finished_articles_are_not_predicted_again(here: Path, plug_in: PlugIn) -> None:
    env = counting(plug_in)
    write(here / "a.json", different(5))
    assert process("analyze", "a.json", *COUNTED, env=env).returncode == 0
    first = (here / "analyzed_a.json").read_bytes()
    (here / "loaded").unlink()
    write(here / "a.json", [article("new"), *different(5)])
    again = process("analyze", "a.json", *COUNTED, env=env)
    assert "5 predictions reused" in again.stderr
    assert calls(here) == ["0", "1", "2", "3", "4", "new"]
    assert json.loads((here / "analyzed_a.json").read_bytes())[1:] == json.loads(first)
    write(here / "a.json", different(5))
    (here / "loaded").unlink()
    assert process("analyze", "a.json", *COUNTED, env=env).returncode == 0
    assert (here / "analyzed_a.json").read_bytes() == first
    assert not (here / "loaded").exists()
    assert process("analyze", "a.json", *COUNTED, "--no-journal", env=env).returncode == 0
    assert len(calls(here)) == 11


@pytest.mark.slow
def test_the_same_text_is_read_once(here: Path, plug_in: PlugIn) -> None:
    same = [article(number, headline="Storm") for number in range(4)]
    write(here / "a.json", same)
    assert process("analyze", "a.json", *COUNTED, env=counting(plug_in)).returncode == 0
    assert calls(here) == ["0"]
    assert [record["id"] for record in read(here / "analyzed_a.json")] == [0, 1, 2, 3]
    report = json.loads((here / "analyzed_a.run.json").read_text())
    assert (report["experts"]["counting"]["items"], report["experts"]["counting"]["reused"]) == (4, 3)


@pytest.mark.slow
def test_another_expert_of_the_same_name_predicts_again(here: Path, plug_in: PlugIn) -> None:
    write(here / "a.json", different(3))
    env = counting(plug_in, changes="__import__('os').environ['VERSION']")
    for version, total in (("one", 3), ("two", 6), ("one", 6)):
        assert process("analyze", "a.json", *COUNTED, env={**env, "VERSION": version}).returncode == 0
        assert len(calls(here)) == total


def test_the_journal_and_its_runs_can_be_seen(here: Path) -> None:
    nothing = newsmoe("journal", "stats")
    assert one_line(nothing.stderr)
    assert "no journal yet" in nothing.stderr
    write(here / "a.json", different(3))
    assert newsmoe("analyze", "a.json", "--quiet", *GIST).exit_code == 0
    stats = json.loads(newsmoe("journal", "stats", "--json").stdout)
    assert (stats["predictions"], stats["experts"], stats["articles"], stats["runs"]) == (3, 1, 3, 1)
    assert newsmoe("journal", "verify").stdout == "3 predictions are sound, none is damaged\n"
    (run,) = json.loads(newsmoe("runs", "list", "--json").stdout)
    assert (run["run"], run["items"], run["output"]) == (1, 3, "analyzed_a.json")
    assert "analyzed_a.json" in newsmoe("runs", "list").stdout
    started = datetime.fromisoformat(run["started"]).astimezone()
    assert f"{started:%Y-%m-%d %H:%M} " in newsmoe("runs", "list").stdout
    assert json.loads(newsmoe("runs", "show", "1").stdout)["items"] == 3
    assert "no run 7" in newsmoe("runs", "show", "7").stderr
    assert newsmoe("journal", "prune", "--days", "0").stdout == "3 predictions deleted\n"


@pytest.mark.slow
def test_failed_elements_are_set_aside_and_retried(here: Path, plug_in: PlugIn) -> None:
    env = counting(plug_in)
    elements = [*different(3), article("bad", content="poison here, and more"), 7]
    write(here / "a.json", elements)
    assert process("analyze", "a.json", *COUNTED, env=env).returncode == 4
    letters = [json.loads(line) for line in (here / "analyzed_a.errors.jsonl").read_text().splitlines()]
    assert [(letter["input"], letter["index"], letter["element"]) for letter in letters] == [
        ("a.json", 3, elements[3]),
        ("a.json", 4, 7),
    ]
    assert letters[0]["errors"][0]["message"] == "cannot read this"
    (here / "cured").touch()
    before = len(calls(here))
    assert process("retry", "analyzed_a.run.json", "--yes", env=env).returncode == 4
    assert calls(here)[before:] == ["bad"]
    assert [record["status"] for record in read(here / "analyzed_a.json")] == ["ok"] * 4 + ["failed"]
    write(here / "a.json", elements[:4])
    assert process("retry", "1", "--yes", env=env).returncode == 0
    assert not (here / "analyzed_a.errors.jsonl").exists()


@pytest.mark.slow
def test_a_run_can_be_retried_repeatedly_from_its_report(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(here / "a.json", [*articles(1), 7])
    command = ["newsmoe", "analyze", "a.json", *GIST]
    monkeypatch.setattr("sys.argv", command)
    assert newsmoe(*command[1:]).exit_code == 4
    for _ in range(2):
        monkeypatch.setattr("sys.argv", ["newsmoe", "retry", "analyzed_a.run.json"])
        assert newsmoe("retry", "analyzed_a.run.json", "--yes").exit_code == 4
        assert json.loads((here / "analyzed_a.run.json").read_text())["command"] == command[1:]


def test_a_run_ends_at_too_many_errors(here: Path) -> None:
    write(here / "a.json", [*articles(10), 1, 2, 3])
    result = newsmoe("analyze", "a.json", *GIST, "--max-errors", "2", "--quiet")
    assert (result.exit_code, names(here)) == (4, ["a.json", "analyzed_a.run.json"])
    assert "3 of 13 records have errors, more than --max-errors 2" in result.stderr
    assert newsmoe("analyze", "a.json", *GIST, "--max-errors", "20%", "--quiet").exit_code == 4
    assert not (here / "analyzed_a.json").exists()
    assert newsmoe("analyze", "a.json", *GIST, "--max-errors", "30%", "--quiet").exit_code == 4
    assert len(read(here / "analyzed_a.json")) == 13
    assert "neither a number nor a share" in newsmoe("analyze", "a.json", "--max-errors", "few").stderr


@pytest.mark.slow
def test_a_second_run_on_the_same_output_is_turned_away_or_waits(here: Path, plug_in: PlugIn) -> None:
    env = counting(plug_in, seconds=1)
    write(here / "a.json", different(130))
    with started(here, env) as child:
        turned_away = process("analyze", "a.json", *COUNTED, env=env)
        assert turned_away.returncode == 5
        assert "another run is writing it" in turned_away.stderr
        waited = process("analyze", "a.json", *COUNTED, "--wait", env=env)
        assert (child.wait(30), waited.returncode) == (0, 0)
    assert len(read(here / "analyzed_a.json")) == 130
    assert len(calls(here)) == 130


@pytest.mark.slow
@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_terminated_run_finishes_its_batch(here: Path, plug_in: PlugIn, how: signal.Signals, code: int) -> None:
    env = counting(plug_in, seconds=0.5)
    write(here / "a.json", different(300))
    with started(here, env) as child:
        child.send_signal(how)
        assert child.wait(30) == code
        assert child.stderr is not None
        assert "Traceback" not in child.stderr.read()
    assert names(here) == ["a.json", "analyzed_a.run.json", "calls", "loaded"]
    assert process("analyze", "a.json", *COUNTED, env=env).returncode == 0
    assert sorted(calls(here)) == sorted(str(number) for number in range(300))


@pytest.mark.slow
def test_a_run_terminated_in_its_last_batch_is_complete(here: Path, plug_in: PlugIn) -> None:
    env = ending(plug_in)
    write(here / "a.json", different(3))
    assert process("analyze", "a.json", *COUNTED, env=env).returncode == 143
    assert [record["status"] for record in read(here / "analyzed_a.json")] == ["ok"] * 3
    assert process("analyze", "a.json", *COUNTED, env=env).returncode == 0
    assert calls(here) == ["0", "1", "2"]


@pytest.mark.slow
def test_a_batch_that_hangs_affects_no_other(here: Path, plug_in: PlugIn) -> None:
    (here / "newsmoe.toml").write_text("batch_seconds = 0.3\nbatch_articles = 2\n")
    hanging = COUNTING.replace("SECONDS", '60 if any("hang" in one.content for one in articles) else 0')
    env = with_plug_ins(plug_in(hanging, counting="Counting"))
    elements = different(4)
    elements[3]["content"] += " This one would hang for ever, and a day, and another one after that."
    write(here / "a.json", elements)
    done = process("analyze", "a.json", *COUNTED, env=env)
    assert done.returncode == 4
    records = read(here / "analyzed_a.json")
    failed = [record for record in records if record["status"] == "failed"]
    assert len(failed) == 2
    assert {record["errors"][0]["type"] for record in failed} == {"BatchTimeoutError"}
    assert records[3] in failed


@pytest.mark.slow
def test_twenty_kills_change_nothing_and_lose_one_batch_each(here: Path, plug_in: PlugIn) -> None:
    env = counting(plug_in, seconds=0.05)
    write(here / "a.json", different(300))
    (here / "newsmoe.toml").write_text("batch_articles = 4\n")
    assert process("analyze", "a.json", *COUNTED, "--no-journal", "-o", "whole.json", env=env).returncode == 0
    (here / "calls").unlink()
    chance = random.Random(0)
    for _ in range(20):
        child = subprocess.Popen([*MAIN, "analyze", "a.json", *COUNTED, "--quiet"], env=env)
        time.sleep(chance.uniform(0.3, 1.2))
        child.kill()
        child.wait(10)
    assert process("analyze", "a.json", *COUNTED, env=env).returncode == 0
    assert (here / "analyzed_a.json").read_bytes() == (here / "whole.json").read_bytes()
    assert len(calls(here)) <= 300 + 20 * 4
