"""The backbone in ONNX Runtime: what serves on a processor, without torch."""

import os
from threading import Lock

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.backbone.compiled import compiled_backbone, word_table
from newsmoe.registry.backbone.files import BackboneFiles
from newsmoe.registry.backbone.signature import HIDDEN, MASK, WORDS

__all__ = ["OnnxRuntime"]


class OnnxRuntime:
    """Hidden states by ONNX Runtime, one compiled model for each adapter.

    Windows are computed one by one, as many at a time as there are threads. On two cores that is a fifth
    faster than batches of 2,048 tokens on which both work together, and the scale by which int8 rounds a
    window's states comes from that window alone, so that no score depends on the batch.

    Args:
        files: the checked files.
        threads: processor threads; None for all.
    """

    batch_tokens = 1

    def __init__(self, files: BackboneFiles, threads: int | None) -> None:
        self.files = files
        self.workers = threads or _processors()
        self._words = word_table(files)
        self._sessions: dict[str, onnxruntime.InferenceSession] = {}
        self._loading = Lock()

    def hidden(
        self, ids: NDArray[np.int64], mask: NDArray[np.int64], adapter: Adapter | None = None
    ) -> Vectors:
        """Return states of shape (batch, tokens, width) for ids and mask of shape (batch, tokens)."""
        words = self._words[ids].astype(np.float32)
        states: Vectors = self._session(adapter).run([HIDDEN], {WORDS: words, MASK: mask})[0]
        return states

    def _session(self, adapter: Adapter | None) -> onnxruntime.InferenceSession:
        key = adapter.key if adapter else ""
        with self._loading:
            if key not in self._sessions:
                self._sessions[key] = _open(compiled_backbone(self.files, adapter))
            return self._sessions[key]


def _open(model: os.PathLike[str] | bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    source = model if isinstance(model, bytes) else os.fspath(model)
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])


def _processors() -> int:
    """Return how many processors this process may use, where that can be told, or how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
