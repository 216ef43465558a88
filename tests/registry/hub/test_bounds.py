"""Files of a model that ask for too much, or that lead out of its folder."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from newsmoe.errors import ModelError
from newsmoe.registry.cards import Card
from newsmoe.registry.hub.bounds import check_config, time_limit
from newsmoe.registry.hub.convert import convert
from newsmoe.registry.hub.files import ModelSource, weight_files
from tests.cli.support import SHORT, process
from tests.registry.hub.models import make_model, make_pickle_only
from tests.support import read, write


def config(folder: Path, **values: object) -> Path:
    path = folder / "config.json"
    path.write_text(json.dumps({"model_type": "bert", "num_hidden_layers": 12, "vocab_size": 30522, **values}))
    return path


@pytest.mark.parametrize(
    "values",
    [
        {"num_hidden_layers": 10_000_000},
        {"n_layer": 1e7},
        {"text_config": {"num_attention_heads": 10**6}},
        {"vocab_size": 10**12},
        {"intermediate_size": 10**9},
        {"depths": [1, 2], "num_layers": [3, 10**6]},
    ],
)
def test_a_config_that_asks_for_too_much_is_refused(tmp_path: Path, values: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="and no model has more than"):
        check_config(config(tmp_path, **values))


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"max_position_embeddings": 10**30, "n_positions": 10**30},
        {"num_labels": 5_000},
        {"rope_theta": 5_000_000.0},
    ],
)
def test_the_config_of_a_large_model_is_not(tmp_path: Path, values: dict[str, object]) -> None:
    check_config(config(tmp_path, **values))


def test_a_config_that_is_none_is_an_error(tmp_path: Path) -> None:
    path = config(tmp_path)
    for text in ("[" * 100_000, "{", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")):
        path.write_text(text, encoding="latin-1")
        with pytest.raises(ModelError, match="cannot be read"):
            check_config(path)


def test_code_that_does_not_end_is_ended() -> None:
    with (
        pytest.raises(ModelError, match=r"the template takes longer than 0\.1 seconds"),
        time_limit(0.1, "the template"),
    ):
        endless()


def endless() -> None:
    while True:
        pass


def ask_for_ten_million_layers(folder: Path) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "num_hidden_layers": 10_000_000}))


def loop_in_loops(folder: Path) -> None:
    loops = "".join(f"{{% for {name} in range(99_999) %}}" for name in "abc")
    (folder / "chat_template.jinja").write_text(loops + "{% endfor %}" * 3)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "reason"),
    [(ask_for_ten_million_layers, "no model has more than 1000"), (loop_in_loops, "the chat template takes longer")],
)
def test_a_model_that_would_never_be_ready_costs_its_own_task_only(
    tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    spoil(make_model("mixtral", tmp_path / "model"))
    (folder := tmp_path / "experts" / "talk").mkdir(parents=True)
    (folder / "expert.toml").write_text(
        'name = "talk"\ntask = "talk"\nkind = "chat-summarization"\ndescription = "tiny"\n'
        f'[settings]\nmodel = "{tmp_path / "model"}"\nmax_new_tokens = 20\n'
    )
    write(tmp_path / "a.json", [{"headline": "Storm", "content": SHORT}])
    done = process("analyze", "a.json", "--tasks", "talk,summarization", cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    (record,) = read(tmp_path / "analyzed_a.json")
    assert record["analyses"]["summarization"]["summary"] == SHORT
    assert [(error["task"], error["stage"], reason in error["message"]) for error in record["errors"]] == [
        ("talk", "load", True)
    ]


def test_weights_are_looked_for_in_the_folder_of_the_model_only(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "private.safetensors").touch()
    (folder / "own.safetensors").touch()
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": "own.safetensors"}}))
    assert weight_files(folder) == [folder / "own.safetensors"]
    for part in ("../private.safetensors", str(tmp_path / "private.safetensors"), 7):
        index.write_text(json.dumps({"weight_map": {"a": "own.safetensors", "b": part}}))
        assert weight_files(folder) == []


@pytest.mark.slow
def test_nothing_outside_a_models_folder_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = make_pickle_only(make_model("distilbert", tmp_path / "sound"), tmp_path / "model")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "notes.txt").symlink_to(tmp_path / "secret.txt")
    card = Card(name="tone", task="sentiment", kind="text-classification", description="tone", folder=tmp_path)
    target = convert(folder, ModelSource(model="owner/converted-elsewhere"), card)
    assert (target / "model.safetensors").is_file()
    assert not (target / "notes.txt").exists()
