"""The backbone compiled for this machine, for all and for each int8 adapter, in the user's cache."""

import io
import json
import logging
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray
from platformdirs import user_cache_path

from newsmoe.errors import OutputError, reason_of
from newsmoe.output.atomic import write_bytes, write_text
from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.files import BackboneFiles

FORMAT = 7
"""Counted up whenever the graph changes, so that what older versions compiled is not used."""

DAY = 24 * 3600.0
MAX_UNUSED_SECONDS = 90 * DAY

WORD_TENSOR = "embeddings.word_embeddings.weight"

_refused: set[Path] = set()  # folders that could not be written to, which is said once, not for each file

_logger = logging.getLogger(__name__)


def compiled_backbone(files: BackboneFiles, adapter: Adapter | None = None) -> Path | bytes:
    """Return the backbone as an ONNX model, from the cache if it is there.

    Without an adapter it takes one with each batch; with one, that is merged into it, and it computes in
    int8. It is compiled where it is missing, torn or foreign; a second process waits for the first. Where the
    cache cannot be written, the model itself is returned, and compiled again the next time.
    """
    key = _digest(files, adapter.key if adapter else "")
    return _cached(f"backbone-{key}.onnx", lambda: _compile(files, adapter))


def word_table(files: BackboneFiles) -> NDArray[np.float16]:
    """Return the word embeddings, shape (vocabulary, width), mapped from the cache where that is possible."""
    cached = _cached(f"words-{_digest(files, 'words')}.npy", lambda: _words(files))
    table: NDArray[np.float16] = (
        np.load(io.BytesIO(cached)) if isinstance(cached, bytes) else np.load(cached, mmap_mode="r")
    )
    return table


def _digest(files: BackboneFiles, content: str) -> str:
    """Return what tells one compiled file from all others."""
    return sha256(json.dumps([FORMAT, files.published.sha256, content]).encode()).hexdigest()[:16]


def _cached(name: str, make: Callable[[], bytes]) -> Path | bytes:
    """Return the file of that name in the cache, made first if need be, or its content."""
    folder = user_cache_path("newsmoe") / "compiled"
    path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if not _is_intact(path):
                _remove_unused(folder)
                content = make()
                write_bytes(path, content)
                write_text(path.with_suffix(".sha256"), sha256(content).hexdigest())
            _mark_used(path)
    except (OSError, OutputError) as error:
        if folder not in _refused:
            _refused.add(folder)
            _logger.warning(
                "what is compiled cannot be stored in %s: %s; so every run compiles it", folder, reason_of(error)
            )
        return make()
    return path


def _compile(files: BackboneFiles, adapter: Adapter | None) -> bytes:
    from newsmoe.registry.backbone.graph import encoder_graph

    name = adapter.name if adapter else "the backbone"
    _logger.info("compiling %s for this machine; this happens once", name)
    weights = files.load_weights()
    for module, change in (adapter.changes if adapter else {}).items():
        weights[f"{module}.weight"] = weights[f"{module}.weight"] + (change.down @ change.up).T
    model: bytes = encoder_graph(weights, files.config, quantized=adapter is not None).SerializeToString()
    return model


def _words(files: BackboneFiles) -> bytes:
    from safetensors import safe_open

    packed = io.BytesIO()
    with safe_open(files.weights, framework="np") as file:
        np.save(packed, file.get_tensor(WORD_TENSOR).astype(np.float16))
    return packed.getvalue()


def _mark_used(path: Path) -> None:
    if time.time() - path.stat().st_mtime > DAY:
        for used in (path, path.with_suffix(".sha256")):
            used.touch()


def _remove_unused(folder: Path) -> None:
    """Remove what was not used for long, such as what older versions of an expert were compiled to."""
    for path in folder.iterdir():
        if path.suffix != ".lock" and time.time() - path.stat().st_mtime > MAX_UNUSED_SECONDS:
            path.unlink(missing_ok=True)


def _is_intact(path: Path) -> bool:
    """Tell whether the file is there, whole, and the one that was written."""
    try:
        digest = path.with_suffix(".sha256").read_text(encoding="ascii")
        return sha256(path.read_bytes()).hexdigest() == digest
    except (OSError, UnicodeDecodeError):
        return False
