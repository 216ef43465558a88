"""Text out of Markdown."""

import pytest

from newsmoe.text.cleaning import clean_text
from newsmoe.text.markdown import without_marks

PAGE = """[Home](/) | [News](/n)

# Ferry sails

![The ferry](https://c.example/x.jpg)

The ferry [of](https://x.example/of) Lundsay sailed **again** on Monday.

> The union agreed."""
LINK = "[Quay](https://x.example/quay)"


def test_a_page_in_markdown_becomes_paragraphs() -> None:
    plain = "Ferry sails\n\nThe ferry of Lundsay sailed again on Monday.\n\nThe union agreed."
    assert clean_text(PAGE) == (plain, False)


@pytest.mark.parametrize(
    ("line", "plain"),
    [
        ("## Two ##", "Two"),
        ("# C#", "C#"),
        ("> > Said.\n> Again.", "Said.\nAgain."),
        ("* One\n- Two\n+ Three\n1. Four", "One\nTwo\nThree\n1. Four"),
        ("One\n\n* * *\n\nTwo", "One\n\nTwo"),
        ("One\n---\nTwo", "One\n\nTwo"),
        ("```py\nprint\n```", "print"),
        ("| a | b |\n|---|:-:|\n| c | d |", "| a | b |\n\n| c | d |"),
        ("**a *b* c**, ***d***, __e__, _f_ and `g`", "a b c, d, e, f and g"),
        ("这是**粗体**字", "这是粗体字"),
        ("5 * 3 * 2, snake_case_name, f**k and s**t", "5 * 3 * 2, snake_case_name, f**k and s**t"),
        (r"1\. \*no\* \[sic\]", "1. *no* [sic]"),
        ('See [one](/a_(b) "A title") and [two](<https://x.example/a b>).', "See one and two."),
        ("As shown [[1]](#note-1).", "As shown [1]."),
        ("[![alt](a.jpg)](https://x.example) [![](data:image/png;base64,AA==)](/b)", ""),
        ("* [One](/a)\n* [Two](/b)\n1. [Three](/c)", ""),
        ("[**Three**\\\n\\\nof the crew](/c)", ""),
        ("## More\n[One](/a) · [Two](/b)", "More"),
        ("## [Why it is late](#why)", "Why it is late"),
        ("The\n[minister of trade](https://x.example/m)\nleft.", "The\nminister of trade\nleft."),
        (
            f"[{'The ferry sailed again '}on Monday, the union said.](/a)",
            "The ferry sailed again on Monday, the union said.",
        ),
        ("[Ann](he/him) saw a note [1](x).", "[Ann](he/him) saw a note [1](x)."),
    ],
)
def test_marks_and_navigation_go(line: str, plain: str) -> None:
    text = f"The {LINK} is shut.\n\n{line}\n\nIt rains."
    assert without_marks(text) == "\n\n".join(filter(None, ("The Quay is shut.", plain, "It rains.")))


@pytest.mark.parametrize("text", ["## One\nRain.\n## Two\nSnow.", "**Rain**\n\n## Snow", "**Rain** and **snow**"])
def test_several_headings_or_words_in_bold_are_markdown(text: str) -> None:
    assert "#" not in without_marks(text)
    assert "*" not in without_marks(text)


def test_links_alone_stay_as_their_texts() -> None:
    assert without_marks("[One](/a)\n[Two](/b)") == "One\nTwo"


@pytest.mark.parametrize(
    "text",
    [
        "It began [+123 chars] and went on",
        "a * b * c and *once*",
        "C# 5\n# 1 Harrowmere\n# 2 Veldram",
        "#ferry\n#late",
        "# One heading\n\nRain.",
        "From $5 to $10 *\n* plus tax",
        "He was [sic] late [1] (see note).",
        "Prices** rose.\n\n** Provisional.",
        "f**k and s**t, 2**3**4",
        "> quoted\n- a list\n---\n_so_ `it` is",
        "handlers[i](event) and [Ann](she/her)",
        "One.\n\n\n  Two.",
    ],
)
def test_text_that_is_not_unmistakably_markdown_stays(text: str) -> None:
    assert without_marks(text) == text


@pytest.mark.parametrize("start", ["", "[x](/y) ", "## a\n**b** "])
@pytest.mark.parametrize(
    "piece",
    ["[", "[a", "[a](", "[a](/b ", "![a](", "**a", "*a ", "_a", "`a", "#", "> ", "[[a]", "[\\", "[a](/b (", '[a](/b "']
    + ["\n# a", "* [a](/b)\n", "\\\n", "*** ", " \n", "[a](<", "## "],
)
def test_long_texts_take_linear_time(start: str, piece: str) -> None:
    text = start + piece * 20_000
    assert len(without_marks(text)) <= len(text)
