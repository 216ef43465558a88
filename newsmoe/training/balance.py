"""Noisy top-k gating with losses that balance the load (Shazeer et al. 2017, sections 2.1, 4 and A)."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # as torch's own pages name it

from newsmoe.evaluation.predictions import Table
from newsmoe.training.recipe import GateRecipe

MIN_NOISE = 1e-2


def balanced(start: Table, features: Table, targets: Table, weights: Table, recipe: GateRecipe) -> Table:
    """Return a gate's rows of weights, trained on from `start` with noise and a penalty on uneven load.

    H(x)_i = (x W)_i + N(0, 1) softplus((x V)_i); the gates are the softmax over the k largest H(x)_i. To the
    cross-entropy of H(x) the loss adds the squared coefficients of variation of the importance (each expert's
    sum of gates) and of the load (each expert's expected number of articles). Inference uses (x W)_i.
    """
    balance, top_k = recipe.balance, recipe.settings.top_k
    if balance is None:
        return start
    random = torch.Generator().manual_seed(recipe.seed)
    x, wanted = torch.from_numpy(features), torch.from_numpy(targets)
    counts = torch.from_numpy(weights / weights.mean())
    rows = torch.from_numpy(start.copy()).requires_grad_()
    noise = torch.zeros_like(rows).requires_grad_()
    optimizer = torch.optim.Adam([rows, noise], lr=balance.learning_rate)
    for _ in range(balance.steps):
        clean, spread = x @ rows.T, F.softplus(x @ noise.T) + MIN_NOISE
        noisy = clean + spread * torch.randn(clean.shape, generator=random, dtype=clean.dtype)
        loss = -(counts[:, None] * wanted * F.log_softmax(noisy, dim=1)).sum(dim=1).mean()
        loss = loss + balance.importance * _unevenness(_gates(noisy, top_k).sum(dim=0))
        if top_k < clean.shape[1]:
            loss = loss + balance.load * _unevenness(_load(clean, noisy, spread, top_k))
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own
        optimizer.step()
    return rows.detach().numpy()


def _gates(noisy: Tensor, top_k: int) -> Tensor:
    """Return the softmax over the `top_k` largest of each row, 0 elsewhere."""
    smallest = noisy.topk(top_k, dim=1).values[:, -1:]
    return noisy.masked_fill(noisy < smallest, -torch.inf).softmax(dim=1)


def _load(clean: Tensor, noisy: Tensor, spread: Tensor, top_k: int) -> Tensor:
    """Return the expected number of articles of each expert, over draws of its noise.

    P(x, i) = Phi(((x W)_i - the k-th largest H(x) without i) / softplus((x V)_i)).
    """
    best = noisy.topk(top_k + 1, dim=1).values
    chosen = noisy >= best[:, top_k - 1 : top_k]
    threshold = torch.where(chosen, best[:, top_k : top_k + 1], best[:, top_k - 1 : top_k])
    load: Tensor = torch.special.ndtr((clean - threshold) / spread).sum(dim=0)
    return load


def _unevenness(values: Tensor) -> Tensor:
    """Return the squared coefficient of variation."""
    return values.var(unbiased=False) / (values.mean() ** 2 + 1e-10)
