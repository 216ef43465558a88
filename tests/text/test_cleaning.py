import unicodedata
from html import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsmoe.text.cleaning import clean_line, clean_text, one_line
from newsmoe.text.markup import is_only_links
from tests.strategies import ANY_TEXT

UNWANTED = set("\u061c\u200b\u200e\u200f\u2060\ufeff") | {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
SNIPPETS = [
    "<p>", "</p>", "<b>", "<br/>", "<script>", "</script>", "<!--", "-->", "<div class='x'>", "<",
    "&amp;", "&lt;", "&#27;", "&#x202e;", "&#xd800;", "&#0;", "&nbsp;", "&", ";",
    "\x1b[31m", "\x1b]8;;u\x07", "\x1b", "\x9b", "\r", "\r\n", "\n", " ", "\x00", "\ud800",
    "\udc00", "\u202e", "\u200b", "\ufeff", "… [+12 chars]", "[+1 chars]", "word", "é", "😀",
]  # fmt: skip
MESS = st.lists(st.sampled_from(SNIPPETS) | ANY_TEXT, max_size=12).map("".join)
PLAIN = st.text(st.characters(categories=["L", "M", "N", "P", "S", "Z"], exclude_characters="<&"))
WORDS = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="<&"), min_size=1, max_size=8)


def is_wanted(character: str) -> bool:
    return character in "\t\n" or (unicodedata.category(character) not in ("Cc", "Cs") and character not in UNWANTED)


@given(MESS)
def test_any_text_loses_its_codes_and_surrogates(text: str) -> None:
    cleaned, _ = clean_text(text)
    assert all(map(is_wanted, cleaned))
    assert cleaned == cleaned.strip()
    cleaned.encode()


@given(MESS)
def test_a_line_is_one_line(text: str) -> None:
    line = clean_line(text)
    assert line.split() == (line.split(" ") if line else [])
    assert line.splitlines() == ([line] if line else [])


@given(MESS.filter(lambda text: not {"<", "&"} & set(text) and "chars]" not in text))
@example("\x1b\x1b[31m[31m")
@example("\u200b \u200b x \x00 ")
def test_cleaning_text_without_markup_twice_changes_nothing_more(text: str) -> None:
    cleaned, _ = clean_text(text)
    assert clean_text(cleaned) == (cleaned, False)


@given(PLAIN.map(lambda text: f"{text.strip()} Rain.".strip()))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert clean_text(text) == (text, False)


@pytest.mark.parametrize(
    "text",
    [
        "5 < 6 & 7 > 2",
        "AT&T and R&D; profits",
        "We <3 rowing",
        "a <- b -> c",
        "Write to <desk@paper.example> or <https://paper.example/a>",
        "Email <ann> or <redacted by the court>",
        "where a<b or c < d, e<a",
        "One.\n\n  Two,\tindented.\n\n\n\nThree  spaces.",
        "Narrow\u202fspace, hard\xa0space, soft\u00adhyphen",
        "👩\u200d👩\u200d👧 and می\u200cخواهم",
        "He said [+5 chars] were cut… and went on",
        "C:\\new (http://x.example/?a=1&b=2)",
    ],
)
def test_text_that_only_looks_like_markup_stays_as_it_is(text: str) -> None:
    assert clean_text(text) == (text, False)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=4).map(" ".join), min_size=1, max_size=4))
def test_paragraphs_of_html_come_out_as_paragraphs(paragraphs: list[str]) -> None:
    paragraphs = [*paragraphs, "5 < 6 & 7 > 3."]
    markup = "\n".join(f"<p class='x'>{escape(text)}</p>" for text in paragraphs)
    assert clean_text(markup)[0] == "\n\n".join(paragraphs)


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<P CLASS=x>One</P>\n\n\n<div>Two <b>bold</b></div>", "One\n\nTwo bold"),
        ("<h1>Head</h1>Text", "Head\n\nText"),
        ("<ul><li>one<li>two</ul>", "one\n\ntwo"),
        ("<p>wrapped\n   over\n lines</p>", "wrapped over lines"),
        ("<div><div><p>deep</p></div></div>", "deep"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<p>a<br>b</p>", "a\nb"),
        ("a<br><br>b", "a\n\nb"),
        ("un<b>broken</b> word", "unbroken word"),
        ("kept\n\napart <i>here</i>", "kept\n\napart here"),
        ("<p>5 &lt; 6 &amp; 7</p>", "5 < 6 & 7"),
        ("<p>hard&nbsp;space</p>", "hard space"),
        ("text<!-- note --> goes on", "text goes on"),
        ("cut in a <b>tag</b> <a href='htt", "cut in a tag"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a\n\nb"),
        ("<title>Title</title><p>Text</p>", "Text"),
        ("<p></p>", ""),
        ("<p>Write to <desk@paper.example> if a<b or 3<4</p>", "Write to <desk@paper.example> if a<b or 3<4"),
        ("<p>a gain<loss this year. <p>And <redacted>", "a gain<loss this year.\n\nAnd <redacted>"),
        ("<body.content><block><p>One</p></block></body.content> <hl1>Two</hl1>", "One\n\nTwo"),
        ("<p>a</p><script async defer>var x=1</script><p>b</p>", "a\n\nb"),
        ("<p hidden aria-hidden>a<input disabled checked><br /\n>b</p>", "a\nb"),
        ("<![if !supportLists]>a<![endif]> <?php echo 1 ?>b<o:p/><foo bar='x'/>", "a b"),
        (
            "see <https://paper.example/a> and <mailto:desk@x.example><br>now",
            "see <https://paper.example/a> and <mailto:desk@x.example>\nnow",
        ),
        ("<!DOCTYPE html><?xml version='1.0'?><script async src=x>a</script><td nowrap>text", "text"),
        ("<frameset><frame></frameset>", ""),
        ("a</td><td>b</td></tr><tr><td>c", "a\n\nb\n\nc"),
        ("<table border><tr><td nowrap>a<td>b</table>", "a\n\nb"),
        ("a</p>b</div>c", "a\n\nb\n\nc"),
        ("<div itemscope class>a</div><img alt src=x>b", "a\n\nb"),
        ('<a title="a > b" href=x>go</a>', "go"),
        ("<select><option>One<option>Two</select>a", "a"),
        ("a<style>p {color: red}", "a"),
        ("a<script>var x = 1; if (x", "a"),
    ],
)
def test_markup_is_stripped(markup: str, plain: str) -> None:
    assert clean_text(markup) == (plain, False)


@pytest.mark.parametrize(
    "silent", ["script", "style", "noscript", "template", "iframe", "object", "svg", "button", "nav"]
)
def test_elements_not_meant_for_reading_are_dropped(silent: str) -> None:
    assert clean_text(f"<p>Read</p><{silent}>not me</{silent}><p>me</p>")[0] == "Read\n\nme"


@pytest.mark.parametrize(
    "caption",
    [
        "<figure><img src=a><figcaption>A <b>boat</b>.<br>Photo: Ann</figcaption></figure>",
        '<div id=x class="wp-caption alignnone"><img src=a><p class="wp-caption-text">A boat</p></div>',
        "<dl class='gallery-caption'><dd>A boat</dd></dl>",
        "<p class='small caption'>A boat</p>",
        "&lt;figure&gt;&lt;figcaption&gt;A boat&lt;/figcaption&gt;&lt;/figure&gt;",
    ],
)
def test_captions_of_photos_are_dropped(caption: str) -> None:
    assert clean_text(f"<p>Read</p>{caption}<p>me</p>")[0] == "Read\n\nme"


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("<figure><figcaption>A boat</figcaption></figure>", "A boat"),
        (f"<figcaption>{'A boat. ' * 150}</figcaption><p>One</p>", f"{'A boat. ' * 150}".strip() + "\n\nOne"),
        ("<figcaption>A boat<p>One</p>", "A boat\n\nOne"),
        ("<div class='no-caption'>One</div><p class='captioned'>Two</p>", "One\n\nTwo"),
    ],
)
def test_what_may_be_more_than_a_caption_is_not(markup: str, plain: str) -> None:
    assert clean_text(markup)[0] == plain


def test_captions_without_an_end_take_no_longer_than_their_length() -> None:
    assert clean_text("<figcaption>A boat " * 20_000 + "</figcaption>")[0].count("A boat") > 19_900


def test_silent_elements_inside_one_another_are_dropped() -> None:
    markup = "<nav><form><button>x<svg><title>y</title></svg></button></form></nav>"
    assert clean_text((markup + "<p>kept</p>") * 50)[0] == "\n\n".join(["kept"] * 50)


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("if a <b. Then <i>c</i>", "if a <b. Then c"),
        ("if p<i and x=5 then > all<br>b", "if p<i and x=5 then > all\nb"),
        ("Use the <script> tag. It runs.", "Use the tag. It runs."),
        ("<p>One</p><nav>Two<p>Three</p>", "One\n\nTwo\n\nThree"),
        ("<p>One</p><!-- Two<p>Three</p>", "One\n\nTwo\n\nThree"),
        ("<svg>One <b>two</b>", "One two"),
        ("<title>One<p>Two", "One\n\nTwo"),
        ("<b>a</b> <? php and text", "a <? php and text"),
        ("The &lt;b&gt; tag, and &lt;script&gt;", "The <b> tag, and <script>"),
    ],
)
def test_what_follows_an_element_without_an_end_is_not_lost(markup: str, plain: str) -> None:
    assert clean_text(markup) == (plain, False)


@pytest.mark.parametrize(
    ("markup", "plain"),
    [
        ("One.&lt;br /&gt;Two.", "One.\nTwo."),
        ("One &lt;br&gt; two", "One\ntwo"),
        ("&lt;img src=&quot;x.jpg&quot; /&gt;One", "One"),
        ("&lt;p&gt;One. &lt;p&gt;Two.", "One.\n\nTwo."),
        ("<p>&lt;p&gt;One.&lt;/p&gt;</p>", "One."),
        ("&amp;lt;p&amp;gt;One &amp;amp; two&amp;lt;/p&amp;gt;", "One & two"),
        ("&lt;p&gt;One &amp;amp; two&lt;/p&gt;", "One & two"),
        ("&#60;p&#62;One&#60;/p&#62;", "One"),
        ("<![CDATA[&lt;p&gt;One&lt;/p&gt;]]>", "One"),
        ("AT&amp;amp;T &amp;#39;wins&amp;#39;", "AT&T 'wins'"),
        ("<p>5 &lt; 6 &lt;ann@x.example&gt; &lt;redacted&gt;</p>", "5 < 6 <ann@x.example> <redacted>"),
        ("&lt;&lt;Breaking&gt;&gt; news", "<<Breaking>> news"),
    ],
)
def test_escaped_markup_is_stripped(markup: str, plain: str) -> None:
    assert clean_text(markup) == (plain, False)


def test_a_script_cannot_come_back_by_an_entity() -> None:
    assert clean_text("<p>Read&lt;script&gt;x&lt;/script&gt; me</p>")[0] == "Read me"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("AT&amp;T &quot;wins&quot;", 'AT&T "wins"'),
        ("it&#39;s &#x2014; over&hellip; now", "it's — over… now"),
        ("&amp;lt;", "&lt;"),
        ("&#x202e;evil&#x200b; &#27;[31m", "evil [31m"),
        ("<p>&#x202e;evil&#x200b; &#27;[31mred</p>", "evil [31mred"),
        ("&#xD800;", "\ufffd"),
        ("line&#13;end", "line\nend"),
    ],
)
def test_entities_are_decoded_once(text: str, plain: str) -> None:
    assert clean_text(text) == (plain, False)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07link\x1b]8;;\x1b\\", "link"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]0;without an end", "]0;without an end"),
        ("a\x00b\x07c\x7fd\x85e", "abcd e"),
        ("\u202eabc\u202c \u2066x\u2069 \u200e\u200f\ufeff", "abc x"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("lone \ud800 here \udfff", "lone \ufffd here \ufffd"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_codes_are_removed(text: str, plain: str) -> None:
    assert clean_text(text) == (plain, False)


@pytest.mark.parametrize(
    "text",
    [
        "It began… [+1234 chars]",
        "It began [+9 chars]",
        "It began... [+9 chars]\n",
        "It began…[+1 chars]",
        "It began... [1419 chars]",
        "It began [1,419 chars]",
        "It began…",
        "It began ...",
        "It began. . .",
        "It began [&hellip;]",
        "It began [...]",
        "It began (more…)",
        "It began… Read more »",
        "It began...Read more",
        "<p>It began&#8230;</p><p><a href='x'>Continue reading &rarr;</a></p>",
        "It began… (Read the full story)",
    ],
)
def test_the_mark_of_a_cut_is_removed(text: str) -> None:
    assert clean_text(text) == ("It began", True)


@pytest.mark.parametrize(
    "text",
    [
        "Rain fell. Read more",
        "Rain fell. Read the full story on our website.",
        "Rain fell.\nSubscribe to continue reading.",
        "Rain fell. Weiterlesen …",
    ],
)
def test_a_link_to_the_whole_text_is_the_mark_of_a_cut(text: str) -> None:
    assert clean_text(text) == ("Rain fell.", True)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (r"Rain fell.\n\nRoofs leaked.\nShe left.", "Rain fell.\n\nRoofs leaked.\nShe left."),
        (r"Rain \"fell\".\r\n\r\nRoofs leaked.\n\nShe left.", 'Rain "fell".\n\nRoofs leaked.\n\nShe left.'),
        (r"She said \"no, never\" to it.", 'She said "no, never" to it.'),
        (r"<a href=\"u\">Rain</a> fell.", "Rain fell."),
    ],
)
def test_what_was_escaped_for_certain_is_restored(text: str, plain: str) -> None:
    assert clean_text(text)[0] == plain


@pytest.mark.parametrize(
    "text", [r"In C:\news\n7.", "Print \\n\\n.\nIt is a line.", r"A 5\" or 6" + '" pipe.', r"A 5\" pipe."]
)
def test_other_backslashes_are_text(text: str) -> None:
    assert clean_text(text)[0] == text


@pytest.mark.parametrize(
    "text",
    [
        "He wants to read more.",
        "Rain fell. I read the story.",
        "Nobody can see more.",
        "I want to see more",
        "The full story",
        "'Wait...'",
    ],
)
def test_text_like_the_mark_of_a_cut_stays(text: str) -> None:
    assert clean_text(text) == (text, False)


def test_a_headline_may_end_in_dots() -> None:
    assert clean_line("And then it rained…") == "And then it rained…"


@pytest.mark.parametrize("part", ["… ", "...", " [+1 chars]", "Read more "])
def test_many_marks_take_linear_time(part: str) -> None:
    assert clean_text("Rain. " + part * 20_000)[1] == (part != "Read more ")


def test_the_mark_of_a_cut_is_removed_behind_markup() -> None:
    assert clean_text("<p>It began… [+99 chars]</p>") == ("It began", True)


def test_a_line_loses_markup_and_extra_space() -> None:
    assert clean_line(" <b>Storm</b>\n hits &amp;\u2028 stays\t") == "Storm hits & stays"


def test_one_line_keeps_what_looks_like_markup() -> None:
    assert one_line(" a <b>\n &amp;\x1b[31m \ud800\u202e\r\nb [+5 chars]") == ("a <b> &amp; \ufffd b [+5 chars]")


def test_long_markup_takes_linear_time() -> None:
    cleaned, _ = clean_text("<p>word word</p>\n" * 20_000)
    assert cleaned.count("word") == 40_000


@pytest.mark.parametrize(
    ("start", "end"),
    [("<div>", "</div>"), ("<b>", ""), ("", "</p>"), ("", "</b>"), ("<table><tr><td>", ""), ("<nav>", ""), ("<!--", "")]
    + [("&lt;div&gt;", "&lt;/div&gt;"), ("<x>", "</x>"), ("<script>", ""), ("<p><b a=1>", "")],
)
def test_many_tags_take_linear_time(start: str, end: str) -> None:
    cleaned, _ = clean_text(start * 5_000 + "The ferry was late." + end * 5_000)
    assert cleaned == "The ferry was late."  # a parser of HTML would take long


@pytest.mark.parametrize("piece", ["<a>x</a>", "<a>x</a><br>", "<a>", "</a>", "<p></a>", "<font></a>"])
def test_a_long_list_of_links_takes_linear_time(piece: str) -> None:
    assert not is_only_links(piece * 20_000)


def test_long_white_space_takes_linear_time() -> None:
    assert clean_text("a" + " \n" * 100_000 + "b")[0].split() == ["a", "b"]


@pytest.mark.parametrize("start", ["<a", "</a", "<a ", "<a href=x", "<a hidden", "<p><a b", "<x y='", "<a:b ", "<a /"])
@pytest.mark.parametrize("rest", [" ", " hidden", " b", "=", "<a ", "/", " data-x", "-a"])
def test_tags_that_do_not_end_take_little_time(start: str, rest: str) -> None:
    markup = start + rest * 10_000  # a pattern that backtracks would take minutes
    assert len(clean_text(markup)[0]) <= len(markup)


@pytest.mark.parametrize("text", ["<![CDATA[Storm hits]]>", "<![CDATA[<p>Storm <b>hits</b></p>]]>"])
def test_text_in_cdata_is_kept(text: str) -> None:
    assert clean_text(text)[0] == "Storm hits"


def test_the_arabic_letter_mark_is_removed() -> None:
    assert clean_text("a\u061cb")[0] == "ab"


def test_how_letters_are_read_is_left_out() -> None:
    ruby = "<ruby>橋<rt>はし</rt></ruby>の<ruby>前<rp>(</rp><rt>まえ</rt><rp>)</rp></ruby>"
    assert clean_text(f"<p>{ruby}に店がある。</p>") == ("橋の前に店がある。", False)
