"""Steps of gradient descent: batches, schedule, averaged weights, checkpoints, early stopping."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from newsmoe.evaluation.progress import Progress
from newsmoe.output.atomic import atomic_write
from newsmoe.registry.backbone.reading import Window
from newsmoe.registry.batching import cut_batches
from newsmoe.training.recipe import AdapterRecipe

CHECKPOINT_FILE = "checkpoint.safetensors"
STEPS_BETWEEN_CHECKPOINTS = 200
MAX_GRADIENT = 1.0
SCALARS = ("epoch", "batch", "done", "stale", "best_quality")
MOMENTS = ("exp_avg", "exp_avg_sq", "step")  # of AdamW

Tensors = dict[str, torch.Tensor]


class Objective(Protocol):
    """What is learned: batches, their loss, and the quality of the model."""

    @property
    def digest(self) -> str:
        """Hash of the examples."""

    def batches(self, shuffle: np.random.Generator) -> Sequence[Sequence[int]]:
        """Return the batches of an epoch, as numbers of examples."""

    def loss(self, batch: Sequence[int], noise: np.random.Generator) -> torch.Tensor:
        """Return the loss on a batch, a scalar."""

    def quality(self) -> float:
        """Return the quality on dev data; higher is better."""


def fit(model: nn.Module, objective: Objective, recipe: AdapterRecipe, folder: Path, report: Progress) -> None:
    """Train the parameters of `model` that require gradients, and load those of the best epoch into it.

    Weights are an exponential moving average over the steps. An interrupted run resumes from the checkpoint
    in `folder` if recipe and examples are the same, and ends with the same weights.
    """
    state = _State(model, objective, recipe)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / CHECKPOINT_FILE
    state.restore(checkpoint)
    while state.epoch < recipe.epochs and state.stale < recipe.patience:
        model.train()
        batches = objective.batches(np.random.default_rng([recipe.seed, state.epoch]))
        title = f"epoch {state.epoch + 1} of {recipe.epochs}"
        while state.batch < len(batches):
            loss = state.step(batches[state.batch])
            report(f"{title}, loss {loss:.3f}", state.batch, len(batches))
            if state.batch % STEPS_BETWEEN_CHECKPOINTS == 0:
                state.save(checkpoint)
        model.eval()
        report(f"{title}: {state.end_epoch():.4f} on dev data", 1, 1)
        state.save(checkpoint)
    state.load(state.best)
    model.eval()


class _State:
    """Everything that changes from step to step."""

    def __init__(self, model: nn.Module, objective: Objective, recipe: AdapterRecipe) -> None:
        self.objective = objective
        self.recipe = recipe
        self.weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
        self.average = _copy(self.weights)
        self.best = _copy(self.weights)
        groups = [{"params": [weight], "base": self._rate(name)} for name, weight in self.weights.items()]
        self.optimizer = torch.optim.AdamW(groups, weight_decay=recipe.weight_decay)
        # lengths differ from epoch to epoch, so this is the number of steps to within a few
        self.steps = recipe.epochs * len(objective.batches(np.random.default_rng([recipe.seed, 0])))
        self.epoch = self.batch = self.done = self.stale = 0
        self.best_quality = -math.inf

    def _rate(self, name: str) -> float:
        return self.recipe.learning_rate if "lora_" in name else self.recipe.head_learning_rate

    def step(self, batch: Sequence[int]) -> float:
        """Take one step and return the loss before it."""
        torch.manual_seed(self.recipe.seed + self.done)
        loss = self.objective.loss(batch, np.random.default_rng([self.recipe.seed, 1, self.done]))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        nn.utils.clip_grad_norm_(self.weights.values(), MAX_GRADIENT)
        warmup = max(1, self.steps // 10)  # then the rate falls linearly to 0
        decay = max(0.0, (self.steps - self.done) / max(1, self.steps - warmup))
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * min((self.done + 1) / warmup, decay)
        self.optimizer.step()
        self.done, self.batch = self.done + 1, self.batch + 1
        momentum = min(self.recipe.average, self.done / (self.done + 10))  # forgets the first steps soon
        weights = [weight.detach() for weight in self.weights.values()]
        torch._foreach_lerp_(list(self.average.values()), weights, 1 - momentum)
        return loss.item()

    def end_epoch(self) -> float:
        """Measure the averaged weights, store them if they are the best so far, and return their quality."""
        weights = _copy(self.weights)
        self.load(self.average)
        quality = self.objective.quality()
        self.load(weights)
        self.stale += 1
        if quality > self.best_quality:
            self.best, self.best_quality, self.stale = _copy(self.average), quality, 0
        self.epoch, self.batch = self.epoch + 1, 0
        return quality

    @torch.no_grad()
    def load(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Load weights into the model."""
        for name, weight in self.weights.items():
            weight.copy_(tensors[name])

    def save(self, path: Path) -> None:
        """Write the state to a file."""
        states = {name: self.optimizer.state[weight] for name, weight in self.weights.items()}
        sets = {"now": _copy(self.weights), "average": self.average, "best": self.best}
        sets |= {key: {name: state[key] for name, state in states.items()} for key in MOMENTS}
        tensors = {f"{key}/{name}": tensor for key, named in sets.items() for name, tensor in named.items()}
        scalars = json.dumps({key: getattr(self, key) for key in SCALARS})
        with atomic_write(path) as temporary:
            save_file(tensors, temporary, {"digest": self._digest(), "scalars": scalars})

    def restore(self, path: Path) -> None:
        """Restore the state of an interrupted run of the same recipe and examples, if there is one."""
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("digest") != self._digest():
                    return
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
        except (OSError, SafetensorError):
            return
        weights, self.average, self.best = (
            {name: tensors[f"{key}/{name}"] for name in self.weights} for key in ("now", "average", "best")
        )
        self.load(weights)
        for name, weight in self.weights.items():
            self.optimizer.state[weight] = {key: tensors[f"{key}/{name}"] for key in MOMENTS}
        vars(self).update(json.loads(metadata["scalars"]))

    def _digest(self) -> str:
        """Return a hash of what must be the same to resume: recipe, examples, shapes of the weights."""
        shapes = {name: tuple(weight.shape) for name, weight in self.weights.items()}
        run = f"{self.recipe.model_dump_json()} {self.objective.digest} {shapes}"
        return sha256(run.encode()).hexdigest()


def _copy(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    return {name: tensor.detach().clone() for name, tensor in tensors.items()}


def shuffled_batches(lengths: Sequence[int], recipe: AdapterRecipe, shuffle: np.random.Generator) -> list[list[int]]:
    """Return batches of similar length in random order; noise on the lengths makes every epoch's differ."""
    noisy = [round(length * shuffle.uniform(0.9, 1.1)) for length in lengths]
    batches = list(cut_batches(noisy, recipe.batch_tokens, recipe.batch_items))
    return [batches[index] for index in shuffle.permutation(len(batches))]


def digest_of(windows: Iterable[Window], *tables: NDArray[np.generic]) -> str:
    """Return a hash of training data: the tokens of all windows, and the tables that go with them."""
    digest = sha256()
    for window in windows:
        digest.update(len(window).to_bytes(4, "little") + window.ids)
    for table in tables:
        digest.update(table.tobytes())
    return digest.hexdigest()
