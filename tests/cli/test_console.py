import io
import os
import sys
from datetime import datetime
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live

from newsmoe.cli.console import console_with_bar, messages, results, table
from newsmoe.cli.logs import say
from newsmoe.cli.progress import show_stats
from newsmoe.jobs.plan import Job
from newsmoe.output.run_report import RunReport, RunStats


def test_names_are_never_cut_and_other_cells_are_continued_below() -> None:
    rows = table("!expert", "!task", "what it is", ">items")
    rows.add_row("distilbart-cnn-12-6-of-the-news-desk", "summarization", "Abstractive summaries of news. " * 3, "1000")
    shown = io.StringIO()
    Console(file=shown, width=80).print(rows)
    assert "distilbart-cnn-12-6-of-the-news-desk" in shown.getvalue()
    assert "…" not in shown.getvalue()
    assert max(map(len, shown.getvalue().splitlines())) <= 80


def test_where_a_table_does_not_fit_each_cell_has_its_line() -> None:
    rows = table("!run", "!started", ">articles", ">with errors", "output", title="Runs")
    rows.add_row("7", "2026-11-30 20:15", "30", "", "analyzed_news_data.json")
    rows.add_row("6", "2026-11-30 20:14", "25", "2", "analyzed_messy.json")
    shown = io.StringIO()
    Console(file=shown, width=30).print(rows)
    assert [line.rstrip() for line in shown.getvalue().splitlines()] == [
        "Runs",
        "run       7",
        "started   2026-11-30 20:15",
        "articles  30",
        "output    analyzed_news_data.j",
        "          son",
        "",
        "run          6",
        "started      2026-11-30 20:14",
        "articles     25",
        "with errors  2",
        "output       analyzed_messy.js",
        "             on",
    ]


def test_a_heading_stays_on_its_line_above_a_narrow_table() -> None:
    rows = table("label", ">[b]", title="predicted label of [each]")
    rows.add_row("1 a", "3")
    shown = io.StringIO()
    Console(file=shown, width=80).print(rows)
    assert list(map(str.rstrip, shown.getvalue().splitlines())) == [
        "predicted label of [each]",
        "label  [b]",
        "1 a      3",
    ]


def test_a_dumb_terminal_has_the_width_that_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr("newsmoe.cli.console.get_terminal_size", lambda: os.terminal_size((40, 24)))
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("TERM", "dumb")
    assert results().width == 40


def test_a_message_stands_above_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert messages() is not messages()
    with console_with_bar() as console, Live("bar", console=console, auto_refresh=False, transient=True):
        assert messages() is console
        say("it is left out")
    assert "it is left out\n" in sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert messages() is not console


@pytest.mark.parametrize(("seconds", "rate"), [(0.25, "16"), (8, "0.5")])
def test_a_low_rate_is_shown_with_a_decimal(seconds: float, rate: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = RunReport(
        inputs=["a.json"], output="b.json", started=datetime(2026, 1, 31), seconds=seconds, device="cpu",
        gate="rules", tasks=[], versions={}, items=4,
    )  # fmt: skip
    job = Job(("a.json",), Path("b.json"), "json", None)
    show_stats(RunStats(items=4), [(job, run)])
    assert f"({rate} a second)" in capsys.readouterr().err
