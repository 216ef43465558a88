"""A model and its tokenizer brought into memory; everything that touches transformers' loading is here."""

import gc
import json
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from logging import CRITICAL
from pathlib import Path
from typing import Any, Literal

import torch
import transformers
from transformers.utils import logging

from newsmoe.errors import ModelError
from newsmoe.registry.device import Device
from newsmoe.registry.hub.chunks import TokenCounter
from newsmoe.registry.hub.files import CONFIG

DType = Literal["auto", "float32", "bfloat16", "float16"]
"""What weights are computed in; `auto`: single precision on a processor, bfloat16 on a device that has it."""

UNLIMITED = 1_000_000
"""Above this a limit in a config is no limit: tokenizers write 10^30 where they know none."""

NO_LIMIT_READS = 1024
"""Tokens read by a model with relative positions that states no limit; T5 was trained on 512."""

OVERFLOWS_HALF = ("t5", "mt5", "umt5", "longt5", "switch_transformers", "pegasus", "led")
"""Model types whose activations leave the range of float16."""


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the warnings and progress bars of transformers off the user's screen; errors are raised anyway."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(CRITICAL)
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def load_tokenizer(folder: Path) -> Any:
    """Load the tokenizer in `folder`."""
    try:
        with quiet():
            return transformers.AutoTokenizer.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except (OSError, ValueError, ImportError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: the tokenizer cannot be loaded: {_short(error)}") from error


def architecture_of(folder: Path) -> str:
    """Return the class of transformers that the model in `folder` was saved from."""
    try:
        named = json.loads((folder / CONFIG).read_text(encoding="utf-8")).get("architectures") or [""]
    except (OSError, ValueError, AttributeError) as error:
        raise ModelError(f"{folder / CONFIG}: cannot be read: {_short(error)}") from None
    if not hasattr(transformers, named[0]):
        raise ModelError(f"{folder / CONFIG}: 'architectures' names no class of transformers: {named[0]!r}")
    return str(named[0])


def load_model(folder: Path, architecture: str, device: Device, dtype: DType, *, pickle: bool = False) -> Any:
    """Load the model in `folder`, ready to answer."""
    if device.threads:
        torch.set_num_threads(device.threads)
    try:
        with quiet():
            config = transformers.AutoConfig.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
            model, found = getattr(transformers, architecture).from_pretrained(
                folder,
                config=config,
                dtype=_dtype(dtype, device, config.model_type),
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=not pickle,
                weights_only=True,
                output_loading_info=True,
            )
    except Exception as error:
        raise ModelError(f"{folder}: cannot be loaded as {architecture}: {_short(error)}") from error
    if lacking := sorted(found["missing_keys"]):
        raise ModelError(
            f"{folder}: is no model for {architecture}: {len(lacking)} of the weights are not there, such as"
            f" {lacking[0]}; check 'kind' and 'model' in the card"
        )
    return model.to(device.name).train(False)


def in_int8(model: Any) -> Any:
    """Return the model with the weights of its linear layers in 8 bits, one scale an output channel.

    What goes into a layer is rounded as it comes, with a scale of its own for the whole batch: an answer can
    depend on its neighbours in the last digits.
    """
    with quiet():
        return torch.ao.quantization.quantize_dynamic(  # type: ignore[no-untyped-call]
            model, {torch.nn.Linear: torch.ao.quantization.per_channel_dynamic_qconfig}
        )


def release(device: Device) -> None:
    """Give the memory of what is no longer referenced back to the machine."""
    gc.collect()
    if device.name.startswith("cuda"):
        torch.cuda.empty_cache()
    elif device.name == "mps":
        torch.mps.empty_cache()
    else:
        _trim()


def counter(tokenizer: Any) -> TokenCounter:
    """Return a function that counts the tokens of texts, special ones left out."""

    def count(texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        with quiet():
            return [len(ids) for ids in tokenizer(list(texts), add_special_tokens=False)["input_ids"]]

    return count


def max_tokens(model: Any) -> int:
    """Return how many tokens the model takes, special ones counted, by its own config and weights.

    RoBERTa and its kin number positions from their padding's id on, so that fewer are left than the config
    says; their table of positions has a padding row, by which they are known.
    """
    config = model.config
    names = ("max_encoder_position_embeddings", "max_position_embeddings", "n_positions")
    stated = next((size for name in names if (size := getattr(config, name, None))), NO_LIMIT_READS)
    tables = [
        module
        for name, module in model.named_modules()
        if name.endswith("embeddings.position_embeddings") and isinstance(module, torch.nn.Embedding)
    ]
    padding = next((table.padding_idx for table in tables if table.padding_idx is not None), None)
    if padding is not None:
        stated = min(stated, tables[0].num_embeddings) - padding - 1
    return int(stated) if 0 < stated < UNLIMITED else NO_LIMIT_READS


def _dtype(asked: DType, device: Device, model_type: str) -> torch.dtype:
    if asked != "auto":
        found: torch.dtype = getattr(torch, asked)
        return found
    if device.name.startswith("cuda"):
        if torch.cuda.is_bf16_supported():
            return torch.bfloat16
        return torch.float32 if model_type in OVERFLOWS_HALF else torch.float16
    return torch.float32


def _trim() -> None:
    """Have the C library return freed memory, which it keeps for itself otherwise (glibc only)."""
    import ctypes
    import sys

    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
