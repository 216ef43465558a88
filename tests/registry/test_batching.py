from collections.abc import Sequence
from threading import current_thread, main_thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.registry.batching import Batcher, cut_batches

LENGTHS = st.lists(st.integers(0, 600), max_size=80)


@given(LENGTHS, st.integers(1, 2000), st.none() | st.integers(1, 20))
def test_every_index_comes_once_and_no_batch_is_over_its_bounds(
    lengths: list[int], max_tokens: int, max_items: int | None
) -> None:
    batches = list(cut_batches(lengths, max_tokens, max_items))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[index] for index in batch) * len(batch) <= max_tokens
        assert max_items is None or len(batch) <= max_items


@given(LENGTHS, st.integers(1, 2000), st.none() | st.integers(1, 20))
def test_a_batch_is_only_closed_when_the_next_item_does_not_fit(
    lengths: list[int], max_tokens: int, max_items: int | None
) -> None:
    batches = list(cut_batches(lengths, max_tokens, max_items))
    for batch in batches[:-1]:
        over_budget = max(lengths[batch[0]], 1) * (len(batch) + 1) > max_tokens
        assert over_budget or len(batch) == max_items


@given(LENGTHS)
def test_the_longest_come_first(lengths: list[int]) -> None:
    order = [index for batch in cut_batches(lengths, 1000) for index in batch]
    assert [lengths[index] for index in order] == sorted(lengths, reverse=True)


def test_items_of_one_length_stay_in_their_order() -> None:
    assert list(cut_batches([5, 9, 5, 9, 5], max_tokens=18)) == [[1, 3], [0, 2, 4]]


@pytest.mark.parametrize(
    ("lengths", "batches"), [([], []), ([50], [[0]]), ([50, 3, 3], [[0], [1, 2]]), ([0, 0, 0], [[0, 1, 2]])]
)
def test_an_item_over_the_budget_has_a_batch_of_its_own(lengths: list[int], batches: list[list[int]]) -> None:
    assert list(cut_batches(lengths, max_tokens=10)) == batches


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(1, 200), st.integers(50, 400), st.sampled_from([1, 3]))
def test_what_does_not_fit_is_halved_and_every_item_has_a_result_in_order(
    lengths: list[int], tokens: int, memory: int, workers: int
) -> None:
    batcher = Batcher(tokens, workers)
    tried: list[int] = []

    def forward(batch: list[int]) -> Sequence[int]:
        size = max(max(lengths[index] for index in batch), 1) * len(batch)
        tried.append(size)
        if size > memory:
            raise RuntimeError("CUDA out of memory")
        return [index * 10 for index in batch]

    assert batcher.run(range(len(lengths)), lengths, forward) == [index * 10 for index in range(len(lengths))]
    if any(size > memory for size in tried):
        assert batcher.max_tokens < tokens
        before = len(tried)
        batcher.run(range(len(lengths)), lengths, forward)
        assert all(size <= memory for size in tried[before:])


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        RuntimeError("Failed to allocate memory for requested buffer of size 9"),
    ],
)
def test_an_item_that_does_not_fit_alone_is_reported(error: Exception) -> None:
    def forward(batch: list[int]) -> Sequence[int]:
        raise error

    with pytest.raises(type(error)):
        Batcher(100).run([1, 2, 3], [1, 2, 3], forward)


def test_other_errors_are_raised_at_once() -> None:
    batcher, calls = Batcher(100), []

    def forward(batch: list[int]) -> Sequence[int]:
        calls.append(batch)
        raise RuntimeError("shapes do not match")

    with pytest.raises(RuntimeError, match="shapes"):
        batcher.run([0, 1], [1, 1], forward)
    assert (calls, batcher.max_tokens) == ([[0, 1]], 100)


def test_batches_run_in_threads_where_there_are_workers() -> None:
    threads = []

    def forward(batch: list[int]) -> Sequence[int]:
        threads.append(current_thread())
        return batch

    assert Batcher(2, workers=2).run([0, 1, 2], [1, 1, 1], forward) == [0, 1, 2]
    assert main_thread() not in threads
    assert Batcher(2).run([0, 1, 2], [1, 1, 1], forward) == [0, 1, 2]
    assert threads[-2:] == [main_thread()] * 2


def test_no_pass_is_over_the_budget_after_it_was_halved() -> None:
    batcher, sizes = Batcher(8), []

    def forward(batch: list[int]) -> Sequence[int]:
        sizes.append(len(batch))
        if len(batch) > 4:
            raise MemoryError
        return batch

    assert batcher.run(range(24), [1] * 24, forward) == list(range(24))
    assert sizes == [8, *[4] * 6]
