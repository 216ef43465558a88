from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.registry.hub.chunks import MAX_CHARACTERS, Chunk, ChunkedText, split_text

TEXTS = st.lists(
    st.text(st.characters(codec="utf-8"), max_size=50)
    | st.sampled_from(["A storm hit the coast.", "新闻新闻。", "word " * 40, "Ten houses\n\nwere lost.", "x" * 90]),
    max_size=8,
).map(" ".join)


def words(texts: Sequence[str]) -> list[int]:
    """A tokenizer of words, that takes four characters of a word for a token."""
    return [sum(-(-len(word) // 4) for word in text.split()) for text in texts]


@given(TEXTS, st.integers(1, 40))
def test_no_chunk_is_longer_than_allowed_and_no_word_is_lost(text: str, most: int) -> None:
    chunks = split_text(text, "en", words, most)
    assert all(chunk.text and words([chunk.text])[0] <= max(most, 1) for chunk in chunks if len(chunk.text) > 1)
    letters = [letter for letter in text if letter.isalnum()]
    assert [letter for chunk in chunks for letter in chunk.text if letter.isalnum()] == letters


@given(TEXTS)
def test_a_text_that_fits_stays_as_it_is(text: str) -> None:
    assert [chunk.text for chunk in split_text(text, "en", words, 10_000)] == ([text.strip()] if text.strip() else [])


def test_chunks_end_where_sentences_do() -> None:
    text = "Ten houses were lost. Nobody was hurt.\n\nIt rained all day. The river rose."
    assert [chunk.text for chunk in split_text(text, "en", words, 12)] == [
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

    assert split_text(text, "en", counting, whole, 15) == [Chunk(text, whole)]
    counted.clear()
    chunks = split_text(text, "en", counting, whole - 1, 15)
    assert len(chunks) == 10
    assert max(words([chunk.text for chunk in chunks])) == 14
    assert sum(map(len, counted)) <= 2 * len(text)  # once as a whole, once sentence by sentence


def test_a_sentence_without_end_is_cut_between_words() -> None:
    chunks = split_text("rain " * 64, "en", words, 10)
    assert {word for chunk in chunks for word in chunk.text.split()} == {"rain"}
    assert sum(chunk.tokens for chunk in chunks) >= 64
    assert len(chunks) <= 10


def test_a_word_without_end_is_cut_too() -> None:
    assert "".join(chunk.text for chunk in split_text("x" * 1000, "en", words, 10)) == "x" * 1000


@pytest.mark.parametrize("text", ["", "  \n"])
def test_no_text_has_no_chunks(text: str) -> None:
    assert split_text(text, None, words, 5) == []


def test_a_text_is_read_up_to_a_bound() -> None:
    assert split_text("x " * MAX_CHARACTERS, None, lambda texts: [1] * len(texts), 5) == [
        Chunk(("x " * MAX_CHARACTERS)[: MAX_CHARACTERS - 1], 1)
    ]


@pytest.mark.parametrize(
    ("policy", "count", "chosen", "truncated"),
    [
        ("head", 3, (0,), True),
        ("head", 1, (0,), False),
        ("head+tail", 3, (0, 2), True),
        ("head+tail", 2, (0, 1), False),
        ("windows", 3, (0, 1, 2), False),
    ],
)
def test_a_policy_selects_chunks(policy: str, count: int, chosen: tuple[int, ...], truncated: bool) -> None:
    chunks = tuple(Chunk(str(number), 1) for number in range(count))
    assert ChunkedText(chunks, False).select(policy) == (tuple(chunks[place] for place in chosen), truncated)
    assert ChunkedText(chunks, True).select(policy).truncated
