import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import GIST, articles, newsmoe, one_line
from tests.support import write


def record(**fields: Any) -> dict[str, Any]:
    return {
        "id": 1,
        "headline": "Rowers take gold",
        "url": "",
        "status": "ok",
        "analyses": {
            "summarization": {"summary": "They won by a length."},
            "sentiment": {"label": "positive", "score": 0.9123, "scores": {"positive": 0.9123}},
            "reading-time": {"words": 230, "minutes": 1.0},
        },
        "route": [{"task": "topic", "expert": None, "weight": 0.0, "reason": "the language is 'xx'"}],
        "errors": [{"task": "x", "expert": "y", "type": "ValueError", "message": "no good", "stage": "predict"}],
        "input": {"tokens": 1, "truncated": False, "windows": 1},
        **fields,
    }


def test_a_record_is_shown_as_a_block(here: Path) -> None:
    result = newsmoe("show", write(here / "r.json", [record()]))
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "Rowers take gold",
        "  sentiment: positive (0.91)",
        "  reading-time: words 230, minutes 1.0",
        "They won by a length.",
        "  no topic: the language is 'xx'",
        "  ValueError: no good",
        "",
    ]


def test_a_label_that_is_a_toss_up_is_shown_as_such(here: Path) -> None:
    unsure = {"mood": {"label": "glad", "score": 0.41, "unsure": True, "scores": {"glad": 0.41, "grim": 0.4}}}
    shown = newsmoe("show", write(here / "r.json", [record(analyses=unsure)])).stdout
    assert "  mood: glad (0.41, unsure)" in shown.splitlines()
    several = {"mood": {"label": "glad", "score": 0.5, "labels": ["glad", "grim", 7], "scores": {}}}
    shown = newsmoe("show", write(here / "r.json", [record(analyses=several)])).stdout
    assert "  mood: glad (0.50); also grim; 7" in shown.splitlines()


def test_what_analyze_wrote_is_shown_in_order(here: Path) -> None:
    newsmoe("analyze", write(here / "a.json", articles(3)), "--quiet", *GIST)
    shown = newsmoe("show", "analyzed_a.json").stdout
    assert [line for line in shown.splitlines() if line.startswith("Headline")] == [
        "Headline 0",
        "Headline 1",
        "Headline 2",
    ]


@pytest.mark.parametrize("name", ["r.jsonl", "r.ndjson", "r.jsonl.gz"])
def test_json_lines_are_shown_too(name: str, here: Path) -> None:
    text = "\n".join(json.dumps(record(headline=f"Headline {number}")) for number in range(2)).encode()
    (here / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    result = newsmoe("show", name)
    assert result.exit_code == 0
    assert [line for line in result.stdout.splitlines() if line.startswith("Headline")] == ["Headline 0", "Headline 1"]


@pytest.mark.parametrize("limit", [0, 1, 5])
def test_a_limit_shows_the_first_records_only(limit: int, here: Path) -> None:
    path = write(here / "r.json", [record(), record()])
    assert newsmoe("show", path, "--limit", limit).stdout.count("Rowers take gold") == min(limit, 2)


def test_an_article_without_a_headline_is_called_by_its_id(here: Path) -> None:
    path = write(here / "r.json", [record(headline=None, id="abc"), record(headline=None, id=None)])
    shown = newsmoe("show", path).stdout.splitlines()
    assert shown[0] == "abc"
    assert "(no headline)" in shown


def test_codes_and_markup_in_records_do_not_reach_the_terminal(here: Path) -> None:
    bad = "[red]x[/red] \x1b[31m\x9b\x07[/bold]"
    analyses = {"summarization": {"summary": bad}, bad: {"label": bad, "score": 1.0}, "reading-time": {bad: bad}}
    errors = [{"type": bad, "message": bad}]
    route = [{"task": bad, "expert": None, "reason": bad}]
    path = write(here / "r.json", [record(headline=bad, analyses=analyses, errors=errors, route=route)])
    result = newsmoe("show", path)
    assert result.exit_code == 0
    assert not any(char in result.stdout for char in "\x1b\x9b\x07")
    assert result.stdout.count("[red]x[/red] [/bold]") == 10


@pytest.mark.parametrize(
    ("content", "message"), [("[1,", "not valid JSON"), ("", "the file is empty"), (None, "No such file")]
)
def test_a_file_that_cannot_be_read_is_reported_in_one_line(content: str | None, message: str, here: Path) -> None:
    if content is not None:
        (here / "r.json").write_text(content)
    result = newsmoe("show", "r.json")
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert message in result.stderr


@pytest.mark.parametrize("analyses", [[1], {"topic": 5}, {"topic": {"label": "x"}}, {"summarization": "text"}])
def test_analyses_of_another_shape_are_shown_as_far_as_they_go(analyses: Any, here: Path) -> None:
    result = newsmoe("show", write(here / "r.json", [record(analyses=analyses)]))
    assert (result.exit_code, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert (lines[0], lines[-2]) == ("Rowers take gold", "  ValueError: no good")
