import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file
from typer.testing import CliRunner

from newsmoe.cli.app import app
from tests.support import LogCapture

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
    what_is_read = {"long_input": "head", "read_on_below": 0.7, "read_on_tokens": 300}
    expert = trained(folder, "".join(f"{key} = {json.dumps(value)}\n" for key, value in what_is_read.items()))
    card = tomllib.loads((expert / "expert.toml").read_text())
    assert card["settings"]["labels"] == ["good", "bad"]
    assert what_is_read.items() <= card["settings"].items()
    assert card["quality"][0]["figures"]["accuracy"] > 0.9
    assert "made up, dev" in (expert / "README.md").read_text()
    assert (expert / "head.safetensors").stat().st_mode & 0o044 == 0o044
    assert moods(folder) == ["good", "bad"]


@pytest.mark.slow
def test_dev_texts_that_were_trained_on_are_named_and_the_majority_is_a_baseline(folder: Path, log: LogCapture) -> None:
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()[:3]]
    with (folder / "dev.jsonl").open("a") as file:
        file.writelines(json.dumps({"text": row["text"], "tone": "plus"}) + "\n" for row in rows)
    expert = trained(folder)
    assert "made up, dev: 3 of its texts are among the training data" in log.text
    card = tomllib.loads((expert / "expert.toml").read_text())
    assert card["quality"][0]["figures"]["majority"] == pytest.approx(15 / 27, abs=1e-4)


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
def test_data_that_does_not_fit_is_reported_with_its_place(wrong: str, message: str, folder: Path) -> None:
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


ROUNDS = """
adapter = { rank = 2, epochs = 2, batch_items = 8 }
second_epochs = 1

[[unlabelled]]
path = "unlabelled.jsonl"
name = "made up, without labels"
content = "text"
parts = "said"
share = 0.5
most = 20
"""


@pytest.mark.slow
def test_two_passes_agree_where_nothing_is_dropped_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsmoe.training.finetune.bfloat16_is_faster", lambda: False)  # too few digits

    def head(dropout: float, consistency: float) -> NDArray[np.float32]:
        probabilities = f"dropout = {dropout}, token_dropout = 0, consistency = {consistency}"
        expert = trained(folder, f"adapter = {{ rank = 2, epochs = 1, batch_items = 8, {probabilities} }}")
        weight: NDArray[np.float32] = load_file(expert / "head.safetensors")["weight"]
        return weight

    assert head(0.0, 5.0) == pytest.approx(head(0.0, 0.0), abs=1e-4)
    assert head(0.5, 5.0) != pytest.approx(head(0.5, 0.0), abs=1e-4)


@pytest.mark.slow
def test_labels_that_a_second_reader_could_have_given_share_the_target(folder: Path) -> None:
    def bias_towards_bad() -> float:
        expert = trained(folder, "adapter = { rank = 2, epochs = 3, batch_items = 8 }\nothers_share = 0.6")
        bias = load_file(expert / "head.safetensors")["bias"]
        return float(bias[1] - bias[0])

    before = bias_towards_bad()
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    for row in rows:
        row["also"] = ["bad"] if row["label"] == "good" else []
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = RECIPE.replace('content = "text"\n\n[[dev]]', 'content = "text"\nothers = "also"\n\n[[dev]]')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.training.test_classifier.RECIPE", recipe)
        assert bias_towards_bad() > before + 0.01


@pytest.mark.slow
def test_unlabelled_texts_are_used_in_a_second_round(folder: Path) -> None:
    texts = [
        {"text": f"{who} waited. Nobody spoke.", "said": [f"{who} {verb} on Monday.", "It rained."]}
        for who in WHO
        for verb in (*GOOD[:2], *BAD[:2])
    ]
    (folder / "unlabelled.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    expert = trained(folder, ROUNDS)
    assert moods(folder) == ["good", "bad"]
    assert "- made up, without labels;" in (expert / "README.md").read_text()
    assert "made up, without labels (not stated)" in (expert / "expert.toml").read_text()


@pytest.mark.slow
def test_an_expert_predicts_as_before_until_it_is_trained_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expert = trained(folder, "adapter = { rank = 2, epochs = 1, batch_items = 8 }")
    before = {path.name: path.read_bytes() for path in expert.iterdir()}

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("newsmoe.training.finetune.save_adapter", interrupted)
        result = CliRunner().invoke(app, ["train", "classifier", "experts/mood/recipe.toml", "--data", "."])
    assert result.exit_code != 0
    assert {path.name: path.read_bytes() for path in expert.iterdir() if path.is_file()} == before
    newsmoe("train", "classifier", "experts/mood/recipe.toml", "--data", ".")
    assert {path.name for path in expert.iterdir()} == set(before)


@pytest.mark.slow
def test_an_expert_may_be_trained_into_a_folder_beside_the_old_one(folder: Path) -> None:
    trained(folder)
    newsmoe("train", "classifier", "mood/recipe.toml", "-o", "experts/mood-2")
    assert "accuracy" in (folder / "experts" / "mood-2" / "expert.toml").read_text()


@pytest.mark.slow
def test_figures_of_changed_settings_are_not_written(folder: Path) -> None:
    expert = trained(folder)
    before = (expert / "expert.toml").read_bytes()
    (folder / "newsmoe.toml").write_text("[experts.mood]\ntemperature = 7.5\n")
    result = CliRunner().invoke(app, ["evaluate", "mood", "--write"])
    assert result.exit_code == 1
    assert "[experts.mood] changes its settings" in result.stderr
    assert (expert / "expert.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--name", "Bad Name"), "'Bad Name' cannot be a name"),
        (("--name", "../x"), "'../x' cannot be a name"),
        (("--task", "Bad Task"), "'Bad Task' cannot be a task"),
        (("--task", "sentiment"), "no labels of the task 'sentiment', which has negative, neutral, positive;"),
        (("--name", "topic-news"), "'topic-news' is the name of a built-in expert"),
        (("--content", "nope"), "element 1: no value under 'nope' (keys: 'text', 'label'); see --content"),
    ],
)
def test_an_impossible_training_is_refused_before_anything_is_written(
    arguments: tuple[str, str], message: str, folder: Path
) -> None:
    result = CliRunner().invoke(app, ["train", "classifier", "train.jsonl", *arguments, "--head-only"])
    assert result.exit_code == 1
    assert message in " ".join(result.stderr.split())
    assert not (folder / "experts").exists()


def test_options_for_examples_are_refused_with_a_recipe(folder: Path) -> None:
    result = CliRunner().invoke(app, ["train", "classifier", "mood/recipe.toml", "--label", "mood"])
    assert result.exit_code == 2
    assert "--label is for a file of examples; change" in result.stderr


def test_all_examples_without_a_label_are_counted_at_once(folder: Path) -> None:
    (folder / "half.csv").write_text("text,label\nA fine day.,good\nA day.,\nA night.,\nA sad day.,bad\n")
    result = CliRunner().invoke(app, ["train", "classifier", "half.csv"])
    assert (
        "half.csv: element 2: empty value under 'label'; leave such elements out of the file; it is the first of 2"
        " elements that lack a value" in " ".join(result.stderr.split())
    )


def test_a_recipe_of_too_few_examples_is_in_nobodys_way(folder: Path) -> None:
    enough = (folder / "train.jsonl").read_text()
    lines = enough.splitlines(keepends=True)
    (folder / "train.jsonl").write_text(lines[0] + lines[-1])
    command = ["train", "classifier", "train.jsonl", "--head-only"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 1
    assert "too few examples" in result.stderr
    assert not (folder / "experts" / "train").exists()
    assert "unknown device" in CliRunner().invoke(app, [*command, "--device", "x"]).stderr
    assert not (folder / "experts" / "train").exists()
    (folder / "train.jsonl").write_text(enough)
    assert CliRunner().invoke(app, command).exit_code == 0


@pytest.mark.parametrize("rows", [1, 2])
def test_too_few_examples_are_reported_and_are_no_bug(rows: int, folder: Path) -> None:
    lines = (folder / "train.jsonl").read_text().splitlines(keepends=True)
    (folder / "few.jsonl").write_text("".join([lines[0], lines[-1]][:rows]) + lines[0] * 3)
    (folder / "mood" / "recipe.toml").write_text(RECIPE.replace("train.jsonl", "few.jsonl").format(adapter=""))
    if rows == 2:
        (folder / "dev.jsonl").write_text('{"text": "x", "tone": "neither"}\n')
    result = CliRunner().invoke(app, ["train", "classifier", "mood/recipe.toml"])
    assert result.exit_code == 1
    assert "too few examples" in result.stderr


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
    assert "recipe.toml exists" in " ".join(again.stderr.split())


@pytest.mark.slow
def test_an_expert_is_measured_again_by_its_recipe_or_on_a_file(folder: Path) -> None:
    expert = trained(folder)
    measured = json.loads(newsmoe("evaluate", "mood", "--json"))
    assert [evaluation["data"] for evaluation in measured] == ["made up, dev"]
    assert measured[0]["figures"]["accuracy"] > 0.9
    (folder / "own.csv").write_text("text,label\nThe club won.,plus\nThe club lost.,minus\nIt met.,other\n")
    arguments = ("own.csv", "--map", "plus=good", "--map", "minus=bad", "--write")
    assert "own.csv: 2 of 2 predicted" in newsmoe("evaluate", "mood", *arguments)
    card = tomllib.loads((expert / "expert.toml").read_text())
    assert [measurement["data"] for measurement in card["quality"]] == ["made up, dev", "own.csv"]
    assert "own.csv" in (expert / "README.md").read_text()
    assert "mood" in newsmoe("experts", "list")


@pytest.mark.slow
def test_a_file_in_another_folder_is_used_for_training(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "below").mkdir()
    monkeypatch.chdir(folder / "below")
    newsmoe("train", "classifier", "../train.jsonl", "--name", "moods", "--head-only")
    assert (folder / "below" / "experts" / "moods" / "expert.toml").exists()


@pytest.mark.slow
def test_perfect_accuracy_on_few_texts_does_not_make_an_expert_certain(folder: Path) -> None:
    expert = trained(folder)
    assert 0.1 < tomllib.loads((expert / "expert.toml").read_text())["settings"]["temperature"] < 1


@pytest.mark.slow
def test_a_label_that_the_training_data_lacks_gets_a_band_between_the_others(folder: Path) -> None:
    recipe = RECIPE.replace('["good", "bad"]', '["good", "even", "bad"]').format(adapter="")
    (folder / "mood" / "recipe.toml").write_text(recipe.replace('plus = "good"', 'plus = "good"\nso = "even"'))
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
