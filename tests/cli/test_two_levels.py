"""Tasks, then experts, then deferred experts, through the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.support import PlugIn, article, newsmoe, one_line
from tests.support import read, write

DESKS = """
from newsmoe import Fields, Labels

class Desk:
    name = "desk-by-word"
    task = "desk"

    def load(self, device): ...

    def predict(self, articles):
        if any("broken" in article.headline for article in articles):
            raise ValueError("no desk")
        return [Labels(self.scores(article.headline)) for article in articles]

    def scores(self, headline):
        sport = 0.9 if "goal" in headline else 0.4 if "run" in headline else 0.1
        return {"sport": sport, "money": 1 - sport}

class Which:
    name = "which-sport"
    task = "game"
    after = {"task": "desk", "label": "sport", "at_least": 0.5}

    def load(self, device): ...

    def predict(self, articles):
        return [Fields({"game": "football"}) for article in articles]
"""
HEADLINES = "a goal", "a bank run", "broken", "another goal"
OPTIONS = "--tasks", "desk,game", "--no-journal"


@pytest.fixture
def news(here: Path, plug_in: PlugIn) -> Path:
    plug_in(DESKS, **{"desk-by-word": "Desk", "which-sport": "Which"})
    return write(here / "a.json", [article(n, headline=text) for n, text in enumerate(HEADLINES)])


def reasons(records: list[dict[str, Any]], task: str) -> list[str]:
    return [entry["reason"] for record in records for entry in record["route"] if entry["task"] == task]


def test_the_deferred_prediction_is_written_where_the_first_one_requires_it(news: Path, here: Path) -> None:
    result = newsmoe("analyze", news, *OPTIONS)
    assert result.exit_code == 4
    records = read(here / "analyzed_a.json")
    assert [list(record["analyses"]) for record in records] == [["desk", "game"], ["desk"], [], ["desk", "game"]]
    assert [record["status"] for record in records] == ["ok", "ok", "failed", "ok"]
    missed = "only where desk is 'sport' with 0.5 or more; "
    assert reasons(records, "game") == [
        "no rule for this task: first expert of its pool; desk is 'sport' (0.90)",
        missed + "desk is 'money' (0.60)",
        missed + "desk has no prediction",
        "no rule for this task: first expert of its pool; desk is 'sport' (0.90)",
    ]
    report = json.loads((here / "analyzed_a.run.json").read_text())
    assert report["experts"]["which-sport"]["items"] == 2
    assert report["abstentions"] == {"game": 2}


def test_a_deferred_expert_alone_reads_every_article(news: Path, here: Path) -> None:
    assert newsmoe("analyze", news, "--tasks", "game").exit_code == 0
    assert all(record["analyses"]["game"] == {"game": "football"} for record in read(here / "analyzed_a.json"))


def test_the_route_names_the_condition_of_a_deferred_expert(news: Path) -> None:
    [first, *_] = json.loads(newsmoe("route", news, *OPTIONS[:2], "--json").stdout)
    assert [entry["reason"] for entry in first["route"]][1].endswith("only where desk is 'sport' with 0.5 or more")
    assert "which-sport" in newsmoe("route", news, *OPTIONS[:2]).stdout


def test_the_gate_all_defers_too(news: Path, here: Path, plug_in: PlugIn) -> None:
    newsmoe("analyze", news, *OPTIONS, "--gate", "all")
    records = read(here / "analyzed_a.json")
    assert [list(record["analyses"]) for record in records][:2] == [["desk", "game"], ["desk"]]


def test_a_deferred_rule_that_does_not_match_is_followed_by_the_next_rule(news: Path, here: Path) -> None:
    (here / "newsmoe.toml").write_text(
        '[[rule]]\nafter = { task = "desk", label = "sport" }\nuse = { summarization = [] }\n'
        'reason = "scores say it all"\n'
    )
    newsmoe("analyze", news, "--tasks", "summarization,desk")
    records = read(here / "analyzed_a.json")
    assert ["summarization" in record["analyses"] for record in records] == [False, True, True, False]
    assert reasons(records, "summarization")[:2] == [
        "scores say it all; desk is 'sport' (0.90)",
        "at most 60 words: the first sentences are the summary",
    ]
    newsmoe("analyze", news, "--tasks", "summarization", "-o", "b.json")
    assert all("summarization" in record["analyses"] for record in read(here / "b.json"))


@pytest.mark.parametrize(
    ("after", "message"),
    [
        ('{ task = "dsk", label = "sport" }', "waits for the task 'dsk', which no expert predicts; did you mean"),
        ('{ task = "game", label = "x" }', "'after': these tasks wait for each other: "),
        ('{ task = "topic", label = ["sport", "Sprot"] }', "waits for the label 'Sprot', which no expert for topic"),
        ('{ task = "desk" }', "after.label: is missing"),
        ('{ task = "desk", label = [] }', "after.label: "),
        ('{ task = "desk", label = "a", at_lest = 1 }', "did you mean 'at_least'"),
    ],
)
def test_an_invalid_condition_is_reported(news: Path, here: Path, after: str, message: str) -> None:
    (here / "newsmoe.toml").write_text(f'[[rule]]\nafter = {after}\nuse = {{ desk = "desk-by-word" }}\n')
    result = newsmoe("route", news, *OPTIONS[:2])
    assert result.exit_code == 1
    assert message in result.stderr
    assert one_line(result.stderr)
