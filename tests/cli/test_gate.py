"""`newsmoe gate` on two experts of a plug-in, with the real backbone."""

import json
from pathlib import Path

import pytest

from .conftest import PlugIn
from .support import article, newsmoe, one_line, read, write

MOODS = """
from newsmoe import Labels

class Knowing:
    task = "mood"
    words = ()

    def load(self, device): ...

    def predict(self, articles):
        return [self.answer(article.content) for article in articles]

    def answer(self, text):
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


@pytest.fixture
def trained(here: Path, plug_in: PlugIn) -> Path:
    """A gate that was trained on a file of examples; its folder."""
    plug_in(MOODS, sport="Sport", money="Money")
    rows = ["text,label"] + [
        f"{mood} news: the {word} of {where}.,{mood.lower()}"
        for mood in ("Good", "Bad")
        for word in ("goal", "match", "striker", "league", "shares", "profit", "bank", "loan")
        for where in ("Rome", "Oslo", "Lima")
    ]
    (here / "moods.csv").write_text("\n".join(rows) + "\n")
    result = newsmoe("gate", "train", "moods.csv", "--task", "mood", "--content", "text")
    assert result.exit_code == 0, result.stderr
    assert "wrote experts/gate-mood/recipe.toml" in result.stderr
    return here / "experts" / "gate-mood"


@pytest.mark.slow
def test_a_gate_is_trained_measured_used_and_explained(trained: Path, here: Path) -> None:
    table = newsmoe("gate", "evaluate", trained, "--json", "--write", "--plot", here / "curve.png")
    assert table.exit_code == 0, table.stderr
    assert (here / "curve.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads(table.stdout)
    accuracy = {row["system"]: row["figures"]["accuracy"] for row in found["systems"]}
    assert accuracy["learned, top 1"] == accuracy["oracle"] == 1.0 > accuracy["sport"]
    assert [curve["system"] for curve in found["curve"]["curves"]] == ["learned", "random", "oracle"]
    assert 'system = "oracle"' in (trained / "gate.toml").read_text()
    page = (trained / "README.md").read_text()
    assert "| learned, top 1 | 100.00 |" in page and "APGR" in page
    shown = newsmoe("gate", "evaluate", trained, "--no-neighbours")
    assert (
        "learned, top 2" in shown.stdout
        and "above chance" in shown.stdout
        and "nearest neighbours" not in shown.stdout
    )

    texts = "Good news: the goal of Kiel.", "Bad news: the bank of Kiel."
    write(here / "a.json", [article(number, headline="", content=text) for number, text in enumerate(texts)])
    used = "a.json", "--tasks", "mood", "--gate", "learned"
    assert newsmoe("analyze", *used).exit_code == 0
    records = read(here / "analyzed_a.json")
    assert [record["analyses"]["mood"]["label"] for record in records] == ["good", "bad"]
    assert [record["route"][0]["expert"] for record in records] == ["sport", "money"]
    assert records[0]["route"][0]["reason"].startswith("learned gate: sport 0.")

    explained = json.loads(newsmoe("route", *used, "--explain", "1", "--json").stdout)
    [task] = explained["tasks"]
    assert [one["expert"] for one in task["experts"]] == ["money", "sport"]
    assert task["experts"][0]["features"].keys() == {"embedding", "bias"}
    assert task["experts"][0]["features"]["embedding"] > 0
    text = newsmoe("route", *used, "--explain", "1").stdout
    assert "50 % of what asking every expert would cost" in text

    (here / "newsmoe.toml").write_text("top_k = 2\n")
    everybody = newsmoe("analyze", *used, "-o", "both.json", "--budget", "0.5")
    assert everybody.exit_code == 0, everybody.stderr
    assert all(len(record["route"]) == 1 for record in read(here / "both.json"))
    assert "to stay within the budget" in read(here / "both.json")[0]["route"][0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gate", "evaluate", "nowhere"), "nowhere/gate.toml: cannot be read"),
        (("gate", "train", "none.csv", "--task", "topic"), "none.csv: cannot be read"),
        (("gate", "train", "none.toml"), "none.toml: cannot be read"),
        (("route", "a.json", "--explain", "0"), "--explain shows the scores of learned gates"),
        (("route", "a.json", "--budget", "0.5"), "budget: only a learned gate heeds this"),
        (("route", "a.json", "--gate", "nowhere"), "no gate is called 'nowhere'"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(arguments: tuple[str, ...], message: str, here: Path) -> None:
    write(here / "a.json", [article()])
    result = newsmoe(*arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert one_line(result.stderr.splitlines()[-1] + "\n")


@pytest.mark.slow
def test_an_id_that_nobody_has_is_told(trained: Path, here: Path) -> None:
    write(here / "a.json", [article()])
    result = newsmoe("route", "a.json", "--tasks", "mood", "--gate", "experts/gate-mood", "--explain", "9")
    assert (result.exit_code, one_line(result.stderr.splitlines()[-1] + "\n")) == (1, True)
    assert "no article with the id '9' in the input" in result.stderr
