"""Low-rank adapters of the backbone: what makes an expert of it, in a few megabytes.

The adapted product is x W' = x W + x D U, with D of shape (inputs, rank) and U of shape (rank, outputs)
(Hu et al. 2021, LoRA). D and U are handed to the runtime with each batch and are not merged into W, so that
any number of experts shares one copy of W; at rank 16 that costs a tenth more arithmetic.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from newsmoe.errors import ModelError

__all__ = ["ADAPTER_FILE", "Adapter", "LowRank", "adapted_modules", "load_adapter"]

ADAPTER_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"

_MODULES = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


def adapted_modules(layers: int) -> list[str]:
    """Return the names of the linear modules that an adapter may change, as transformers names them."""
    return [f"encoder.layer.{layer}.{module}" for layer in range(layers) for module in _MODULES]


@dataclass(frozen=True)
class LowRank:
    """The change of one module: `down` of shape (inputs, rank), `up` of shape (rank, outputs), scaled."""

    down: NDArray[np.float32]
    up: NDArray[np.float32]


@dataclass(frozen=True)
class Adapter:
    """An adapter as it is run.

    Attributes:
        key: hash of its weights; equal keys, equal vectors.
        changes: by module.
    """

    key: str
    changes: Mapping[str, LowRank]


def load_adapter(folder: Path) -> Adapter | None:
    """Load an adapter in peft's format; None where the folder has none.

    Raises:
        ModelError: it is damaged, or is no LoRA adapter.
    """
    path = folder / ADAPTER_FILE
    if not path.is_file():
        return None
    try:
        config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        tensors = load_file(path)
        scale = config["lora_alpha"] / config["r"]
        kind = config["peft_type"]
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise ModelError(f"{folder}: the adapter cannot be loaded: {error}") from None
    if kind != "LORA" or config.get("use_rslora") or config.get("use_dora"):
        raise ModelError(f"{folder / CONFIG_FILE}: only plain LoRA adapters can be run, this is {kind}")
    changes = {}
    for name, down in tensors.items():
        if name.endswith(".lora_A.weight"):
            module = name.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            up = tensors[name.replace(".lora_A.", ".lora_B.")]
            changes[module] = LowRank(
                np.ascontiguousarray(down.T, dtype=np.float32),
                np.ascontiguousarray(up.T * scale, dtype=np.float32),
            )
    return Adapter(sha256(path.read_bytes()).hexdigest(), changes)
