"""Captions that the credit behind them gives away."""

import pytest

from newsmoe.text.boilerplate import without_boilerplate

CAPTION = "A ferry leaves the quay of Ardmouth, N.J., on Sept. 20, 2024."
BEFORE = "The mayor spoke to reporters this week."
AFTER = "The council will vote in May."
OF_AGENCY = [
    "(AP Photo/Ann Lee)",
    "(AP Photo/Ann Lee, File)",
    "(Ann Lee/Getty Images)",
    "(Photo by Ann Lee/AFP via Getty Images)",
    "(Photo by Ann Lee / AFP) (Photo by Ann Lee/AFP via Getty Images)",
    "((Ann Lee/Reuters))",
    "(Office of the Mayor of Ardmouth via AP)",
    "(Ann Lee/The Bay Times)",
    "[Ann Lee/Reuters]",
]
OTHERS = [
    "(Photo: Bay Police)",
    "(Credit: Ann Lee)",
    "(Courtesy of Bay Police)",
    "(Bay News Debate)",
    "Ann Lee/Getty Images",
    "| Ann Lee/Getty Images",
    "Getty Images",
    "Photograph: Ann Lee/AP",
    "Credit: NASA/Bay Observatory",
    "- BNS Photo Ann Lee",
    "- Photo baynews.com.vn",
]


@pytest.mark.parametrize("credit", OF_AGENCY)
@pytest.mark.parametrize("space", [" ", ""])
def test_a_caption_before_an_agencys_credit_is_left_out(credit: str, space: str) -> None:
    caption = f"{CAPTION}{space}{credit}"
    for text in (f"{BEFORE} {caption} {AFTER}", f"{BEFORE}{caption}{AFTER}"):
        assert without_boilerplate(text).split() == f"{BEFORE} {AFTER}".split()
    assert without_boilerplate(f"{caption}\n{AFTER}") == AFTER


def test_a_caption_before_a_credit_behind_a_bar_is_left_out() -> None:
    text = f"{CAPTION} | Ann Lee/Getty Images Council to vote\n\n{AFTER}"
    assert without_boilerplate(text) == f"Council to vote\n\n{AFTER}"


@pytest.mark.parametrize("credit", ["(Video: Ann Lee /Office of the Mayor)", "(Credit: Bay Police)"])
@pytest.mark.parametrize("space", [" ", ""])
def test_a_text_that_begins_with_a_caption_loses_it(credit: str, space: str) -> None:
    assert without_boilerplate(f"{CAPTION}{space}{credit}{space}{BEFORE} {AFTER}").strip() == f"{BEFORE} {AFTER}"
    within = f"{BEFORE} {CAPTION} {credit} {AFTER}"
    assert CAPTION in without_boilerplate(f"{AFTER * 9} {within}")


@pytest.mark.parametrize("credit", OF_AGENCY + OTHERS)
def test_a_line_that_ends_with_a_credit_is_left_out(credit: str) -> None:
    line = f"{CAPTION} It was the last one of the day. {credit}"
    assert without_boilerplate(f"{BEFORE}\n\n{line}\n\n{AFTER}") == f"{BEFORE}\n\n{AFTER}"
    assert without_boilerplate(f"{line}\n{AFTER}") == AFTER


@pytest.mark.parametrize(
    "signed",
    [
        f"{BEFORE} {AFTER} (Reuters)",
        f"{BEFORE}\n\n{AFTER} Reuters",
        f"{BEFORE} (Related: {AFTER[:-1]})\n\n{AFTER}",
        f"{BEFORE} (More on This Later)\n\n{AFTER}",
        f"{BEFORE} (The pictures went out via AFP)\n\n{AFTER}",
        f"{BEFORE} The senator (R-Ky.) left.\n\n{AFTER}",
        f"{CAPTION} (Ann Lee/Getty Images)",  # there is nothing else
        f"{BEFORE * 8} (Photo: Bay Police)\n\n{AFTER}",  # pictures between long paragraphs
    ],
)
def test_sentences_of_the_article_stay(signed: str) -> None:
    assert BEFORE in without_boilerplate(signed) or without_boilerplate(signed) == signed


@pytest.mark.parametrize(
    "piece", ["(", "(A", "A/", "(AP Photo/A ", "A. (B ", "A. Photo: B\n", "A. (Aa Bb/", "Aa. ", "via "]
)
def test_time_grows_with_the_length_only(piece: str) -> None:
    without_boilerplate(piece * 10_000)  # a pattern that backtracks takes minutes
