import hashlib
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as hf

from tests.registry.hub.models import ARCHITECTURES, NLI, SENTIMENT, TAGS, make_model, make_pickle_only
from tests.registry.hub.server import Hub

CLIENT = """
import json, sys
import huggingface_hub as hub
from huggingface_hub import constants, errors
constants.DOWNLOAD_CHUNK_SIZE = 500  # after a cut, it is from whole chunks that the client goes on
results = []
for name, arguments in json.load(sys.stdin):
    try:
        results.append(getattr(hub, name)(**arguments))
    except errors.HfHubHTTPError as error:
        results.append([type(error).__name__, error.response.status_code])
json.dump(results, sys.stdout)
"""

TEXTS = (
    "Harrowmere Town are promoted after 31 years away, by a header in the 93rd minute.",
    "The bakery on the corner closes, and nobody in the street knows where to buy bread.",
)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small files, one of them in a folder, and a larger one."""
    folder = tmp_path_factory.mktemp("repository")
    (folder / "config.json").write_text('{"model_type": "bart"}')
    (folder / "more").mkdir()
    (folder / "more" / "a note.txt").write_text("hello")
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 10)
    return folder


def run_calls(hub: Hub, home: Path, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
    """Call functions of `huggingface_hub` in a process that uses this hub only."""
    done = subprocess.run(
        [sys.executable, "-c", CLIENT],
        input=json.dumps(calls),
        env=hub.environment(home),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    results: list[Any] = json.loads(done.stdout)
    return results


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_repository_is_downloaded_once(hub: Hub, folder: Path, tmp_path: Path) -> None:
    commit = hub.add("org/name", folder)
    call = ("snapshot_download", {"repo_id": "org/name"})
    [first, second] = run_calls(hub, tmp_path, call, call)
    assert first == second
    assert first.endswith(commit)
    assert contents(Path(first)) == contents(folder)
    info, tree = "/api/models/org/name/revision/main", f"/api/models/org/name/tree/{commit}"
    assert hub.requests[:2] == [("GET", info), ("GET", tree)]
    files = {(method, f"/org/name/resolve/{commit}/{path}") for method in ("HEAD", "GET") for path in contents(folder)}
    assert set(hub.requests[2:-1]) == files
    assert hub.requests[-1] == ("GET", info)


def test_a_new_commit_leaves_the_old_one(hub: Hub, folder: Path, tmp_path: Path) -> None:
    old = hub.add("org/name", folder)
    newer = tmp_path / "newer"
    newer.mkdir()
    (newer / "config.json").write_text("{}")
    new = hub.add("org/name", newer)
    file = {"repo_id": "org/name", "filename": "config.json"}
    calls = [("hf_hub_download", file), ("hf_hub_download", {**file, "revision": old})]
    [today, before] = run_calls(hub, tmp_path, *calls)
    assert new in today
    assert Path(today).read_text() == "{}"
    assert Path(before).read_text() == (folder / "config.json").read_text()


def test_what_is_missing_is_reported(hub: Hub, folder: Path, tmp_path: Path) -> None:
    hub.add("org/name", folder)
    file = {"repo_id": "org/name", "filename": "config.json"}
    assert run_calls(
        hub,
        tmp_path,
        ("hf_hub_download", {**file, "repo_id": "org/other"}),
        ("hf_hub_download", {**file, "revision": "v9"}),
        ("hf_hub_download", {**file, "filename": "model.bin"}),
    ) == [["RepositoryNotFoundError", 404], ["RevisionNotFoundError", 404], ["RemoteEntryNotFoundError", 404]]


def test_a_gated_repository_needs_a_token_that_is_allowed(hub: Hub, folder: Path, tmp_path: Path) -> None:
    hub.add("org/gated", folder, gated=True)
    hub.allow("good")
    calls = [("snapshot_download", {"repo_id": "org/gated", "token": token}) for token in (False, "bad", "good")]
    [anonymous, unauthorized, authorized] = run_calls(hub, tmp_path, *calls)
    assert anonymous == ["GatedRepoError", 401]
    assert unauthorized == ["GatedRepoError", 403]
    assert contents(Path(authorized)) == contents(folder)


def test_a_download_goes_on_after_a_cut(hub: Hub, folder: Path, tmp_path: Path) -> None:
    hub.add("org/name", folder)
    hub.cut("org/name", "model.safetensors", after=1200)
    [path] = run_calls(hub, tmp_path, ("hf_hub_download", {"repo_id": "org/name", "filename": "model.safetensors"}))
    assert hub.ranges == [("model.safetensors", "bytes=1000-")]
    assert Path(path).read_bytes() == (folder / "model.safetensors").read_bytes()


def test_a_request_to_a_busy_hub_is_retried(hub: Hub, folder: Path, tmp_path: Path) -> None:
    hub.add("org/name", folder)
    hub.busy(times=2, retry_after=0, on="/resolve/")
    [path] = run_calls(hub, tmp_path, ("hf_hub_download", {"repo_id": "org/name", "filename": "config.json"}))
    assert [method for method, _ in hub.requests] == ["HEAD", "HEAD", "HEAD", "GET"]
    assert Path(path).read_bytes() == (folder / "config.json").read_bytes()


def test_corrupted_bytes_come_under_the_hash_of_the_true_ones(hub: Hub, folder: Path, tmp_path: Path) -> None:
    hub.add("org/name", folder)
    hub.corrupt("org/name", "model.safetensors")
    [path] = run_calls(hub, tmp_path, ("hf_hub_download", {"repo_id": "org/name", "filename": "model.safetensors"}))
    true, got = (folder / "model.safetensors").read_bytes(), Path(path).read_bytes()
    assert len(got) == len(true)
    assert got != true
    assert Path(path).resolve().name == hashlib.sha256(true).hexdigest()


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """The warnings of transformers, which it keeps from the root logger."""
    warnings: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: warnings.append(record.getMessage())
    logger = logging.getLogger("transformers")
    logger.addHandler(handler)
    yield warnings
    logger.removeHandler(handler)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_tiny_model_loads_and_predicts(architecture: str, tmp_path: Path, logged: list[str]) -> None:
    folder = make_model(architecture, tmp_path / "model")
    model, tokenizer = loaded(folder)
    assert logged == []
    first, second = (prediction(model, tokenizer, text) for text in TEXTS)
    assert first != second
    assert prediction(model, tokenizer, TEXTS[0]) == first


def test_a_tiny_model_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = (make_model("t5", tmp_path / name) for name in ("first", "second"))
    assert contents(first) == contents(second)


def test_a_pickled_model_is_the_same_model(tmp_path: Path) -> None:
    folder = make_model("distilbert", tmp_path / "model")
    pickled = make_pickle_only(folder, tmp_path / "pickled")
    assert not list(pickled.glob("*.safetensors"))
    assert prediction(*loaded(pickled), TEXTS[0]) == prediction(*loaded(folder), TEXTS[0])


def loaded(folder: Path) -> tuple[Any, Any]:
    """Load a model as its configuration says, and its tokenizer."""
    [name] = json.loads((folder / "config.json").read_text())["architectures"]
    kind: Any = hf.AutoModelForSequenceClassification
    if name.endswith("ForConditionalGeneration"):
        kind = hf.AutoModelForSeq2SeqLM
    elif name.endswith("ForCausalLM"):
        kind = hf.AutoModelForCausalLM
    elif name.endswith("ForTokenClassification"):
        kind = hf.AutoModelForTokenClassification
    model = kind.from_pretrained(folder, local_files_only=True)
    assert type(model).__name__ == name
    return model, hf.AutoTokenizer.from_pretrained(folder, local_files_only=True)


@torch.inference_mode()
def prediction(model: Any, tokenizer: Any, text: str) -> Any:
    """Return what a model predicts for a text: its labels' probabilities, or a text."""
    if not model.can_generate():
        assert tuple(model.config.id2label.values()) in (SENTIMENT, NLI, TAGS)
        inputs = tokenizer(text, truncation=True, max_length=64, return_tensors="pt")
        return model(**inputs).logits.softmax(-1).round(decimals=4).tolist()
    if tokenizer.chat_template:
        chat = [{"role": "user", "content": text}]
        inputs = tokenizer.apply_chat_template(chat, return_tensors="pt")
        said = model.generate(**inputs, max_new_tokens=20)[0, inputs["input_ids"].shape[1] :]
    else:
        inputs = tokenizer(text, truncation=True, max_length=64, return_tensors="pt")
        said = model.generate(**inputs, max_new_tokens=20, num_beams=2)[0]
    words = tokenizer.decode(said, skip_special_tokens=True)
    assert words.strip()
    return words
