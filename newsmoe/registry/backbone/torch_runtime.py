"""The backbone in torch: the reference, which training uses too."""

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from transformers.models.bert.configuration_bert import BertConfig
from transformers.models.bert.modeling_bert import BertModel

from newsmoe.registry.backbone.backbone import Vectors
from newsmoe.registry.backbone.files import BackboneFiles
from newsmoe.registry.expert import Device

__all__ = ["TorchRuntime"]


class TorchRuntime:
    """Hidden states by torch in single precision.

    Args:
        files: the checked files.
        device: where to run; resolved.
    """

    def __init__(self, files: BackboneFiles, device: Device) -> None:
        if device.threads:
            torch.set_num_threads(device.threads)
        self.device = torch.device(device.name)
        config = BertConfig.from_json_file(files.folder / "config.json")
        model = BertModel(config, add_pooling_layer=False)
        published = load_file(files.weights)
        model.load_state_dict(
            {name: published[name] for name in model.state_dict()}
        )  # without the unused pooler
        self.model = model.train(False).to(self.device)

    @torch.inference_mode()
    def hidden(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Vectors:
        """Return states of shape (batch, tokens, width) for ids and mask of shape (batch, tokens)."""
        output = self.model(
            input_ids=torch.from_numpy(ids).to(self.device),
            attention_mask=torch.from_numpy(mask).to(self.device),
        )
        states: Vectors = output.last_hidden_state.float().cpu().numpy()
        return states
