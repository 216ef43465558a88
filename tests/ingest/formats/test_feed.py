import sys
from pathlib import Path

import pytest

from newsmoe import Article
from newsmoe.errors import InputError
from newsmoe.ingest.source import open_source

RSS = """<?xml version="1.0" encoding="ENCODING"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Bucht-Bote</title><link>https://bote.example</link><language>de-DE</language>
<item>
  <title>Fähre &amp;amp; Bus verspätet</title><link>https://bote.example/1</link><guid>a-1</guid>
  <pubDate>Tue, 03 Mar 2026 10:00:00 +0100</pubDate><dc:creator>Änne Öhl</dc:creator><category>Verkehr</category>
  <description>Kurz: &lt;b&gt;Fähre&lt;/b&gt; verspätet.</description>
  <content:encoded><![CDATA[<p>Die Fähre war <b>spät</b>.</p><script>x</script><p>Und aus.</p>]]></content:encoded>
</item>
<item><title>Zwei</title><description>&lt;p&gt;Nur ein kurzer Text.&lt;/p&gt;</description></item>
</channel></rss>"""

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Bay News</title>
<entry><title type="html">Ferry &lt;i&gt;late&lt;/i&gt;</title><id>urn:1</id><link href="https://bay.example/1"/>
<updated>2026-03-03T10:00:00Z</updated><summary>Short.</summary><author><name>Ann Lee</name></author>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>The ferry was late again.</p></div></content></entry>
</feed>"""

RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://bay.example"><title>Bay News</title></channel>
<item rdf:about="https://bay.example/1"><title>Ferry late</title><link>https://bay.example/1</link>
<description>The ferry was late again.</description><dc:date>2026-03-03T10:00:00Z</dc:date></item></rdf:RDF>"""


def articles(path: Path, content: str | bytes) -> list[Article]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with open_source(str(path)) as source:
        assert source.format == "feed"
        return [item for item in source.articles() if isinstance(item, Article)]


@pytest.mark.parametrize("name", ["a.rss", "a.xml", "a", "a.php"])
@pytest.mark.parametrize(("encoding", "declared"), [("utf-8", "utf-8"), ("cp1252", "iso-8859-1"), ("utf-16", "utf-16")])
def test_rss_is_read_in_its_encoding(tmp_path: Path, name: str, encoding: str, declared: str) -> None:
    first, second = articles(tmp_path / name, RSS.replace("ENCODING", declared).encode(encoding))
    assert first == Article(
        id="a-1",
        url="https://bote.example/1",
        headline="Fähre & Bus verspätet",
        content="Die Fähre war spät.\n\nUnd aus.",
        topics=("Verkehr",),
        publication_date="2026-03-03T10:00:00+01:00",
        author="Änne Öhl",
        source="Bucht-Bote",
        language="de",
    )
    assert (second.headline, second.content, second.language) == ("Zwei", "Nur ein kurzer Text.", "de")


@pytest.mark.parametrize(("name", "content"), [("a.atom", ATOM), ("a.rdf", RDF), ("a.xml", ATOM)])
def test_atom_and_rdf_are_read(tmp_path: Path, name: str, content: str) -> None:
    (article,) = articles(tmp_path / name, content)
    assert article.headline == "Ferry late"
    assert article.content == "The ferry was late again."
    assert (article.url, article.source) == ("https://bay.example/1", "Bay News")
    assert article.publication_date == "2026-03-03T10:00:00Z"


def test_links_in_place_of_a_description_are_no_content(tmp_path: Path) -> None:
    links = (
        "<ol><li><a href='https://bay.example/1'>Ferry late</a>&nbsp;<font color='#6f6f6f'>Bay News</font></li></ol>"
    )
    item = f"<item><title>Ferry late - Bay News</title><description><![CDATA[{links}]]></description></item>"
    (article,) = articles(tmp_path / "a.rss", f'<rss version="2.0"><channel>{item}</channel></rss>')
    assert (article.headline, article.content) == ("Ferry late - Bay News", "")


def test_images_and_menus_in_an_export_of_wordpress_are_left_out(tmp_path: Path) -> None:
    kinds = {"post": "Ferry late", "page": "About us", "attachment": "ferry.jpg", "wp_navigation": "Menu"}
    items = "".join(
        f"<item><title>{title}</title><description>The ferry was late again.</description>"
        f"<wp:post_type><![CDATA[{kind}]]></wp:post_type></item>"
        for kind, title in kinds.items()
    )
    path = tmp_path / "export.xml"
    path.write_text(
        '<rss version="2.0" xmlns:wp="http://wordpress.org/export/1.2/"><channel><title>Bay News</title>'
        f"{items}</channel></rss>"
    )
    with open_source(str(path)) as source:
        assert [item.headline for item in source.articles() if isinstance(item, Article)] == ["Ferry late", "About us"]
        (message,) = source.log_notices()
    assert message.endswith("images, menus and the like in an export of WordPress: 2; they were left out")


def test_a_feed_without_entries_has_no_articles(tmp_path: Path) -> None:
    assert articles(tmp_path / "a.rss", '<rss version="2.0"><channel><title>Empty</title></channel></rss>') == []


@pytest.mark.parametrize("content", ["hello", "<news><port>80</port></news>", ""])
def test_what_is_no_feed_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match=r"a.xml: no RSS, Atom or RDF feed"):
        articles(tmp_path / "a.xml", content)


def test_without_feedparser_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "feedparser", None)
    with pytest.raises(InputError, match=r"a feed needs feedparser; pip install 'newsmoe\[feeds\]'"):
        articles(tmp_path / "a.rss", RSS)


@pytest.mark.parametrize(("content", "end"), [(RSS, "</rss>"), (ATOM, "</feed>"), (RDF, "</rdf:RDF>")])
def test_a_feed_that_breaks_off_is_refused(tmp_path: Path, content: str, end: str) -> None:
    with pytest.raises(InputError, match=rf"a.xml: the feed breaks off: {end} is missing at its end"):
        articles(tmp_path / "a.xml", content.removesuffix(end))


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("Tue, 03 Mar 2026 23:30:00 -0500", "2026-03-03T23:30:00-05:00"),
        ("March 3, 2026", "2026-03-03"),
        ("Κυρ, 11 Ιούλ 2004 12:00:00 EST", "2004-07-11T12:00:00-05:00"),
        ("03/04/2026", "03/04/2026"),
    ],
)
def test_dates_of_a_feed_are_read_as_others_are(tmp_path: Path, text: str, date: str) -> None:
    item = f"<item><title>Ferry late</title><pubDate>{text}</pubDate></item>"
    (article,) = articles(tmp_path / "a.rss", f'<rss version="2.0"><channel>{item}</channel></rss>')
    assert article.publication_date == date
