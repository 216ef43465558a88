"""The backbone's encoder with a LoRA adapter, as it is trained."""

import json
import warnings
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save
from torch import nn

from newsmoe.output.atomic import write_bytes, write_text
from newsmoe.registry.backbone.adapter import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.torch_runtime import load_encoder
from newsmoe.training.recipe import AdapterRecipe


def adapted_encoder(recipe: AdapterRecipe, backbone: Backbone, start: Path | None) -> PeftModel:
    """Return the encoder with an adapter on its linear modules: the one in `start`, or a new one."""
    torch.manual_seed(recipe.seed)
    base = load_encoder(backbone.files)
    with warnings.catch_warnings():  # peft uses an attribute of transformers that is deprecated
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        if start:
            encoder = PeftModel.from_pretrained(base, str(start), is_trainable=True)
        else:
            linear = [name for name, module in base.named_modules() if isinstance(module, nn.Linear)]
            modules = [name for name in linear if _layer(name) >= recipe.first_layer]
            encoder = get_peft_model(base, LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules=modules))
    encoder.peft_config["default"].base_model_name_or_path = backbone.files.published.repository
    for name, module in encoder.named_modules():
        if name.endswith("output.dense"):
            module.register_forward_hook(partial(_drop_channels, rate=recipe.dropout))
    return encoder


def _layer(module: str) -> int:
    """Return the layer of a module, such as `encoder.layer.3.output.dense`."""
    return int(module.split("encoder.layer.")[1].split(".")[0])


def _drop_channels(
    module: nn.Module, inputs: tuple[torch.Tensor, ...], states: torch.Tensor, rate: float
) -> torch.Tensor:
    """Apply dropout to states of shape (windows, tokens, width), the same for all tokens of a window."""
    if not module.training:
        return states
    mask = torch.rand(states.shape[0], 1, states.shape[2]) >= rate
    return states * (mask / (1 - rate))


def save_adapter(encoder: PeftModel, folder: Path) -> None:
    """Write the adapter in peft's format, in half precision."""
    with TemporaryDirectory() as temporary:  # peft writes a README.md, or changes an existing one
        encoder.save_pretrained(temporary, save_embedding_layers=False)  # else it looks for the base on the hub
        tensors = load_file(Path(temporary) / ADAPTER_FILE)
        config = json.loads((Path(temporary) / ADAPTER_CONFIG_FILE).read_bytes())
    config["target_modules"].sort()  # a set, whose order would change the expert's fingerprint
    write_text(folder / ADAPTER_CONFIG_FILE, json.dumps(config, indent=2))
    halves = {name: tensor.half() for name, tensor in tensors.items()}
    write_bytes(folder / ADAPTER_FILE, save(halves, {"format": "pt"}))
