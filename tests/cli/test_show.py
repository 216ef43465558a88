import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from newsmoe.cli.tally import BAR_WIDTH
from tests.cli.support import GIST, articles, newsmoe, one_line, process
from tests.report.support import records, write_records
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
    assert "  mood: unsure, glad (0.41) or grim (0.40)" in shown.splitlines()
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
    assert shown[0] == "(no headline, id abc)"
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


@pytest.mark.parametrize("name", ["r.csv", "r.xlsx", "r.parquet", "r.db"])
def test_every_format_is_shown(name: str, here: Path) -> None:
    result = newsmoe("show", write_records(here / name, records(2)))
    assert (result.exit_code, result.stderr) == (0, "")
    assert [item.headline for item in records(2) if item.headline in result.stdout.splitlines()] == [
        item.headline for item in records(2)
    ]


def pile(here: Path) -> Path:
    def labelled(task: str, label: str, score: float, *, unsure: bool = False) -> dict[str, Any]:
        return {task: {"label": label, "score": score, "unsure": unsure, "scores": {label: score, "x": 1 - score}}}

    days = ["2026-01-02T23:00:00+01:00", None, "2025-12-31"]
    kinds = [("sport", 0.7), ("sport", 0.9), ("economy, business and finance", 0.8)]
    some = [
        record(
            headline=f"Café {number}",
            publication_date=day,
            source="The Post",
            analyses={**labelled("topic", *kind), **labelled("sentiment", "negative", kind[1], unsure=number == 1)},
        )
        for number, (day, kind) in enumerate(zip(days, kinds, strict=True))
    ]
    return write(here / "r.json", some)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("--topic sport", [0, 1]),
        ("--topic Economy", [2]),
        ("--sentiment negative", [0, 2]),
        ("--sentiment unsure", [1]),
        ("--topic sport --sentiment negative", [0]),
        ("--search CAFE", [0, 1, 2]),
        ("--search post --topic sport", [0, 1]),
        ("--since 2026-01-01", [0]),
        ("--sort score", [1, 2, 0]),
        ("--sort score --limit 1", [1]),
        ("--sort date", [0, 2, 1]),
        ("--sort headline", [0, 1, 2]),
        ("--topic sport --limit 1", [0]),
    ],
)
def test_articles_are_selected_and_sorted(options: str, expected: list[int], here: Path) -> None:
    result = newsmoe("show", pile(here), *options.split())
    assert (result.exit_code, result.stderr) == (0, "")
    shown = [line for line in result.stdout.splitlines() if line.startswith("Café")]
    assert shown == [f"Café {number}" for number in expected]
    printed = json.loads(newsmoe("show", pile(here), *options.split(), "--json").stdout)
    assert [item["headline"] for item in printed] == shown


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            "--topic sport --since 2030-01-01",
            ["no article matches all of these filters; 'newsmoe stats' counts what there is"],
        ),
        ("--topic Sports", ["no article has the topic 'Sports'; did you mean 'sport'?"]),
        (
            "--topic weather --sentiment angry --search cafe",
            [
                "no article has the topic 'weather'; available: economy, business and finance, sport",
                "no article has the sentiment 'angry'; available: negative, unsure",
            ],
        ),
    ],
)
def test_it_is_said_why_no_article_is_shown(options: str, expected: list[str], here: Path) -> None:
    result = newsmoe("show", pile(here), *options.split(), "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])
    assert result.stderr.splitlines() == [f"{here / 'r.json'}: {reason}" for reason in expected]


@pytest.mark.parametrize("option", [("--since", "yesterday"), ("--sort", "colour")])
def test_an_option_that_makes_no_sense_is_an_error_of_usage(option: tuple[str, str], here: Path) -> None:
    result = newsmoe("show", pile(here), *option)
    assert result.exit_code == 2
    assert option[1] in result.stderr


def test_articles_are_counted(here: Path) -> None:
    counts = json.loads(newsmoe("stats", pile(here), "--json").stdout)
    assert counts == {
        "articles": 3,
        "status": {"ok": 3},
        "topic": {"sport": 2, "economy, business and finance": 1},
        "sentiment": {"negative": 2, "unsure": 1},
        "outlet": {"The Post": 3},
        "week": {"2026-W01": 2},
    }
    shown = newsmoe("stats", "r.json").stdout
    assert shown.splitlines()[0] == "3 articles, 0 with errors"
    headings = [line.split()[0] for line in shown.splitlines() if line.split()[1:] == ["articles"]]
    assert headings == ["topic", "sentiment", "outlet", "week"]
    assert [line.split()[:2] for line in shown.splitlines() if "sport" in line] == [["sport", "2"]]
    assert json.loads(newsmoe("stats", "r.json", "r.json", "--json").stdout)["articles"] == 6


def test_genres_are_counted_where_there_are_some(here: Path) -> None:
    write(here / "r.json", [record(analyses={"genre": {"label": "live", "score": 0.9}}), record()])
    assert json.loads(newsmoe("stats", "r.json", "--json").stdout)["genre"] == {"live": 1}
    assert ["live", "1"] in [line.split()[:2] for line in newsmoe("stats", "r.json").stdout.splitlines()]


def test_articles_that_name_many_people_are_not_counted_for_each(here: Path) -> None:
    people = [{"name": f"Ann {number:02}", "type": "Person", "mentions": []} for number in range(20)]
    write(here / "r.json", [{**record(), "analyses": {"entities": people}}])
    assert "and 5 others" in newsmoe("stats", "r.json").stdout.splitlines()


def test_of_many_outlets_the_rest_is_counted(here: Path) -> None:
    write(here / "r.json", [record(source=f"Outlet {number:02}") for number in range(40)])
    assert "and 25 others, with 25 articles" in newsmoe("stats", "r.json").stdout.splitlines()
    write(here / "none.json", [])
    assert newsmoe("stats", "none.json").stdout == "0 articles, 0 with errors\n"


def test_a_bar_is_on_one_line_also_beside_a_long_name(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsmoe.cli.console.WIDTH_OF_A_FILE", 60)
    write(here / "r.json", [record(source="The Harrowmere and Ormsby Evening Courier")])
    (line,) = (line for line in newsmoe("stats", "r.json").stdout.splitlines() if line.startswith("The Harrow"))
    assert len(line.split()[-1]) == BAR_WIDTH


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("command", ["show", "stats"])
def test_tables_and_summaries_keep_to_the_width(
    width: int, command: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsmoe.cli.console.WIDTH_OF_A_FILE", width)
    result = newsmoe(command, pile(here))
    assert result.exit_code == 0
    whole_lines = {"and", "3"} if command == "stats" else {"Café", "topic:", "sentiment:", "no", "ValueError:"}
    lines = [line for line in result.stdout.splitlines() if not whole_lines & set(line.split()[:1])]
    assert max(map(len, lines)) <= width


def test_letters_that_the_terminal_does_not_have_are_shown_by_number(here: Path) -> None:
    write(here / "r.json", [record(source="Café")])
    done = process("stats", "r.json", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split() for line in done.stdout.splitlines() if "Caf" in line] == [["Caf\\xe9", "1", "#" * 30]]


def test_json_is_in_utf_8_whatever_the_terminal(here: Path) -> None:
    result = newsmoe("show", pile(here), "--json", "--limit", "1")
    assert "Café 0" in result.stdout_bytes.decode("utf-8")
