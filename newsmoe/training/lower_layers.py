"""The lower layers of an encoder, which an adapter of its upper ones leaves as they are: computed once a text."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import PeftModel
from torch.nn.utils.rnn import pad_sequence

from newsmoe.registry.backbone.backbone import Backbone, framed_lengths
from newsmoe.registry.backbone.reading import Window
from newsmoe.training.loop import digest_of


class LowerLayers:
    """Keeps the states that go into the first adapted layer on disk, in half precision.

    They are computed when they are first asked for, so that an interrupted run goes on where it was.
    """

    def __init__(
        self, encoder: PeftModel, backbone: Backbone, first_layer: int, windows: Iterable[Window], folder: Path
    ) -> None:
        self.model: Any = encoder.base_model.model  # torch does not say of what class its modules are
        self.backbone, self.first = backbone, first_layer
        distinct = list(dict.fromkeys(windows))
        self.rows = {window: row for row, window in enumerate(distinct)}
        self.ends = np.cumsum([0, *framed_lengths(distinct)])
        folder.mkdir(parents=True, exist_ok=True)
        name = f"lower-{first_layer}-{digest_of(distinct)[:16]}"
        shape = (int(self.ends[-1]), backbone.width)
        self.states: NDArray[np.float16] = _open(folder / f"{name}.states", "float16", shape)
        self.is_computed: NDArray[np.bool_] = _open(folder / f"{name}.computed", "bool", (len(distinct),))

    def __call__(self, windows: Sequence[Window]) -> torch.Tensor:
        """Return the last hidden states of windows, shape (windows, tokens, width), zero where there is padding."""
        missing = [window for window in dict.fromkeys(windows) if not self.is_computed[self.rows[window]]]
        if missing:
            self._compute(missing)
        inputs = [torch.from_numpy(self._of(window).astype(np.float32)) for window in windows]
        mask = pad_sequence([torch.ones(len(states)) for states in inputs], batch_first=True)
        states = self._run(pad_sequence(inputs, batch_first=True), mask, self.first, None)
        return states.float() * mask.unsqueeze(-1)

    def _of(self, window: Window) -> NDArray[np.float16]:
        row = self.rows[window]
        return self.states[self.ends[row] : self.ends[row + 1]]

    @torch.no_grad()
    def _compute(self, windows: Sequence[Window]) -> None:
        ids, mask = map(torch.from_numpy, self.backbone.padded(windows))
        states = self._run(self.model.embeddings(input_ids=ids), mask.float(), 0, self.first).float().numpy()
        for window, computed in zip(windows, states, strict=True):
            self._of(window)[:] = computed[: len(window) + 2]
            self.is_computed[self.rows[window]] = True

    def _run(self, states: torch.Tensor, mask: torch.Tensor, first: int, last: int | None) -> torch.Tensor:
        """Return what some layers make of states, given a mask of 1 and 0, as the model itself computes it."""
        hidden = (1.0 - mask[:, None, None, :]) * torch.finfo(torch.float32).min
        encoder = self.model.encoder
        is_mpnet = hasattr(encoder, "relative_attention_bias")
        bias = {"position_bias": encoder.compute_position_bias(states)} if is_mpnet else {}
        for layer in encoder.layer[first:last]:
            output = layer(states, hidden, **bias)
            states = output[0] if isinstance(output, tuple) else output
        return states


def _open(path: Path, kind: str, shape: tuple[int, ...]) -> NDArray[Any]:
    return np.memmap(path, dtype=np.dtype(kind), mode="r+" if path.is_file() else "w+", shape=shape)
