import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.text.shapes import (
    LETTER,
    LOWER,
    MIXED,
    NUMBER,
    SHAPES,
    SIGN,
    TITLE,
    UPPER,
    WITH_DIGIT,
    starts_word,
    token_shapes,
)


@pytest.mark.parametrize(
    ("word", "shape"),
    [
        ("house", LOWER), ("a", LOWER), ("House", TITLE), ("Éire", TITLE), ("HOUSE", UPPER), ("H", LETTER),
        ("McHouse", MIXED), ("iHouse", MIXED), ("42", NUMBER), ("B52", WITH_DIGIT), ("-", SIGN), ("中国", LOWER),
    ],
)  # fmt: skip
def test_words_have_a_shape(word: str, shape: int) -> None:
    (number,) = token_shapes(word, [(0, len(word))])
    assert number // 4 == shape


def test_a_token_starts_a_word_or_goes_on_with_it() -> None:
    shapes = token_shapes("Mr McHouse's", [(0, 2), (3, 5), (5, 10), (10, 11), (11, 12)])
    assert starts_word(shapes).tolist() == [True, True, False, True, True]
    assert (shapes // 2 % 2).tolist() == [1, 1, 0, 0, 0]


@given(st.text(max_size=40), st.data())
def test_every_span_has_a_number(text: str, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), unique=True).map(sorted))
    spans = list(zip(cuts, cuts[1:], strict=False))
    shapes = token_shapes(text, spans)
    assert len(shapes) == len(spans)
    assert all(0 <= shape < SHAPES for shape in shapes)
