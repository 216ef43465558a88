import pytest

from newsmoe.text.datelines import without_dateline

NEWS = "The bridge opened on Monday."


@pytest.mark.parametrize(
    "dateline",
    [
        "(CNN) -- ",
        "(CNN)",
        "( cnn ) -- ",
        "(Reuters) - ",
        "LONDON (Reuters) - ",
        "NEW DELHI, India (CNN) -- ",
        "london, england ( cnn ) -- ",
        "WASHINGTON — ",
        "PARIS, March 3 (Xinhua) -- ",
        "RIO DE JANEIRO – ",
        "CHAPEL HILL, N.C. (AP) — ",
        "TROMSØ (Nordlys) - ",
        "By Ann Lee, Staff Writer ",
        "By ANN LEE OSLO (AFP) — ",
        "By Bo Hill for The Courier | ",
    ],
)
def test_what_stands_before_the_sentence_is_cut(dateline: str) -> None:
    assert without_dateline(dateline + NEWS) == NEWS


@pytest.mark.parametrize(
    "sentence",
    [
        NEWS,
        "NASA — the agency that had built it — closed the site.",
        "A man (32) was found.",
        "By Monday the river had fallen.",
        "By Ann Lee's account, nobody was hurt.",
        "Leeds - a city of the north - has a new mayor.",
        "The World Health Organization (WHO) warned of it.",
        "EU-wide rules apply from May.",
        "NATO (which met in Ghent) agreed.",
        "(CNN)",
        "",
    ],
)
def test_nothing_else_is_cut(sentence: str) -> None:
    assert without_dateline(sentence) == sentence
