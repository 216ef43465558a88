"""The ranker of sentences in torch, for training."""

import torch
from torch import nn

from newsmoe.registry.kinds.ranker import HEADS, INNER, NO_JUNK, PLACES


class SentenceRanker(nn.Module):
    """The network of `newsmoe.registry.kinds.ranker`, over a batch of articles."""

    def __init__(self, width: int, dropout: float, place_dropout: float) -> None:
        super().__init__()
        self.sentence = nn.Linear(width, INNER)
        self.whole = nn.Linear(width, INNER)
        self.length = nn.Linear(1, INNER)
        self.place = nn.Embedding(PLACES, INNER)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(INNER) for _ in range(3))
        self.attend = nn.Linear(INNER, 3 * INNER)
        self.mix = nn.Linear(INNER, INNER)
        self.expand = nn.Linear(INNER, 2 * INNER)
        self.contract = nn.Linear(2 * INNER, INNER)
        self.score = nn.Linear(INNER, 1)
        self.junk = nn.Linear(INNER, 1)
        self.dropout = nn.Dropout(dropout)
        self.place_dropout = place_dropout
        nn.init.normal_(self.place.weight, std=0.02)
        nn.init.zeros_(self.junk.weight)
        nn.init.constant_(self.junk.bias, NO_JUNK)  # until it learns otherwise

    def forward(
        self,
        sentences: torch.Tensor,
        whole: torch.Tensor,
        places: torch.Tensor,
        tokens: torch.Tensor,
        mask: torch.Tensor,
    ) -> torch.Tensor:
        """Return logits of shape (articles, sentences, 2): of the summary, and of what is no part of the article."""
        place = self.place(places.clamp(max=PLACES - 1))
        if self.training:
            place = place * (torch.rand(len(place), 1, 1) >= self.place_dropout)
        states = (
            self.sentence(self.dropout(sentences))
            + self.whole(self.dropout(whole)).unsqueeze(1)
            + self.length(torch.log1p(tokens.float()).unsqueeze(-1))
            + place
        )
        query, key, value = self.attend(self.norm1(states)).unflatten(-1, (3, HEADS, -1)).permute(2, 0, 3, 1, 4)
        attended = nn.functional.scaled_dot_product_attention(query, key, value, mask[:, None, None, :])
        states = states + self.mix(attended.transpose(1, 2).flatten(2))
        states = states + self.contract(nn.functional.relu(self.expand(self.norm2(states))))
        states = self.norm3(states)
        return torch.cat([self.score(states), self.junk(states)], dim=-1)
