from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.gating.limits import Eligible, Scores, select_top_k, select_within_budget, select_within_capacity

NAMES = ("a", "b", "c", "d")


@st.composite
def windows(draw: st.DrawFn, *, all_eligible: bool = False) -> tuple[Scores, Eligible]:
    """Scores of some articles for two to four experts, and which are eligible."""
    experts = draw(st.integers(2, 4))
    count = draw(st.integers(0, 12))
    numbers = st.lists(st.integers(0, 5), min_size=experts, max_size=experts)
    flags = st.lists(st.just(True) if all_eligible else st.booleans(), min_size=experts, max_size=experts)
    eligible = np.array([draw(flags) for _ in range(count)], dtype=bool).reshape(count, experts)
    raw = np.array([draw(numbers) for _ in range(count)], dtype=float).reshape(count, experts) + 0.1
    raw = np.where(eligible, raw, 0.0)
    return raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-9), eligible


@given(windows(), st.integers(1, 4))
def test_the_top_k_are_the_best_eligible_experts(window: tuple[Scores, Eligible], top_k: int) -> None:
    scores, eligible = window
    for row, can, selection in zip(scores, eligible, select_top_k(scores, eligible, top_k), strict=True):
        assert len(selection.experts) == min(top_k, can.sum())
        assert all(can[expert] for expert in selection.experts)
        left = [row[expert] for expert in np.flatnonzero(can) if expert not in selection.experts]
        assert not left or min(row[list(selection.experts)]) >= max(left)


@given(windows(all_eligible=True), st.integers(1, 3), st.floats(0.25, 1.0))
def test_no_expert_gets_more_than_its_capacity_and_no_article_is_lost(
    window: tuple[Scores, Eligible], top_k: int, capacity: float
) -> None:
    scores, eligible = window
    capacity = max(capacity, 1 / scores.shape[1])
    selections = select_within_capacity(scores, eligible, top_k, (), capacity, NAMES)
    taken = [expert for selection in selections for expert in selection.experts]
    most = ceil(capacity * len(scores) - 1e-9)
    assert all(taken.count(expert) <= most for expert in range(scores.shape[1]))
    assert all(1 <= len(selection.experts) <= top_k for selection in selections)
    assert all(len(set(selection.experts)) == len(selection.experts) for selection in selections)


@given(windows(), st.floats(0.5, 1.0))
def test_every_article_with_an_eligible_expert_is_read_and_overflow_is_noted(
    window: tuple[Scores, Eligible], capacity: float
) -> None:
    scores, eligible = window
    selections = select_within_capacity(scores, eligible, 1, (), capacity, NAMES)
    free = select_top_k(scores, eligible, 1)
    for can, selection, wish in zip(eligible, selections, free, strict=True):
        assert len(selection.experts) == (1 if can.any() else 0)
        assert all(can[expert] for expert in selection.experts)
        if selection.experts != wish.experts:
            assert NAMES[wish.experts[0]] in selection.note
            assert wish.experts[0] in selection.over_capacity
        elif selection.note:
            assert "used all the same" in selection.note


def test_a_capacity_of_all_changes_nothing() -> None:
    scores, eligible = np.array([[0.9, 0.1], [0.8, 0.2]]), np.ones((2, 2), dtype=bool)
    assert select_within_capacity(scores, eligible, 1, (), 1.0, NAMES) == select_top_k(scores, eligible, 1)


def test_the_articles_that_would_lose_most_get_their_best_expert() -> None:
    scores, eligible = np.array([[0.6, 0.4], [0.9, 0.1]]), np.ones((2, 2), dtype=bool)
    selections = select_within_capacity(scores, eligible, 1, (), 0.5, NAMES)
    assert [selection.experts for selection in selections] == [(1,), (0,)]


def test_an_expert_over_capacity_in_the_second_turn_is_reported_too() -> None:
    scores, eligible = np.array([[0.5, 0.3, 0.2]] * 2), np.ones((2, 3), dtype=bool)
    selections = select_within_capacity(scores, eligible, 2, (), 0.5, NAMES)
    assert [selection.experts for selection in selections] == [(0, 2), (1,)]
    assert [selection.over_capacity for selection in selections] == [(1,), (0, 2)]
    assert selections[0].note == "no capacity left in this window: b"


def test_shared_experts_have_no_capacity() -> None:
    scores, eligible = np.array([[0.6, 0.3, 0.1]] * 4), np.ones((4, 3), dtype=bool)
    selections = select_within_capacity(scores, eligible, 1, (0,), 0.5, NAMES)
    assert [selection.experts for selection in selections] == [(0, 1), (0, 1), (0, 2), (0, 2)]


@given(windows(), st.integers(1, 4), st.lists(st.integers(1, 5), min_size=4, max_size=4), st.floats(0.05, 1.0))
def test_a_window_costs_no_more_than_the_budget_or_else_the_least_that_is_possible(
    window: tuple[Scores, Eligible], top_k: int, prices: tuple[int, ...], budget: float
) -> None:
    scores, eligible = window
    costs = np.array(prices[: scores.shape[1]], dtype=float)
    free = select_top_k(scores, eligible, top_k)
    selections = select_within_budget(free, scores, eligible, costs.tolist(), budget)
    spent = sum(costs[list(selection.experts)].sum() for selection in selections)
    least = sum(min(costs[can]) for can in eligible if can.any())
    assert spent <= max(budget * (eligible * costs).sum(), least) + 1e-6
    for can, selection, wish in zip(eligible, selections, free, strict=True):
        assert bool(selection.experts) == bool(can.any())
        if selection.experts != wish.experts:
            [instead] = selection.experts
            assert costs[instead] < costs[list(wish.experts)].sum()
            assert selection.note.startswith("the cheapest") == (costs[instead] == min(costs[can]))
            assert selection.note.endswith("to stay within the budget")
        assert selection.downgraded == (selection.experts != wish.experts)


@pytest.mark.parametrize(("budget", "selected"), [(1.0, [(0, 1)] * 3), (0.7, [(0, 1), (0,), (0,)]), (0.4, [(0,)] * 3)])
def test_what_a_budget_cannot_pay_is_what_gains_least(budget: float, selected: list[tuple[int, ...]]) -> None:
    scores, eligible = np.array([[0.5, 0.5], [0.8, 0.2], [0.9, 0.1]]), np.ones((3, 2), dtype=bool)
    free = select_top_k(scores, eligible, 2)
    assert [
        selection.experts for selection in select_within_budget(free, scores, eligible, [0.5, 0.5], budget)
    ] == selected


@pytest.mark.parametrize(
    ("budget", "selected"),
    [
        (0.00, [(0,), (0,), (0,)]),
        (0.10, [(1,), (0,), (0,)]),  # the step that gains most for what it costs
        (0.20, [(1,), (0,), (1,)]),
        (0.40, [(2,), (0,), (1,)]),
        (1.00, [(2,), (0,), (2,)]),
    ],
)
def test_a_budget_pays_for_an_expensive_expert_on_the_way_to_the_most_expensive(
    budget: float, selected: list[tuple[int, ...]]
) -> None:
    """The first article needs an expensive expert, the second none, the third hardly the most expensive."""
    scores = np.array([[0.0, 0.4, 0.6], [0.6, 0.3, 0.1], [0.2, 0.39, 0.41]])
    eligible = np.ones((3, 3), dtype=bool)
    selections = select_within_budget(select_top_k(scores, eligible, 1), scores, eligible, [0.0, 0.25, 0.75], budget)
    assert [selection.experts for selection in selections] == selected


def test_a_step_that_another_dominates_is_skipped() -> None:
    """The expert in the middle is worse than the cheapest, so no article stops there."""
    scores, eligible = np.array([[0.3, 0.1, 0.6]] * 2), np.ones((2, 3), dtype=bool)
    selections = select_within_budget(select_top_k(scores, eligible, 1), scores, eligible, [0.0, 0.4, 0.6], 0.4)
    assert [selection.experts for selection in selections] == [(2,), (0,)]
