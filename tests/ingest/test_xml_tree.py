"""XML that is no feed."""

from pathlib import Path

import pytest

from newsmoe.article import Article
from newsmoe.errors import InputError
from newsmoe.ingest.source import open_source

FIRST = "The tram to Fenwick runs on Sundays again. Riders had asked the town for it since the spring of last year."
SECOND = "The depot needed new tracks, which took the town a year to lay. The first tram left at six in the morning."
BODY = f"{FIRST}\n\n{SECOND}"
LINK = "https://fenwick.example/1"
PARAGRAPHS = f"<p>{FIRST}</p><p>{SECOND}</p>"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def read(folder: Path, document: str) -> tuple[list[Article], list[str]]:
    path = folder / "news.xml"
    path.write_text(document)
    with open_source(str(path)) as source:
        items = [item for item in source.articles() if isinstance(item, Article)]
        assert len(items) == source.count
        return items, [notice.removeprefix(f"{path}: ") for notice in source.notices()]


ELEMENTS = {
    "elements": f"<title>Tram</title><body>{BODY}</body><url>{LINK}</url><author><name>Ada Byron</name></author>",
    "CDATA": f"<headline><![CDATA[Tram]]></headline><content><![CDATA[{PARAGRAPHS}]]></content><link>{LINK}</link>"
    "<byline>By Ada Byron</byline>",
    "paragraphs": f"<title lang='en'>Tram</title><text>{PARAGRAPHS}</text><url>{LINK}</url><author>Ada Byron</author>",
    "inline": f"<title>Tram</title><text>{FIRST}<br/><br/>{SECOND.replace('tracks', '<b>tracks</b>')}</text>"
    f"<url>{LINK}</url><author>Ada Byron</author>",
    "mysqldump": f'<field name="title">Tram</field><field name="body">{BODY}</field><field name="url">{LINK}</field>'
    '<field name="author">Ada Byron</field><field name="note" />',
}


@pytest.mark.parametrize("element", ELEMENTS.values(), ids=ELEMENTS)
def test_articles_in_other_xml_are_read_and_that_is_said(element: str, tmp_path: Path) -> None:
    items, notices = read(
        tmp_path, f"{DECLARATION}<!-- export --><news><item>{element}</item><item>{element}</item></news>"
    )
    assert [(item.headline, item.content, item.url, item.author) for item in items] == [
        ("Tram", BODY, LINK, "Ada Byron")
    ] * 2
    assert notices == ["XML that is no feed; articles were read from news.item[]"]


def test_attributes_are_fields(tmp_path: Path) -> None:
    # as trafilatura writes them
    about = f'sitename="Fenwick Post" title="Tram" author="Ada Byron" date="2026-03-02" source="{LINK}" excerpt="Glad."'
    (item,), _ = read(tmp_path, f"{DECLARATION}<doc {about}><main>{PARAGRAPHS}</main><comments/></doc>")
    assert (item.headline, item.content, item.url, item.source) == ("Tram", BODY, LINK, "Fenwick Post")
    assert (item.author, item.publication_date) == ("Ada Byron", "2026-03-02")


def test_nitf_is_read(tmp_path: Path) -> None:
    head = '<head><title>Tram</title><docdata><date.issue norm="2026-03-02T08:30:00Z"/></docdata></head>'
    top = "<body.head><hedline><hl1>Tram</hl1><hl2>Glad</hl2></hedline><byline>By Ada Byron</byline></body.head>"
    body = f"<body>{top}<body.content><block>{PARAGRAPHS}</block></body.content></body>"
    (item,), _ = read(tmp_path, f'{DECLARATION}<!DOCTYPE nitf SYSTEM "nitf.dtd"><nitf>{head}{body}</nitf>')
    assert (item.headline, item.content, item.author) == ("Tram", BODY, "Ada Byron")
    assert item.publication_date == "2026-03-02T08:30:00Z"


def test_a_sitemap_of_news_is_read(tmp_path: Path) -> None:
    about = "<news:publication><news:name>Fenwick Post</news:name></news:publication><news:title>Tram</news:title>"
    date = "<news:publication_date>2026-03-02</news:publication_date>"
    entry = f"<url><loc>{LINK}</loc><news:news>{about}{date}</news:news></url>"
    items, _ = read(
        tmp_path, f'<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{entry}{entry}</urlset>'
    )
    assert [(item.headline, item.url, item.source) for item in items] == [("Tram", LINK, "Fenwick Post")] * 2


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("<config><server name='a'><port>80</port></server></config>", "with articles in it"),
        ("<news><item><title>Tram</title>", "that can be read: no element found"),
        ("<a>" * 200 + "</a>" * 200, "that can be read: more than 100 elements inside each other"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a><title>Tram &b;</title></a>', "with articles in it"),
    ],
)
def test_other_xml_is_refused(document: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"no RSS, Atom or RDF feed, nor other XML {reason}"):
        read(tmp_path, document)
