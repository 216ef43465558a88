import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from newsmoe.registry.kinds.lengths import SummaryLength, candidates, joined


@st.composite
def ranked(draw: st.DrawFn) -> tuple[list[int], list[int], SummaryLength]:
    """Lengths of sentences, their numbers in order of rank, and bounds."""
    tokens = draw(st.lists(st.integers(1, 80), min_size=1, max_size=12))
    least, most = sorted(draw(st.tuples(st.integers(1, 200), st.integers(1, 200))))
    bounds = SummaryLength(sentences=draw(st.integers(1, 6)), min_tokens=least, max_tokens=most)
    return tokens, draw(st.permutations(range(len(tokens)))), bounds


@given(ranked())
def test_sentences_are_taken_once_in_order_and_within_the_bound(
    case: tuple[list[int], list[int], SummaryLength],
) -> None:
    tokens, ranking, bounds = case
    chosen = bounds.choose(ranking, tokens)
    assert chosen == sorted(set(chosen))
    assert ranking[0] in chosen
    assert len(chosen) == 1 or sum(tokens[number] for number in chosen) <= bounds.max_tokens


@given(ranked())
def test_a_summary_grows_until_it_is_long_enough_or_nothing_more_fits(
    case: tuple[list[int], list[int], SummaryLength],
) -> None:
    tokens, ranking, bounds = case
    chosen = bounds.choose(ranking, tokens)
    total = sum(tokens[number] for number in chosen)
    left = set(range(len(tokens))) - set(chosen)
    enough = len(chosen) >= bounds.sentences and total >= bounds.min_tokens
    assert enough or all(total + tokens[number] > bounds.max_tokens for number in left)


def test_the_best_are_taken_and_put_in_the_articles_order() -> None:
    assert SummaryLength(sentences=2, min_tokens=1).choose([4, 1, 0], [10] * 5) == [1, 4]


def test_more_sentences_are_taken_while_there_are_too_few_tokens() -> None:
    assert SummaryLength(sentences=1, min_tokens=25).choose([0, 1, 2, 3], [10] * 4) == [0, 1, 2]


def test_a_sentence_that_does_not_fit_gives_way_to_one_that_does() -> None:
    bounds = SummaryLength(sentences=2, min_tokens=1, max_tokens=20)
    assert bounds.choose([0, 1, 2], [15, 10, 5]) == [0, 2]


def test_the_best_sentence_is_taken_even_if_it_is_too_long_alone() -> None:
    assert SummaryLength(min_tokens=1, max_tokens=20).choose([1, 0], [30, 30]) == [1]


def test_no_candidates_no_sentences() -> None:
    assert SummaryLength().choose([], []) == []


def test_sentences_are_ranked_no_further_than_needed() -> None:
    ranking = iter([2, 0, 1])
    assert SummaryLength(sentences=1, min_tokens=1).choose(ranking, [9, 9, 9]) == [2]
    assert list(ranking) == [0, 1]


@pytest.mark.parametrize("bounds", [{"sentences": 0}, {"min_tokens": 0}, {"min_tokens": 9, "max_tokens": 8}])
def test_invalid_bounds_are_refused(bounds: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        SummaryLength(**bounds)


def test_a_sentence_that_repeats_an_earlier_one_is_no_candidate() -> None:
    assert candidates(["A storm.", "Rain fell.", "a  STORM.", "A storm!", "Rain\nfell."]) == [0, 1, 3]
    assert candidates([]) == []


@pytest.mark.parametrize("end", [".", "!", "?", "…", ".”", '."', ".)", "。", "؟"])
def test_what_has_no_mark_at_its_end_is_no_candidate(end: str) -> None:
    assert candidates(["By Our Reporter", f"A storm hit{end}", "Related: more", f"Rain fell{end}"]) == [1, 3]


def test_where_nothing_has_a_mark_everything_is_a_candidate() -> None:
    assert candidates(["a storm hit", "rain fell", "A storm hit"]) == [0, 1]


def test_chosen_sentences_are_joined_by_spaces() -> None:
    assert joined(["One.", "Two.", "Three."], [0, 2]) == "One. Three."
