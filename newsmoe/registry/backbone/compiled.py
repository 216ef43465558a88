"""The backbone compiled for this machine, once, and kept in the user's cache."""

import json
import logging
from hashlib import sha256
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from newsmoe.registry.backbone.files import SHA256, BackboneFiles

__all__ = ["compiled_backbone"]

FORMAT = 2
"""Counted up whenever the graph changes, so that what older versions compiled is not used."""

log = logging.getLogger(__name__)


def compiled_backbone(files: BackboneFiles) -> Path | bytes:
    """Return the compiled model from the cache, compiling it first where it is missing, torn or foreign.

    A second process that needs it at the same time waits for the first. Where the cache cannot be
    written, the model itself is returned, and compiled again the next time.
    """
    folder = user_cache_path("newsmoe") / "compiled"
    path = folder / f"backbone-{_fingerprint()}.onnx"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not _sound(path):
                _keep(_compile(files), path)
    except OSError as error:
        log.warning("the compiled backbone cannot be kept in %s: %s", folder, error)
        return _compile(files)
    return path


def _fingerprint() -> str:
    return sha256(json.dumps([FORMAT, SHA256]).encode()).hexdigest()[:16]


def _compile(files: BackboneFiles) -> bytes:
    from safetensors.numpy import load_file

    from newsmoe.registry.backbone.graph import bert_graph

    log.info("compiling the backbone for this machine; this happens once")
    model: bytes = bert_graph(load_file(files.weights), files.config).SerializeToString()
    return model


def _digest_file(path: Path) -> Path:
    return path.with_suffix(".sha256")


def _sound(path: Path) -> bool:
    """Tell whether the kept file is there, whole, and the one that was written."""
    try:
        return sha256(path.read_bytes()).hexdigest() == _digest_file(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return False


def _keep(model: bytes, path: Path) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(model)
    temporary.replace(path)
    _digest_file(path).write_text(sha256(model).hexdigest(), encoding="ascii")
