"""Runs of several users and containers on one output, which see each other's locks and lose nothing."""

import json
import os
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.support import COUNTED, COUNTING, GIST, MAIN, PlugIn, article, different, names, newsmoe, with_plug_ins
from tests.support import write

CONTAINER = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
"""What gives a process a process table of its own, as a container has."""

HELD = """
        while articles[0].id == "one0" and not pathlib.Path("go").exists():
            time.sleep(0.02)
"""
"""What makes an expert wait in the first of two runs."""

pytestmark = pytest.mark.slow


def another_home(here: Path, env: dict[str, str], name: str) -> dict[str, str]:
    """Return an environment in which nothing of a user's home, cache or temporary folder is shared."""
    folder = here.parent / name
    folder.mkdir(exist_ok=True)
    places = ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR")
    return {**env, **dict.fromkeys(places, str(folder))}


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)


def in_containers() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*CONTAINER, "true"], capture_output=True, check=False).returncode == 0


def records(path: Path, format: str) -> int:
    match format:
        case "json":
            return len(json.loads(path.read_text()))
        case "jsonl":
            return len([json.loads(line) for line in path.read_text().splitlines()])
        case "sqlite":
            with closing(sqlite3.connect(path)) as base:
                return int(base.execute("SELECT count(*) FROM analyses").fetchone()[0])
        case _:
            return sum(pq.read_table(part).num_rows for part in path.glob("*.parquet"))


@pytest.mark.parametrize("container", [(), CONTAINER], ids=["users", "containers"])
@pytest.mark.parametrize("format", ["json", "jsonl", "sqlite", "parquet"])
def test_two_appenders_lose_nothing(here: Path, plug_in: PlugIn, format: str, container: Sequence[str]) -> None:
    """The first is in the middle of its work while the second starts."""
    if container and not in_containers():
        pytest.skip("this machine gives no process tables of their own")
    env = with_plug_ins(plug_in(COUNTING.replace("time.sleep(SECONDS)", HELD), counting="Counting"))
    output = {"json": "all.json", "jsonl": "all.jsonl", "sqlite": "all.db", "parquet": "all"}[format]
    append = [] if format == "json" else ["--append"]
    options = ["-o", output, "--format", format, *append, *COUNTED, "-q"]
    commands, homes = [], []
    for name in ("one", "two"):
        ten = [article(f"{name}{number}", content=f"Storm {name} {number} came.") for number in range(10)]
        write(here / f"{name}.json", ten)
        commands.append([*container, *MAIN, "analyze", f"{name}.json", *options])
        homes.append(another_home(here, env, name))
    children = [subprocess.Popen(commands[0], env=homes[0])]
    try:
        wait_for(here / "loaded")
        turned_away = subprocess.run(commands[1], env=homes[1], capture_output=True, text=True, timeout=120)
        children.append(subprocess.Popen([*commands[1], "--wait"], env=homes[1]))
    finally:
        (here / "go").touch()
    assert [child.wait(60) for child in children] == [0, 0]
    assert records(here / output, format) == (20 if append else 10)
    assert (turned_away.returncode, "another run is writing it" in turned_away.stderr) == (5, True)
    assert [name for name in names(here) if name.startswith(".") or name.endswith((".lock", ".tmp"))] == []


def test_a_lock_that_is_a_link_is_refused(here: Path) -> None:
    private = here.parent / "private"
    private.write_text("secret")
    write(here / "a.json", different(1))
    (here / ".analyzed_a.json.lock").symlink_to(private)
    result = newsmoe("analyze", "a.json", *GIST)
    assert result.exit_code == 1
    assert "analyzed_a.json: cannot be written" in result.stderr
    assert private.read_text() == "secret"


def test_what_quotes_articles_is_as_private_as_the_output(here: Path) -> None:
    write(here / "a.json", [article(1, content="Nobody was hurt. The road stays closed."), 7])
    (here / "analyzed_a.json").write_text("[]")
    (here / "analyzed_a.json").chmod(0o600)
    assert newsmoe("analyze", "a.json", *GIST).exit_code == 4
    modes = {name: (here / name).stat().st_mode & 0o777 for name in names(here) if name != "a.json"}
    assert modes == dict.fromkeys(["analyzed_a.errors.jsonl", "analyzed_a.json", "analyzed_a.run.json"], 0o600)


def hostile_report(here: Path, *command: str) -> str:
    write(here / "a.json", different(1))
    newsmoe("analyze", "a.json", *GIST)
    path = here / "analyzed_a.run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "command": command}))
    return path.name


def test_retry_shows_what_it_runs_and_asks(here: Path) -> None:
    (here / "mine.txt").write_text("precious")
    report = hostile_report(here, "analyze", "a.json", "-o", "mine.txt", "--format", "jsonl")
    result = newsmoe("retry", report)
    assert (here / "mine.txt").read_text() == "precious"
    assert result.exit_code == 1
    assert f"cd {here} && newsmoe analyze a.json -o mine.txt --format jsonl" in result.stderr
    assert "add --yes to run it" in result.stderr


@pytest.mark.parametrize("reply", ["n\n", ""])
def test_who_does_not_say_yes_has_nothing_run(here: Path, reply: str, monkeypatch: pytest.MonkeyPatch) -> None:
    report = hostile_report(here, "analyze", "a.json", "-o", "mine.txt")
    monkeypatch.setattr("newsmoe.cli.journal.is_terminal", lambda: True)
    result = newsmoe("retry", report, stdin=reply)
    assert result.exit_code != 0
    assert "Run it?" in result.stderr
    assert not (here / "mine.txt").exists()


def test_only_an_analysis_is_repeated(here: Path) -> None:
    report = hostile_report(here, "experts", "new", "evil")
    assert "only 'analyze' is repeated" in newsmoe("retry", report, "--yes").stderr
    assert not (here / "evil").exists()


def test_a_retry_runs_no_code_that_lies_in_the_folder(here: Path) -> None:
    report = hostile_report(here, "analyze", "a.json", *GIST)
    (here / "newsmoe.py").write_text("open('ran', 'w')")
    assert newsmoe("retry", report, "--yes").exit_code == 0
    assert not (here / "ran").exists()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files to other users")
def test_a_report_of_another_user_is_refused(here: Path) -> None:
    report = hostile_report(here, "analyze", "a.json")
    (here / "analyzed_a.json").unlink()
    os.chown(here / report, 12_345, 12_345)
    assert "belongs to another user (12345)" in newsmoe("retry", report, "--yes").stderr
    assert not (here / "analyzed_a.json").exists()


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give links to other users")
@pytest.mark.parametrize("name", ["analyzed_a.json", "analyzed_a.run.json", "analyzed_a.errors.jsonl"])
@pytest.mark.parametrize("options", [(), ("--format", "jsonl", "--append")])
def test_nothing_is_written_through_a_link_of_another_user(here: Path, name: str, options: Sequence[str]) -> None:
    private = here.parent / "private"
    private.write_text("precious")
    write(here / "a.json", [*different(1), 7])
    name = name.replace("d_a.json", "d_a.jsonl") if options else name
    (here / name).symlink_to(private)
    newsmoe("analyze", "a.json", *GIST, *options)
    assert private.read_text() != "precious"
    private.write_text("precious")
    write(here / "a.json", [*different(1), 7, "eight"])
    os.lchown(here / name, 12_345, 12_345)
    refused = newsmoe("analyze", "a.json", *GIST, *options)
    assert private.read_text() == "precious"
    assert f"{name}: is a link that another user made" in refused.stderr
