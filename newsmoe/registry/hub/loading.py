"""Loading a model and its tokenizer by transformers."""

import ctypes
import gc
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from logging import CRITICAL
from pathlib import Path
from typing import Any

import torch
import transformers
from transformers.utils import logging

from newsmoe.errors import ModelError
from newsmoe.registry.device import Device
from newsmoe.registry.hub.bounds import check_config
from newsmoe.registry.hub.expert import DType
from newsmoe.registry.hub.files import CONFIG

SAFE: dict[str, Any] = dict(local_files_only=True, trust_remote_code=False)
"""No network, and no code of the model's repository."""

MAX_STATED_TOKENS = 1_000_000
"""Above this a limit in a config is no limit: tokenizers write 10^30 where there is none."""

DEFAULT_INPUT_TOKENS = 1024
"""Tokens read by a model with relative positions that states no limit; T5 was trained on 512."""

OVERFLOWS_HALF = ("t5", "mt5", "umt5", "longt5", "switch_transformers", "pegasus", "led")
"""Model types whose activations leave the range of float16."""


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the warnings and progress bars of transformers; errors are raised anyway."""
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
            return transformers.AutoTokenizer.from_pretrained(folder, **SAFE)
    except (OSError, ValueError, ImportError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: the tokenizer cannot be loaded: {_short(error)}") from error


def load_model(folder: Path, architecture: str, device: Device, dtype: DType) -> Any:
    """Load the model in `folder`, ready to predict."""
    if device.threads:
        torch.set_num_threads(device.threads)
    check_config(folder / CONFIG)
    try:
        with quiet():
            config = transformers.AutoConfig.from_pretrained(folder, **SAFE)
            model, loading = getattr(transformers, architecture).from_pretrained(
                folder,
                config=config,
                dtype=_dtype(dtype, device, config.model_type),
                use_safetensors=True,
                output_loading_info=True,
                **SAFE,
            )
    except Exception as error:
        raise ModelError(f"{folder}: cannot be loaded as {architecture}: {_short(error)}") from error
    if absent := sorted(loading["missing_keys"]):
        raise ModelError(
            f"{folder}: is no model for {architecture}: {len(absent)} of the weights are missing, such as"
            f" {absent[0]}; check 'kind' and 'model' in the card"
        )
    return model.to(device.name).train(False)


def in_int8(model: Any) -> Any:
    """Return the model with the weights of its linear layers in 8 bits, one scale an output channel.

    The inputs of a layer are rounded by one scale for the whole batch, so a prediction can depend on its
    neighbours in the last digits.
    """
    with quiet():
        return torch.ao.quantization.quantize_dynamic(  # type: ignore[no-untyped-call]
            model, {torch.nn.Linear: torch.ao.quantization.per_channel_dynamic_qconfig}
        )


def release(device: Device) -> None:
    """Return unreferenced memory to the machine; glibc would keep it."""
    gc.collect()
    if device.kind == "cuda":
        torch.cuda.empty_cache()
    elif device.kind == "mps":
        torch.mps.empty_cache()
    elif trim := getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None:
        trim(0)


def max_tokens(model: Any) -> int:
    """Return how many tokens the model takes, special ones counted, by its own config and weights.

    RoBERTa and its kin number positions from their padding's id on, so that fewer are left than the config
    says; they are recognised by the padding row in their table of positions.
    """
    names = ("max_encoder_position_embeddings", "max_position_embeddings", "n_positions")
    stated = next((size for name in names if (size := getattr(model.config, name, None))), DEFAULT_INPUT_TOKENS)
    tables = [module for name, module in model.named_modules() if name.endswith("embeddings.position_embeddings")]
    padded = [table for table in tables if getattr(table, "padding_idx", None) is not None]
    if padded:
        stated = min(stated, padded[0].num_embeddings) - padded[0].padding_idx - 1
    return int(stated) if 0 < stated < MAX_STATED_TOKENS else DEFAULT_INPUT_TOKENS


def _dtype(dtype: DType, device: Device, model_type: str) -> torch.dtype:
    if dtype != "auto":
        torch_dtype: torch.dtype = getattr(torch, dtype)
        return torch_dtype
    if device.kind == "cuda":
        if torch.cuda.is_bf16_supported():
            return torch.bfloat16
        return torch.float32 if model_type in OVERFLOWS_HALF else torch.float16
    return torch.float32


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
