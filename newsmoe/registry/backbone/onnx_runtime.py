"""The backbone in ONNX Runtime, which serves on a processor without torch."""

import os
from collections.abc import Mapping
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from newsmoe.registry.backbone.adapter import Adapter, adapted_modules
from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.backbone.compiled import compiled_backbone, word_table
from newsmoe.registry.backbone.files import BackboneFiles
from newsmoe.registry.backbone.signature import HIDDEN, MASK, WORDS, matrix_names
from newsmoe.registry.device import Device

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read on import
import onnxruntime  # noqa: E402

BATCH_TOKENS = 256
"""Measured on two AVX2 cores: with 512 a run of 24 mixed articles takes 7 % longer, one of 100 BBC articles as long;
with 1,024, 2,048 and 4,096 the experts take 5, 10 and 27 % longer than with 512."""


class OnnxRuntime:
    """Hidden states by ONNX Runtime: one model for all adapters in single precision, one for each in int8.

    As many batches are computed at a time as there are threads, each on one thread. In int8 the windows of a
    batch are computed one by one: the scale by which a window's states are rounded comes from that window
    alone, so that no score depends on the batch.
    """

    def __init__(self, files: BackboneFiles, device: Device) -> None:
        self.files = files
        self.batch_tokens = device.batch_tokens or BATCH_TOKENS
        self.workers = device.threads or processors()
        self._words = word_table(files)
        self._sessions: dict[str, onnxruntime.InferenceSession] = {}
        self._zeros = _zero_matrices(files.config)
        self._matrices: dict[str, Mapping[str, NDArray[np.float32]]] = {"": self._zeros}
        self._loading = Lock()

    def hidden(self, ids: NDArray[np.int64], mask: NDArray[np.int64], adapter: Adapter | None = None) -> Vectors:
        """Return states of shape (batch, tokens, width) for ids and mask of shape (batch, tokens)."""
        words = self._words[ids].astype(np.float32)
        if adapter is None or adapter.precision == "fp32":
            return self._run(None, {WORDS: words, MASK: mask, **self._inputs(adapter)})
        states = np.zeros_like(words)
        for row, size in enumerate(mask.sum(axis=1)):
            window = {WORDS: words[row : row + 1, :size], MASK: mask[row : row + 1, :size]}
            states[row, :size] = self._run(adapter, window)
        return states

    def _run(self, merged: Adapter | None, inputs: Mapping[str, Any]) -> Vectors:
        states: Vectors = self._session(merged).run([HIDDEN], inputs)[0]
        return states

    def _session(self, merged: Adapter | None) -> onnxruntime.InferenceSession:
        """Return the session of the model with that adapter merged into it, or without any."""
        key = merged.key if merged else ""
        with self._loading:
            if key not in self._sessions:
                self._sessions[key] = _open(compiled_backbone(self.files, merged))
            return self._sessions[key]

    def _inputs(self, adapter: Adapter | None) -> Mapping[str, NDArray[np.float32]]:
        """Return an adapter's matrices by input; those of modules that it does not change are zero."""
        key = adapter.key if adapter else ""
        if adapter and key not in self._matrices:
            matrices = dict(self._zeros)
            for module, change in adapter.changes.items():
                matrices.update(zip(matrix_names(module), (change.down, change.up), strict=True))
            self._matrices[key] = matrices
        return self._matrices[key]


def _open(model: os.PathLike[str] | bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _zero_matrices(config: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """Return matrices of rank 1 for every module that change nothing."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    matrices = {}
    for module in adapted_modules(config["num_hidden_layers"]):
        inputs = inner if module.endswith("output.dense") and "attention" not in module else width
        outputs = inner if module.endswith("intermediate.dense") else width
        down, up = matrix_names(module)
        matrices[down] = np.zeros((inputs, 1), dtype=np.float32)
        matrices[up] = np.zeros((1, outputs), dtype=np.float32)
    return matrices


def processors() -> int:
    """Return how many processors this process may use, or where that is unknown, how many exist."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
