"""What goes wrong around a run: disks that are full or read-only, inputs that change, experts that fail."""

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from itertools import cycle
from pathlib import Path

import pyarrow.parquet
import pytest

from tests.cli.support import GIST, MAIN, PlugIn, article, articles, names, newsmoe, one_line, process, with_plug_ins
from tests.support import read, write

FEW, MANY = articles(3), articles(250)


def mount(folder: Path, options: str) -> None:
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True)
    if done.returncode:
        pytest.skip("a small file system can be mounted by root only")


@pytest.fixture
def disk(here: Path) -> Iterator[Path]:
    """A file system of 128 KiB."""
    folder = here / "disk"
    folder.mkdir()
    mount(folder, "size=128k")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def fill(disk: Path, but: int = 0) -> Path:
    """Leave so many bytes free."""
    free = os.statvfs(disk)
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * (free.f_bavail * free.f_frsize - but))
    return ballast


def analyze(*arguments: object) -> tuple[int, str]:
    result = newsmoe("analyze", "in.json", "--quiet", *GIST, *arguments)
    return result.exit_code, result.stderr


def ids(path: Path) -> list[str]:
    """Return the ids in an output of any format."""
    if path.is_dir():
        tables = [pyarrow.parquet.read_table(part) for part in sorted(path.glob("*.parquet"))]
        return [identifier for table in tables for identifier in table["id"].to_pylist()]
    if path.suffix == ".parquet":
        return [str(identifier) for identifier in pyarrow.parquet.read_table(path)["id"].to_pylist()]
    if path.suffix == ".db":
        with closing(sqlite3.connect(path)) as base:
            return [identifier for (identifier,) in base.execute("select id from analyses order by rowid")]
    lines = path.read_text().splitlines()
    if path.suffix == ".jsonl":
        return [str(json.loads(line)["id"]) for line in lines]
    if path.suffix == ".csv":
        return [line.split(",")[0] for line in lines[1:]]
    return [str(record["id"]) for record in read(path)]


# the disk is full, or may not be written


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("o.json", ()),
        ("o.jsonl", ("--append",)),
        *(
            pytest.param(name, options, marks=pytest.mark.slow)
            for name, options in [
                ("o.csv", ()),
                ("o.parquet", ()),
                ("o.db", ()),
                ("o.db", ("--append",)),
                ("o", ("--append", "--format", "parquet")),
            ]
        ),
    ],
)
def test_a_full_disk_leaves_the_old_output_and_the_run_can_be_repeated(
    name: str, options: tuple[str, ...], here: Path, disk: Path
) -> None:
    write(here / "in.json", FEW)
    assert analyze("-o", disk / name, *options) == (0, "")
    before = names(disk)
    write(here / "in.json", MANY)
    ballast = fill(disk, but=12288)
    code, message = analyze("-o", disk / name, *options)
    assert (code, one_line(message)) == (1, True)
    assert message.endswith(
        "cannot be written: No space left on device; free some space, then run the same command again\n"
    )
    ballast.unlink()
    assert names(disk) == before
    assert sorted(ids(disk / name)) == ["0", "1", "2"]
    subprocess.run(["mount", "-o", "remount,size=4m", disk], check=True)
    assert analyze("-o", disk / name, *options) == (0, "")
    assert sorted(map(int, ids(disk / name))) == list(range(250))


@pytest.mark.slow
@pytest.mark.parametrize("command", ["report", "stories"])
def test_a_full_disk_leaves_no_page_and_no_stories(command: str, here: Path, disk: Path) -> None:
    write(here / "in.json", MANY)
    assert analyze("-o", "r.json") == (0, "")
    fill(disk, but=4096)
    done = newsmoe(command, "r.json", "-o", disk / "out.html")
    assert done.exit_code == 1
    assert "out.html: cannot be written: No space left on device; free some space" in done.stderr
    assert names(disk) == ["ballast"]


def test_a_report_that_does_not_fit_is_reported(here: Path, disk: Path) -> None:
    write(here / "in.json", FEW)
    fill(disk)
    code, message = analyze("-o", "o.json", "--run-report", disk / "r.json")
    assert (code, one_line(message)) == (1, True)
    assert "r.json: cannot be written: No space left on device; free some space" in message
    assert names(disk) == ["ballast"]
    assert len(read(here / "o.json")) == 3


def test_a_journal_that_does_not_fit_does_not_affect_the_run(here: Path, disk: Path) -> None:
    write(here / "in.json", MANY)
    ballast = fill(disk, but=90_000)
    code, message = analyze("--journal", disk / "j")
    assert (code, message.count("\n")) == (0, 1)
    assert (
        "j: cannot be used now: database or disk is full; try again later; predictions are no longer stored" in message
    )
    assert len(read(here / "analyzed_in.json")) == 250
    ballast.unlink()
    assert "none is damaged" in newsmoe("journal", "verify", "--journal", disk / "j").stdout


@pytest.mark.parametrize("options", [(), ("--append", "--format", "parquet")])
def test_a_read_only_disk_is_reported_before_anything_is_read(options: tuple[str, ...], here: Path, disk: Path) -> None:
    write(here / "in.json", FEW)
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    code, message = analyze("-o", disk / "o", *options)
    assert (code, one_line(message)) == (1, True)
    assert message.endswith("o: cannot be written: Read-only file system; write to another folder\n")


@pytest.mark.parametrize("journal", ["file/j", "folder", "disk/j"])
def test_a_journal_that_cannot_be_opened_does_not_affect_the_run(journal: str, here: Path, disk: Path) -> None:
    write(here / "in.json", FEW)
    (here / "file").touch()
    (here / "folder").mkdir()
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    code, message = analyze("--journal", journal)
    assert (code, message.count("\n")) == (0, 1)
    assert message.startswith(f"{journal}: cannot be used: ")
    assert "Errno" not in message
    assert len(read(here / "analyzed_in.json")) == 3


@pytest.mark.slow
def test_a_full_standard_output_is_reported(here: Path) -> None:
    write(here / "in.json", FEW)
    with Path("/dev/full").open("w") as full:
        command = [*MAIN, "analyze", "in.json", "-o", "-", "--quiet", *GIST]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, one_line(done.stderr)) == (1, True)
    assert "standard output: cannot be written: No space left on device" in done.stderr


def test_a_folder_that_was_removed_is_reported(here: Path) -> None:
    (here / "gone").mkdir()
    shell = 'cd gone && rmdir ../gone && exec "$@"'
    done = subprocess.run(["sh", "-c", shell, "sh", *MAIN, "analyze", "a.json"], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "newsmoe: the folder that this runs in was removed; go to another one\n"


# the input changes


MEDDLING = """
import json
import os
from pathlib import Path

from newsmoe import Fields

ELEMENTS = [{"id": number, "headline": "another"} for number in range(400)]


class Meddling:
    name = task = "meddling"
    done = False

    def load(self, device): ...

    def predict(self, articles):
        if not self.done:
            self.done = True
            path = Path("in.jsonl")
            MEDDLE
        return [Fields({"n": 1})] * len(articles)
"""
CUT_OFF = 'os.truncate("in.jsonl", 200)'
REWRITTEN = 'path.write_text("\\n".join(map(json.dumps, ELEMENTS))[:path.stat().st_size - 1])'
ADDED_TO = 'path.write_text(path.read_text() + "\\n".join(map(json.dumps, ELEMENTS)))'
REPLACED = 'Path("new").touch(); Path("new").replace(path)'
REMOVED = "path.unlink()"


def meddled_with(here: Path, plug_in: PlugIn, meddle: str) -> tuple[int, str]:
    """Analyze 300 articles of one file and two of another, while something happens to the first."""
    plug_in(MEDDLING.replace("MEDDLE", meddle), meddling="Meddling")
    lines = [json.dumps(element) for element in (*articles(299), 7)]
    (here / "in.jsonl").write_text("\n".join(lines) + "\n")
    write(here / "other.json", articles(2))
    result = newsmoe("analyze", "in.jsonl", "other.json", "-o", "o.json", "--tasks", "meddling", "--quiet")
    return result.exit_code, result.stderr


@pytest.mark.parametrize("meddle", [CUT_OFF, REWRITTEN])
def test_an_input_that_is_changed_during_the_run_ends_it(here: Path, plug_in: PlugIn, meddle: str) -> None:
    (here / "o.json").write_text("old")
    code, message = meddled_with(here, plug_in, meddle)
    assert (code, one_line(message)) == (1, True)
    assert "in.jsonl: was changed while it was read; run the same command again when it is complete" in message
    assert names(here) == ["in.jsonl", "o.json", "o.run.json", "other.json"]
    assert (here / "o.json").read_text() == "old"


@pytest.mark.parametrize("meddle", [ADDED_TO, REPLACED, REMOVED])
def test_an_input_that_grows_or_is_replaced_is_read_as_it_was(here: Path, plug_in: PlugIn, meddle: str) -> None:
    assert meddled_with(here, plug_in, meddle) == (4, "")
    assert [record["id"] for record in read(here / "o.json")] == [*range(299), None, 0, 1]
    (letter,) = (json.loads(line) for line in (here / "o.errors.jsonl").read_text().splitlines())
    assert (letter["input"], letter["index"]) == ("in.jsonl", 299)
    assert letter["element"] == (7 if meddle == ADDED_TO else None)


# experts fail, articles are poison


FAULTY = """
import math
import time
from asyncio import CancelledError

from newsmoe import Fields, Labels


def faulty(name, function):
    class Faulty:
        task = name

        def load(self, device): ...

        def predict(self, articles):
            return function(articles)

    Faulty.name = name
    return Faulty


def fail(error):
    raise error


raising = faulty("raising", lambda articles: fail(RuntimeError("out of order")))
exiting = faulty("exiting", lambda articles: fail(SystemExit(0)))
cancelled = faulty("cancelled", lambda articles: fail(CancelledError()))
hanging = faulty("hanging", lambda articles: time.sleep(60))
short = faulty("short", lambda articles: [Fields({"n": 1})] * (len(articles) - 1))
long = faulty("long", lambda articles: [Fields({"n": 1})] * (len(articles) + 1))
nan = faulty("nan", lambda articles: [Labels({"a": math.nan, "b": 1.0})] * len(articles))
infinite = faulty("infinite", lambda articles: [Labels({"a": math.inf})] * len(articles))
hungry = faulty("hungry", lambda articles: [bytearray(1 << 62)])
clearing = faulty("clearing", lambda articles: articles.clear())
sound = faulty("sound", lambda articles: [Labels({"a": 1.0})] * len(articles))
loud = faulty("loud", lambda articles: print("loud") or [Fields({"n": 1})] * len(articles))
"""
ERRORS = {
    "raising": "RuntimeError",
    "exiting": "SystemExit",
    "cancelled": "CancelledError",
    "hanging": "BatchTimeoutError",
    "short": "PredictionError",
    "long": "PredictionError",
    "nan": "PredictionError",
    "infinite": "PredictionError",
    "hungry": "MemoryError",
    "clearing": "PredictionError",
}


@pytest.mark.slow
def test_experts_that_fail_in_any_way_lose_only_their_own_predictions(here: Path, plug_in: PlugIn) -> None:
    tasks = [*ERRORS, "sound", "loud"]
    env = with_plug_ins(plug_in(FAULTY, **{name: name for name in tasks}), NEWSMOE_BATCH_SECONDS="0.5")
    write(here / "in.json", articles(5))
    done = process("analyze", "in.json", "-o", "-", "--quiet", "--tasks", ",".join(tasks), env=env)
    assert (done.returncode, "Traceback" in done.stderr) == (4, False)
    records = json.loads(done.stdout)
    assert [record["id"] for record in records] == list(range(5))
    for record in records:
        assert record["status"] == "partial"
        assert record["analyses"].keys() == {"sound", "loud"}
        assert {error["task"]: error["type"] for error in record["errors"]} == ERRORS


POISON = (
    *("7", "null", "[]", "{}", "true", "NaN", '"text"', '{"headline": NaN}', '{"title": {"a": 1}}'),
    '{"title": 5, "content": ["a", 1]}',
    '{"title": "\\ud800", "content": "\\udfff alone", "id": "\\ud83d"}',
    '{"title": "\\u0000\\u001b[31mred\\u0007", "content": "\\u202e\\u200b c\\u0085d"}',
    '{"headline": "huge", "content": "%s"}' % ("long word " * 4_000),
    '{"headline": "%s"}' % ("x" * 100_000),
    '{"headline": "<b>%s", "content": "&#x110000;&#xD800;&amp"}' % ("<i>" * 5_000),
    '{"headline": "deep", "content": %s}' % ("[" * 5_000 + "]" * 5_000),
    '{"headline": "deep", "more": %s}' % ('{"a":' * 3_000 + "1" + "}" * 3_000),
    '{"headline": "deep", "author": %s}' % ('{"name":' * 900 + '"x"' + "}" * 900),
    '{"headline": %s}' % ('{"name":' * 900 + '"x"' + "}" * 900),
    '{"id": %s, "headline": "number"}' % ("9" * 5_000),
    '{"id": -Infinity, "headline": "number", "publication_date": 1e300}',
    '{"headline": "", "content": " \\n "}',
    '{"url": "http://[::1", "headline": "bad address"}',
)


@pytest.mark.slow
def test_a_thousand_articles_of_which_each_third_is_poison(here: Path) -> None:
    poison = cycle(POISON)
    lines = [json.dumps(article(n)) if n % 3 else next(poison) for n in range(1000)]
    (here / "in.json").write_text("[" + ",\n".join(lines) + "]\n")
    done = process("analyze", "in.json", *GIST)
    assert (done.returncode, "Traceback" in done.stderr) == (4, False)
    records = read(here / "analyzed_in.json")
    assert len(records) == 1000
    assert all(records[n]["id"] == n and records[n]["status"] == "ok" for n in range(1000) if n % 3)
    assert sum(r["status"] == "failed" for r in records[: 3 * len(POISON)]) == 11
    letters = (here / "analyzed_in.errors.jsonl").read_text().splitlines()
    assert len(letters) == sum(record["status"] == "failed" for record in records)


# files that the process dies of


DEADLY = """
import os

from newsmoe import Fields


class Deadly:
    name = task = "deadly"

    def load(self, device): ...

    def predict(self, articles):
        if any("deadly" in article.headline for article in articles):
            os._exit(9)
        return [Fields({"n": 1})] * len(articles)
"""


@pytest.mark.slow
def test_a_file_that_kills_the_watch_is_set_aside(here: Path, plug_in: PlugIn) -> None:
    env = with_plug_ins(plug_in(DEADLY, deadly="Deadly"))
    (here / "in").mkdir()
    write(here / "in" / "a.json", [article(headline="deadly")])
    write(here / "in" / "b.json", articles(2))
    command = "watch", "in", "--out", "out", "--once", "--settle", "0", "--tasks", "deadly"
    assert [process(*command, env=env).returncode for _ in range(3)] == [9, 9, 9]
    done = process(*command, env=env)
    assert done.returncode == 4
    assert "in/a.json: the process died 3 times while it read this file" in done.stderr
    assert "b.json: 2 articles, 0 with errors" in done.stderr
