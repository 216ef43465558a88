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
        "WASHINGTON ― ",
        "Hong Kong CNN — ",
        "Harrowmere, Norland\nCNN Business\n — ",
        "GHENT, Belgium, February 13, 2018 (BayNews) – ",
        "By Ann Lee BBC News ",
        "By Ann Lee Science and Environment Reporter ",
        "(Credit: Bay Police)",
        "(Photo by Ann Lee) ",
        "REUTERS / Ann Lee / File Photo ",
        "FIRST ON BAY: ",
        "EXCLUSIVE: ",
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
        "Harrowmere – The town got a new bridge.",
        "SHIPS: The harbour is full.",
        "CNN — which reported it — withdrew the story.",
        "The World Health Organization (WHO) warned of it.",
        "The Palestinian Authority (PA) called for it.",
        "EU-wide rules apply from May.",
        "NATO (which met in Ghent) agreed.",
        "(CNN)",
        "",
    ],
)
def test_nothing_else_is_cut(sentence: str) -> None:
    assert without_dateline(sentence) == sentence


@pytest.mark.parametrize("place", ["Harrowmere – ", "Kestrel Bay, Norland — "])
def test_a_place_before_the_first_sentence_is_cut(place: str) -> None:
    assert without_dateline(place + NEWS, is_first=True) == NEWS


@pytest.mark.parametrize("sentence", ["Lindqvist – who is ill – resigned.", "Lindqvist — The mayor — resigned.", NEWS])
def test_a_name_before_the_first_sentence_stays(sentence: str) -> None:
    assert without_dateline(sentence, is_first=True) == sentence
