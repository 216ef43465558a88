import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.registry.batching import cut_batches

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
    ("lengths", "batches"),
    [([], []), ([50], [[0]]), ([50, 3, 3], [[0], [1, 2]]), ([0, 0, 0], [[0, 1, 2]])],
)
def test_an_item_over_the_budget_has_a_batch_of_its_own(lengths: list[int], batches: list[list[int]]) -> None:
    assert list(cut_batches(lengths, max_tokens=10)) == batches
