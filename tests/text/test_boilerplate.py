import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.text.boilerplate import boilerplate_spans, without_boilerplate

FIRST = "The bay ferry was late again on Tuesday, and commuters complained to the town hall about it."
SECOND = "The mayor promised a second boat for the summer. Nobody believed her."

LINES = [
    "By Ann Lee", "By Ann Lee and Bo de Hill", "BY ANN LEE", "By Ann Lee, Transport Correspondent",
    "Published: 06:12 GMT, 3 March 2026 | Updated: 07:30 GMT, 3 March 2026", "Updated 2 hours ago", "PUBLISHED:",
    "March 3, 2026 10:15 AM EST", "Share", "Share on Facebook | Tweet | WhatsApp", "Facebook Twitter Email",
    "12 Comments", "ADVERTISEMENT", "Advertisement - scroll to continue", "Sponsored content", "Related articles",
    "READ MORE", "You may also like", "Most read", "Story highlights", "Skip to main content",
    "Tags: ferry, bay, town hall", "3 min read", "Play video", "Spread the love",
]  # fmt: skip
SENTENCES = [
    "Read more: Why the harbour is full.", "ALSO READ: Why the harbour is full", "(RELATED: Why the harbour is full)",
    "Related: Why the harbour is full.", "Click here to read our other stories.", "For timetables, click here.",
    "You can read the full report here.", "Story continues below.", "Scroll down for video.",
    "Photo: Ann Lee/Bay News.", "(AP Photo/Ann Lee)", "(Ann Lee/Getty Images)", "REUTERS/Ann Lee.",
    "Image source, Getty Images.", "Sign up for our daily newsletter.", "Subscribe to our YouTube channel.",
    "Get the latest news straight to your inbox.",
    "By entering your email and clicking Subscribe, you agree to our terms.", "Thank you for subscribing!",
    "Follow us on Twitter.", "Follow Ann Lee on Twitter @annlee.", "The Associated Press contributed to this report.",
    "Additional reporting by Ann Lee in the bay.", "© 2026 Bay News.",
    "Copyright 2026 Bay News. All rights reserved.", "The views expressed in this article are the author's own.",
    "Download the Bay News app for free.", "The BBC is not responsible for the content of external sites.",
    "Media playback is unsupported on your device.", "Watch ferries leave the harbour »",
    "JUST WATCHED Ferries leave the harbour", "Join us on Telegram.",
]  # fmt: skip
TEXT = [
    "By Thursday, the whole quay was gone.", "By the way, it is a good boat.",
    "Follow the river north for two miles.", "She will follow him on stage at the festival.",
    "Share prices fell on Tuesday.", 'He said: "Sign up for our newsletter."', "Reuters was founded in 1851.",
    "The photo was taken in March.", "Reporting by whistleblowers rose last year.",
    "SPRINGFIELD (AP) — The ferry was late.", "Read the river, the captain tells her crew.", "The tweet was deleted.",
    "The company said its newsletter had two million readers.",
    "He contributed to the report of the committee in 2019.", "Video of the crash was shared widely.",
    "Click fraud costs advertisers billions.", "Most read the paper on the ferry.", "Updated rules apply from May.",
    "More from the budget will go to schools.", "All rights were reserved for the heirs.", "She joined us on Monday.",
    "Advertisement spending fell in 2026.", "Related costs were 3 million.", "Published figures differ.",
]  # fmt: skip


@pytest.mark.parametrize("line", [*LINES, *SENTENCES])
@pytest.mark.parametrize("change", [str, str.lower])
def test_a_line_of_boilerplate_is_left_out(line: str, change: type[str]) -> None:
    if change is str.lower and line.upper().startswith("BY ANN"):
        return  # without capitals a name is like any words
    assert without_boilerplate(f"{FIRST}\n\n{change(line)}\n\n{SECOND}") == f"{FIRST}\n\n{SECOND}"
    assert without_boilerplate(f"{change(line)}\n{FIRST}\n{SECOND}\n{change(line)}") == f"{FIRST}\n{SECOND}"


@pytest.mark.parametrize("sentence", [text for text in SENTENCES if text[-1] in ".!»)"])
def test_a_sentence_of_boilerplate_is_left_out(sentence: str) -> None:
    assert without_boilerplate(f"{FIRST} {sentence} {SECOND}") == f"{FIRST} {SECOND}"


@pytest.mark.parametrize("text", TEXT)
def test_a_sentence_of_the_article_stays(text: str) -> None:
    for content in (f"{FIRST} {text} {SECOND}", f"{FIRST}\n\n{text}\n\n{SECOND}", f"{text}\n{FIRST}"):
        assert without_boilerplate(content) == content


@pytest.mark.parametrize("text", ["Read more", "By Ann Lee", "Follow us on Twitter.", "Share\n\nTweet", ""])
def test_a_text_of_boilerplate_alone_stays(text: str) -> None:
    assert without_boilerplate(text) == text


def test_the_head_of_a_page_in_one_line_is_left_out() -> None:
    head = "By . Ann Lee . PUBLISHED: . 06:12 EST, 24 July 2026 . | . UPDATED: . 07:30 EST, 24 July 2026 . "
    assert without_boilerplate(head + FIRST) == FIRST
    assert without_boilerplate(head.lower() + FIRST.lower()) == FIRST.lower()


PIECES = st.sampled_from([*LINES, *SENTENCES, *TEXT, FIRST, "İstanbul", " ", "»", ". "])


@given(st.lists(st.tuples(PIECES, st.sampled_from([" ", "\n", "\n\n", ""])), max_size=8))
def test_words_of_the_article_stay_in_order(pieces: list[tuple[str, str]]) -> None:
    text = "".join(piece + end for piece, end in pieces)
    spans = boilerplate_spans(text)
    assert all(0 <= start < end <= len(text) for start, end in spans)
    words = iter(text.split())
    assert all(word in words for word in without_boilerplate(text).split())


@pytest.mark.parametrize(
    "part",
    ["getty ", "sign up for ", "Read more: ", "share ", "(", "By A ", "» ", "click here. ", "Photo by x\n", "a, "],
)
def test_boilerplate_takes_linear_time(part: str) -> None:
    assert len(without_boilerplate(part * 20_000)) <= 20_000 * len(part)  # a pattern that backtracks takes minutes


@pytest.mark.parametrize("piece", ["1", "12:", "am.", "May ", "on x ", "share on x ", "share on x, "])
@pytest.mark.parametrize("start", ["Updated ", "Share ", "By . Ann Lee . "])
def test_a_line_that_can_be_cut_in_many_ways_takes_no_longer(start: str, piece: str) -> None:
    """Were each way tried, this would not end: they double with every piece or two."""
    line = f"{start}{piece * ((75 - len(start)) // len(piece))}!x"
    assert without_boilerplate(f"{line}\n{SECOND}").endswith(f"x\n{SECOND}")
