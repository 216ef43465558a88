"""Fetching a model from the hub: only on request, only files that cannot run code, each checked by hash."""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from functools import partial
from hashlib import file_digest, sha1
from pathlib import Path
from time import sleep
from typing import Any, NamedTuple

from newsmoe.errors import ModelError
from newsmoe.output.atomic import atomic_write
from newsmoe.registry.backbone.files import TOKENIZER, WEIGHTS, BackboneFiles, PublishedBackbone, data_folder
from newsmoe.registry.cards import Card
from newsmoe.registry.hub.files import CONFIG, PICKLES, ModelSource

INCLUDE = ("*.json", "*.txt", "*.model", "*.spm", "*.jinja", "model.safetensors", "model-*.safetensors")
"""Config, tokenizer and weights; none of these can run code."""

EXCLUDE = ("*/*", "adapter_config.json", "training_args*")
"""Other folders; and what would have another model loaded instead of this one, or could run code."""

_TAG = re.compile(r'(W/)?"?[0-9A-Za-z][0-9A-Za-z._-]{0,199}"?')
_COMMIT = re.compile("[0-9a-f]{40}")
SENT_NAMES = {"etag": _TAG, "x-linked-etag": _TAG, "x-repo-commit": _COMMIT}
"""Headers of which the library makes names of files; what does not match could lead out of the cache."""

MALFORMED = (ValueError, KeyError, TypeError, AttributeError, AssertionError, RecursionError)
"""What the library raises on an answer that is none of a hub."""

TOO_MANY_REQUESTS = 429
RETRIES = 4
MAX_WAIT = 60.0  # seconds


class RemoteFile(NamedTuple):
    """One file of a repository; it has a sha256 where it is in large-file storage, else its git hash."""

    name: str
    size: int
    sha256: str | None
    git_hash: str | None


class Pulled(NamedTuple):
    """A model on this machine, and the commit that it is, to be pinned in a card as `revision`."""

    folder: Path
    commit: str
    files: tuple[RemoteFile, ...]


OnFile = Callable[[RemoteFile], object]
Select = Callable[[Sequence[RemoteFile]], list[RemoteFile]]


def pull(source: ModelSource, card: Card, on_file: OnFile = lambda file: None, *, pickles: bool = False) -> Pulled:
    """Fetch a model into the Hugging Face cache; what is there already is not fetched again.

    `HF_ENDPOINT`, `HF_HOME`, `HF_TOKEN` and `HF_HUB_OFFLINE` are used as in the library.
    """
    if source.folder(card) is not None:
        raise ModelError(f"the model of {card.name!r} is a folder, {source.folder(card)}: nothing to fetch")
    return _fetch(source, partial(_select, source.model, card.name, pickles), on_file)


def pull_backbone(backbone: PublishedBackbone, on_file: OnFile = lambda file: None) -> Pulled:
    """Fetch a backbone into the Hugging Face cache, where `find_backbone` finds it."""
    return _fetch(ModelSource(model=backbone.repository), partial(_select_backbone, backbone), on_file)


def copy_backbone(backbone: PublishedBackbone, folder: Path) -> Path:
    """Copy a backbone from a folder into the user's data, if its weights are the published ones; return where to."""
    files = BackboneFiles(folder, backbone)
    target = data_folder(backbone)
    try:
        for path in (files.weights, files.tokenizer, folder / CONFIG):  # the config last, as in `_select`
            target.mkdir(parents=True, exist_ok=True)
            with atomic_write(target / path.name) as temporary:
                shutil.copyfile(path, temporary)
    except OSError as error:
        raise ModelError(f"{folder}: cannot be copied to {target}: {error.strerror or error}") from None
    return target


def _fetch(source: ModelSource, select: Select, on_file: OnFile) -> Pulled:
    from huggingface_hub import HfApi, hf_hub_download

    with _translate_errors(source), _refusing_paths():
        describe = partial(HfApi().model_info, source.model, revision=source.revision, files_metadata=True)
        info = _retry_rate_limited(describe)
        if not _COMMIT.fullmatch(str(info.sha)):
            raise ModelError(f"{source.model}: the hub calls its commit {str(info.sha)[:100]!r}, which is no hash")
        files = select([_described(sibling) for sibling in info.siblings or []])
        folder = Path()
        for file in files:
            on_file(file)
            path = Path(hf_hub_download(source.model, file.name, revision=source.revision))
            _check(path, file)
            folder = path.parent if file.name == CONFIG else folder
    return Pulled(folder, str(info.sha), tuple(files))


@contextmanager
def _refusing_paths() -> Iterator[None]:
    """Refuse answers whose headers would have the library write a file outside its cache, before it does."""
    from huggingface_hub import get_session

    client = get_session()
    before = client.event_hooks
    client.event_hooks = {**before, "response": [*before["response"], _refuse_paths]}
    try:
        yield
    finally:
        client.event_hooks = before


def _refuse_paths(response: Any) -> None:
    for header, pattern in SENT_NAMES.items():
        value = response.headers.get(header)
        if value is not None and not pattern.fullmatch(value):
            raise ModelError(f"{response.url.host} sent {header}: {value[:100]!r}, which could write outside the cache")


def _described(sibling: Any) -> RemoteFile:
    sha256 = sibling.lfs.sha256 if sibling.lfs else None
    return RemoteFile(sibling.rfilename, sibling.size or 0, sha256, sibling.blob_id)


def _select(model: str, expert: str, pickles: bool, files: Sequence[RemoteFile]) -> list[RemoteFile]:
    """Return the files to fetch, the config last, so that an incomplete model is not taken for one."""
    patterns = (*INCLUDE, *PICKLES) if pickles else INCLUDE
    selected = [file for file in files if _matches(file, patterns) and not _matches(file, EXCLUDE)]
    if not any(file.name == CONFIG for file in selected):
        raise ModelError(f"{model}: has no {CONFIG}, so it is no model of transformers")
    if pickles:
        selected = [file for file in selected if not file.name.endswith(".safetensors")]
    elif not any(file.name.endswith(".safetensors") for file in selected):
        raise ModelError(
            f"{model}: its weights are a pickle, which can run code when opened, and are not fetched;"
            f" 'newsmoe experts convert {expert}' fetches them and makes safetensors without running any"
        )
    return sorted(selected, key=lambda file: (file.name == CONFIG, file.size))


def _matches(file: RemoteFile, patterns: Sequence[str]) -> bool:
    return any(fnmatch(file.name, pattern) for pattern in patterns)


def _select_backbone(backbone: PublishedBackbone, files: Sequence[RemoteFile]) -> list[RemoteFile]:
    """Return a backbone's files; whatever the hub says of the weights, they must have the pinned hash."""
    by_name = {file.name: file for file in files}
    if absent := [name for name in (WEIGHTS, TOKENIZER, CONFIG) if name not in by_name]:
        raise ModelError(f"{backbone.repository}: the hub has no {' and no '.join(absent)}")
    weights = by_name[WEIGHTS]._replace(sha256=backbone.sha256)
    return [by_name[TOKENIZER], weights, by_name[CONFIG]]


def _check(path: Path, file: RemoteFile) -> None:
    """Delete a file that has another hash or size than the hub says."""
    with path.open("rb") as stream:
        if file.sha256:
            is_same = file_digest(stream, "sha256").hexdigest() == file.sha256
        elif file.git_hash:
            header = f"blob {path.stat().st_size}\0".encode()
            is_same = file_digest(stream, lambda: sha1(header)).hexdigest() == file.git_hash
        else:
            is_same = path.stat().st_size == file.size
    if not is_same:
        blob = path.resolve()
        path.unlink()
        if blob.is_relative_to(path.parents[2].resolve()):  # that of this repository
            blob.unlink(missing_ok=True)
        raise ModelError(f"{file.name}: the download does not match its hash and was deleted; pull again")


def _retry_rate_limited(request: Callable[[], Any]) -> Any:
    """Repeat a request that a busy hub refuses, when it says so; for files the library does that."""
    from huggingface_hub.errors import HfHubHTTPError

    for _ in range(RETRIES):
        try:
            return request()
        except HfHubHTTPError as error:
            if error.response.status_code != TOO_MANY_REQUESTS:
                raise
            wait = error.response.headers.get("Retry-After", "")
            sleep(min(float(wait) if wait.isdecimal() else 1.0, MAX_WAIT))
    return request()


@contextmanager
def _translate_errors(source: ModelSource) -> Iterator[None]:
    """Turn what the library raises into one line that says what to do."""
    try:
        yield
    except Exception as error:
        if (reason := _reason(error)) is None:
            raise
        revision = f" at {source.revision}" if source.revision else ""
        raise ModelError(f"{source.model}{revision}: {reason}") from None


def _reason(error: Exception) -> str | None:
    from huggingface_hub import errors

    first_line = next(iter(str(error).splitlines()), "") or type(error).__name__
    match error:
        case errors.GatedRepoError():
            return "its owner asks for consent; agree on the model's page, set HF_TOKEN, and pull again"
        case errors.RevisionNotFoundError():
            return "there is no such revision; check 'revision' in the card"
        case errors.RepositoryNotFoundError():
            return "there is no such model, or it is private; check 'model' in the card, or set HF_TOKEN"
        case errors.HFValidationError():
            return f"{error}; check 'model' in the card"
        case errors.OfflineModeIsEnabled() | errors.LocalEntryNotFoundError():
            if os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE"):
                return "cannot be fetched while HF_HUB_OFFLINE is set; unset it"
            return "the hub cannot be reached; check the network, then pull again"
        case errors.HfHubHTTPError() | OSError():
            return f"could not be fetched: {first_line}; pull again"
        case _ if isinstance(error, MALFORMED):
            return f"the hub's answer makes no sense ({type(error).__name__}: {first_line}); check HF_ENDPOINT"
    return _connection_problem(error, first_line)


def _connection_problem(error: Exception, first_line: str) -> str | None:
    kind = type(error)
    if not kind.__module__.startswith(("httpx", "httpcore")):
        return None
    if kind.__name__.startswith("Connect"):
        reason = re.sub(r"^\[Errno -?\d+\] ", "", first_line)
        return f"the hub cannot be reached: {reason}; check the network, then pull again"
    return f"the connection broke: {first_line}; pull again to resume"
