"""`newsmoe gate` on two experts of a plug-in, with the real backbone."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.support import PlugIn, article, articles, newsmoe, one_line
from tests.gating.support import constant, equal
from tests.support import read, write

MOODS = """
from newsmoe import Labels

class Knowing:
    task = "mood"
    words = ()

    def load(self, device): ...

    def predict(self, articles):
        return [self.predict_text(article.content) for article in articles]

    def predict_text(self, text):
        right = any(word in text for word in self.words)
        good = 0.9 if right == text.startswith("Good") else 0.1
        return Labels({"good": good, "bad": 1 - good})

class Sport(Knowing):
    name = "sport"
    words = ("goal", "match", "striker", "league")

class Money(Knowing):
    name = "money"
    words = ("shares", "profit", "bank", "loan")
"""


MOOD = "Good", "Bad"
WORDS = "goal", "match", "striker", "league", "shares", "profit", "bank", "loan"


@pytest.fixture
def trained(here: Path, plug_in: PlugIn) -> Path:
    """Train a gate on a file of examples; return its folder."""
    plug_in(MOODS, sport="Sport", money="Money")
    rows = ["text,label"] + [
        f"{mood} news: the {word} of {where}.,{mood.lower()}"
        for mood in MOOD
        for word in WORDS
        for where in ("Rome", "Oslo", "Lima")
    ]
    (here / "moods.csv").write_text("\n".join(rows) + "\n")
    result = newsmoe("gate", "train", "moods.csv", "--task", "mood", "--content", "text")
    assert result.exit_code == 0, result.stderr
    assert "wrote experts/gate-mood/recipe.toml" in result.stderr
    assert "accuracy on the dev data: the gate 100.0, the rules " in " ".join(result.stderr.split())
    assert "do not use it" not in result.stderr
    assert re.search(r"\n\d+ examples are too few for figures to rely on: differences may be chance\n", result.stderr)
    return here / "experts" / "gate-mood"


def test_a_gate_that_is_no_better_than_one_expert_alone_is_not_recommended(here: Path, plug_in: PlugIn) -> None:
    plug_in(MOODS, sport="Sport", money="Money")
    rows = [f"{mood} news: the goal of {number}.,{mood.lower()}" for mood in MOOD for number in range(20)]
    (here / "moods.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    result = newsmoe("gate", "train", "moods.csv", "--task", "mood", "--content", "text")
    assert result.exit_code == 0, result.stderr
    said = " ".join(result.stderr.split())
    assert "sport alone 100.0" in said
    assert "it is not better than what it would replace: do not use it" in said


@pytest.mark.slow
def test_a_gate_is_trained_measured_used_and_explained(trained: Path, here: Path) -> None:
    table = newsmoe("gate", "evaluate", trained, "--json", "--write", "--plot", here / "curve.png")
    assert table.exit_code == 0, table.stderr
    assert (here / "curve.png").read_bytes().startswith(b"\x89PNG")
    report = json.loads(table.stdout)
    accuracy = {row["system"]: row["figures"]["accuracy"] for row in report["systems"]}
    assert accuracy["learned, top 1"] == accuracy["oracle"] == 1.0 > accuracy["sport"]
    assert [curve["system"] for curve in report["curve"]["curves"]] == ["learned", "random", "oracle"]
    assert 'system = "oracle"' in (trained / "gate.toml").read_text()
    page = (trained / "README.md").read_text()
    assert "| learned, top 1 | 100.00 |" in page and "APGR" in page
    shown = newsmoe("gate", "evaluate", trained, "--no-neighbours")
    assert (
        "learned, top 2" in shown.stdout and "above chance" in shown.stdout and "nearest neighbours" not in shown.stdout
    )

    texts = "Good news: the goal of Kiel.", "Bad news: the bank of Kiel."
    write(here / "a.json", [article(number, headline="", content=text) for number, text in enumerate(texts)])
    used = "a.json", "--tasks", "mood", "--gate", "learned"
    assert newsmoe("analyze", *used).exit_code == 0
    records = read(here / "analyzed_a.json")
    assert [record["analyses"]["mood"]["label"] for record in records] == ["good", "bad"]
    assert [record["route"][0]["expert"] for record in records] == ["sport", "money"]
    assert re.fullmatch(r"learned gate: sport [01]\.\d\d, money 0\.[0-4]\d", records[0]["route"][0]["reason"])

    explained = json.loads(newsmoe("route", *used, "--explain", "1", "--json").stdout)
    [task] = explained["tasks"]
    assert [entry["expert"] for entry in task["experts"]] == ["money", "sport"]
    assert task["experts"][0]["features"].keys() == {"embedding", "bias"}
    assert task["experts"][0]["features"]["embedding"] > 0
    text = newsmoe("route", *used, "--explain", "1").stdout
    assert "50 % of what running every expert would cost" in text

    (here / "newsmoe.toml").write_text("top_k = 2\n")
    both = newsmoe("analyze", *used, "-o", "both.json", "--budget", "0.5")
    assert both.exit_code == 0, both.stderr
    assert all(len(record["route"]) == 1 for record in read(here / "both.json"))
    assert "to stay within the budget" in read(here / "both.json")[0]["route"][0]["reason"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("capacity = 0.5", {"money": (3, 2, 0), "sport": (2, 0, 0)}),
        ("top_k = 2\nbudget = 0.5", {"money": (2, 0, 2), "sport": (3, 0, 3)}),
        ("", {"money": (5, 0, 0)}),
    ],
)
def test_what_a_limit_changed_is_counted_by_expert_in_the_run_report(
    here: Path, plug_in: PlugIn, settings: str, expected: dict[str, tuple[int, int, int]]
) -> None:
    plug_in(MOODS, sport="Sport", money="Money")
    experts = [
        expert.model_copy(update={"cost": cost})
        for expert, cost in zip(equal(("sport", "money")), (0.3, 0.7), strict=True)
    ]
    constant(here / "experts" / "gate-mood", [0.2, 0.8], task="mood", experts=experts)
    (here / "newsmoe.toml").write_text(f'gate = "learned"\ntasks = ["mood"]\n{settings}\n')
    assert newsmoe("analyze", write(here / "a.json", articles(5))).exit_code == 0
    report = json.loads((here / "analyzed_a.run.json").read_text())
    figures = "items", "overflow", "budgeted"
    assert {name: tuple(stats[key] for key in figures) for name, stats in report["experts"].items()} == expected


def test_a_redundant_expert_is_pruned(here: Path, plug_in: PlugIn) -> None:
    idle = MOODS + '\nclass Idle(Knowing):\n    name = "idle"\n    words = ("weather",)\n'
    plug_in(idle, sport="Sport", money="Money", idle="Idle")
    names = "sport", "money", "idle"
    rows = ["text,label", *(f"{mood} news: the {word}.,{mood.lower()}" for mood in MOOD for word in WORDS)]
    (here / "moods.csv").write_text("\n".join(rows) + "\n")
    folder = here / "experts" / "gate-mood"
    constant(folder, [0.2, 0.7, 0.1], task="mood", experts=equal(names), settings={"top_k": 2})
    source = '[[SIDE]]\npath = "moods.csv"\ncontent = "text"\n'
    sides = source.replace("SIDE", "train") + source.replace("SIDE", "dev")
    (folder / "recipe.toml").write_text(f'name = "gate-mood"\ntask = "mood"\n{sides}')
    before = (folder / "gate.toml").read_text()

    dry = newsmoe("gate", "prune", folder, "--dry-run")
    assert (dry.exit_code, "nothing was written" in dry.stderr) == (0, True)
    last = dry.stdout.splitlines()[-1]
    assert (last.split()[:2], last.rstrip().endswith("excluded")) == (["idle", "0.000"], True)
    assert (folder / "gate.toml").read_text() == before

    result = newsmoe("gate", "prune", folder, "--json")
    verdicts = {row["expert"]: (row["share"], row["gain"], row["verdict"]) for row in json.loads(result.stdout)}
    assert verdicts["idle"] == (0.0, 0.0, "excluded")
    assert verdicts["sport"][0] == verdicts["money"][0] == 1.0
    assert 'to train it so, set experts = ["sport", "money"]' in result.stderr
    write(here / "a.json", [article(0, headline="", content="Good news: the goal.")])
    assert newsmoe("analyze", "a.json", "--tasks", "mood", "--gate", "learned").exit_code == 0
    [record] = read(here / "analyzed_a.json")
    assert record["route"][0]["reason"] == "learned gate: money 0.78, sport 0.22"
    assert "every expert stays" in newsmoe("gate", "prune", folder).stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gate", "evaluate", "nowhere"), "nowhere/gate.toml: cannot be read"),
        (("gate", "prune", "nowhere"), "nowhere/gate.toml: cannot be read"),
        (("gate", "train", "none.csv", "--task", "topic"), "none.csv: cannot be read"),
        (("gate", "train", "a.json", "--task", "topics"), "'topics' has 0; did you mean 'topic'?"),
        (("gate", "train", "none.toml"), "none.toml: cannot be read"),
        (("gate", "train", "a.json", "--label", "mood"), "no value under 'mood' (keys: "),
        (("train", "summarizer", "a.json", "--summary", "gist"), "no value under 'gist' (keys: "),
        (("route", "a.json", "--gate", "rules", "--explain", "0"), "--explain shows the scores of learned gates"),
        (("route", "a.json", "--gate", "all", "--budget", "0.5"), "budget: requires a learned gate"),
        (("route", "a.json", "--gate", "nowhere"), "no gate is called 'nowhere'"),
    ],
)
def test_an_impossible_request_is_reported_in_one_line(arguments: tuple[str, ...], message: str, here: Path) -> None:
    write(here / "a.json", [article()])
    result = newsmoe(*arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert one_line(result.stderr.splitlines()[-1] + "\n")
    assert not (here / "experts").exists()  # where a recipe would be in the way of the next try


@pytest.mark.slow
def test_an_id_of_no_article_is_reported(trained: Path, here: Path) -> None:
    write(here / "a.json", [article()])
    result = newsmoe("route", "a.json", "--tasks", "mood", "--gate", "experts/gate-mood", "--explain", "9")
    assert (result.exit_code, one_line(result.stderr.splitlines()[-1] + "\n")) == (1, True)
    assert "no article with the id '9' in the input" in result.stderr
