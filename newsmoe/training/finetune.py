"""An adapter on the backbone and a linear head, trained together."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save
from sklearn.metrics import f1_score
from torch import nn

from newsmoe.registry.backbone.adapter import ADAPTER_CONFIG_FILE, ADAPTER_FILE
from newsmoe.registry.backbone.backbone import Backbone, Vectors
from newsmoe.registry.backbone.files import NAME
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.backbone.torch_runtime import load_bert
from newsmoe.registry.batching import cut_batches
from newsmoe.training.data import Head, WindowSet
from newsmoe.training.loop import fit
from newsmoe.training.recipe import AdapterRecipe
from newsmoe.training.report import Report


class _Classifier(nn.Module):
    """Adapted encoder and head; the pooling is that of `Backbone`: the mean over all tokens, of length 1."""

    def __init__(self, encoder: nn.Module, head: Head) -> None:
        super().__init__()
        self.encoder = encoder
        self.weight = nn.Parameter(torch.from_numpy(head.weight.copy()))
        self.bias = nn.Parameter(torch.from_numpy(head.bias.copy()))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        vectors = nn.functional.normalize((states * mask.unsqueeze(-1)).sum(dim=1), dim=-1)
        return vectors @ self.weight.T + self.bias


class _Objective:
    """Windows and their articles' labels; dev data is judged as articles are, by macro-F1."""

    def __init__(
        self,
        model: _Classifier,
        backbone: Backbone,
        recipe: AdapterRecipe,
        train: WindowSet,
        dev: Mapping[str, WindowSet],
    ) -> None:
        self.model = model
        self.backbone = backbone
        self.recipe = recipe
        self.train = train
        self.dev = dev
        self.digest = digest_of(train.windows, train.articles, train.accepted, train.weights)

    def batches(self, shuffle: np.random.Generator) -> Sequence[Sequence[int]]:
        return shuffled_batches([len(window) + 2 for window in self.train.windows], self.recipe, shuffle)

    def loss(self, batch: Sequence[int], noise: np.random.Generator) -> torch.Tensor:
        train, consistency = self.train, self.recipe.consistency
        batch = [*batch, *batch] if consistency else batch
        ids, mask = self.backbone.padded([train.windows[index] for index in batch])
        ids = self.backbone.hide_tokens(ids, noise.random(ids.shape) < self.recipe.token_dropout)
        logits = self.model(torch.from_numpy(ids), torch.from_numpy(mask))
        wrong = torch.from_numpy(~train.accepted[train.articles[batch]])
        losses = logits.logsumexp(dim=1) - logits.masked_fill(wrong, -torch.inf).logsumexp(dim=1)
        if consistency:
            losses = losses + consistency / 2 * _difference(logits)
        weighted: torch.Tensor = losses * torch.from_numpy(train.window_weights[batch]).float()
        return weighted.mean()

    def quality(self) -> float:
        weights = [one.weights[0] for one in self.dev.values()]
        return float(np.average([self._macro_f1(one) for one in self.dev.values()], weights=weights))

    def _macro_f1(self, dev: WindowSet) -> float:
        probabilities = dev.probabilities(self._logits(dev.windows))
        right = dev.right(probabilities)
        kinds = np.unique(right)
        return float(
            f1_score(right, probabilities.argmax(axis=1), labels=kinds, average="macro", zero_division=0)
        )

    @torch.inference_mode()
    def _logits(self, windows: Sequence[Window]) -> Vectors:
        def run(batch: Sequence[int]) -> Vectors:
            ids, mask = self.backbone.padded([windows[index] for index in batch])
            logits: Vectors = self.model(torch.from_numpy(ids), torch.from_numpy(mask)).numpy()
            return logits

        return np.stack(rows_in_order([len(window) + 2 for window in windows], self.recipe, run))


def finetune(
    recipe: AdapterRecipe,
    train: WindowSet,
    dev: Mapping[str, WindowSet],
    start: Head,
    backbone: Backbone,
    encoder: PeftModel,
    folder: Path,
    report: Report,
) -> Head:
    """Train an adapter and a head; write the best epoch's adapter into `folder` and return its head.

    What was broken off goes on from the state that lies there, what was finished is not done again.

    The head starts from `start`, fitted on what the encoder gives at first, so that the adapter need not undo
    what a random head would teach it (Kumar et al. 2022, LP-FT).
    """
    model = _Classifier(encoder, start)
    objective = _Objective(model, backbone, recipe, train, dev)
    fit(model, objective, recipe, folder, report)
    save_adapter(encoder, folder)
    return Head(model.weight.detach().numpy().copy(), model.bias.detach().numpy().copy())


def adapted_encoder(recipe: AdapterRecipe, backbone: Backbone, start: Path | None) -> PeftModel:
    """Return the published encoder with an adapter on its linear modules: that in `start`, or a fresh one."""
    torch.manual_seed(recipe.seed)
    lora = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        target_modules=["query", "key", "value", "dense"],
        bias="none",
    )
    with warnings.catch_warnings():  # peft asks transformers for a name that is on its way out
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        base = load_bert(backbone.files)
        if start:
            encoder = PeftModel.from_pretrained(base, str(start), is_trainable=True)
        else:
            encoder = get_peft_model(base, lora)
    encoder.peft_config["default"].base_model_name_or_path = NAME  # not a path on this machine
    for name, module in encoder.named_modules():
        if name.endswith("output.dense"):
            module.register_forward_hook(partial(_drop_channels, share=recipe.dropout))
    return encoder


def _difference(logits: torch.Tensor) -> torch.Tensor:
    """Return how far each of two passes is from the other; logits and result, one pass after the other."""
    probabilities = logits.log_softmax(dim=1)
    others = probabilities.roll(len(probabilities) // 2, dims=0)
    return nn.functional.kl_div(others, probabilities, reduction="none", log_target=True).sum(dim=1)


def _drop_channels(
    module: nn.Module, inputs: tuple[torch.Tensor, ...], states: torch.Tensor, share: float
) -> torch.Tensor:
    """Scale states of shape (windows, tokens, width): in training some channels of each window are zero."""
    if not module.training:
        return states
    kept = torch.rand(states.shape[0], 1, states.shape[2]) >= share
    return states * (kept / (1 - share))


def save_adapter(encoder: PeftModel, folder: Path) -> None:
    """Write the adapter in peft's format, in half precision."""
    with TemporaryDirectory() as place:  # peft writes a page of its own, or changes the one that is there
        encoder.save_pretrained(place, save_embedding_layers=False)  # else it looks the base up on the hub
        tensors = load_file(Path(place) / ADAPTER_FILE)
        (folder / ADAPTER_CONFIG_FILE).write_bytes((Path(place) / ADAPTER_CONFIG_FILE).read_bytes())
    halves = {name: tensor.half() for name, tensor in tensors.items()}
    (folder / ADAPTER_FILE).write_bytes(save(halves, {"format": "pt"}))


def rows_in_order(
    lengths: Sequence[int],
    recipe: AdapterRecipe,
    run: Callable[[Sequence[int]], Iterable[Vectors]],
) -> list[Vectors]:
    """Return a row for each item, in their order, computed in batches of like length."""
    rows: dict[int, Vectors] = {}
    for batch in cut_batches(lengths, recipe.batch_tokens):
        rows.update(zip(batch, run(batch), strict=True))
    return [rows[index] for index in range(len(lengths))]


def digest_of(windows: Iterable[Window], *tables: NDArray[np.generic]) -> str:
    """Return a hash of what is learnt from: the tokens of all windows, and what goes with them."""
    digest = sha256()
    for window in windows:
        digest.update(len(window).to_bytes(4, "little") + window.ids)
    for table in tables:
        digest.update(table.tobytes())
    return digest.hexdigest()


def shuffled_batches(
    lengths: Sequence[int], recipe: AdapterRecipe, shuffle: np.random.Generator
) -> Sequence[Sequence[int]]:
    """Return batches of like length in random order; a little noise makes them differ from epoch to epoch."""
    noisy = [round(length * shuffle.uniform(0.9, 1.1)) for length in lengths]
    cut = list(cut_batches(noisy, recipe.batch_tokens, recipe.batch_items))
    return [cut[index] for index in shuffle.permutation(len(cut))]
