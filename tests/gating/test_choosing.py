from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.gating.choosing import Able, Scores, pick_top, pick_within_budget, pick_within_capacity

NAMES = ("a", "b", "c", "d")


@st.composite
def windows(draw: st.DrawFn, *, everybody: bool = False) -> tuple[Scores, Able]:
    """Scores of some articles for two to four experts, and who can read them."""
    experts = draw(st.integers(2, 4))
    count = draw(st.integers(0, 12))
    numbers = st.lists(st.integers(0, 5), min_size=experts, max_size=experts)
    flags = st.lists(st.just(True) if everybody else st.booleans(), min_size=experts, max_size=experts)
    able = np.array([draw(flags) for _ in range(count)], dtype=bool).reshape(count, experts)
    raw = np.array([draw(numbers) for _ in range(count)], dtype=float).reshape(count, experts) + 0.1
    raw = np.where(able, raw, 0.0)
    return raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-9), able


@given(windows(), st.integers(1, 4))
def test_the_top_k_are_the_best_who_can_read_the_article(window: tuple[Scores, Able], top_k: int) -> None:
    scores, able = window
    for row, can, pick in zip(scores, able, pick_top(scores, able, top_k), strict=True):
        assert len(pick.experts) == min(top_k, can.sum())
        assert all(can[one] for one in pick.experts)
        left = [row[one] for one in np.flatnonzero(can) if one not in pick.experts]
        assert not left or min(row[list(pick.experts)]) >= max(left)


@given(windows(everybody=True), st.integers(1, 3), st.floats(0.25, 1.0))
def test_no_expert_gets_more_than_its_share_and_no_article_is_lost(
    window: tuple[Scores, Able], top_k: int, capacity: float
) -> None:
    scores, able = window
    capacity = max(capacity, 1 / scores.shape[1])
    picks = pick_within_capacity(scores, able, top_k, (), capacity, NAMES)
    taken = [one for pick in picks for one in pick.experts]
    most = ceil(capacity * len(scores) - 1e-9)
    assert all(taken.count(expert) <= most for expert in range(scores.shape[1]))
    assert all(1 <= len(pick.experts) <= top_k for pick in picks)
    assert all(len(set(pick.experts)) == len(pick.experts) for pick in picks)


@given(windows(), st.floats(0.5, 1.0))
def test_whoever_can_read_what_every_article_that_can_be_read_is_and_overflow_is_noted(
    window: tuple[Scores, Able], capacity: float
) -> None:
    scores, able = window
    picks = pick_within_capacity(scores, able, 1, (), capacity, NAMES)
    free = pick_top(scores, able, 1)
    for can, pick, wish in zip(able, picks, free, strict=True):
        assert len(pick.experts) == (1 if can.any() else 0)
        assert all(can[one] for one in pick.experts)
        if pick.experts != wish.experts:
            assert NAMES[wish.experts[0]] in pick.note
            assert wish.experts[0] in pick.full
        elif pick.note:
            assert "asked all the same" in pick.note


def test_a_capacity_of_all_changes_nothing() -> None:
    scores, able = np.array([[0.9, 0.1], [0.8, 0.2]]), np.ones((2, 2), dtype=bool)
    assert pick_within_capacity(scores, able, 1, (), 1.0, NAMES) == pick_top(scores, able, 1)


def test_the_articles_that_would_lose_most_keep_their_first_choice() -> None:
    scores, able = np.array([[0.6, 0.4], [0.9, 0.1]]), np.ones((2, 2), dtype=bool)
    picks = pick_within_capacity(scores, able, 1, (), 0.5, NAMES)
    assert [pick.experts for pick in picks] == [(1,), (0,)]


def test_whoever_is_full_at_the_second_turn_is_told_too() -> None:
    scores, able = np.array([[0.5, 0.3, 0.2]] * 2), np.ones((2, 3), dtype=bool)
    picks = pick_within_capacity(scores, able, 2, (), 0.5, NAMES)
    assert [pick.experts for pick in picks] == [(0, 2), (1,)]
    assert [pick.full for pick in picks] == [(1,), (0, 2)]
    assert picks[0].note == "full for this window: b"


def test_shared_experts_have_no_capacity() -> None:
    scores, able = np.array([[0.6, 0.3, 0.1]] * 4), np.ones((4, 3), dtype=bool)
    picks = pick_within_capacity(scores, able, 1, (0,), 0.5, NAMES)
    assert [pick.experts for pick in picks] == [(0, 1), (0, 1), (0, 2), (0, 2)]


@given(
    windows(), st.integers(1, 4), st.lists(st.integers(1, 5), min_size=4, max_size=4), st.floats(0.05, 1.0)
)
def test_a_window_costs_no_more_than_the_budget_or_else_the_least_that_is_possible(
    window: tuple[Scores, Able], top_k: int, prices: tuple[int, ...], budget: float
) -> None:
    scores, able = window
    costs = np.array(prices[: scores.shape[1]], dtype=float)
    free = pick_top(scores, able, top_k)
    picks = pick_within_budget(free, scores, able, costs.tolist(), budget)
    spent = sum(costs[list(pick.experts)].sum() for pick in picks)
    least = sum(min(costs[can]) for can in able if can.any())
    assert spent <= max(budget * (able * costs).sum(), least) + 1e-6
    for can, pick, wish in zip(able, picks, free, strict=True):
        assert bool(pick.experts) == bool(can.any())
        if pick.experts != wish.experts:
            [instead] = pick.experts
            assert costs[instead] < costs[list(wish.experts)].sum()
            assert pick.note.startswith("the cheapest") == (costs[instead] == min(costs[can]))
            assert pick.note.endswith("to stay within the budget")
        assert pick.budgeted == (pick.experts != wish.experts)


@pytest.mark.parametrize(
    ("budget", "asked"), [(1.0, [(0, 1)] * 3), (0.7, [(0, 1), (0,), (0,)]), (0.4, [(0,)] * 3)]
)
def test_what_a_budget_cannot_pay_is_what_gains_least(budget: float, asked: list[tuple[int, ...]]) -> None:
    scores, able = np.array([[0.5, 0.5], [0.8, 0.2], [0.9, 0.1]]), np.ones((3, 2), dtype=bool)
    free = pick_top(scores, able, 2)
    assert [pick.experts for pick in pick_within_budget(free, scores, able, [0.5, 0.5], budget)] == asked


@pytest.mark.parametrize(
    ("budget", "asked"),
    [
        (0.00, [(0,), (0,), (0,)]),
        (0.10, [(1,), (0,), (0,)]),  # the step that gains most for what it costs
        (0.20, [(1,), (0,), (1,)]),
        (0.40, [(2,), (0,), (1,)]),
        (1.00, [(2,), (0,), (2,)]),
    ],
)
def test_a_budget_pays_for_a_dearer_expert_on_the_way_to_the_dearest(
    budget: float, asked: list[tuple[int, ...]]
) -> None:
    """The first article needs somebody dear, the second nobody, the third hardly the dearest."""
    scores = np.array([[0.0, 0.4, 0.6], [0.6, 0.3, 0.1], [0.2, 0.39, 0.41]])
    able = np.ones((3, 3), dtype=bool)
    picks = pick_within_budget(pick_top(scores, able, 1), scores, able, [0.0, 0.25, 0.75], budget)
    assert [pick.experts for pick in picks] == asked


def test_a_step_that_another_dominates_is_left_out() -> None:
    """In the middle stands an expert that is worse than the cheapest: nobody stops there."""
    scores, able = np.array([[0.3, 0.1, 0.6]] * 2), np.ones((2, 3), dtype=bool)
    picks = pick_within_budget(pick_top(scores, able, 1), scores, able, [0.0, 0.4, 0.6], 0.4)
    assert [pick.experts for pick in picks] == [(2,), (0,)]
