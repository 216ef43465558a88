import pytest

from newsmoe.text.cleaning import clean_text
from newsmoe.text.wikitext import without_wikitext

PAGE = """{{date|March 2, 2026}}
{{Infobox|name={{lc:FENWICK}}|image=[[File:Tram.jpg]]}}
<!-- a draft -->The '''tram''' to [[w:Fenwick|Fenwick]] runs on ''Sundays'' again.<ref name="a">{{cite web|url=x}}</ref>
Riders of the [[tram]]<ref name="a" /> had [https://fenwick.example/1 asked] for it.

[[File:Tram.jpg|thumb|The old tram at the [[depot]]]]
{| class="wikitable"
| 7 || 8
|}
== What it costs ==
* A ride is two crowns.

== Sources ==
* {{source|url=x}}
[[Category:Fenwick]]
[[de:Straßenbahn]]"""


def test_wikitext_becomes_plain_text() -> None:
    assert clean_text(PAGE)[0] == (
        "The tram to Fenwick runs on Sundays again.\nRiders of the tram had asked for it.\n\nWhat it costs\n\n"
        "A ride is two crowns."
    )


@pytest.mark.parametrize(
    "text",
    [
        "The mayor said that '''this''' was new.", "Use [[double brackets]] for links.",
        "A {{placeholder}} was left in.",
        "def tram():\n    '''Return {{a}}.'''\n", "a == b == c", "Prices [[in crowns]] rose, and {one} of {{two}",
    ],
)  # fmt: skip
def test_one_kind_of_sign_is_text(text: str) -> None:
    assert without_wikitext(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'''A''' [[b]] <ref>never closed", "A b <ref>never closed"),
        ("'''A''' [[b]]\n{| never closed\nC", "A b\n{| never closed\nC"),
        ("'''A''' [[b]] {{never closed", "A b {{never closed"),
        ("'''A''' [[:Category:B|b]] [[c#d|]]", "A b c#d"),
    ],
)
def test_what_does_not_end_stays(text: str, expected: str) -> None:
    assert without_wikitext(text) == expected


@pytest.mark.parametrize(
    "piece",
    ["{{", "[[", "{{a", "[[a|", "<ref>", "<ref/>", "<!--", "\n{|", "\n==", "\n== ", "[//a ", "\n* ", "\n \n", "{"],
)
def test_long_texts_take_linear_time(piece: str) -> None:
    text = "'''A''' [[b]] {{c}}\n== D ==\n" + piece * 20_000
    assert len(without_wikitext(text)) <= len(text)
