from random import Random

import numpy as np
import pytest

from newsmoe.stories.copies import copy_pairs, is_copy, shared
from newsmoe.stories.words import shingle
from tests.stories.support import features, text


def exact_share(content: str, other: str) -> float:
    mine, theirs = set(shingle(content).tolist()), set(shingle(other).tolist())
    return len(mine & theirs) / min(len(mine), len(theirs))


@pytest.mark.parametrize("shares", [(40, 40, 40), (40, 10, 10), (10, 40, 8), (60, 60, 0), (60, 30, 15)])
def test_the_share_of_common_words_is_about_right(shares: tuple[int, int, int]) -> None:
    first, second, common = shares
    sentences = text(1, first + second)
    content = " ".join(sentences[:first])
    other = " ".join([*sentences[first - common : first], *sentences[first : first + second - common]])
    estimate = shared(features(content=content), features(content=other))
    assert estimate == pytest.approx(exact_share(content, other), abs=0.12)


def test_of_short_texts_the_share_is_exact() -> None:
    sentences = text(2)
    content, other = " ".join(sentences[:8]), " ".join(sentences[5:])
    assert shared(features(content=content), features(content=other)) == exact_share(content, other)


def test_an_abridged_and_reordered_text_is_a_copy() -> None:
    sentences = text(3, 30)
    shorter = Random(0).sample(sentences, 12)
    assert is_copy(features(content=" ".join(sentences)), features(content=" ".join(shorter)))


def test_a_text_that_quotes_another_at_length_is_no_copy() -> None:
    quoted = text(4, 10)
    quoting = [*text(5, 12), *quoted]
    assert not is_copy(features((1.0, 0.0), content=" ".join(quoted)), features((0.0, 1.0), content=" ".join(quoting)))


def test_short_texts_are_copies_only_if_they_are_the_same() -> None:
    assert is_copy(features(content="Rain is expected tonight."), features(content="rain is expected, tonight"))
    assert not is_copy(
        features(content="Rain is expected tonight."), features(content="Rain is expected tonight here.")
    )


def pairs_in(contents: list[str], is_new: list[bool] | None = None) -> set[tuple[int, int]]:
    new = np.array([True] * len(contents) if is_new is None else is_new, dtype=bool)
    return set(copy_pairs([features(content=content) for content in contents], new))


def test_copies_are_looked_up_among_many() -> None:
    contents = [" ".join(text(seed)) for seed in range(40)]
    contents += [" ".join(text(7)[3:]), " ".join([*text(9), *text(99, 4)])]
    assert pairs_in(contents) == {(7, 40), (9, 41)}
    assert pairs_in(contents, [False] * 41 + [True]) == {(9, 41)}


def test_a_notice_in_all_articles_makes_no_copies() -> None:
    notice = " ".join(text(1000, 2))
    contents = [f"{' '.join(text(seed, 4))} {notice}" for seed in range(300)]
    assert pairs_in(contents) == set()


def test_many_copies_of_one_text_are_all_linked() -> None:
    sentences = text(6)
    contents = [" ".join([*sentences[:place], *text(50 + place, 1), *sentences[place:]]) for place in range(12)] * 5
    linked, roots = pairs_in(contents), list(range(60))
    for left, right in sorted(linked):
        roots = [roots[left] if root == roots[right] else root for root in roots]
    assert set(roots) == {0}


def test_there_may_be_no_articles_and_articles_without_text() -> None:
    assert pairs_in([]) == set()
    assert pairs_in(["", "", "Storm"]) == set()
