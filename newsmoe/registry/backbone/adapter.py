"""Low-rank adapters of the backbone: what makes an expert of it, in a few megabytes.

The adapted weight is W' = W + D U, with D of shape (inputs, rank) and U of shape (rank, outputs) (Hu et al.
2021, LoRA). In single precision D and U are handed to the model with each window, so that any number of
experts shares one copy of W; at rank 16 that costs a tenth more arithmetic. In int8 they are merged into a
copy of W of their own, which has a quarter of the size.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file

from newsmoe.errors import ModelError
from newsmoe.registry.backbone.files import bert_name

ADAPTER_FILE = "adapter_model.safetensors"
ADAPTER_CONFIG_FILE = "adapter_config.json"
_DOWN = ".lora_A.weight"

_MODULES = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)


def adapted_modules(layers: int) -> list[str]:
    """Return the names of the linear modules that an adapter may change, as transformers names BERT's."""
    return [f"encoder.layer.{layer}.{module}" for layer in range(layers) for module in _MODULES]


Precision = Literal["fp32", "int8"]


@dataclass(frozen=True)
class LowRank:
    """The change of one module: `down` of shape (inputs, rank), `up` of shape (rank, outputs), scaled."""

    down: NDArray[np.float32]
    up: NDArray[np.float32]


@dataclass(frozen=True)
class Adapter:
    """An adapter as it is run.

    Attributes:
        key: hash of what it changes and in which precision; equal keys, equal vectors.
        changes: by module.
        name: what it is called in messages.
        precision: what a processor computes in.
    """

    key: str
    changes: Mapping[str, LowRank]
    name: str = "an adapter"
    precision: Precision = "fp32"


def load_adapter(folder: Path, precision: Precision = "fp32") -> Adapter | None:
    """Load an adapter in peft's format; None where the folder has none."""
    path = folder / ADAPTER_FILE
    if not path.is_file():
        return None
    try:
        config = json.loads((folder / ADAPTER_CONFIG_FILE).read_text(encoding="utf-8"))
        _require_plain_lora(config)
        tensors = load_file(path)
        changes = dict(_changes(tensors, config["lora_alpha"] / config["r"]))
    except (OSError, ValueError, KeyError, ZeroDivisionError, SafetensorError) as error:
        raise ModelError(f"{folder}: the adapter cannot be loaded: {type(error).__name__}: {error}") from None
    digest = sha256(precision.encode())
    for module, change in sorted(changes.items()):
        digest.update(module.encode() + change.down.tobytes() + change.up.tobytes())
    return Adapter(digest.hexdigest(), changes, folder.name, precision)


def _require_plain_lora(config: Mapping[str, Any]) -> None:
    if config["peft_type"] != "LORA":
        raise ValueError(f"peft_type is {config['peft_type']}, only LORA can be run")
    for variant in ("use_rslora", "use_dora", "rank_pattern", "alpha_pattern"):
        if config.get(variant):
            raise ValueError(f"{variant} is set, only plain LoRA can be run")


def _changes(tensors: Mapping[str, NDArray[np.float32]], scale: float) -> Iterator[tuple[str, LowRank]]:
    for name, down in tensors.items():
        if name.endswith(_DOWN):
            module = bert_name(name.removeprefix("base_model.model.").removesuffix(_DOWN))
            if not module.endswith(_MODULES):
                raise ValueError(f"it changes {module}, which is none of {', '.join(_MODULES)}")
            up = tensors[name.removesuffix(_DOWN) + ".lora_B.weight"]
            down, up = down.astype(np.float32).T, up.astype(np.float32).T * np.float32(scale)
            yield module, LowRank(np.ascontiguousarray(down), np.ascontiguousarray(up))
