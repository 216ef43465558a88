import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsmoe import Article
from newsmoe.text.sentences import MAX_LENGTH, aligned, split_sentences

TEXTS = st.text() | st.lists(
    st.sampled_from(["A storm hit.", "Mr.", "U.S.", "3.5", "“No!”", "\n\n", "?!", "…", "e.g.", "新闻。", "x" * 700]),
    max_size=30,
).map(" ".join)
LANGUAGES = st.sampled_from([None, "en", "de", "es", "zh", "ar", "xx", "", "en-GB"])


@given(TEXTS, LANGUAGES)
@example("a" * (MAX_LENGTH + 1), "en")
@example("word " * 1000, None)
@example("x\x1cy\u2028z. w\x85v", "en")
def test_sentences_stand_in_the_text_in_order_and_no_word_is_lost(text: str, language: str | None) -> None:
    place = 0
    for sentence in split_sentences(text, language):
        start = text.find(sentence, place)
        assert start >= 0, f"{sentence!r} is not in the text from {place} on"
        assert not re.search(r"\w", text[place:start])
        assert sentence == sentence.strip()
        assert re.search(r"\w", sentence)
        assert len(sentence) <= MAX_LENGTH
        place = start + len(sentence)
    assert not re.search(r"\w", text[place:])


@pytest.mark.parametrize(
    ("text", "language", "sentences"),
    [
        ("A storm hit. Nobody was hurt.", "en", ["A storm hit.", "Nobody was hurt."]),
        ("Mr. Smith lost 3.5 tonnes. U.S. troops helped.", "en", ["Mr. Smith lost 3.5 tonnes.", "U.S. troops helped."]),
        ("“No!” she said. Why? Nobody knew!", "en", ["“No!” she said.", "Why?", "Nobody knew!"]),
        ("First paragraph\n\nSecond paragraph", "en", ["First paragraph", "Second paragraph"]),
        ("Es gab z. B. Sturm. Niemand starb.", "de", ["Es gab z. B. Sturm.", "Niemand starb."]),
        ("今天下雨。没有人受伤。", "zh", ["今天下雨。", "没有人受伤。"]),
        ("It ended at 8 p.m. Monday. Ms. Jones left.", "en", ["It ended at 8 p.m. Monday.", "Ms. Jones left."]),
        ("It ended at 8 p.m. All left.", "en", ["It ended at 8 p.m.", "All left."]),
        ("A heading\nThe text. More.", "en", ["A heading", "The text.", "More."]),
        ("The text was\nwrapped here.", "en", ["The text was\nwrapped here."]),
        ("No end", None, ["No end"]),
        ("", "en", []),
        (" \n ", None, []),
        ("*** !!! ...", "en", []),
    ],
)
def test_where_sentences_end(text: str, language: str | None, sentences: list[str]) -> None:
    assert split_sentences(text, language) == sentences


def test_a_text_without_an_end_is_cut_at_white_space() -> None:
    words = [f"word{number}" for number in range(1000)]
    pieces = split_sentences(" ".join(words), "en")
    assert " ".join(pieces).split() == words
    assert all(len(piece) > MAX_LENGTH - 10 for piece in pieces[:-1])


def test_a_word_without_an_end_is_cut_where_it_must_be() -> None:
    assert [len(piece) for piece in split_sentences("x" * (2 * MAX_LENGTH + 5), "en")] == [MAX_LENGTH, MAX_LENGTH, 5]


def test_sentences_of_the_sample_are_neither_words_nor_paragraphs(sample: list[Article]) -> None:
    for article in sample:
        sentences = split_sentences(article.content, "en")
        paragraphs = article.content.count("\n\n") + 1
        assert paragraphs < len(sentences) < article.words / 8, article.headline


def test_sentences_are_aligned_with_those_of_another_splitter() -> None:
    theirs = ["Prices rose.", "Ann Lee, who runs", "a bakery, closed it.", "It rained."]
    ours = ["Prices\nrose. Ann Lee, who runs a bakery, closed it.", "It rained.", "It snowed.", "It rained."]
    assert aligned(ours, theirs) == [2, 3, -1, 3]
    assert aligned(["Prices rose.", ""], ["Prices  rose."]) == [0, -1]
