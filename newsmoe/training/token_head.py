"""The head that tags tokens, in torch; `newsmoe.registry.kinds.token_head` serves the same in numpy."""

import torch
from torch import nn

from newsmoe.registry.kinds.token_head import CONVOLUTIONS, INNER, REACH
from newsmoe.text.shapes import SHAPES


class TrainedTokenHead(nn.Module):
    """Scores the tags of tokens."""

    def __init__(self, width: int, tags: int, dropout: float) -> None:
        super().__init__()
        self.states = nn.Linear(width, INNER)
        self.shapes = nn.Embedding(SHAPES, INNER)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(INNER, INNER, REACH, padding=REACH // 2) for _ in range(CONVOLUTIONS)
        )
        self.tags = nn.Linear(INNER, tags)
        self.dropout = nn.Dropout(dropout)
        nn.init.normal_(self.shapes.weight, std=0.05)

    def forward(self, states: torch.Tensor, shapes: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (windows, tokens, tags) for states of shape (windows, tokens, width).

        `present` is 0 where there is padding, whose channels a convolution must not read.
        """
        inner = torch.relu(self.states(self.dropout(states)) + self.shapes(shapes)) * present[..., None]
        for convolution in self.convolutions:
            convolved = convolution(inner.transpose(1, 2)).transpose(1, 2)
            inner = (inner + torch.relu(convolved)) * present[..., None]
        logits: torch.Tensor = self.tags(self.dropout(inner))
        return logits
