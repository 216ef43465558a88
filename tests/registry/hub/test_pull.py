"""Getting models, as a user does: the command line in a process of its own, and a hub on this machine."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from newsmoe.registry.backbone.files import BackboneFiles
from tests.registry.hub.models import ARCHITECTURES, make_model, make_pickle_only
from tests.registry.hub.server import Hub
from tests.support import SAMPLE

NAME = "owner/tone"
BACKBONE = "sentence-transformers/all-MiniLM-L6-v2"
ARTICLES = [{"headline": "Rowers take gold", "content": "The crew won by a length."}]

pytestmark = pytest.mark.slow  # each step is a process that imports torch


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model("distilbert", tmp_path_factory.mktemp("models") / "model")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A folder with articles, a card of an expert on the hub, and a rule that sends sentiment there."""
    here = tmp_path / "here"
    write_card(here, "tone")
    (here / "news.json").write_text(json.dumps(ARTICLES))
    (here / "newsmoe.toml").write_text('tasks = ["sentiment"]\n[[rule]]\nuse = { sentiment = "tone" }\n')
    return here


def write_card(here: Path, name: str, **settings: str) -> None:
    folder = here / "experts" / name
    folder.mkdir(parents=True)
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"model": NAME, **settings}.items()]
    (folder / "expert.toml").write_text(
        f'name = "{name}"\ntask = "sentiment"\nkind = "text-classification"\ndescription = "tone"\n'
        + "\n".join(["[settings]", *lines])
    )


def newsmoe(hub: Hub, here: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from newsmoe.cli.app import main; main()", *arguments],
        cwd=here,
        env=hub.environment(here.parent / "home", XDG_CACHE_HOME=str(here.parent / "cache"), **more),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    """Return the last line of the output; a failure is one line and no traceback."""
    assert result.returncode == 1, result
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()[-1]


def test_a_model_is_pulled_once_then_used_without_the_hub(hub: Hub, here: Path, model: Path) -> None:
    commit = hub.add(NAME, model)
    assert "newsmoe experts pull tone" in one_line(newsmoe(hub, here, "analyze", "news.json"))
    assert hub.requests == []
    pulled = newsmoe(hub, here, "experts", "pull", "tone")
    assert pulled.returncode == 0, pulled.stderr
    pinning = f'[experts.tone]\nrevision = "{commit}"\n'
    assert pinning in pulled.stdout
    assert "model.safetensors" in pulled.stderr
    fetched = {path for method, path in hub.requests if method == "GET" and "/resolve/" in path}
    assert {Path(path).suffix for path in fetched} <= {".json", ".txt", ".safetensors"}
    hub.requests.clear()
    done = newsmoe(hub, here, "analyze", "news.json")
    assert (done.returncode, hub.requests) == (0, []), done.stderr
    (record,) = json.loads((here / "analyzed_news.json").read_text())
    assert record["analyses"]["sentiment"]["scores"].keys() == {"negative", "neutral", "positive"}
    with (here / "newsmoe.toml").open("a") as settings:
        settings.write(pinning)
    again = newsmoe(hub, here, "experts", "pull", "tone")
    assert again.returncode == 0
    assert f"at {commit}" in again.stdout
    assert "revision" not in again.stdout
    assert not any("model.safetensors" in path for method, path in hub.requests if method == "GET")
    check = newsmoe(hub, here, "experts", "check", "tone")
    assert (check.returncode, check.stderr) == (0, "")


def test_where_a_model_is_missing_the_next_expert_of_the_rule_is_used(hub: Hub, here: Path) -> None:
    rule = '[[rule]]\nuse = { sentiment = ["tone", "sentiment-general"] }\n'
    (here / "newsmoe.toml").write_text('tasks = ["sentiment"]\n' + rule)
    assert newsmoe(hub, here, "analyze", "news.json").returncode == 0
    (record,) = json.loads((here / "analyzed_news.json").read_text())
    (entry,) = record["route"]
    assert (entry["expert"], entry["reason"]) == ("sentiment-general", "the model is not on this machine (tone)")
    assert (record["status"], hub.requests) == ("ok", [])


def test_a_hub_that_cannot_be_reached_is_reported(hub: Hub, here: Path) -> None:
    said = one_line(newsmoe(hub, here, "experts", "pull", "tone", HF_ENDPOINT="http://127.0.0.1:1"))
    assert said == f"newsmoe: {NAME}: the hub cannot be reached: Connection refused; check the network, then pull again"


def test_the_name_of_a_backbone_is_among_those_that_are_suggested(hub: Hub, here: Path) -> None:
    said = one_line(newsmoe(hub, here, "experts", "pull", "lrge"))
    assert said == "newsmoe: no expert or backbone is called 'lrge'; did you mean 'large'?"


def test_a_broken_connection_is_resumed_or_reported(hub: Hub, here: Path, model: Path) -> None:
    hub.add(NAME, model)
    hub.cut(NAME, "model.safetensors", after=2000, times=50)
    assert "pull again" in one_line(newsmoe(hub, here, "experts", "pull", "tone"))
    assert "experts pull" in one_line(newsmoe(hub, here, "analyze", "news.json"))
    hub.mend()
    assert newsmoe(hub, here, "experts", "pull", "tone").returncode == 0


def test_a_download_that_does_not_match_its_hash_is_deleted(hub: Hub, here: Path, model: Path) -> None:
    hub.add(NAME, model)
    hub.corrupt(NAME, "model.safetensors")
    assert "does not match its hash" in one_line(newsmoe(hub, here, "experts", "pull", "tone"))
    assert "experts pull" in one_line(newsmoe(hub, here, "analyze", "news.json"))
    hub.mend()
    assert newsmoe(hub, here, "experts", "pull", "tone").returncode == 0
    assert newsmoe(hub, here, "analyze", "news.json").returncode == 0


def backbone_folder(folder: Path, files: BackboneFiles) -> Path:
    """Return a folder as the backbone's repository, with other files beside it."""
    folder.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        shutil.copyfile(files.folder / name, folder / name)
    (folder / "README.md").write_text("a card")
    (folder / "rust_model.ot").write_bytes(b"others")
    return folder


FIND_WITHOUT_PACKAGE = """
from importlib.metadata import PackageNotFoundError

import newsmoe.registry.backbone.files as files

def absent(name):
    raise PackageNotFoundError(name)

files.distribution = absent
print(files.find_backbone().weights)
"""


def test_the_backbone_is_pulled_and_found_in_the_cache(
    hub: Hub, here: Path, tmp_path: Path, files: BackboneFiles
) -> None:
    commit = hub.add(BACKBONE, backbone_folder(tmp_path / "minilm", files))
    pulled = newsmoe(hub, here, "experts", "pull", "minilm")
    assert pulled.returncode == 0, pulled.stderr
    assert f"minilm: {BACKBONE} at {commit}" in pulled.stdout
    fetched = {path for method, path in hub.requests if method == "GET" and "/resolve/" in path}
    assert {Path(path).name for path in fetched} == {"config.json", "tokenizer.json", "model.safetensors"}
    search = subprocess.run(
        [sys.executable, "-c", FIND_WITHOUT_PACKAGE],
        env=hub.environment(here.parent / "home"),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert search.stdout.strip().endswith(f"snapshots/{commit}/model.safetensors"), search.stderr


def test_other_weights_than_the_published_ones_are_not_taken_for_the_backbone(
    hub: Hub, here: Path, tmp_path: Path, files: BackboneFiles
) -> None:
    folder = backbone_folder(tmp_path / "minilm", files)
    with (folder / "model.safetensors").open("r+b") as weights:
        weights.truncate(1000)
    hub.add(BACKBONE, folder)
    message = one_line(newsmoe(hub, here, "experts", "pull", "minilm"))
    assert "model.safetensors: the download does not match its hash and was deleted" in message
    assert not list((here.parent / "home").rglob("config.json"))


def test_a_repository_without_the_backbones_files_is_reported(hub: Hub, here: Path, model: Path) -> None:
    (folder := here.parent / "other").mkdir()
    (folder / "config.json").write_text("{}")
    hub.add(BACKBONE, folder)
    message = one_line(newsmoe(hub, here, "experts", "pull", "minilm"))
    assert "the hub has no model.safetensors and no tokenizer.json" in message


def test_a_gated_model_asks_for_consent_and_a_token(hub: Hub, here: Path, model: Path) -> None:
    hub.add(NAME, model, gated=True)
    hub.allow("good")
    for token in ({}, {"HF_TOKEN": "bad"}):
        said = one_line(newsmoe(hub, here, "experts", "pull", "tone", **token))
        assert "consent" in said
        assert "HF_TOKEN" in said
    assert newsmoe(hub, here, "experts", "pull", "tone", HF_TOKEN="good").returncode == 0


def test_a_missing_model_is_reported_with_what_to_do(hub: Hub, here: Path, model: Path) -> None:
    assert "no such model" in one_line(newsmoe(hub, here, "experts", "pull", "tone"))
    hub.add(NAME, model)
    write_card(here, "old", revision="v9")
    assert "no such revision" in one_line(newsmoe(hub, here, "experts", "pull", "old"))
    said = one_line(newsmoe(hub, here, "experts", "pull", "tone", HF_HUB_OFFLINE="1"))
    assert "HF_HUB_OFFLINE" in said
    assert "nothing to fetch" in one_line(newsmoe(hub, here, "experts", "pull", "lead"))
    write_card(here, "local", model="./nowhere")
    assert "local/nowhere: nothing to fetch" in one_line(newsmoe(hub, here, "experts", "pull", "local"))


def test_a_pickle_is_refused_until_it_is_converted(hub: Hub, here: Path, model: Path, tmp_path: Path) -> None:
    hub.add(NAME, make_pickle_only(model, tmp_path / "pickled"))
    said = one_line(newsmoe(hub, here, "experts", "pull", "tone"))
    assert "pickle" in said
    assert "newsmoe experts convert tone" in said
    assert not any(path.endswith(".bin") for _, path in hub.requests)
    converted = newsmoe(hub, here, "experts", "convert", "tone")
    assert converted.returncode == 0, converted.stderr
    done = newsmoe(hub, here, "analyze", "news.json")
    assert done.returncode == 0, done.stderr
    (record,) = json.loads((here / "analyzed_news.json").read_text())
    assert record["analyses"]["sentiment"]["scores"].keys() == {"negative", "neutral", "positive"}


def test_a_pickle_that_would_run_code_is_not_converted(hub: Hub, here: Path, model: Path, tmp_path: Path) -> None:
    folder = make_pickle_only(model, tmp_path / "pickled")
    trap = tmp_path / "sprung"
    (folder / "pytorch_model.bin").write_bytes(b"cpathlib\nPath.touch\n(cpathlib\nPath\n(V%b\ntRtR." % bytes(trap))
    hub.add(NAME, folder)
    assert newsmoe(hub, here, "experts", "convert", "tone").returncode == 1
    assert not trap.exists()
    assert "experts convert" in one_line(newsmoe(hub, here, "analyze", "news.json"))


def test_a_request_to_a_busy_hub_is_retried(hub: Hub, here: Path, model: Path) -> None:
    hub.add(NAME, model)
    hub.busy(times=2, retry_after=1)
    assert newsmoe(hub, here, "experts", "pull", "tone").returncode == 0


TASKS = {
    **dict.fromkeys(
        ("bart", "led", "pegasus", "switch-transformers", "t5"), 'kind = "seq2seq-summarization"\n[settings]\n'
    ),
    **dict.fromkeys(("deberta-v2", "distilbert", "roberta"), 'kind = "text-classification"\n[settings]\n'),
    "mixtral": 'kind = "chat-summarization"\n[settings]\nmax_new_tokens = 30\n',
    "tagger": 'kind = "token-classification"\n[settings]\n',
    "nli": 'kind = "zero-shot-nli"\n[settings]\nlabels = { sport = "", storm = "bad weather" }\n',
}


def test_every_architecture_reads_long_and_short_articles_without_warnings(hub: Hub, here: Path) -> None:
    assert TASKS.keys() == ARCHITECTURES.keys()
    for name, kind in TASKS.items():
        hub.add(f"owner/{name}", make_model(name, here.parent / "models" / name))
        folder = here / "experts" / name
        folder.mkdir()
        head = f'name = "{name}"\ntask = "{name}"\ndescription = "tiny"\n'
        (folder / "expert.toml").write_text(f'{head}{kind}model = "owner/{name}"\n')
    sample = [element for element in json.loads(SAMPLE.read_text(encoding="utf-8")) if element.get("content")][:2]
    long = [{**element, "content": element["content"] * 6} for element in sample]
    (here / "news.json").write_text(json.dumps([*sample, *long, *ARTICLES]))
    pulled = newsmoe(hub, here, "experts", "pull", *TASKS)
    assert pulled.returncode == 0, pulled.stderr
    (here / "newsmoe.toml").unlink()
    done = newsmoe(hub, here, "analyze", "news.json", "--quiet", "--tasks", ",".join(TASKS))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    records = json.loads((here / "analyzed_news.json").read_text())
    assert [record["status"] for record in records] == ["ok"] * 5
    assert all(record["analyses"].keys() == TASKS.keys() for record in records)


def test_a_backbone_is_copied_from_a_folder(here: Path, hub: Hub, files: BackboneFiles, tmp_path: Path) -> None:
    copied = newsmoe(hub, here, "experts", "pull", "minilm", "--from", str(files.folder))
    assert copied.returncode == 0, copied.stderr
    folder = Path(copied.stdout.strip().removeprefix("minilm: copied, in "))
    assert (folder / "model.safetensors").read_bytes() == files.weights.read_bytes()
    assert BackboneFiles(folder).config == files.config
    assert not hub.requests


def test_other_weights_in_a_folder_are_not_copied(here: Path, hub: Hub, files: BackboneFiles, tmp_path: Path) -> None:
    message = one_line(newsmoe(hub, here, "experts", "pull", "large", "--from", str(files.folder)))
    assert "is not the published file of sentence-transformers/all-mpnet-base-v2" in message
    assert "copied" not in message


@pytest.mark.parametrize("names", [("minilm", "large"), ("finbert",)])
def test_only_one_backbone_is_copied_at_a_time(
    here: Path, hub: Hub, files: BackboneFiles, names: tuple[str, ...]
) -> None:
    message = one_line(newsmoe(hub, here, "experts", "pull", *names, "--from", str(files.folder)))
    assert "--from copies one backbone, minilm or large" in message


@pytest.mark.parametrize("header", ["ETag", "X_Linked_Etag", "X_Repo_Commit"])
def test_a_hub_cannot_name_a_file_outside_the_cache(hub: Hub, here: Path, model: Path, header: str) -> None:
    hub.add(NAME, model)
    victim = here / "victim"
    victim.write_text("private")
    depths = ("../" * depth for depth in (4, 12))
    for path in (str(victim), *(f"{up}{victim.relative_to('/')}" for up in depths)):
        hub.forge(**{header: f'"{path}"' if header != "X_Repo_Commit" else path})
        before = {*here.parent.glob("*")}
        pulled = newsmoe(hub, here, "experts", "pull", "tone")
        assert victim.is_file()
        assert victim.read_text() == "private"
        assert {*here.parent.glob("*")} - before <= {here.parent / "home", here.parent / "cache"}
        assert "could write outside the cache" in one_line(pulled)


@pytest.mark.parametrize("garbage", [b"", b"[]", b"{", b'{"id": 3}', b'{"siblings": [{"rfilename": {}}]}', b"\xff"])
def test_what_is_no_answer_of_a_hub_is_called_that(hub: Hub, here: Path, garbage: bytes) -> None:
    hub.garbage = garbage
    message = one_line(newsmoe(hub, here, "experts", "pull", "tone"))
    assert NAME in message
    assert "bug" not in message
