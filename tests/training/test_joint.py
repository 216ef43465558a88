import json
import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file
from typer.testing import CliRunner

from newsmoe.article import Article
from newsmoe.cli.app import app
from newsmoe.registry.device import Device
from newsmoe.registry.registry import Registry

JOINT = """
name = "shared"
experts = ["../mood", "../place"]

[adapter]
rank = 2
alpha = 4
epochs = 1
cut = 0.5
"""
MEMBER = """
name = "{name}"
task = "{name}"
labels = {labels}
long_input = "head"
shared_adapter = "{shared}"

[[train]]
path = "train.jsonl"
content = "text"
label = "{name}"

[[dev]]
path = "dev.jsonl"
content = "text"
label = "{name}"
"""
MOODS = {"good": ["won", "was saved", "celebrated"], "bad": ["lost", "was injured", "failed"]}
PLACES = {"sea": ["ship", "harbour", "captain"], "land": ["farm", "tractor", "farmer"]}
ENDS = {"train": ["on Monday", "again", "in May", "today"], "dev": ["on Friday"]}


@pytest.fixture
def folder(workdir: Path) -> Path:
    for split, ends in ENDS.items():
        lines = [
            {"text": f"The {thing} {verb} {end}. Nobody had expected it.", "mood": mood, "place": place}
            for mood, verbs in MOODS.items()
            for place, things in PLACES.items()
            for verb in verbs
            for thing in things
            for end in ends
        ]
        lines.append({"text": f"A mood that has no place, {split}.", "mood": "good", "place": "none"})
        (workdir / f"{split}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    experts = workdir / "experts"
    for name, labels in (("mood", [*MOODS]), ("place", [*PLACES, "none"])):
        write(experts / name, MEMBER.format(name=name, labels=json.dumps(labels), shared="../shared"))
    write(experts / "shared", JOINT)
    return workdir


def write(folder: Path, recipe: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.toml").write_text(recipe)


def newsmoe(*arguments: str, exit_code: int = 0) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == exit_code, result.output
    return result.output


@pytest.mark.slow
def test_experts_trained_jointly_share_their_adapter_and_read_an_article_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "wrote the adapter to experts/shared" in newsmoe(
        "train", "joint", "experts/shared/recipe.toml", "--data", "."
    )
    assert (folder / "experts" / "shared" / "adapter_model.safetensors").is_file()
    assert not list((folder / "experts" / "mood").glob("adapter*"))
    (folder / "a.json").write_text(json.dumps([{"content": "The captain was injured at sea. The ship sank."}]))
    newsmoe("analyze", "a.json", "--tasks", "mood,place", "-q")
    (record,) = json.loads((folder / "analyzed_a.json").read_text())
    assert {task: fields["label"] for task, fields in record["analyses"].items()} == {"mood": "bad", "place": "sea"}

    registry = Registry([folder / "experts"], builtin=False, plugins=False)
    mood, place = (registry.build(name) for name in ("mood", "place"))
    for expert in (mood, place):
        expert.load(Device())
    runtime = mood.backbone.runtime
    passes: list[int] = []
    hidden = runtime.hidden
    monkeypatch.setattr(runtime, "hidden", lambda ids, *rest: passes.append(len(ids)) or hidden(ids, *rest))
    article = Article(content="The tractor failed on Monday.")
    assert len([*mood.predict([article]), *place.predict([article])]) == 2
    assert passes == [1]


@pytest.mark.slow
def test_the_fingerprint_of_an_expert_depends_on_the_adapter_that_it_shares(folder: Path) -> None:
    newsmoe("train", "joint", "experts/shared/recipe.toml", "--data", ".")

    def fingerprint() -> str:
        return Registry([folder / "experts"], builtin=False, plugins=False).experts["mood"].fingerprint()

    before = fingerprint()
    config = folder / "experts" / "shared" / "adapter_config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"lora_alpha": 8}))
    assert fingerprint() != before


@pytest.mark.slow
def test_a_head_is_fitted_on_a_shared_adapter_and_finds_it_from_another_folder(folder: Path) -> None:
    newsmoe("train", "joint", "experts/shared/recipe.toml", "--data", ".")
    newsmoe("train", "classifier", "experts/place/recipe.toml", "--data", ".", "-o", "elsewhere/deep/place")
    card = tomllib.loads((folder / "elsewhere" / "deep" / "place" / "expert.toml").read_text())
    assert card["adapter"] == "../../../experts/shared"
    assert card["quality"][0]["figures"]["accuracy"] > 0.6


@pytest.mark.slow
def test_a_training_goes_on_from_the_adapter_and_the_heads_that_are_there(folder: Path) -> None:
    def weights() -> dict[str, NDArray[np.float32]]:
        files = ("shared/adapter_model", "mood/head", "gist/head")
        named = {file: load_file(folder / "experts" / f"{file}.safetensors") for file in files}
        return {f"{file} {name}": tensor for file, tensors in named.items() for name, tensor in tensors.items()}

    write_texts_with_chosen_sentences(folder)
    write(folder / "experts" / "gist", SUMMARIZER)
    joint = JOINT.replace("../place", "../gist")
    write(folder / "experts" / "shared", joint)
    newsmoe("train", "joint", "experts/shared/recipe.toml", "--data", ".")
    before = weights()
    hardly = 'start = "."\nlearning_rate = 1e-7\nhead_learning_rate = 1e-7\nweight_decay = 0\n'
    write(folder / "experts" / "shared", joint + hardly)
    newsmoe("train", "joint", "experts/shared/recipe.toml", "--data", ".")
    assert {name: tensor.tolist() for name, tensor in weights().items()} == {
        name: pytest.approx(tensor, abs=1e-3) for name, tensor in before.items()
    }
    assert "starting from earlier weights" in (folder / "experts" / "mood" / "README.md").read_text()


@pytest.mark.parametrize("shared", ["", "../other"])
def test_a_member_must_say_that_it_shares_this_adapter(folder: Path, shared: str) -> None:
    write(folder / "experts" / "mood", MEMBER.format(name="mood", labels='["good", "bad"]', shared=shared))
    output = newsmoe("train", "joint", "experts/shared/recipe.toml", "--data", ".", exit_code=1)
    assert "shared_adapter" in output


SUMMARIZER = """
name = "gist"
task = "summarization"
shared_adapter = "../shared"

[settings]
long_input = "head"
sentences = 1
min_tokens = 1

[[train]]
path = "read.jsonl"
content = "text"
chosen = "summary"
junk = "junk"

[[dev]]
path = "read.dev.jsonl"
content = "text"
chosen = "summary"
junk = "junk"
"""


def write_texts_with_chosen_sentences(folder: Path) -> None:
    texts = (
        ["It was Monday.", f"A storm hit {place}.", f"Photo by Man {number}."]
        for number in range(30)
        for place in PLACES
    )
    rows = [{"text": " ".join(text), "sentences": text, "summary": [1], "junk": [2]} for text in texts]
    rows.append({"text": "Nobody read this. Not even Bo Hill.", "sentences": None})
    for name, some in (("read", rows[20:]), ("read.dev", rows[:20])):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))


@pytest.mark.slow
def test_a_summarizer_learns_the_sentences_of_a_reader_with_the_adapter_of_others(folder: Path) -> None:
    write_texts_with_chosen_sentences(folder)
    write(folder / "experts" / "gist", SUMMARIZER)
    joint = JOINT.replace('"../place"', '"../gist"').replace(
        "cut = 0.5", "cut = 0.2\nhead_learning_rate = 1e-2\nbatch_items = 8"
    )
    write(folder / "experts" / "shared", joint)
    newsmoe("train", "joint", "experts/shared/recipe.toml", "--data", ".")
    card = tomllib.loads((folder / "experts" / "gist" / "expert.toml").read_text())
    figures = card["quality"][0]["figures"]
    assert card["adapter"] == "../shared"
    assert re.fullmatch(r"\d+ (s|min) on \d+ processors?", card["training"]["time"])
    assert figures["F1"] == 1.0
    assert figures["junk"] == 0.0
    assert figures["lead-2: F1"] == pytest.approx(2 / 3, abs=1e-3)
    assert "share" in newsmoe("train", "summarizer", "experts/gist/recipe.toml", "--data", ".", exit_code=1)


@pytest.mark.slow
def test_layers_below_the_adapter_are_computed_once_and_change_nothing(folder: Path) -> None:
    def head(adapter: str) -> NDArray[np.float32]:
        write(folder / "experts" / "shared", JOINT.replace("cut = 0.5", f"dropout = 0\ntoken_dropout = 0\n{adapter}"))
        newsmoe("train", "joint", "experts/shared/recipe.toml", "--data", ".")
        weight: NDArray[np.float32] = load_file(folder / "experts" / "mood" / "head.safetensors")["weight"]
        return weight

    with pytest.MonkeyPatch.context() as patch:  # the same layers adapted, the others computed at every step
        patch.setattr("newsmoe.training.finetune.LowerLayers", lambda *_: None)
        expected = head("first_layer = 4")
    assert head("first_layer = 4") == pytest.approx(expected, abs=1e-2)
    tensors = load_file(folder / "experts" / "shared" / "adapter_model.safetensors")
    assert {name.split(".layer.")[1][0] for name in tensors} == {"4", "5"}


@pytest.mark.slow
def test_an_expert_learns_what_its_teacher_says(folder: Path) -> None:
    newsmoe("train", "joint", "experts/shared/recipe.toml", "--data", ".")
    with (folder / "train.jsonl").open("a") as file:
        file.write('{"text": "", "mood": "good"}\n')
    swapped = {"good": "bad", "bad": "good"}
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]
    wrong = [row | {"mood": swapped[row["mood"]]} for row in rows]
    (folder / "wrong.jsonl").write_text("".join(json.dumps(row) + "\n" for row in wrong))
    recipe = MEMBER.replace('shared_adapter = "{shared}"', 'teacher = "../mood"\nteacher_share = 1').replace(
        '"train.jsonl"', '"wrong.jsonl"'
    )
    pupil = recipe.format(name="mood", labels='["bad", "good"]')
    pupil += (
        '\n[[taught]]\npath = "train.jsonl"\ncontent = "text"\n\n[adapter]\nrank = 2\nepochs = 2\nbatch_items = 8\n'
    )
    write(folder / "experts" / "pupil", pupil)
    newsmoe("train", "classifier", "experts/pupil/recipe.toml", "--data", ".")
    card = tomllib.loads((folder / "experts" / "pupil" / "expert.toml").read_text())
    assert card["quality"][0]["figures"]["accuracy"] > 0.9
    assert len(card["training"]["data"]) == 2


TAUGHT = """
[[taught]]
path = "longer.jsonl"
content = "text"
"""
ADAPTER = """
[adapter]
rank = 2
epochs = 6
head_learning_rate = 1e-2
average = 0.8
batch_items = 8
"""


@pytest.mark.slow
def test_a_summarizer_learns_what_its_teacher_says(folder: Path) -> None:
    write_texts_with_chosen_sentences(folder)
    alone = SUMMARIZER.replace('shared_adapter = "../shared"\n', "")
    write(folder / "experts" / "gist", alone.replace("sentences = 1", "sentences = 1\nwindow_tokens = 16") + ADAPTER)
    newsmoe("train", "summarizer", "experts/gist/recipe.toml", "--data", ".")
    rows = [json.loads(line) for line in (folder / "read.jsonl").read_text().splitlines()]
    unread = "Nobody could say for how long the roads would be shut."  # by the teacher, whose windows are short
    longer = [{"text": f"{row['text']} {unread}"} for row in rows]
    (folder / "longer.jsonl").write_text("".join(json.dumps(row) + "\n" for row in longer))
    wrong = {"text": "It was Friday. Snow fell.", "sentences": ["It was Friday.", "Snow fell."], "summary": [0]}
    (folder / "wrong.jsonl").write_text(json.dumps(wrong))
    pupil = alone.replace("read.jsonl", "wrong.jsonl").replace("[settings]", 'teacher = "../gist"\n\n[settings]')
    write(folder / "experts" / "pupil", pupil + TAUGHT + ADAPTER)
    newsmoe("train", "summarizer", "experts/pupil/recipe.toml", "--data", ".")
    card = tomllib.loads((folder / "experts" / "pupil" / "expert.toml").read_text())
    figures = card["quality"][0]["figures"]
    assert (figures["F1"], figures["junk"]) == (1.0, 0.0)
    assert len(card["training"]["data"]) == 2
    assert "the target is what `gist` predicts" in (folder / "experts" / "pupil" / "README.md").read_text()


@pytest.mark.slow
def test_a_teacher_must_predict_the_labels_of_the_recipe(folder: Path) -> None:
    newsmoe("train", "joint", "experts/shared/recipe.toml", "--data", ".")
    recipe = MEMBER.format(name="mood", labels='["good", "bad"]', shared="../shared")
    write(folder / "experts" / "mood", recipe.replace("[[train]]", 'teacher = "../place"\n\n[[train]]', 1))
    output = newsmoe("train", "joint", "experts/shared/recipe.toml", "--data", ".", exit_code=1)
    assert "a teacher must predict the labels of the recipe: good, bad" in " ".join(output.split())
    alone = recipe.replace("[[train]]", 'teacher = "../place"\n\n[[train]]\nteacher_share = 0', 1)  # is not asked
    write(folder / "experts" / "mood", alone)
    newsmoe("train", "joint", "experts/shared/recipe.toml", "--data", ".")


@pytest.mark.parametrize(
    ("extra", "problem"),
    [
        ('[[taught]]\npath = "train.jsonl"', "`taught` requires a `teacher`"),
        ('[adapter]\nfirst_layer = 3\nstart = "../place"\ntoken_dropout = 0', "leave one out"),
    ],
)
def test_a_recipe_that_cannot_work_is_refused(folder: Path, extra: str, problem: str) -> None:
    recipe = MEMBER.replace('shared_adapter = "{shared}"\n', "").format(name="mood", labels='["good", "bad"]')
    write(folder / "experts" / "mood", f"{recipe}\n{extra}\n")
    assert problem in " ".join(
        newsmoe("train", "classifier", "experts/mood/recipe.toml", "--data", ".", exit_code=1).split()
    )
