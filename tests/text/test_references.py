import pytest

from newsmoe.text.references import opens_with_reference


@pytest.mark.parametrize(
    "sentence",
    [
        "He said that the bridge was safe.",
        '"They came at night," said Ann Lee.',
        "This has cost the town two million.",
        "But the mayor disagreed.",
        "However, prices rose.",
        "The latter won by a mile.",
        "One of them was hurt.",
        "In response, the union called a strike.",
        "“It works”, the company said.",
    ],
)
def test_what_points_back_is_found(sentence: str) -> None:
    assert opens_with_reference(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The mayor said that he was safe.",
        "Ann Lee won.",
        "It was the rain that did it.",
        "This week the bridge opens.",
        "Andover has a new mayor.",
        "Thespians met in Ghent.",
        "",
    ],
)
def test_nothing_else_is(sentence: str) -> None:
    assert not opens_with_reference(sentence)
