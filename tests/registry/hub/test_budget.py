from collections.abc import Sequence

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.registry.hub.budget import Budget


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 200), st.integers(50, 400))
def test_what_does_not_fit_is_halved_and_every_item_is_answered_in_order(
    lengths: list[int], tokens: int, memory: int
) -> None:
    budget = Budget(tokens)
    tried: list[int] = []

    def forward(batch: list[int]) -> Sequence[int]:
        size = max(max(lengths[index] for index in batch), 1) * len(batch)
        tried.append(size)
        if size > memory:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return [index * 10 for index in batch]

    assert budget.run(lengths, forward) == [index * 10 for index in range(len(lengths))]
    if any(size > memory for size in tried):
        assert budget.tokens < tokens
        before = len(tried)
        budget.run(lengths, forward)
        assert all(size <= memory for size in tried[before:])


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        torch.OutOfMemoryError("out of memory"),
    ],
)
def test_an_item_that_does_not_fit_alone_is_told(error: Exception) -> None:
    def forward(batch: list[int]) -> Sequence[int]:
        raise error

    with pytest.raises(type(error)):
        Budget(100).run([1, 2, 3], forward)


def test_other_errors_are_raised_at_once() -> None:
    budget, calls = Budget(100), []

    def forward(batch: list[int]) -> Sequence[int]:
        calls.append(batch)
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        budget.run([1, 1], forward)
    assert (calls, budget.tokens) == ([[0, 1]], 100)
