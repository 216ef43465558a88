"""Steps of gradient descent: schedule, averaged weights, checkpoints, early stopping."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from newsmoe.training.recipe import AdapterRecipe
from newsmoe.training.report import Report

CHECKPOINT_FILE = "checkpoint.safetensors"
STEPS_BETWEEN_CHECKPOINTS = 200
MAX_GRADIENT = 1.0

Tensors = dict[str, torch.Tensor]


class Objective(Protocol):
    """What is learnt: batches, what a mistake costs, and how good the model has become.

    Attributes:
        digest: hash of the examples.
    """

    digest: str

    def batches(self, shuffle: np.random.Generator) -> Sequence[Sequence[int]]:
        """Return an epoch's batches, as numbers of examples."""

    def loss(self, batch: Sequence[int], noise: np.random.Generator) -> torch.Tensor:
        """Return the loss on a batch, a scalar."""

    def quality(self) -> float:
        """Return a figure on dev data; more is better."""


def fit(model: nn.Module, objective: Objective, recipe: AdapterRecipe, folder: Path, report: Report) -> None:
    """Train the parameters of `model` that require gradients, and leave those of the best epoch in it.

    The weights that are measured and kept are an exponential moving average over the steps. A run that was
    broken off goes on from the state in `folder`, if recipe and examples are the same, and ends with the
    weights of one that was not; one that was finished has nothing left to do.
    """
    state = _State(model, objective, recipe)
    folder.mkdir(parents=True, exist_ok=True)
    checkpoint = folder / CHECKPOINT_FILE
    state.restore(checkpoint)
    while state.epoch < recipe.epochs and state.stale < recipe.patience:
        model.train()
        batches = objective.batches(np.random.default_rng([recipe.seed, state.epoch]))
        title = f"epoch {state.epoch + 1} of {recipe.epochs}"
        for number in range(state.batch, len(batches)):
            loss = state.step(batches[number])
            report(f"{title}, loss {loss:.3f}", number + 1, len(batches))
            state.batch = number + 1
            if state.batch % STEPS_BETWEEN_CHECKPOINTS == 0:
                state.keep(checkpoint)
        model.eval()
        with state.averaged():
            quality = objective.quality()
        report(f"{title}: {quality:.4f} on dev data", 1, 1)
        state.close_epoch(quality)
        state.keep(checkpoint)
    state.load(state.best)
    model.eval()


class _State:
    """All that changes from step to step."""

    def __init__(self, model: nn.Module, objective: Objective, recipe: AdapterRecipe) -> None:
        self.objective = objective
        self.recipe = recipe
        self.weights = {name: one for name, one in model.named_parameters() if one.requires_grad}
        self.average = self._copy(self.weights)
        self.best = self._copy(self.weights)
        self.optimizer = torch.optim.AdamW(
            [{"params": [one], "base": self._rate(name)} for name, one in self.weights.items()],
            weight_decay=recipe.weight_decay,
        )
        # lengths differ from epoch to epoch, so this is the number of steps to within a few
        self.steps = recipe.epochs * len(objective.batches(np.random.default_rng([recipe.seed, 0])))
        self.epoch = self.batch = self.done = self.stale = 0
        self.best_quality = -math.inf

    def _rate(self, name: str) -> float:
        return self.recipe.learning_rate if "lora_" in name else self.recipe.head_learning_rate

    @staticmethod
    def _copy(tensors: Mapping[str, torch.Tensor]) -> Tensors:
        return {name: one.detach().clone() for name, one in tensors.items()}

    def step(self, batch: Sequence[int]) -> float:
        """Take one step and return the loss before it."""
        torch.manual_seed(self.recipe.seed + self.done)
        loss = self.objective.loss(batch, np.random.default_rng([self.recipe.seed, 1, self.done]))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        nn.utils.clip_grad_norm_(self.weights.values(), MAX_GRADIENT)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * self._share_of_rate()
        self.optimizer.step()
        self.done += 1
        kept = min(self.recipe.average, self.done / (self.done + 10))  # the first steps are soon forgotten
        torch._foreach_lerp_(
            list(self.average.values()), [one.detach() for one in self.weights.values()], 1 - kept
        )
        return loss.item()

    def _share_of_rate(self) -> float:
        """A tenth of the steps to warm up, then straight down to nothing."""
        warm = max(1, self.steps // 10)
        return min((self.done + 1) / warm, max(0.0, (self.steps - self.done) / max(1, self.steps - warm)))

    def close_epoch(self, quality: float) -> None:
        """Count the epoch, and keep its weights if they are the best so far."""
        self.stale += 1
        if quality > self.best_quality:
            self.best, self.best_quality, self.stale = self._copy(self.average), quality, 0
        self.epoch, self.batch = self.epoch + 1, 0

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the averaged weights into the model for a while."""
        own = self._copy(self.weights)
        self.load(self.average)
        try:
            yield
        finally:
            self.load(own)

    @torch.no_grad()
    def load(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Put weights into the model."""
        for name, one in self.weights.items():
            one.copy_(tensors[name])

    def keep(self, path: Path) -> None:
        """Write everything to a file; the one before stays whole until the new one is."""
        sets = {"now": self._copy(self.weights), "average": self.average, "best": self.best}
        moments = {name: self.optimizer.state[one] for name, one in self.weights.items()}
        for key in ("exp_avg", "exp_avg_sq", "step"):
            sets[key] = {name: moment[key] for name, moment in moments.items() if key in moment}
        tensors = {f"{key}/{name}": one for key, named in sets.items() for name, one in named.items()}
        counts = {key: str(getattr(self, key)) for key in ("epoch", "batch", "done", "stale")}
        temporary = path.with_suffix(".tmp")
        save_file(tensors, temporary, {**counts, "quality": repr(self.best_quality), "run": self._run()})
        temporary.replace(path)

    def restore(self, path: Path) -> None:
        """Go on where a run of the same recipe and examples was broken off, if there was one."""
        try:
            with safe_open(path, framework="pt") as file:
                told = file.metadata() or {}
                if told.get("run") != self._run():
                    return
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  # no mapping
        except (OSError, SafetensorError):
            return
        of = {
            key: {name: tensors[f"{key}/{name}"] for name in self.weights}
            for key in ("now", "average", "best", "exp_avg", "exp_avg_sq", "step")
        }
        self.load(of["now"])
        self.average, self.best = of["average"], of["best"]
        for name, one in self.weights.items():
            self.optimizer.state[one] = {key: of[key][name] for key in ("exp_avg", "exp_avg_sq", "step")}
        self.epoch, self.batch, self.done, self.stale = (
            int(told[key]) for key in ("epoch", "batch", "done", "stale")
        )
        self.best_quality = float(told["quality"])

    def _run(self) -> str:
        """Hash of what must be the same for a run to go on: recipe, examples, shapes of the weights."""
        shapes = {name: tuple(one.shape) for name, one in self.weights.items()}
        return sha256(
            f"{self.recipe.model_dump_json()} {self.objective.digest} {shapes}".encode()
        ).hexdigest()
