import pytest

from newsmoe.stories.words import hash_word, shingle, words_of


@pytest.mark.parametrize(
    ("british", "american"),
    [
        ("colour", "color"), ("neighbours", "neighbors"), ("travelled", "traveled"), ("organisation", "organization"),
        ("realised", "realized"), ("analyse", "analyze"), ("centre", "center"), ("theatres", "theaters"),
        ("defence", "defense"), ("licence", "license"), ("programme", "program"), ("catalogue", "catalog"),
        ("paediatric", "pediatric"),
    ],
)  # fmt: skip
def test_british_and_american_spellings_are_the_same_word(british: str, american: str) -> None:
    assert hash_word(british) == hash_word(american)


@pytest.mark.parametrize(("word", "other"), [("four", "for"), ("court", "cot"), ("london", "paris"), ("2017", "2018")])
def test_other_words_are_not(word: str, other: str) -> None:
    assert hash_word(word) != hash_word(other)


def test_shingles_are_the_same_wherever_they_stand() -> None:
    first, second = "The bridge opened on Monday morning.", "Nobody was hurt in the crash."
    one_way, other_way = set(shingle(f"{first} {second}").tolist()), set(shingle(f"{second} {first}").tolist())
    assert len(one_way) == len(other_way) == 10
    assert len(one_way & other_way) == 8  # all but those across the sentences
    assert set(shingle(first.upper().replace(" ", " -- ")).tolist()) <= one_way


def test_too_few_words_have_no_shingles() -> None:
    assert len(shingle("Storm tonight")) == len(shingle("")) == 0


def test_each_character_of_a_script_without_spaces_is_a_word() -> None:
    assert [match[0] for match in words_of("东京 2020 held")] == ["东", "京", "2020", "held"]
    assert len(shingle("东京奥运会")) == 3
