"""Sentences that are about an article and not of it."""

import pytest

from newsmoe.text.notes import is_editors_note


@pytest.mark.parametrize(
    "sentence",
    [
        "Editor's Note: Ann Lee is a professor of law at Ardmouth.",
        "(Editors’ note: The harbour was closed after this was written.)",
        "editor's note: our correspondents share what they saw.",
        "Correction: An earlier version named the wrong ferry.",
        "CORRECTION (April 13, 2020, 8:45 a.m.): The ferry sank on Monday.",
        "Disclaimer: The views above are those of analysts.",
        "This story has been updated with comments from the port.",
        "• This article was amended on 4 November 2016.",
        "This article was originally published in the Bay News.",
        "An earlier version of this article misstated the day.",
    ],
)
def test_notes_of_editors_are_recognized(sentence: str) -> None:
    assert is_editors_note(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Editors noted that the harbour was closed.",
        "A correction in the price of gas is overdue.",
        "This story of a ferry begins in Ardmouth.",
        "This report was critical of the port.",
        "The editor's notes were found in a drawer.",
    ],
)
def test_sentences_of_articles_are_none(sentence: str) -> None:
    assert not is_editors_note(sentence)
