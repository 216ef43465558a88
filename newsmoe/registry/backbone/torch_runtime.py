"""The backbone in torch: the reference, what training starts from, and what runs on a GPU."""

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch.func import functional_call
from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel, PreTrainedConfig, PreTrainedModel

from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.backbone.files import CONFIG, BackboneFiles, bert_name
from newsmoe.registry.batching import default_batch_tokens
from newsmoe.registry.device import Device

_CLASSES: dict[str, tuple[type[PreTrainedConfig], type[PreTrainedModel]]] = {
    "bert": (BertConfig, BertModel),
    "mpnet": (MPNetConfig, MPNetModel),
}


def load_encoder(files: BackboneFiles) -> PreTrainedModel:
    """Return the published model without its unused pooler, in single precision, and without dropout.

    Drawing dropout in every layer costs a processor as much time in training as the forward pass.
    """
    config_class, model_class = _CLASSES[files.config["model_type"]]
    config = config_class.from_json_file(files.folder / CONFIG)
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.0
    model: PreTrainedModel = model_class(config, add_pooling_layer=False)
    published = load_file(files.weights)
    model.load_state_dict({name: published[name] for name in model.state_dict()})
    return model


class TorchRuntime:
    """Hidden states by torch in single precision; an adapter is merged when it is first used."""

    workers = 1

    def __init__(self, files: BackboneFiles, device: Device) -> None:
        self.batch_tokens = device.batch_tokens or default_batch_tokens(device)
        if device.threads:
            torch.set_num_threads(device.threads)
        self.device = torch.device(device.name)
        self.model = load_encoder(files).train(False).to(self.device)
        self._merged: dict[str, dict[str, torch.Tensor]] = {"": {}}

    @torch.inference_mode()
    def hidden(self, ids: NDArray[np.int64], mask: NDArray[np.int64], adapter: Adapter | None = None) -> Vectors:
        """Return states of shape (batch, tokens, width) for ids and mask of shape (batch, tokens)."""
        inputs = {"input_ids": self._on_device(ids), "attention_mask": self._on_device(mask)}
        output = functional_call(self.model, self._weights(adapter), kwargs=inputs)
        states: Vectors = output.last_hidden_state.float().cpu().numpy()
        return states

    def _weights(self, adapter: Adapter | None) -> dict[str, torch.Tensor]:
        """Return the weights that the adapter changes, merged."""
        key = adapter.key if adapter else ""
        if adapter and key not in self._merged:
            merged = {}
            for name, weight in self.model.named_parameters():
                if change := adapter.changes.get(bert_name(name).removesuffix(".weight")):
                    merged[name] = weight + self._on_device(change.down @ change.up).T
            self._merged[key] = merged
        return self._merged[key]

    def _on_device(self, values: NDArray[np.generic]) -> torch.Tensor:
        return torch.from_numpy(values).to(self.device)
