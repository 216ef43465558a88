from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from newsmoe.training.loop import fit
from newsmoe.training.recipe import AdapterRecipe
from tests.support import silent

RECIPE = AdapterRecipe(epochs=20, patience=20, learning_rate=0.05, head_learning_rate=0.05, average=0.9)
SHORT = RECIPE.model_copy(update={"epochs": 5})


class PowerCutError(Exception):
    pass


class Line:
    """Learns a line through noisy points; may be cut off after some losses."""

    def __init__(
        self, model: nn.Linear, cut_after: int | None = None, figures: Sequence[float] = (), slope: float = 3.0
    ) -> None:
        self.model = model
        self.left = cut_after
        self.figures = list(figures)
        self.x = torch.linspace(-1, 1, 64).unsqueeze(1)
        self.y = slope * self.x + 1
        self.digest = str(slope)

    def batches(self, shuffle: np.random.Generator) -> Sequence[Sequence[int]]:
        return np.split(shuffle.permutation(64), 8)  # type: ignore[return-value]

    def loss(self, batch: Sequence[int], noise: np.random.Generator) -> torch.Tensor:
        if self.left is not None:
            if self.left == 0:
                raise PowerCutError
            self.left -= 1
        jitter = float(noise.normal()) * 0.01
        return ((self.model(self.x[batch]) - self.y[batch] + jitter) ** 2).mean()

    @torch.inference_mode()
    def quality(self) -> float:
        if self.figures:
            return self.figures.pop(0)
        return -float(((self.model(self.x) - self.y) ** 2).mean())


def model() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(1, 1)


def weights(module: nn.Module) -> list[float]:
    return [float(value) for parameter in module.parameters() for value in parameter.detach().flatten()]


def test_the_returned_weights_are_trained(tmp_path: Path) -> None:
    trained = model()
    fit(trained, Line(trained), RECIPE, tmp_path / "state", silent)
    assert np.allclose(weights(trained), [3, 1], atol=0.3)
    again = model()
    fit(again, Line(again, 0), RECIPE, tmp_path / "state", silent)
    assert weights(again) == weights(trained)


def test_an_interrupted_run_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = model()
    fit(whole, Line(whole), SHORT, tmp_path / "whole", silent)
    for cut in (3, 9, 8, 5):
        broken = model()
        with pytest.raises(PowerCutError):
            fit(broken, Line(broken, cut), SHORT, tmp_path / "state", silent)
    last = model()
    fit(last, Line(last), SHORT, tmp_path / "state", silent)
    assert weights(last) == weights(whole)


@pytest.mark.slow
def test_a_torn_checkpoint_and_one_of_another_recipe_are_not_used(tmp_path: Path) -> None:
    whole = model()
    fit(whole, Line(whole), SHORT, tmp_path / "whole", silent)
    state = tmp_path / "state"
    state.mkdir()
    checkpoint = state / "checkpoint.safetensors"
    checkpoint.write_bytes(b"torn")
    again = model()
    fit(again, Line(again), SHORT, state, silent)
    assert weights(again) == weights(whole)
    other = model()
    with pytest.raises(PowerCutError):
        fit(other, Line(other, 20), SHORT.model_copy(update={"seed": 1}), state, silent)
    assert checkpoint.exists()
    third = model()
    fit(third, Line(third), SHORT, state, silent)
    assert weights(third) == weights(whole)


def test_a_checkpoint_of_other_examples_is_not_used(tmp_path: Path) -> None:
    whole, state = model(), tmp_path / "state"
    fit(whole, Line(whole), SHORT, tmp_path / "whole", silent)
    steeper = model()
    with pytest.raises(PowerCutError):
        fit(steeper, Line(steeper, 20, slope=5.0), SHORT, state, silent)
    assert (state / "checkpoint.safetensors").exists()
    again = model()
    fit(again, Line(again), SHORT, state, silent)
    assert weights(again) == weights(whole)


def test_the_best_epoch_is_returned_and_training_stops_without_improvement(tmp_path: Path) -> None:
    first, told = model(), []
    recipe = AdapterRecipe(epochs=9, patience=2, learning_rate=0.05, head_learning_rate=0.05)
    fit(first, Line(first, figures=[0.1, 0.9, 0.5, 0.6]), recipe, tmp_path / "state", lambda *a: told.append(a[0]))
    assert [line for line in told if "dev data" in line] == [
        "epoch 1 of 9: 0.1000 on dev data",
        "epoch 2 of 9: 0.9000 on dev data",
        "epoch 3 of 9: 0.5000 on dev data",
        "epoch 4 of 9: 0.6000 on dev data",
    ]
    second = model()
    fit(second, Line(second, figures=[0.1, 0.9, 0.5, 0.6]), recipe, tmp_path / "state", silent)
    assert weights(first) == weights(second)
