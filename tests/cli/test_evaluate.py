import json
from pathlib import Path

import pytest

from tests.cli.support import card, newsmoe, one_line


@pytest.fixture
def gist(workdir: Path) -> Path:
    """A file of articles with summaries, and an expert that needs no model."""
    card(workdir / "experts", "first", task="summarization")
    rows = [
        {"body": "Forty boats sank. It rained. It snowed. The mayor spoke.", "highlights": ["Forty boats sank."]},
        {"body": "The match was drawn. It rained. It snowed. Nobody scored.", "highlights": ["Nobody scored."]},
    ]
    (workdir / "gist.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return workdir


def test_summaries_are_measured_beside_the_lead_and_the_oracle(gist: Path) -> None:
    result = newsmoe("evaluate", "first", "gist.jsonl", "--summary", "highlights", "--json")
    assert result.exit_code == 0, result.stderr
    [report] = json.loads(result.stdout)
    assert (report["data"], report["items"], report["answered"]) == ("gist.jsonl", 2, 2)
    figures = report["figures"]
    assert figures["lead-3: ROUGE-1"] < figures["ROUGE-1"]  # the expert takes the fourth sentence too
    assert figures["oracle: ROUGE-1"] == pytest.approx(1.0)
    assert report["predictions"] == {"first": 2}


def test_a_task_is_measured_as_its_pool_behind_the_gate(gist: Path) -> None:
    arguments = ("summarization", "gist.jsonl", "--summary", "highlights", "--limit", "1", "--json")
    [report] = json.loads(newsmoe("evaluate", *arguments).stdout)
    assert (report["items"], report["predictions"]) == (1, {"lead": 1})


def test_figures_are_shown_as_tables_without_reading_text_as_markup(workdir: Path) -> None:
    rows = "text,label\n[red]Storm[/red] sinks boats,[b]sport\nStriker scores twice,sport\n"
    (workdir / "a.csv").write_text(rows)
    result = newsmoe("evaluate", "topic-zero-shot", "a.csv")
    assert result.exit_code == 0, result.stderr
    assert "a.csv: 2 of 2 predicted" in result.stdout
    assert "accuracy" in result.stdout
    assert "[b]sport" in result.stdout
    assert "2 examples are too few for figures to rely on" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("nobody", "gist.jsonl"), 1, "no expert is called 'nobody'"),
        (("first",), 1, "first has no recipe that names dev data; give a file of examples"),
        (("genre",), 1, "No such file or directory; give a file of examples, or its folder with --data"),
        (("first", "none.jsonl"), 1, "none.jsonl: cannot be read"),
        (("first", "gist.jsonl"), 1, "element 1: no value under 'summary'; keys: 'body', 'highlights'"),
        (("first", "gist.jsonl", "--summary", "highlights", "--write"), 1, "no card and recipe to put"),
    ],
)
def test_what_cannot_be_measured_is_reported(gist: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    result = newsmoe("evaluate", *arguments)
    assert result.exit_code == code
    assert message in result.stderr
    assert one_line(result.stderr.splitlines()[-1] + "\n")


def test_an_invalid_mapping_is_a_usage_error(workdir: Path) -> None:
    (workdir / "a.csv").write_text("text,label\nStriker scores,sport\n")
    result = newsmoe("evaluate", "topic-zero-shot", "a.csv", "--map", "sport")
    assert result.exit_code == 2
    assert "--map sport: expected OLD=NEW" in result.stderr


def test_options_for_examples_require_some(workdir: Path) -> None:
    result = newsmoe("evaluate", "topic-zero-shot", "--limit", "5")
    assert result.exit_code == 2
    assert "--limit is for a file of examples" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("evaluate", "first", "gist.jsonl", "--summary", "highlights", "--label", "x"), "--label is for examples"),
        (("evaluate", "first", "gist.jsonl", "--closed"), "--closed is for examples with labels"),
        (("evaluate", "first", "gist.jsonl", "--map", "a=b"), "--map is for examples with labels"),
        (("evaluate", "first", "gist.jsonl", "--data", "."), "--data is for the paths in a recipe"),
        (("gate", "train", "gist.jsonl", "--task", "summarization", "--label", "x"), "--label is for examples"),
    ],
)
def test_options_that_would_do_nothing_are_refused(arguments: tuple[str, ...], message: str, gist: Path) -> None:
    result = newsmoe(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr
