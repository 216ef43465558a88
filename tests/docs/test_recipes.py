"""The README's recipes, run as they stand there."""

import csv
import json
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.support import newsmoe
from tests.docs.pages import README, example
from tests.support import SAMPLE, read

REMARKS = {
    "glad": "The {} was a delight, and we left with a smile.",
    "cross": "The {} was a shame, and we left in anger.",
}
THINGS = ("concert", "dinner", "match", "walk", "talk", "train", "view", "hotel", "film", "fair")


def commands(heading: str) -> list[list[str]]:
    """Return the arguments of the commands of newsmoe in a recipe."""
    lines = [shlex.split(line, comments=True) for line in example(README, heading, "sh").splitlines()]
    return [arguments for program, *arguments in lines if program == "newsmoe"]


@pytest.fixture
def here(workdir: Path) -> Path:
    shutil.copy(SAMPLE, workdir)
    return workdir


def test_run_every_night(here: Path) -> None:
    [[*arguments]] = commands("Run every night")
    done = newsmoe(*arguments)
    assert done.exit_code == 0, done.output
    assert "0 6 * * *" in done.output
    assert "analyze inbox -o all.jsonl --append" in done.output


@pytest.mark.slow
def test_use_topics_of_your_own(here: Path) -> None:
    (here / "newsmoe.toml").write_text(example(README, "Use topics of your own", "toml"), encoding="utf-8")
    done = newsmoe("analyze", SAMPLE.name, "--tasks", "topic", "--limit", 3)
    assert done.exit_code == 0, done.output
    records = read(here / "analyzed_news_data.json")
    assert {record["analyses"]["topic"]["label"] for record in records} <= {"local news", "transfer rumours"}


@pytest.mark.slow
def test_train_your_own_expert(here: Path) -> None:
    with (here / "remarks.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("remark", "mood"))
        table.writerows((remark.format(thing), mood) for thing in THINGS for mood, remark in REMARKS.items())
    for arguments in commands("Train your own expert"):
        done = newsmoe(*arguments)
        assert done.exit_code == 0, done.output
    records = json.loads((here / "analyzed_news_data.json").read_text(encoding="utf-8"))
    assert {record["analyses"]["mood"]["label"] for record in records if "mood" in record["analyses"]} <= {
        "glad",
        "cross",
    }
