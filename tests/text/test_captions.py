"""Captions of photos and videos among the sentences of an article."""

import pytest

from newsmoe.text.captions import is_caption


@pytest.mark.parametrize(
    "sentence",
    [
        "A ferry lies on its side in the harbour of Ardmouth, Scotland, March 5, 2022.",
        "Protesters hold candles outside the town hall in Veldram on Sunday, Sept. 4, 2022, in Veldram, Norland.",
        "Workers clear snow at the airport of Kestrel Bay, 14 January 2019.",
        "Kestrel Bay guard Tom Alder (14) blocks a shot during the second half of the final.",
        "In this June 3, 2018 file photo, a heron stands in the shallows near Ardmouth.",
        "An undated photo provided by the family shows the missing sailor.",
        "Mayor Anna Lindqvist poses for a portrait in her garden.",
        "Energy minister Paul Orme joins 'Morning Desk' to discuss the price of gas.",
        "KTV correspondent Mia Farrow Lund has the latest from the flooded valley on 'Evening Report.'",
        "KTV's Mia Lund reports on the strike at the docks.",
        "Analyst Robert Vane discusses what the ruling means for the railways.",
        "Families who were rescued wait under a bridge near Ardmouth, Saturday, March 5, 2022, in the rain.",
        "Kestrel Bay forward Tom Alder Jr. (14) looks for a pass.",
        "Mayor Anna Lindqvist, second from left, meets Paul Orme, right, at the town hall.",
        "Paul Orme (centre) was elected last week.",
        "He met the minister (out of frame) again on Friday.",
        "Smoke is seen over the harbour of Veldram.",
        "FILE PHOTO: A heron stands in the shallows.",
        "CLOSE A ferry ran aground near Ardmouth.",
    ],
)
def test_captions_are_recognized(sentence: str) -> None:
    assert is_caption(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "The ferry sank in the harbour of Ardmouth on Monday.",
        "The bridge has been closed since a lorry hit it on March 5, 2022.",
        "The mayor was elected in Veldram on 14 January 2019.",
        "“We lost everything on March 5, 2022.”",
        "The council discusses the budget again on Thursday.",
        "The firm (14) said it would close two mills.",
        "The picture shows how far the ice has gone.",
        "The minister told reporters on “Morning Desk.”",
        "A jury in Kestrel Bay joined the appeal, the court said.",
        "The ferry will leave on Saturday, March 5, 2022, at noon.",
        "The party moved to the right, and left the centre to others.",
        "The (right) wing of the museum is closed.",
        "The harbour is seen as the heart of the town.",
        "The plan was shown to the council.",
    ],
)
def test_sentences_that_tell_what_happened_are_none(sentence: str) -> None:
    assert not is_caption(sentence)


@pytest.mark.parametrize(
    ("sentence", "caption"),
    [
        ("Energy minister Paul Orme and two guests discuss the price of gas.", True),
        ("Mayor Anna Lindqvist speaks exclusively to Mia Lund about the strike.", True),
        ("Paul Orme and Anna Lindqvist join 'Morning Desk' to debate the ruling.", True),
        ("The council will discuss the budget on Thursday.", False),
        ("Two ministers met in Veldram to discuss the price of gas.", False),
        ("Families who join their relatives in Norland may stay.", False),
    ],
)
def test_a_video_over_an_article_is_recognized_by_what_its_guests_do(sentence: str, caption: bool) -> None:
    assert is_caption(sentence, is_first=True) is caption


@pytest.mark.parametrize(
    "piece",
    ["Ab ", "in this ", "on 'Aa ", "joins the ", "March 5, 2022 ", "Aa's ", "KTV's A. ", ". ) "]
    + ["a, left", "(", "Monday, "],
)
def test_long_sentences_take_no_longer_than_their_length(piece: str) -> None:
    is_caption(piece * 10_000)
