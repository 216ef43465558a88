import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsmoe.cli.app import app

RECIPE = """
name = "mood"
task = "mood"
description = "Good or bad."
languages = ["en"]
licence = "Apache-2.0"
labels = ["good", "bad"]
{adapter}

[[train]]
path = "train.jsonl"
name = "made up"
licence = "Apache-2.0"
content = "text"

[[dev]]
path = "dev.jsonl"
name = "made up, dev"
licence = "Apache-2.0"
content = "text"
label = "tone"
[dev.labels]
plus = "good"
minus = "bad"
"""

GOOD = ["won", "was saved", "grew", "celebrated", "recovered", "was praised"]
BAD = ["lost", "was injured", "collapsed", "mourned", "failed", "was blamed"]
WHO = ["The team", "The town", "The company", "Everybody", "The school", "The mayor"]


@pytest.fixture
def folder(workdir: Path) -> Path:
    def lines(names: list[str], key: str, labels: tuple[str, str]) -> str:
        return "".join(
            json.dumps({"text": f"{who} {verb} on Monday.", key: label}) + "\n"
            for who in names
            for verbs, label in zip((GOOD, BAD), labels, strict=True)
            for verb in verbs
        )

    (workdir / "train.jsonl").write_text(lines(WHO[:4], "label", ("good", "bad")))
    (workdir / "dev.jsonl").write_text(lines(WHO[4:], "tone", ("plus", "minus")))
    (workdir / "mood").mkdir()
    return workdir


def newsmoe(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.output


def trained(folder: Path, adapter: str = "") -> Path:
    (folder / "mood" / "recipe.toml").write_text(RECIPE.format(adapter=adapter))
    newsmoe("train", "classifier", "mood/recipe.toml", "--data", ".", "-o", "experts/mood")
    return folder / "experts" / "mood"


def moods(folder: Path) -> list[str]:
    texts = ["The club won and everybody celebrated.", "The club lost and everybody mourned."]
    (folder / "a.json").write_text(json.dumps([{"headline": "", "content": text} for text in texts]))
    newsmoe("analyze", "a.json", "--tasks", "mood", "-q")
    records = json.loads((folder / "analyzed_a.json").read_text())
    return [record["analyses"]["mood"]["label"] for record in records]


def test_an_expert_is_trained_and_used_by_name(folder: Path) -> None:
    expert = trained(folder)
    card = tomllib.loads((expert / "expert.toml").read_text())
    assert card["settings"]["labels"] == ["good", "bad"]
    assert card["quality"][0]["figures"]["accuracy"] > 0.9
    assert "made up, dev" in (expert / "README.md").read_text()
    assert (expert / "head.safetensors").stat().st_mode & 0o044 == 0o044
    assert moods(folder) == ["good", "bad"]


@pytest.mark.slow
def test_training_again_gives_the_same_weights(folder: Path) -> None:
    first = (trained(folder) / "head.safetensors").read_bytes()
    assert (trained(folder) / "head.safetensors").read_bytes() == first


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ('{"text": "x", "label": "grey"}', "element 1: label 'grey' is not one of good, bad"),
        ('{"txt": "x", "label": "good"}', "element 1: no value under 'text'; keys: 'txt', 'label'"),
        ("5", "element 1: expected an object, found 5"),
    ],
)
def test_data_that_does_not_fit_is_told_with_its_place(wrong: str, message: str, folder: Path) -> None:
    (folder / "mood" / "recipe.toml").write_text(RECIPE.format(adapter=""))
    (folder / "train.jsonl").write_text(wrong + "\n")
    result = CliRunner().invoke(app, ["train", "classifier", "mood/recipe.toml"])
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())


@pytest.mark.slow
def test_an_adapter_is_trained_and_used_by_name(folder: Path) -> None:
    expert = trained(folder, "adapter = { rank = 2, epochs = 2, batch_items = 8 }")
    assert {path.name for path in expert.iterdir()} == {
        "README.md", "adapter_config.json", "adapter_model.safetensors", "expert.toml", "head.safetensors",
        "recipe.toml",
    }  # fmt: skip
    assert str(folder) not in (expert / "adapter_config.json").read_text()
    assert moods(folder) == ["good", "bad"]


@pytest.mark.slow
def test_an_adapter_of_an_earlier_training_does_not_stay(folder: Path) -> None:
    expert = folder / "experts" / "mood"
    expert.mkdir(parents=True)
    (expert / "adapter_model.safetensors").write_bytes(b"of another training")
    assert not (trained(folder) / "adapter_model.safetensors").exists()
    assert moods(folder) == ["good", "bad"]


def test_a_csv_file_becomes_an_expert_that_is_used_by_name(folder: Path) -> None:
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    lines = ["remark,mood", *(f'"{row["text"]}",{row["label"]}' for row in rows)]
    (folder / "remarks.csv").write_text("\n".join(lines) + "\n")
    newsmoe("train", "classifier", "remarks.csv", "--label", "mood", "--name", "mood", "--head-only")
    assert moods(folder) == ["good", "bad"]
    card = tomllib.loads((folder / "experts" / "mood" / "expert.toml").read_text())
    assert card["quality"][0]["figures"]["items"] > 3
    assert "newsmoe evaluate mood" in card["quality"][0]["source"]
    again = CliRunner().invoke(app, ["train", "classifier", "remarks.csv", "--name", "mood"])
    assert again.exit_code == 1
    assert "is there already" in again.stderr


@pytest.mark.slow
def test_an_expert_is_measured_again_by_its_recipe_or_on_a_file(folder: Path) -> None:
    expert = trained(folder)
    measured = json.loads(newsmoe("evaluate", "mood", "--json"))
    assert [one["data"] for one in measured] == ["made up, dev"]
    assert measured[0]["figures"]["accuracy"] > 0.9
    (folder / "own.csv").write_text("text,label\nThe club won.,plus\nThe club lost.,minus\nIt met.,other\n")
    arguments = ("own.csv", "--map", "plus=good", "--map", "minus=bad", "--write")
    assert "own.csv: 2 of 2 answered" in newsmoe("evaluate", "mood", *arguments)
    card = tomllib.loads((expert / "expert.toml").read_text())
    assert [one["data"] for one in card["quality"]] == ["made up, dev", "own.csv"]
    assert "own.csv" in (expert / "README.md").read_text()
    assert "mood" in newsmoe("experts", "list")


@pytest.mark.slow
def test_a_label_that_the_training_data_lacks_gets_a_band_between_the_others(folder: Path) -> None:
    recipe = RECIPE.replace('["good", "bad"]', '["good", "even", "bad"]').format(adapter="")
    (folder / "mood" / "recipe.toml").write_text(
        recipe.replace('plus = "good"', 'plus = "good"\nso = "even"')
    )
    with (folder / "dev.jsonl").open("a") as file:
        for who in WHO:
            file.write(json.dumps({"text": f"{who} met on Monday.", "tone": "so"}) + "\n")
    newsmoe("train", "classifier", "mood/recipe.toml", "-o", "experts/mood")
    texts = ["The council met on Monday.", "The club won and everybody celebrated."]
    (folder / "a.json").write_text(json.dumps([{"headline": "", "content": text} for text in texts]))
    newsmoe("analyze", "a.json", "--tasks", "mood", "-q")
    records = json.loads((folder / "analyzed_a.json").read_text())
    plain, glad = (record["analyses"]["mood"]["scores"]["even"] for record in records)
    assert plain > 2 * glad > 0
    assert moods(folder) == ["good", "bad"]
