"""Getting a model from the hub: only when asked, only files that cannot run code, each checked by hash."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from hashlib import sha1, sha256
from pathlib import Path
from time import sleep
from typing import Any, NamedTuple

from newsmoe.errors import ModelError
from newsmoe.registry.cards import Card
from newsmoe.registry.hub.files import CONFIG, PICKLES, ModelSource

WANTED = ("*.json", "*.txt", "*.model", "*.spm", "*.jinja", "model.safetensors", "model-*.safetensors")
"""Config, tokenizer and weights; none of these can run code."""

LEFT_OUT = ("*/*", "adapter_config.json", "training_args*")
"""Other folders; and what would have another model loaded instead of this one, or could run code."""


TOO_MANY_REQUESTS = 429
MAX_TRIES = 4
LONGEST_WAIT = 60.0
"""Seconds."""


class RemoteFile(NamedTuple):
    """One file of a repository, as the hub describes it.

    Attributes:
        name: its path in the repository.
        size: in bytes.
        sha256: of its content, where it is kept in large-file storage.
        blob: its git hash otherwise.
    """

    name: str
    size: int
    sha256: str | None
    blob: str | None


class Pulled(NamedTuple):
    """What a pull brought.

    Attributes:
        folder: where it is.
        commit: what was fetched, to be pinned in a card as `revision`.
        files: what is there now.
    """

    folder: Path
    commit: str
    files: tuple[RemoteFile, ...]


def pull(
    source: ModelSource,
    card: Card,
    starting: Callable[[RemoteFile], None] = lambda file: None,
    *,
    pickles: bool = False,
) -> Pulled:
    """Fetch a model into the Hugging Face cache; what is there already is not fetched again.

    `HF_ENDPOINT`, `HF_HOME`, `HF_TOKEN` and `HF_HUB_OFFLINE` are honoured as in the library.
    """
    from huggingface_hub import HfApi, hf_hub_download

    if source.folder(card) is not None:
        raise ModelError(f"the model of {card.name!r} is a folder, {source.folder(card)}: nothing to fetch")
    with _explained(source):
        info = _retry_rate_limited(
            lambda: HfApi().model_info(source.model, revision=source.revision, files_metadata=True)
        )
        commit = str(info.sha)
        files = _wanted(_described(info.siblings or []), source, card, pickles=pickles)
        folder = Path()
        for file in files:
            starting(file)
            path = hf_hub_download(source.model, file.name, revision=source.revision)
            _check(Path(path), file)
            folder = Path(path).parent if file.name == CONFIG else folder
    return Pulled(folder, commit, tuple(files))


def _described(siblings: Sequence[Any]) -> list[RemoteFile]:
    return [
        RemoteFile(one.rfilename, one.size or 0, one.lfs.sha256 if one.lfs else None, one.blob_id)
        for one in siblings
    ]


def _wanted(
    there: Sequence[RemoteFile], source: ModelSource, card: Card, *, pickles: bool
) -> list[RemoteFile]:
    """Return the files to fetch, the config last, so that a model that is not whole is not taken for one."""
    patterns = (*WANTED, *PICKLES) if pickles else WANTED
    found = [
        file
        for file in there
        if any(fnmatch(file.name, pattern) for pattern in patterns)
        and not any(fnmatch(file.name, pattern) for pattern in LEFT_OUT)
    ]
    if not any(file.name == CONFIG for file in found):
        raise ModelError(f"{source.model}: has no {CONFIG}, so it is no model of transformers")
    if pickles:
        found = [file for file in found if not file.name.endswith(".safetensors")]
    elif not any(file.name.endswith(".safetensors") for file in found):
        raise ModelError(
            f"{source.model}: its weights are a pickle, which can run code when opened, and are not fetched;"
            f" 'newsmoe experts convert {card.name}' fetches them and makes safetensors without running any"
        )
    return sorted(found, key=lambda file: (file.name == CONFIG, file.size))


def _check(path: Path, file: RemoteFile) -> None:
    """See that a file is what the hub says."""
    if file.sha256:
        same = _digest(path, sha256()) == file.sha256
    elif file.blob:
        same = _digest(path, sha1(f"blob {path.stat().st_size}\0".encode())) == file.blob  # as git does
    else:
        same = path.stat().st_size == file.size
    if same:
        return
    blob = path.resolve()
    path.unlink()
    blob.unlink(missing_ok=True)
    raise ModelError(f"{file.name}: what came is not what the hub promised, and was thrown away; pull again")


def _digest(path: Path, digest: Any) -> str:
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return str(digest.hexdigest())


def _retry_rate_limited(ask: Callable[[], Any]) -> Any:
    """Ask the hub again where it is busy, when it says so; for files the library does that."""
    from huggingface_hub.errors import HfHubHTTPError

    for _ in range(MAX_TRIES):
        try:
            return ask()
        except HfHubHTTPError as error:
            if error.response.status_code != TOO_MANY_REQUESTS:
                raise
            wait = error.response.headers.get("Retry-After", "")
            sleep(min(float(wait) if wait.isdecimal() else 1.0, LONGEST_WAIT))
    return ask()


@contextmanager
def _explained(source: ModelSource) -> Iterator[None]:
    """Turn what the library raises into one line that says what to do."""
    from huggingface_hub import errors

    where = f"{source.model}{f' at {source.revision}' if source.revision else ''}"
    try:
        yield
    except errors.GatedRepoError:
        raise ModelError(
            f"{where}: its owner asks for consent; agree on the model's page, then set HF_TOKEN to a token of"
            " your account, and pull again"
        ) from None
    except errors.RevisionNotFoundError:
        raise ModelError(f"{where}: there is no such revision; check 'revision' in the card") from None
    except errors.RepositoryNotFoundError:
        raise ModelError(
            f"{where}: there is no such model, or it is private; check 'model' in the card, or set HF_TOKEN"
        ) from None
    except errors.HFValidationError as error:
        raise ModelError(f"{where}: {error}; check 'model' in the card") from None
    except (errors.OfflineModeIsEnabled, errors.LocalEntryNotFoundError):
        if os.environ.get("HF_HUB_OFFLINE") or os.environ.get("TRANSFORMERS_OFFLINE"):
            raise ModelError(f"{where}: cannot be fetched while HF_HUB_OFFLINE is set; unset it") from None
        raise ModelError(f"{where}: the hub cannot be reached; check the network, then pull again") from None
    except (errors.HfHubHTTPError, OSError) as error:
        raise ModelError(f"{where}: could not be fetched: {_first_line(error)}; pull again") from None
    except Exception as error:
        if "httpx" not in type(error).__module__ and "httpcore" not in type(error).__module__:
            raise
        raise ModelError(
            f"{where}: the connection broke: {_first_line(error)}; pull again, it goes on where it stopped"
        ) from None


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "") or type(error).__name__
