"""Exports whose names mean something else elsewhere, and values that are in objects or several in a text."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from newsmoe.article import Article
from newsmoe.ingest.source import open_source

LEAD = "The tram to Fenwick runs on Sundays again, for the first time since the spring of last year."
MORE = "The depot needed new tracks, which took the town a year to lay. The first tram left at six in the morning."
URL = "https://fenwick.example/tram"
DATE = "2026-03-02"
PLAIN = {"title": "Tram", "text": MORE}
FACTIVA = {
    "HD": "Tram", "BY": "By Ada Byron", "WC": "41 words", "PD": "2 March 2026", "SN": "Fenwick Post", "SC": "FENP",
    "LA": "English", "LP": LEAD, "TD": MORE, "NS": "gcat : General News", "AN": "Document FENP1",
}  # fmt: skip
EXPORTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "Factiva": (FACTIVA, {
        "headline": "Tram", "content": f"{LEAD}\n\n{MORE}", "author": "Ada Byron", "source": "Fenwick Post",
        "publication_date": DATE, "id": "Document FENP1", "language": "en",
    }),
    "RIS": (
        {"TY": "NEWS", "TI": "Tram", "AU": ["Byron, Ada"], "T2": "Fenwick Post", "DA": "2026/03/02", "AB": MORE,
         "UR": URL, "KW": ["Trams", "Town"], "SN": "1234-5678"},
        {"headline": "Tram", "content": MORE, "author": "Byron, Ada", "source": "Fenwick Post", "url": URL,
         "publication_date": DATE, "topics": ("Trams", "Town")},
    ),
    "Pinboard": (
        {"href": URL, "description": "Tram", "extended": MORE, "meta": "a1", "hash": "b2", "toread": "no",
         "time": "2026-03-02T08:00:00Z", "tags": "trams town"},
        {"headline": "Tram", "content": MORE, "url": URL, "publication_date": "2026-03-02T08:00:00Z",
         "topics": ("trams", "town")},
    ),
    "CrowdTangle": (
        {"Page Name": "Fenwick Post", "Post Created": "2026-03-02 08:00:00 EST", "URL": "https://social.example/7",
         "Message": MORE, "Link": URL, "Link Text": "Tram", "Description": "Riders are glad."},
        {"headline": "Tram", "content": MORE, "url": URL, "source": "Fenwick Post",
         "publication_date": "2026-03-02T08:00:00-05:00"},
    ),
    "Chronicling America": (
        {"lccn": "sn1", "title": "Fenwick Post", "sequence": 3, "publisher": "W. Hope", "date": "19050302",
         "ocr_eng": MORE},
        {"headline": "", "content": MORE, "source": "Fenwick Post", "publication_date": "1905-03-02"},
    ),
    "Trove": (
        {"heading": "Tram", "title": {"id": "1", "title": "Fenwick Post"}, "date": DATE, "page": "4",
         "pageSequence": "4", "snippet": "the <b>tram</b>", "articleText": MORE, "troveUrl": URL},
        {"headline": "Tram", "content": MORE, "source": "Fenwick Post", "url": URL, "publication_date": DATE},
    ),
    "Pocket": (
        {"resolved_title": "Tram", "resolved_url": URL, "excerpt": MORE, "domain_metadata": {"name": "Fenwick Post"}},
        {"headline": "Tram", "url": URL, "source": "Fenwick Post"},
    ),
    "Fundus": (
        {**PLAIN, "html": {"requested_url": URL, "source_info": {"publisher": "Fenwick Post", "type": "RSSFeed"}}},
        {"content": MORE, "source": "Fenwick Post"},
    ),
    "Dow Jones": (
        {"type": "article", "id": "1", "links": {"self": URL}, "meta": {"source": {"name": "Fenwick Post"}},
         "attributes": {"headline": {"main": {"text": "Tram"}}, "byline": {"content": [{"text": "By Ada Byron"}]},
                        "snippet": {"content": [{"text": LEAD}]}, "body": [{"content": [{"text": MORE}]}]}},
        {"headline": "Tram", "content": MORE, "url": URL, "author": "Ada Byron", "source": "Fenwick Post"},
    ),
    "WordPress, embedded": (
        {"title": {"rendered": "Tram"}, "content": {"rendered": f"<p>{MORE}</p>"}, "author": 3, "categories": [4],
         "_embedded": {"author": [{"id": 3, "name": "Ada Byron"}],
                       "wp:term": [[{"id": 4, "name": "Town", "taxonomy": "category"}], []]}},
        {"content": MORE, "author": "Ada Byron", "topics": ("Town",)},
    ),
    "Elasticsearch, fields": (
        {"title": ["Tram"], "body": [MORE], "url.keyword": [URL]},
        {"headline": "Tram", "content": MORE, "url": URL},
    ),
    "The Guardian, a longer title outside": (
        {"id": "uk/1", "webTitle": "Tram | Fenwick", "webUrl": URL, "webPublicationDate": "2026-03-02T08:00:00Z",
         "sectionName": "Town", "fields": {"headline": "Tram", "body": MORE, "shortUrl": "https://gu.example/p/x"}},
        {"url": URL, "publication_date": "2026-03-02T08:00:00Z", "topics": ("Town",), "content": MORE},
    ),
    "Arc XP": (
        {"headlines": {"basic": "Tram"}, "content_elements": [{"type": "text", "content": MORE}],
         "taxonomy": {"primary_section": {"name": "Town"}, "tags": [{"text": "trams"}]},
         "credits": {"by": [{"name": "Ada Byron"}]}},
        {"headline": "Tram", "content": MORE, "topics": ("Town",), "author": "Ada Byron"},
    ),
    "attributes of XML": (
        {**PLAIN, "link": [{"$": {"rel": "alternate", "href": URL}}], "category": [{"$": {"term": "Town"}}]},
        {"url": URL, "topics": ("Town",)},
    ),
    "CNKI": (
        {"Title-题名": "电车", "Author-作者": "李明", "Source-文献来源": "早报", "Keyword-关键词": "电车;城市",
         "Summary-摘要": "芬威克的电车从今年春天起星期日恢复运行。" * 3, "PubTime-发表时间": DATE, "URL-网址": URL},
        {"headline": "电车", "author": "李明", "source": "早报", "topics": ("电车", "城市"), "publication_date": DATE,
         "url": URL},
    ),
    "the outlet in the title of a page": (
        {"markdown": f"# The tram runs on Sundays again\n\n{MORE}",
         "metadata": {"title": "The tram runs on Sundays again | Fenwick Post", "ogSiteName": "Fenwick Post"}},
        {"headline": "The tram runs on Sundays again", "content": MORE, "source": "Fenwick Post"},
    ),
    "an office in a byline": (
        {**PLAIN, "bylines": [{"by": "By Ada Byron", "title": "Agency of Fenwick"}]}, {"author": "Ada Byron"},
    ),
    "an office beside a name in parts": (
        {**PLAIN, "author": {"title": "Editor", "firstName": "Ada", "lastName": "Byron"}}, {"author": "Ada Byron"},
    ),
    "a label for a subject": ({**PLAIN, "subject": "townNews"}, {"topics": ("townNews",)}),
    "a second title for a subject": ({**PLAIN, "subject": "Riders are glad of it"}, {"topics": ()}),
    "a Swedish date": ({**PLAIN, "Publiceringsdatum": DATE}, {"publication_date": DATE}),
    "a German date": ({**PLAIN, "Erscheinungsdatum": "02.03.2026"}, {"publication_date": DATE}),
    "a section with a headline's name": ({**PLAIN, "Rubrik": "Town"}, {"headline": "Tram", "topics": ("Town",)}),
    "Swissdox": (
        {"head": "Tram", "content": f"<tx><p>{MORE}</p></tx>", "medium_code": "FP", "medium_name": "Fenwick Post",
         "rubric": "Town", "pubtime": DATE},
        {"headline": "Tram", "content": MORE, "source": "Fenwick Post", "topics": ("Town",), "publication_date": DATE},
    ),
    "NITF, what it has about the paper": (
        {"head": {"title": "Tram", "docdata": {"date.issue": {"norm": "20260302T080000Z"}},
                  "pubdata": {"name": "Fenwick Post"}}, "body": {"body.content": [MORE]}},
        {"headline": "Tram", "content": MORE, "publication_date": "20260302T080000Z"},
    ),
    "dates and names in objects": (
        {**PLAIN, "date": {"published": "2026-03-02", "crawled": "2026-09-01"},
         "authors": [{"first": "Ada", "last": "Byron"}]},
        {"publication_date": DATE, "author": "Ada Byron"},
    ),
}  # fmt: skip


def read(folder: Path, element: Any) -> Article:
    path = folder / "news.json"
    path.write_text(json.dumps([element, element]))
    with open_source(str(path)) as source:
        item, _ = source.articles()
        assert source.notices() == []
    assert isinstance(item, Article)
    return item


@pytest.mark.parametrize(("element", "fields"), EXPORTS.values(), ids=EXPORTS)
def test_each_field_of_an_export_is_read_from_its_name_there(
    element: Any, fields: dict[str, Any], tmp_path: Path
) -> None:
    item = read(tmp_path, element)
    assert {field: getattr(item, field) for field in fields} == fields


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_factiva_is_read_from_tables(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"news.{suffix}"
    rows = [list(FACTIVA), list(FACTIVA.values())]
    if suffix == "csv":
        with path.open("w", newline="") as stream:
            csv.writer(stream).writerows(rows)
    else:
        workbook = Workbook()
        for row in rows:
            workbook.worksheets[0].append(row)
        workbook.save(path)
    with open_source(str(path)) as source:
        (item,) = source.articles()
    assert isinstance(item, Article)
    assert (item.headline, item.source, item.publication_date) == ("Tram", "Fenwick Post", DATE)


def test_the_names_of_an_export_mean_what_they_did_elsewhere(tmp_path: Path) -> None:
    item = read(tmp_path, {"title": "Tram", "description": LEAD, "href": URL, "tags": "Trams of Fenwick"})
    assert (item.headline, item.content, item.topics) == ("Tram", LEAD, ("Trams of Fenwick",))


@pytest.mark.parametrize(
    ("element", "topics"),
    [
        ({"tags": "Trams, Town ,, Riders"}, ("Trams", "Town", "Riders")),
        ({"Keywords": "Trams; Town"}, ("Trams", "Town")),
        ({"news_keywords": "trams,town"}, ("trams", "town")),
        ({"subjectTerms": "Trams; Town, new"}, ("Trams", "Town", "new")),
        ({"category": "Trams|Town"}, ("Trams", "Town")),
        ({"category": "Arts, Culture & Books"}, ("Arts, Culture & Books",)),
        ({"section": "Arts, Culture & Books"}, ("Arts, Culture & Books",)),
        ({"tags": ["Fenwick, Lower", "Town"]}, ("Fenwick, Lower", "Town")),
        ({"标签": "电车、城市"}, ("电车", "城市")),
        ({"tags": " , "}, ()),
    ],
)
def test_several_topics_in_a_text_are_told_apart(element: Any, topics: tuple[str, ...], tmp_path: Path) -> None:
    assert read(tmp_path, {**PLAIN, **element}).topics == topics


def test_tei_has_its_fields_from_its_header(tmp_path: Path) -> None:
    path = tmp_path / "news.xml"
    statement = f"<publisher>Fenwick Post</publisher><ptr type='URL' target='{URL}'/><date>{DATE}</date>"
    path.write_text(
        "<TEI xmlns='http://www.tei-c.org/ns/1.0'><teiHeader><fileDesc><titleStmt><title type='main'>Tram</title>"
        f"<author>Ada Byron</author></titleStmt><sourceDesc><biblFull><publicationStmt>{statement}</publicationStmt>"
        f"</biblFull></sourceDesc></fileDesc></teiHeader><text><body><p>{LEAD}</p><p>{MORE}</p></body></text></TEI>"
    )
    with open_source(str(path)) as source:
        (item,) = source.articles()
        notices = source.notices()
    assert isinstance(item, Article)
    assert (item.headline, item.content, item.url) == ("Tram", f"{LEAD}\n\n{MORE}", URL)
    assert (item.author, item.source, item.publication_date) == ("Ada Byron", "Fenwick Post", DATE)
    assert notices == [f"{path}: XML that is no feed; articles were read from the top level"]


def test_newsml_has_its_fields_from_its_metadata(tmp_path: Path) -> None:
    path = tmp_path / "news.xml"
    page = f"<html xmlns='http://www.w3.org/1999/xhtml'><body><p>{LEAD}</p><p>{MORE}</p></body></html>"
    path.write_text(
        "<newsItem xmlns='http://iptc.org/std/nar/2006-10-01/' guid='urn:fenwick:1' standard='NewsML-G2'>"
        f"<itemMeta><provider literal='Fenwick Post'/><firstCreated>{DATE}T08:00:00Z</firstCreated></itemMeta>"
        "<contentMeta><creator><name>Ada Byron</name></creator><language tag='en'/><headline>Tram</headline>"
        f"<subject qcode='medtop:1'><name>Town</name></subject></contentMeta>"
        f"<contentSet><inlineXML>{page}</inlineXML></contentSet></newsItem>"
    )
    with open_source(str(path)) as source:
        (item,) = source.articles()
    assert isinstance(item, Article)
    assert (item.headline, item.content, item.id) == ("Tram", f"{LEAD}\n\n{MORE}", "urn:fenwick:1")
    assert (item.author, item.source, item.publication_date) == ("Ada Byron", "Fenwick Post", f"{DATE}T08:00:00Z")
    assert item.topics == ("Town",)


def test_an_image_is_no_outlet_beside_that_of_the_feed(tmp_path: Path) -> None:
    path = tmp_path / "news.json"
    entry = {**PLAIN, "media:content": {"@url": f"{URL}.jpg", "@medium": "image"}}
    path.write_text(json.dumps({"rss": {"channel": {"title": "Fenwick Post", "link": URL, "item": [entry, entry]}}}))
    with open_source(str(path)) as source:
        assert [getattr(item, "source", "") for item in source.articles()] == ["Fenwick Post"] * 2


def test_a_url_under_two_uncommon_names_is_one(tmp_path: Path) -> None:
    path = tmp_path / "news.json"
    path.write_text(json.dumps([{**PLAIN, "gelesen_href": URL, "final_href": URL}]))
    with open_source(str(path)) as source:
        assert [getattr(item, "url", "") for item in source.articles()] == [URL]


def test_a_date_of_two_days_under_a_name_of_several_languages_is_said(tmp_path: Path) -> None:
    path = tmp_path / "news.json"
    path.write_text(json.dumps([{**PLAIN, "data": "04/03/2026"}]))
    with open_source(str(path)) as source:
        (item,) = source.articles()
        (notice,) = source.notices()
    assert isinstance(item, Article)
    assert item.publication_date == "04/03/2026"
    assert "the date of 1 of 1 articles could not be read" in notice


def test_a_day_of_the_week_may_follow_a_date(tmp_path: Path) -> None:
    assert read(tmp_path, {**PLAIN, "date": "02 Mar 2026,Monday"}).publication_date == DATE
