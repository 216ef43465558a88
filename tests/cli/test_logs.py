"""`--log-format json`: one object a line, and nothing else, on standard error."""

import json
import signal
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import GIST, MAIN, PlugIn, article, articles, newsmoe, process, with_plug_ins
from tests.support import write

JSON = ("--log-format", "json")
SECRET = "the words of the article"
PLANTED = """
import time, warnings

from newsmoe import Fields

class Planted:
    name = "planted"
    task = "planted"

    def load(self, device):
        warnings.warn("old\\nweights")

    def predict(self, articles):
        for article in articles:
            if "poison" in article.headline:
                raise ValueError(article.content)
            if "slow" in article.headline:
                open("asleep", "w").close()
                time.sleep(30)
        return [Fields({"id": article.id}) for article in articles]
"""
HOSTILE = "a\x1b[31mb\n\x7f\x9b\u2028c.json"
"""A name with codes that colour text, end a line, delete."""


def events(text: str) -> list[dict[str, Any]]:
    """Return what was logged; each line is an object in printable ASCII: time, level, event."""
    assert all(32 <= ord(char) < 127 for line in text.splitlines() for char in line)
    logged = [json.loads(line) for line in text.split("\n")[:-1]]
    assert all(list(event)[:3] == ["time", "level", "event"] for event in logged)
    return logged


def kinds(logged: list[dict[str, Any]]) -> list[str]:
    return [str(event["event"]) for event in logged]


def without_times(event: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in event.items() if key not in ("time", "seconds")}


def test_a_run_is_logged_from_beginning_to_end(here: Path) -> None:
    write(here / "a.json", articles(2))
    write(here / "b.json", [article("x"), 7])
    result = newsmoe("analyze", "a.json", "b.json", "-o", "out.json", *JSON, *GIST)
    assert (result.exit_code, result.stdout) == (4, "")
    started, first, second, error, finished = map(without_times, events(result.stderr))
    assert started == {
        "level": "info", "event": "run_started", "inputs": ["a.json", "b.json"], "output": "out.json",
    }  # fmt: skip
    assert first == {"level": "info", "event": "input_opened", "input": "a.json", "elements": 2}
    assert (second["input"], second["elements"]) == ("b.json", 2)
    assert error == {
        "level": "warning", "event": "item_error", "input": "b.json", "index": 1, "stage": "read",
        "task": None, "expert": None, "type": "NotAnArticle",
    }  # fmt: skip
    assert (finished["event"], finished["items"], finished["statuses"]) == (
        "run_finished", 4, {"ok": 3, "failed": 1},
    )  # fmt: skip
    assert finished["experts"]["lead"]["items"] == 3


def test_no_word_of_an_article_and_no_control_code_is_logged(here: Path, plug_in: PlugIn) -> None:
    plug_in(PLANTED, planted="Planted")
    write(here / HOSTILE, [article(SECRET, headline=f"poison {SECRET}", content=SECRET), article(1)])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        result = newsmoe("analyze", HOSTILE, "--tasks", "planted", "--max-errors", "0", "-v", *JSON)
    assert result.exit_code == 4
    assert SECRET not in result.stderr
    logged = events(result.stderr)
    assert kinds(logged) == [
        "run_started", "input_opened", "message", "item_error", "run_broken_off", "error",
    ]  # fmt: skip
    assert "UserWarning: old weights" in logged[2]["message"]
    where = {key: logged[3][key] for key in ("input", "index", "stage", "task", "expert", "type")}
    assert list(where.values()) == [HOSTILE, 0, "predict", "planted", "planted", "ValueError"]
    assert (logged[4]["type"], logged[4]["items"], logged[4]["total"]) == ("TooManyErrorsError", 1, 2)
    assert (logged[5]["type"], logged[5]["exit_code"]) == ("TooManyErrorsError", 4)


def test_quiet_logs_only_errors(here: Path) -> None:
    write(here / "a.json", [*articles(1), 7])
    assert kinds(events(newsmoe("analyze", "a.json", "-q", *JSON, *GIST).stderr)) == ["item_error"]


def test_page_and_stories_of_a_run_are_logged_as_it_is(here: Path) -> None:
    write(here / "a.json", articles(2))
    command = ("analyze", "a.json", "--page", "a.html", "--stories", "s.json", *GIST)
    *_, stories, page = events(newsmoe(*command, *JSON).stderr)
    assert stories["message"].endswith("-> s.json") and page["message"].startswith("a.html: ")
    assert newsmoe(*command, "-q").stderr == ""


@pytest.mark.parametrize("arguments", [("no.json",), ("a.json", "--gate", "rool"), ("a.json", "-o", "no/out")])
def test_a_run_that_could_not_start_is_an_error_with_its_code(arguments: tuple[str, ...], here: Path) -> None:
    write(here / "a.json", articles(1))
    result = newsmoe("analyze", *arguments, *JSON)
    last = events(result.stderr)[-1]
    assert (result.exit_code, last["event"], last["level"], last["exit_code"]) == (1, "error", "error", 1)
    assert arguments[-1] in last["message"]


def test_a_bug_is_logged_without_its_message(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError(SECRET)

    monkeypatch.setattr("newsmoe.jobs.plan.discover", broken)
    result = newsmoe("analyze", "a.json", *JSON)
    error, please = events(result.stderr)
    assert (result.exit_code, error["type"], error["exit_code"]) == (3, "ValueError", 3)
    assert SECRET not in result.stderr and "test_logs.py" in please["message"]


def test_an_unknown_format_of_logs_is_wrong_usage(here: Path) -> None:
    assert newsmoe("analyze", "a.json", "--log-format", "xml").exit_code == 2


def test_a_watch_logs_its_runs_and_its_scans(here: Path) -> None:
    (here / "in").mkdir()
    write(here / "in" / "a.json", articles(2))
    (here / "in" / "bad.json").write_text("[1,")
    result = newsmoe("watch", "in", "--out", "out", "--once", "--settle", "0", *JSON, *GIST)
    logged = events(result.stderr)
    assert kinds(logged) == [
        "run_started", "input_opened", "run_finished", "message",
        "run_started", "run_broken_off", "message", "message",
    ]  # fmt: skip
    assert "in/bad.json: not valid JSON" in logged[6]["message"]
    assert logged[7]["message"].startswith("1 file analyzed (2 articles, 0 with errors), 1 unreadable")


@pytest.mark.slow
def test_progress_and_a_signal_are_logged_during_a_long_batch(here: Path, plug_in: PlugIn) -> None:
    folder = plug_in(PLANTED, planted="Planted")
    write(here / "a.json", [article(0), article(1, headline="slow")])
    often = MAIN[-1].replace("main()", "import newsmoe.cli.progress as p; p.SECONDS_BETWEEN_LINES = 0.2; main()")
    with subprocess.Popen(
        [*MAIN[:-1], often, "analyze", "a.json", "--tasks", "planted", *JSON],
        stderr=subprocess.PIPE,
        text=True,
        env=with_plug_ins(folder),
    ) as child:
        deadline = time.monotonic() + 60
        while not (here / "asleep").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.6)
        child.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=60)
    logged = events(said)
    assert child.returncode == 143
    assert kinds(logged)[:2] == ["run_started", "input_opened"]
    assert kinds(logged).count("progress") >= 2
    progress = next(event for event in logged if event["event"] == "progress" and event["total"])
    assert (progress["items"], progress["total"]) == (0, 2)
    assert "finishing the current batch" in next(
        event["message"] for event in logged if "finishing" in event.get("message", "")
    )
    assert logged[-1]["type"] == "TerminatedError"


@pytest.mark.slow
def test_a_process_writes_nothing_but_objects(here: Path) -> None:
    write(here / "a.json", articles(3))
    result = process("analyze", "a.json", *JSON, *GIST)
    assert (result.returncode, kinds(events(result.stderr))) == (
        0, ["run_started", "input_opened", "run_finished"],
    )  # fmt: skip
