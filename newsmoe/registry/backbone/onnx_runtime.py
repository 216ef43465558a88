"""The backbone in ONNX Runtime, which serves on a processor: no torch, a quarter of a second to load."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from newsmoe.registry.backbone.adapter import Adapter, adapted_modules
from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.backbone.signature import HIDDEN, IDS, MASK, part_names

__all__ = ["OnnxRuntime"]


class OnnxRuntime:
    """Hidden states by ONNX Runtime; all adapters share one session.

    Args:
        model: a compiled model, or the file that holds it.
        config: the model's config.
        threads: processor threads; None for all.
    """

    def __init__(self, model: Path | bytes, config: Mapping[str, Any], threads: int | None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or _processors()
        options.log_severity_level = 3
        source = model if isinstance(model, bytes) else str(model)
        self.session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        self._unchanged = _no_change(config)
        self._parts: dict[str, Mapping[str, NDArray[np.float32]]] = {"": self._unchanged}

    def hidden(
        self, ids: NDArray[np.int64], mask: NDArray[np.int64], adapter: Adapter | None = None
    ) -> Vectors:
        """Return states of shape (batch, tokens, width) for ids and mask of shape (batch, tokens)."""
        states: Vectors = self.session.run([HIDDEN], {IDS: ids, MASK: mask, **self._inputs(adapter)})[0]
        return states

    def _inputs(self, adapter: Adapter | None) -> Mapping[str, NDArray[np.float32]]:
        """Return the matrices of an adapter by input; modules that it leaves alone get ones of zeros."""
        key = adapter.key if adapter else ""
        if adapter and key not in self._parts:
            parts = dict(self._unchanged)
            for module, change in adapter.changes.items():
                parts.update(zip(part_names(module), (change.down, change.up), strict=True))
            self._parts[key] = parts
        return self._parts[key]


def _processors() -> int:
    """Return how many processors this process may use, where that can be told, or how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _no_change(config: Mapping[str, Any]) -> dict[str, NDArray[np.float32]]:
    """Return, for every module, matrices of rank 1 that are zero."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    parts = {}
    for module in adapted_modules(config["num_hidden_layers"]):
        inputs = inner if module.endswith("output.dense") and "attention" not in module else width
        outputs = inner if module.endswith("intermediate.dense") else width
        down, up = part_names(module)
        parts[down] = np.zeros((inputs, 1), dtype=np.float32)
        parts[up] = np.zeros((1, outputs), dtype=np.float32)
    return parts
