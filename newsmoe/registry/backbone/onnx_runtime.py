"""The backbone in ONNX Runtime, which serves on a processor: no torch, a quarter of a second to load."""

import os
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.backbone.compiled import HIDDEN, IDS, MASK

__all__ = ["OnnxRuntime"]


class OnnxRuntime:
    """Hidden states by ONNX Runtime.

    Args:
        model: a compiled model, or the file that holds it.
        threads: processor threads; None for all.
    """

    def __init__(self, model: Path | bytes, threads: int | None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or len(os.sched_getaffinity(0))
        options.log_severity_level = 3
        source = model if isinstance(model, bytes) else str(model)
        self.session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])

    def hidden(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Vectors:
        """Return states of shape (batch, tokens, width) for ids and mask of shape (batch, tokens)."""
        states: Vectors = self.session.run([HIDDEN], {IDS: ids, MASK: mask})[0]
        return states
