from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.registry.hub.pieces import MAX_CHARACTERS, Piece, cut_text

TEXTS = st.lists(
    st.text(st.characters(codec="utf-8"), max_size=50)
    | st.sampled_from(
        ["A storm hit the coast.", "新闻新闻。", "word " * 40, "Ten houses\n\nwere lost.", "x" * 90]
    ),
    max_size=8,
).map(" ".join)


def words(texts: Sequence[str]) -> list[int]:
    """A tokenizer of words, that takes four characters of a word for a token."""
    return [sum(-(-len(word) // 4) for word in text.split()) for text in texts]


@given(TEXTS, st.integers(1, 40))
def test_no_piece_is_longer_than_allowed_and_no_word_is_lost(text: str, most: int) -> None:
    pieces = cut_text(text, "en", words, most)
    assert all(
        piece.text and words([piece.text])[0] <= max(most, 1) for piece in pieces if len(piece.text) > 1
    )
    letters = [one for one in text if one.isalnum()]
    assert [one for piece in pieces for one in piece.text if one.isalnum()] == letters


@given(TEXTS)
def test_a_text_that_fits_stays_as_it_is(text: str) -> None:
    assert [piece.text for piece in cut_text(text, "en", words, 10_000)] == (
        [text.strip()] if text.strip() else []
    )


def test_pieces_end_where_sentences_do() -> None:
    text = "Ten houses were lost. Nobody was hurt.\n\nIt rained all day. The river rose."
    assert [piece.text for piece in cut_text(text, "en", words, 12)] == [
        "Ten houses were lost. Nobody was hurt.",
        "It rained all day. The river rose.",
    ]


def test_a_text_that_does_not_fit_can_be_cut_smaller_and_is_not_counted_again_for_it() -> None:
    text = " ".join(["A storm hit the coast."] * 20)
    (whole,) = words([text])
    counted: list[str] = []

    def counting(texts: Sequence[str]) -> list[int]:
        counted.extend(texts)
        return words(texts)

    assert cut_text(text, "en", counting, whole, 15) == [Piece(text, whole)]
    counted.clear()
    pieces = cut_text(text, "en", counting, whole - 1, 15)
    assert len(pieces) == 10
    assert max(words([piece.text for piece in pieces])) == 14
    assert sum(map(len, counted)) <= 2 * len(text)  # once as a whole, once sentence by sentence


def test_a_sentence_without_end_is_cut_between_words() -> None:
    pieces = cut_text("rain " * 64, "en", words, 10)
    assert {word for piece in pieces for word in piece.text.split()} == {"rain"}
    assert sum(piece.tokens for piece in pieces) >= 64
    assert len(pieces) <= 10


def test_a_word_without_end_is_cut_too() -> None:
    assert "".join(piece.text for piece in cut_text("x" * 1000, "en", words, 10)) == "x" * 1000


@pytest.mark.parametrize("text", ["", "  \n"])
def test_no_text_has_no_pieces(text: str) -> None:
    assert cut_text(text, None, words, 5) == []


def test_a_text_is_read_up_to_a_bound() -> None:
    assert cut_text("x " * MAX_CHARACTERS, None, lambda texts: [1] * len(texts), 5) == [
        Piece(("x " * MAX_CHARACTERS)[: MAX_CHARACTERS - 1], 1)
    ]
