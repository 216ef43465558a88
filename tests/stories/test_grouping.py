from random import Random

import numpy as np

from newsmoe.stories.grouping import Member, assign
from tests.stories.support import member, text

STORM, CUP = (1.0, 0.1), (0.1, 1.0)


def pile() -> list[Member]:
    """Return articles of two events, with a copy, an article of an event of its own, and one without a date."""
    report = text(1)
    return [
        member("a", STORM, 10.0, " ".join(report)),
        member("b", (1.0, 0.2), 10.5, " ".join(text(2))),
        member("c", (1.0, 0.15), 11.0, " ".join(report[2:])),
        member("d", CUP, 10.0, " ".join(text(3))),
        member("e", (0.2, 1.0), 12.0, " ".join(text(4))),
        member("f", (0.0, 0.0, 1.0), 10.0, " ".join(text(5))),
        member("g", (0.0, 0.0, 0.9, 0.1), np.nan, " ".join(text(6))),
    ]


def told(members: list[Member]) -> dict[str, tuple[str, str | None]]:
    return {article.key: (article.story, article.original.key if article.original else None) for article in members}


def test_events_become_stories_and_copies_have_their_originals() -> None:
    members = pile()
    assign(members)
    result = told(members)
    stories = [result[key][0] for key in "abcdefg"]
    assert stories == [stories[0]] * 3 + [stories[3]] * 2 + [stories[5]] * 2
    assert len(set(stories)) == 3
    assert {key: original for key, (_, original) in result.items() if original} == {"c": "a"}


def test_the_order_of_the_input_does_not_matter() -> None:
    members = pile()
    assign(members)
    for seed in range(5):
        shuffled = Random(seed).sample(pile(), 7)
        assign(shuffled)
        assert told(shuffled) == told(members)


def test_new_articles_join_stories_or_open_others_and_nothing_else_changes() -> None:
    members = pile()
    assign(members)
    before = told(members)
    new = [
        member("h", (1.0, 0.12), 12.0, " ".join(text(1)[:8])),
        member("i", (0.1, 0.9), 13.0, " ".join(text(7))),
        member("j", (0.0, 0.0, 0.0, 1.0), 13.0, " ".join(text(8))),
        member("k", (0.0, 0.0, 0.0, 1.0), 1.0, " ".join(text(8))),
    ]
    assign(new, members)
    assert told(members) == before
    after = told(new)
    assert after["h"] == (before["a"][0], "a")
    assert after["i"] == (before["d"][0], None)
    assert after["j"] == (after["k"][0], "k")
    assert after["k"][0] not in {story for story, _ in before.values()}


def test_one_by_one_makes_the_same_clear_stories() -> None:
    at_once, existing = pile(), list[Member]()
    assign(at_once)
    for new in sorted(pile(), key=lambda article: article.time_order):
        assign([new], existing)
        existing.append(new)
    assert told(existing) == told(at_once)


def test_two_stories_stay_two_when_an_article_comes_between_them() -> None:
    members = [member("a", STORM, 1.0, " ".join(text(1))), member("b", CUP, 1.0, " ".join(text(2)))]
    assign(members)
    assert members[0].story != members[1].story
    between = member("c", (1.0, 0.9), 1.0, " ".join([*text(1), *text(2)]))
    assign([between], members)
    assert between.original is members[0]
    assert members[0].story != members[1].story


def test_the_same_text_is_a_copy_however_short() -> None:
    members = [member("same", day=2.0), member("same", day=1.0), member("other", (0.0, 1.0), day=1.0)]
    assign(members)
    assert [article.original for article in members] == [members[1], None, None]


def test_nothing_can_be_assigned() -> None:
    members = pile()
    assign([])
    assign(members)
    before = told(members)
    assign([], members)
    assert told(members) == before
