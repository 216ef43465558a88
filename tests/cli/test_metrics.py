"""`--metrics`: written however a command ends."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.support import GIST, PlugIn, article, articles, names, newsmoe, one_line
from tests.support import write

FAILING = """
class Failing:
    name = task = "failing"
    def load(self, device): pass
    def predict(self, articles): raise HOW
"""


READING = """
import newsmoe
class Reading:
    name = task = "reading"
    def load(self, device): pass
    def predict(self, articles):
        return [newsmoe.Fields({"seen": True}, newsmoe.InputStats(tokens=7, windows=1)) for _ in articles]
"""


def value(name: str, **labels: str) -> float | None:
    """Return one value of `m.prom`."""
    families = text_string_to_metric_families(Path("m.prom").read_text(encoding="utf-8"))
    samples = [sample for family in families for sample in family.samples]
    return next(
        (sample.value for sample in samples if sample.name == f"newsmoe_{name}" and sample.labels == labels), None
    )


def test_the_figures_of_all_outputs_are_added_up(here: Path, plug_in: PlugIn) -> None:
    plug_in(READING, reading="Reading")
    write(here / "a.json", articles(3))
    write(here / "b.json", [*articles(2), 7])
    tasks = "--tasks", "reading"
    assert newsmoe("analyze", "a.json", "b.json", "--metrics", "m.prom", *tasks).exit_code == 4
    assert (value("run_items", status="ok"), value("run_items", status="failed")) == (5, 1)
    assert value("run_errors", stage="read", expert="") == 1
    assert value("run_expert_items", expert="reading") == 5
    assert value("run_tokens") == 5 * 7
    assert (value("run_exit_code"), value("run_success")) == (4, 0)
    assert newsmoe("analyze", "a.json", "--metrics", "m.prom", *tasks).exit_code == 0
    assert (value("run_items", status="ok"), value("run_success")) == (3, 1)
    assert value("last_success_timestamp_seconds") == value("run_timestamp_seconds")


@pytest.mark.parametrize(
    ("how", "arguments", "code"),
    [
        ("ValueError", ("--max-errors", "0"), 4),
        ("KeyboardInterrupt", (), 130),
        ("__import__('newsmoe.cli.signals').cli.signals.TerminatedError", (), 143),
    ],
)
def test_a_run_that_ends_early_is_counted_as_such(
    how: str, arguments: tuple[str, ...], code: int, here: Path, plug_in: PlugIn
) -> None:
    plug_in(FAILING.replace("HOW", how), failing="Failing")
    write(here / "a.json", articles(2))
    result = newsmoe("analyze", "a.json", "--tasks", "failing", "--metrics", "m.prom", *arguments)
    assert (result.exit_code, value("run_exit_code"), value("run_success")) == (code, code, 0)
    assert value("run_items", status="failed") == (1 if code == 4 else 0)


@pytest.mark.parametrize("arguments", [("no.json",), ("a.json", "--gate", "rool"), ("a.json", "--format", "x")])
def test_a_run_that_could_not_start_is_counted_as_such(arguments: tuple[str, ...], here: Path) -> None:
    write(here / "a.json", articles(1))
    assert newsmoe("analyze", *arguments, "--metrics", "m.prom").exit_code == 1
    assert value("run_exit_code") == 1


def test_a_dry_run_writes_none(here: Path) -> None:
    newsmoe("analyze", write(here / "a.json", articles(1)), "--dry-run", "--metrics", "m.prom", *GIST)
    assert names(here) == ["a.json"]


@pytest.mark.parametrize(
    ("path", "message"), [("a.json", "a.json: holds something else"), ("no/m.prom", "there is no folder no")]
)
def test_an_unwritable_file_is_reported_before_an_article_is_read(path: str, message: str, here: Path) -> None:
    text = write(here / "a.json", articles(1)).read_text()
    result = newsmoe("analyze", "a.json", "--metrics", path, *GIST)
    assert (result.exit_code, one_line(result.stderr), message in result.stderr) == (1, True, True)
    assert (names(here), (here / "a.json").read_text()) == (["a.json"], text)


def test_metrics_are_not_written_over_the_output(here: Path) -> None:
    write(here / "a.json", articles(1))
    result = newsmoe("analyze", "a.json", "-o", "out.json", "--metrics", "out.json", *GIST)
    assert (result.exit_code, "out.json: holds something else" in result.stderr) == (0, True)
    assert (here / "out.json").read_text().startswith("[")


@pytest.mark.parametrize("command", [("analyze", "a.json"), ("watch", "in", "--out", "out", "--once")])
def test_without_prometheus_client_the_extra_is_named(
    command: tuple[str, ...], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    result = newsmoe(*command, "--metrics", "m.prom")
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "pip install 'newsmoe[metrics]'" in result.stderr


def test_a_watch_adds_up_the_counts_of_its_scans(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = here / "in"
    inbox.mkdir()
    figures: list[Any] = []

    def scans(when: object, job: Callable[[], None]) -> None:
        for elements in (articles(2), [article("x"), 7], None):
            if elements:
                write(inbox / f"{len(figures)}.json", elements)
            else:
                inbox.rename(here / "away")
            job()
            figures.append((value("run_items", status="ok"), value("run_exit_code")))
        raise KeyboardInterrupt

    monkeypatch.setattr("newsmoe.jobs.scheduler.run_at", scans)
    arguments = ("--out", "out", "--every", "1m", "--settle", "0", "--metrics", "m.prom", *GIST)
    assert newsmoe("watch", "in", *arguments).exit_code == 130
    assert figures == [(2, 0), (3, 4), (3, 1)]
    assert (value("run_items", status="ok"), value("run_exit_code")) == (3, 130)
    assert value("last_success_timestamp_seconds") is not None


def test_a_single_scan_has_the_exit_code_of_its_command(here: Path) -> None:
    (here / "in").mkdir()
    write(here / "in" / "a.json", [7])
    arguments = ("--out", "out", "--once", "--settle", "0", "--metrics", "m.prom", *GIST)
    assert newsmoe("watch", "in", *arguments).exit_code == 4
    assert (value("run_items", status="failed"), value("run_exit_code")) == (1, 4)
