import json
import os
import random
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from newsmoe.jobs.inbox import open_inbox
from newsmoe.output.lock import output_lock
from tests.cli.support import (
    COUNTED,
    GIST,
    MAIN,
    SHORT,
    PlugIn,
    article,
    articles,
    calls,
    different,
    ending,
    names,
    newsmoe,
    one_line,
    process,
)
from tests.support import read, write

ONCE = ("--out", "out", "--once", "--settle", "0", *GIST)


@pytest.fixture
def inbox(here: Path) -> Path:
    folder = here / "in"
    folder.mkdir()
    return folder


def test_new_files_are_analyzed_and_reported_in_one_line_each(here: Path, inbox: Path) -> None:
    write(inbox / "news-data.json", articles(3))
    write(inbox / "b.json", articles(2))
    result = newsmoe("watch", "in", *ONCE)
    assert (result.exit_code, result.stdout) == (0, "")
    lines = [re.sub(r"[0-9]+\.[0-9] s", "S", line) for line in result.stderr.splitlines()]
    assert lines == [
        "b.json: 2 articles, 0 with errors, S -> out/analyzed_b.json",
        "news-data.json: 3 articles, 0 with errors, S -> out/analyzed_news_data.json",
        "2 files analyzed (5 articles, 0 with errors), 0 unreadable, 0 still being written",
    ]
    assert read(here / "out" / "analyzed_b.json")[1]["analyses"] == {"summarization": {"summary": SHORT}}
    assert "analyzed_b.run.json" in names(here / "out")


def test_an_output_that_another_run_is_writing_stops_no_other_file(here: Path, inbox: Path) -> None:
    write(inbox / "a.json", articles(3))
    write(inbox / "b.json", articles(2))
    (here / "out").mkdir()
    with output_lock(here / "out" / "analyzed_a.json", wait=False):
        result = newsmoe("watch", "in", *ONCE)
    assert result.exit_code == 1
    assert "another run is writing it" in result.stderr and "the next scan tries again" in result.stderr
    assert names(here / "out")[1:] == ["analyzed_b.json", "analyzed_b.run.json"]
    assert newsmoe("watch", "in", *ONCE).exit_code == 0
    assert len(read(here / "out" / "analyzed_a.json")) == 3


def test_a_file_may_have_as_long_a_name_as_the_system_takes(here: Path, inbox: Path) -> None:
    for name in ("新" * 83, "新" * 82 + "闻"):
        write(inbox / f"{name}.json", articles(1))
    assert newsmoe("watch", "in", *ONCE).exit_code == 0
    assert len(names(here / "out")) == 5
    assert newsmoe("watch", "in", *ONCE).stderr == ""


def test_its_runs_are_listed_with_all_others(here: Path, inbox: Path) -> None:
    write(inbox / "a.json", [7, article()])
    newsmoe("watch", "in", *ONCE)
    newsmoe("watch", "in", *ONCE)
    newsmoe("analyze", "in/a.json", *GIST)
    runs = json.loads(newsmoe("runs", "list", "--json").stdout)
    assert [(run["run"], run["inputs"], run["output"], run["items"]) for run in runs] == [
        (2, ["in/a.json"], "in/analyzed_a.json", 2),
        (1, ["in/a.json"], "out/analyzed_a.json", 2),
    ]
    assert "run 'newsmoe analyze in/a.json -o out/analyzed_a.json'" in newsmoe("retry", "1", "--yes").stderr


def test_a_scan_that_finds_nothing_new_prints_nothing(inbox: Path) -> None:
    write(inbox / "a.json", articles(1))
    newsmoe("watch", "in", *ONCE)
    result = newsmoe("watch", "in", *ONCE)
    assert (result.exit_code, result.output) == (0, "")


def test_a_file_that_was_just_written_is_left_alone_by_default(here: Path, inbox: Path) -> None:
    write(inbox / "a.json", articles(1))
    result = newsmoe("watch", "in", "--out", "out", "--once", *GIST)
    said = "a.json: may still be written; left for a later scan (--settle 10)\n"
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", said)
    assert "analyzed_a.json" not in names(here / "out")


def test_files_of_folders_have_outputs_in_folders_of_the_same_names(here: Path, inbox: Path) -> None:
    (inbox / "2026" / "11").mkdir(parents=True)
    write(inbox / "2026" / "11" / "a.json", articles(2))
    write(inbox / "a.json", articles(1))
    (inbox / "notes.txt").write_text("x")
    result = newsmoe("watch", "in", *ONCE)
    assert result.exit_code == 0
    assert "in: left out: 1 with an unknown suffix (.txt)\n" in result.stderr
    assert len(read(here / "out" / "2026" / "11" / "analyzed_a.json")) == 2
    assert len(read(here / "out" / "analyzed_a.json")) == 1
    again = newsmoe("watch", "in", *ONCE)
    assert (again.exit_code, again.stderr) == (0, "in: left out: 1 with an unknown suffix (.txt)\n")


def test_an_outbox_in_the_inbox_is_no_input(here: Path, inbox: Path) -> None:
    write(inbox / "a.json", articles(1))
    for _ in range(2):
        assert newsmoe("watch", "in", "--out", "in/out", "--once", "--settle", "0", *GIST).exit_code == 0
    assert names(inbox / "out") == [
        ".newsmoe-watch.json", "analyzed_a.json", "analyzed_a.run.json",
    ]  # fmt: skip


def test_a_watch_takes_the_options_of_analyze(here: Path, inbox: Path) -> None:
    options = "--format", "jsonl", "--append", "--journal", "j.sqlite", "--details", "--limit", "2", "--quiet"
    write(inbox / "a.json", articles(3))
    assert newsmoe("watch", "in", *ONCE, *options).stderr == ""
    write(inbox / "a.json", articles(5)[2:])
    assert newsmoe("watch", "in", *ONCE, *options).exit_code == 0
    records = [json.loads(line) for line in (here / "out" / "analyzed_a.jsonl").read_text().splitlines()]
    assert [record["id"] for record in records] == [0, 1, 2, 3]
    assert records[0]["predictions"] == {"summarization": {"lead": {"summary": SHORT}}}
    assert (here / "j.sqlite").is_file()


@pytest.mark.parametrize(("option", "code"), [((), 4), (("--strict",), 1)])
def test_a_file_with_too_many_errors_or_none_costs_itself(
    option: tuple[str, ...], code: int, here: Path, inbox: Path
) -> None:
    (inbox / "a.json").write_text("oops")
    write(inbox / "b.json", [7, 8, article()])
    write(inbox / "c.json", articles(1))
    result = newsmoe("watch", "in", *ONCE, "--max-errors", "1", *option)
    assert result.exit_code == code
    if not option:
        assert "2 of 2 records have errors, more than --max-errors 1" in result.stderr
        assert (here / "out" / "analyzed_c.json").is_file()


def test_failed_articles_and_files_set_the_exit_code_of_their_scan(here: Path, inbox: Path) -> None:
    write(inbox / "a.json", [7, article()])
    result = newsmoe("watch", "in", *ONCE)
    assert result.exit_code == 4
    assert "a.json: 2 articles, 1 with errors" in result.stderr
    (inbox / "bad.json").write_text("[1,")
    result = newsmoe("watch", "in", *ONCE)
    assert result.exit_code == 4
    assert "in/bad.json: not valid JSON" in result.stderr
    assert newsmoe("watch", "in", *ONCE).exit_code == 0


def test_an_output_that_cannot_be_written_is_exit_code_1(here: Path, inbox: Path) -> None:
    write(inbox / "a.json", articles(1))
    (here / "out" / "analyzed_a.json").mkdir(parents=True)
    result = newsmoe("watch", "in", *ONCE)
    assert result.exit_code == 1
    assert "analyzed_a.json: is a folder" in result.stderr


def test_the_format_of_the_settings_is_the_outputs(here: Path, inbox: Path) -> None:
    (here / "newsmoe.toml").write_text('format = "jsonl"')
    write(inbox / "a.json", articles(2))
    assert newsmoe("watch", "in", *ONCE).exit_code == 0
    assert len((here / "out" / "analyzed_a.jsonl").read_text().splitlines()) == 2


def test_another_watch_over_the_same_outputs_has_its_own_exit_code(here: Path, inbox: Path) -> None:
    with open_inbox(inbox, here / "out"):
        result = newsmoe("watch", "in", *ONCE)
    assert result.exit_code == 5
    assert result.stderr == "newsmoe: out: another newsmoe watch is at work on this folder\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere", "--once"), "nowhere: no such folder"),
        (("in/a.json", "--once"), "in/a.json: is no folder"),
        (("in", "--once", "--out", "in/a.json"), "in/a.json: is no folder; name one with --out"),
        (("in", "--every", "soon"), "'soon' is no duration"),
        (("in", "--cron", "at six"), "'at six' is no cron expression"),
        (("in", "--once", "--gate", "rool"), "no gate is called 'rool'"),
    ],
)
def test_a_watch_that_cannot_run_is_reported_in_one_line(
    arguments: tuple[str, ...], message: str, here: Path, inbox: Path
) -> None:
    write(inbox / "a.json", [article()])
    result = newsmoe("watch", "--out", "out", *arguments, *GIST)
    assert result.exit_code == 1
    assert one_line(result.stderr) and message in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [(), ("--every", "1m", "--cron", "@daily"), ("--every", "1m", "--settle", "-1"), ("--once", "--every", "1m")],
)
def test_the_times_of_scans_are_required(arguments: tuple[str, ...], inbox: Path) -> None:
    result = newsmoe("watch", "in", "--out", "out", *arguments)
    assert result.exit_code == 2
    assert "Usage" in result.stderr


def test_an_inbox_that_is_missing_for_a_while_does_not_end_the_watch(
    here: Path, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(when: object, job: Callable[[], None]) -> None:
        inbox.rename(here / "away")
        job()
        (here / "away").rename(inbox)
        job()

    monkeypatch.setattr("newsmoe.jobs.scheduler.run_at", twice)
    write(inbox / "a.json", articles(1))
    result = newsmoe("watch", "in", "--out", "out", "--every", "1m", "--settle", "0", *GIST)
    assert result.exit_code == 0
    assert "in: cannot be read: No such file or directory; the next scan tries again" in result.stderr
    assert "1 file analyzed" in result.stderr


# processes


@contextmanager
def watching(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [*MAIN, "watch", "in", "--out", "out", "--settle", "0", *arguments, *GIST]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def said(child: subprocess.Popen[str], until: str) -> str:
    """Return what a process prints up to the line that contains `until`."""
    lines = ""
    assert child.stderr is not None
    for line in child.stderr:
        lines += line
        if until in line:
            break
    return lines


@pytest.mark.parametrize(
    ("how", "code", "last"),
    [
        (signal.SIGTERM, 143, "newsmoe: terminated\n"),
        pytest.param(signal.SIGINT, 130, "newsmoe: interrupted\n", marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_it_at_once(how: signal.Signals, code: int, last: str, here: Path, inbox: Path) -> None:
    write(inbox / "a.json", articles(2))
    with watching("--every", "1h") as child:
        assert said(child, until="1 file analyzed").startswith("watching in, every 1h; output goes to out\n")
        child.send_signal(how)
        began = time.monotonic()
        _, rest = child.communicate(timeout=30)
    assert (child.returncode, rest) == (code, last)
    assert time.monotonic() - began < 5
    assert names(here / "out") == [".newsmoe-watch.json", "analyzed_a.json", "analyzed_a.run.json"]


@pytest.mark.slow
def test_a_signal_in_the_last_batch_of_a_file_ends_it_after_that_file(here: Path, inbox: Path, plug_in: PlugIn) -> None:
    env = ending(plug_in)
    write(inbox / "a.json", different(1))
    write(inbox / "b.json", different(2))
    first = process("watch", "in", "--out", "out", "--every", "1h", "--settle", "0", *COUNTED, env=env)
    assert first.returncode == 143
    assert "a.json: 1 article, 0 with errors" in first.stderr and "b.json" not in first.stderr
    second = process("watch", "in", *ONCE, *COUNTED, env=env)
    assert second.returncode == 0
    assert "a.json" not in second.stderr
    assert calls(here) == ["0", "1"]


@pytest.mark.slow
def test_a_watch_that_is_killed_loses_no_file_and_analyzes_none_twice(here: Path, inbox: Path) -> None:
    draw = random.Random(0)
    log = ""
    kills = 4
    for kill in range(kills):
        for number in range(20):
            write(inbox / f"{kill}-{number}.json", [article(f"{kill} {number}")])
        with watching("--every", "1s") as child:
            log += said(child, until=f"{kill}-{draw.randrange(10)}.json: ")
            time.sleep(draw.random() / 10)
            os.kill(child.pid, signal.SIGKILL)
            log += child.communicate(timeout=30)[1]
    with watching("--once") as child:
        log += child.communicate(timeout=30)[1]
    assert child.returncode == 0
    counts = Counter(re.findall(r"^(\S+\.json): 1 article, 0 with errors", log, flags=re.MULTILINE))
    assert counts.keys() <= {path.name for path in inbox.iterdir()}
    assert max(counts.values()) == 1
    outputs = [path for path in (here / "out").glob("analyzed_*.json") if ".run." not in path.name]
    assert len(outputs) == 20 * kills
    assert {read(path)[0]["id"] for path in outputs} == {f"{k} {n}" for k in range(kills) for n in range(20)}
    assert not list((here / "out").glob(".*.tmp"))
