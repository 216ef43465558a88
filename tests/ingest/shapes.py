"""An input of each source that is known: its shape, with articles that were made up for the tests."""

import json
from typing import Any, NamedTuple

from newsmoe.ingest.blocks import text_in
from newsmoe.ingest.fields import FieldFinder
from newsmoe.text.cleaning import clean_text

HEADLINE = "Library opens at night"
BODY = (
    "The town library will stay open until midnight from October. Students had asked for it in a petition, and the"
    " council found the money by closing an hour earlier on Sundays."
)
TEASER = "The library will stay open until midnight from October."
URL = "https://paper.example/library"
DATE = "2024-10-01T08:00:00Z"
AUTHOR, SOURCE = "Ada Byron", "The Paper"
HTML = f"<p>{BODY}</p>"
EPOCH = 1727769600
OF_EPOCH = "2024-10-01T08:00:00+00:00"


class Shape(NamedTuple):
    """A document, and what is read of the article in it, where it differs from the usual."""

    document: Any  # what JSON holds; a list of several documents for JSON Lines
    place: str  # as a message names it; empty where it is the usual one
    expected: dict[str, Any] = {}
    lines: bool = False
    count: int = 1


def expected(**fields: Any) -> dict[str, Any]:
    return fields


NO_BODY = expected(content="")
NYT_DOC = {
    "abstract": TEASER, "web_url": URL, "snippet": TEASER, "lead_paragraph": BODY, "source": SOURCE, "keywords": [],
    "headline": {"main": HEADLINE, "kicker": None, "print_headline": "Night library"}, "pub_date": DATE,
    "byline": {"original": AUTHOR, "person": [{"firstname": "Ada", "lastname": "Byron"}]},
    "multimedia": [{"caption": "The library", "url": "images/library.jpg"}], "_id": "nyt://article/1", "word_count": 31,
}  # fmt: skip

SHAPES: dict[str, Shape] = {
    "NewsAPI": Shape(
        {"status": "ok", "totalResults": 1, "articles": [
            {"source": {"id": None, "name": SOURCE}, "author": AUTHOR, "title": HEADLINE, "description": TEASER,
             "url": URL, "urlToImage": None, "publishedAt": DATE, "content": BODY}]},
        "",
    ),
    "The Guardian": Shape(
        {"response": {"status": "ok", "total": 1, "results": [
            {"id": "books/library", "type": "article", "sectionName": "Books", "webPublicationDate": DATE,
             "webTitle": HEADLINE, "webUrl": URL, "apiUrl": "https://api.paper.example/library",
             "fields": {"headline": HEADLINE, "trailText": TEASER, "byline": AUTHOR, "bodyText": BODY,
                        "publication": SOURCE}}]}},
        "response.results[].fields",
    ),
    "New York Times": Shape({"status": "OK", "response": {"docs": [NYT_DOC], "meta": {"hits": 1}}}, "response.docs[]"),
    "Event Registry": Shape(
        {"articles": {"results": [
            {"uri": "777", "lang": "eng", "isDuplicate": False, "date": "2024-10-01", "dateTimePub": DATE, "url": URL,
             "title": HEADLINE, "body": BODY, "source": {"uri": "paper.example", "dataType": "news", "title": SOURCE},
             "authors": [{"uri": "ada@paper.example", "name": AUTHOR, "type": "author"}], "sentiment": 0.1}],
            "totalResults": 1, "page": 1}},
        "articles.results[]",
        expected(id="777", publication_date="2024-10-01"),
    ),
    "Webz": Shape(
        {"posts": [
            {"thread": {"uuid": "u1", "url": URL, "site_full": "www.paper.example", "site": "paper.example",
                        "title": HEADLINE, "section_title": "Local news of the town and the county"},
             "uuid": "u1", "url": URL, "author": AUTHOR, "published": DATE, "title": HEADLINE, "text": BODY,
             "highlightText": "", "language": "english", "entities": {"persons": []}}],
         "totalResults": 1, "moreResultsAvailable": 0},
        "posts[]",
        expected(source="paper.example", id="u1"),
    ),
    "Bing News": Shape(
        {"_type": "News", "readLink": "https://api.example", "value": [
            {"name": HEADLINE, "url": URL, "description": TEASER, "datePublished": DATE,
             "image": {"thumbnail": {"contentUrl": "https://img.example"}},
             "provider": [{"_type": "Organization", "name": SOURCE}], "category": "Local"}]},
        "value[]",
        expected(content=TEASER, author=None),
    ),
    "GNews": Shape(
        {"totalArticles": 1, "articles": [
            {"title": HEADLINE, "description": TEASER, "content": f"{BODY[:90]}... [78 chars]", "url": URL,
             "image": "https://img.example", "publishedAt": DATE, "source": {"name": SOURCE, "url": "https://p.example"}}]},
        "",
        expected(content=BODY[:90].rstrip(), author=None, truncated=True),
    ),
    "newsdata.io": Shape(
        {"status": "success", "totalResults": 1, "nextPage": "17", "results": [
            {"article_id": "n1", "title": HEADLINE, "link": URL, "keywords": None, "creator": [AUTHOR],
             "description": TEASER, "content": "ONLY AVAILABLE IN PAID PLANS", "pubDate": DATE, "source_id": "paper",
             "source_name": SOURCE, "source_url": "https://paper.example", "language": "english",
             "ai_tag": "ONLY AVAILABLE IN PROFESSIONAL AND CORPORATE PLANS"}]},
        "",
        expected(id="n1", content=TEASER),
    ),
    "Mediastack": Shape(
        {"pagination": {"limit": 1, "count": 1}, "data": [
            {"author": AUTHOR, "title": HEADLINE, "description": BODY, "url": URL, "source": SOURCE, "image": None,
             "category": "general", "language": "en", "country": "us", "published_at": DATE}]},
        "",
    ),
    "Hacker News (Algolia)": Shape(
        {"hits": [
            {"created_at": DATE, "title": HEADLINE, "url": URL, "author": AUTHOR, "points": 7, "story_text": HTML,
             "num_comments": 1, "objectID": "h1", "_tags": ["story"],
             "_highlightResult": {"title": {"value": HEADLINE, "matchLevel": "none", "matchedWords": []}}}],
         "nbHits": 1, "query": "library"},
        "hits[]",
        expected(id="h1", source=None),
    ),
    "Reddit": Shape(
        {"kind": "Listing", "data": {"after": None, "children": [
            {"kind": "t3", "data": {"id": "r1", "title": HEADLINE, "selftext": BODY, "author": AUTHOR, "url": URL,
                                    "created_utc": EPOCH, "domain": "paper.example", "subreddit": "news"}}]}},
        "data.children[].data",
        expected(id="r1", publication_date=OF_EPOCH, source="paper.example"),
    ),
    "Telegram": Shape(
        {"name": SOURCE, "type": "public_channel", "id": 5, "messages": [
            {"id": 8, "type": "message", "date": "2024-10-01T08:00:00", "date_unixtime": str(EPOCH), "from": AUTHOR,
             "text": [BODY[:61], {"type": "bold", "text": BODY[61:]}]}]},
        "messages[]",
        expected(id=8, headline="", url="", publication_date="2024-10-01T08:00:00", source=None),
    ),
    "Elasticsearch": Shape(
        {"took": 3, "hits": {"total": {"value": 1}, "hits": [
            {"_index": "news", "_id": "e1", "_score": 1.0,
             "_source": {"title": HEADLINE, "text": BODY, "url": URL, "date": DATE, "author": AUTHOR,
                         "source": SOURCE}}]}},
        "hits.hits[]._source",
        expected(id="e1"),
    ),
    "Diffbot": Shape(
        {"request": {"pageUrl": URL, "api": "article", "version": 3}, "objects": [
            {"type": "article", "title": HEADLINE, "text": BODY, "html": HTML, "date": DATE, "author": AUTHOR,
             "siteName": SOURCE, "pageUrl": URL, "humanLanguage": "en", "diffbotUri": "article|3|1",
             "tags": [{"label": "Library", "uri": "https://d.example"}]}]},
        "objects[]",
    ),
    "feedparser": Shape(
        {"bozo": False, "feed": {"title": SOURCE, "subtitle": "All the news of our town, every day.", "link": URL},
         "entries": [
            {"title": HEADLINE, "title_detail": {"type": "text/plain", "value": HEADLINE}, "link": URL,
             "summary": TEASER, "content": [{"type": "text/html", "language": None, "value": HTML}], "author": AUTHOR,
             "id": "f1", "published_parsed": [2024, 10, 1, 8, 0, 0, 1, 275, 0],
             "tags": [{"term": "Books", "label": None}]}]},
        "entries[]",
        expected(id="f1", publication_date=OF_EPOCH, topics=("Books",)),
    ),
    "JSON Feed": Shape(
        {"version": "https://jsonfeed.org/version/1.1", "title": SOURCE, "home_page_url": "https://paper.example",
         "description": "All the news of our town, every day of the year.", "items": [
            {"id": "j1", "url": URL, "title": HEADLINE, "content_html": HTML, "date_published": DATE,
             "authors": [{"name": AUTHOR}]}]},
        "",
        expected(id="j1"),
    ),
    "WordPress": Shape(
        [{"id": 9, "date": DATE, "guid": {"rendered": "https://paper.example/?p=9"}, "link": URL, "author": 3,
          "title": {"rendered": HEADLINE}, "content": {"rendered": HTML, "protected": False},
          "excerpt": {"rendered": f"<p>{TEASER}</p>"}, "categories": [4]}],
        "",
        expected(id=9, author=None, source=None),
    ),
    "Ghost": Shape(
        {"posts": [
            {"id": "g1", "title": HEADLINE, "slug": "library", "html": HTML, "plaintext": BODY, "excerpt": TEASER,
             "url": URL, "published_at": DATE, "primary_author": {"name": AUTHOR, "bio": "Ada writes about the town."},
             "tags": [{"name": "Books"}]}], "meta": {"pagination": {"page": 1}}},
        "posts[]",
        expected(id="g1", source=None),
    ),
    "mongoexport": Shape(
        [{"_id": {"$oid": "65f0"}, "title": HEADLINE, "text": BODY, "url": URL, "date": {"$date": EPOCH * 1000},
          "author": AUTHOR, "source": SOURCE}],
        "",
        expected(id="65f0", publication_date=OF_EPOCH),
        lines=True,
    ),
    "Scrapy": Shape(
        [{"title": [HEADLINE], "url": URL, "body": [BODY[:61], BODY[61:]], "date": [DATE], "author": [AUTHOR]}],
        "",
        expected(content=f"{BODY[:60].rstrip()}\n\n{BODY[60:].lstrip()}", source=None),
    ),
    "trafilatura": Shape(
        {"title": HEADLINE, "author": AUTHOR, "hostname": "paper.example", "date": "2024-10-01", "fingerprint": "a1",
         "id": None, "raw_text": TEASER, "text": BODY, "language": None, "source": URL, "source-hostname": SOURCE,
         "excerpt": TEASER, "categories": "Books", "tags": "", "comments": ""},
        "",
        expected(publication_date="2024-10-01"),
    ),
    "newspaper4k": Shape(
        [{"url": URL, "title": HEADLINE, "text": BODY, "summary": "", "authors": [AUTHOR], "publish_date": DATE,
          "meta_site_name": SOURCE, "meta_lang": "en", "meta_description": TEASER, "top_image": "", "keywords": [],
          "canonical_link": URL, "source_url": "https://paper.example"}],
        "",
        lines=True,
    ),
    "news-please": Shape(
        {"title": HEADLINE, "maintext": BODY, "text": None, "description": TEASER, "authors": [AUTHOR], "url": URL,
         "date_publish": DATE, "date_download": "2024-10-02 00:00:00", "source_domain": "paper.example",
         "filename": "library.json", "language": "en", "title_page": None, "localpath": None},
        "",
        expected(source="paper.example"),
    ),
    "GDELT": Shape(
        {"articles": [
            {"url": URL, "url_mobile": "", "title": HEADLINE, "seendate": "20241001T080000Z", "socialimage": "",
             "domain": "paper.example", "language": "English", "sourcecountry": "United States"}]},
        "",
        NO_BODY | expected(publication_date="20241001T080000Z", author=None, source="paper.example"),
    ),
    "JSON-LD": Shape(
        {"@context": "https://schema.org", "@graph": [
            {"@type": "WebPage", "@id": URL, "name": HEADLINE, "description": TEASER, "datePublished": DATE},
            {"@type": "NewsArticle", "headline": HEADLINE, "articleBody": BODY, "datePublished": DATE,
             "mainEntityOfPage": {"@id": URL}, "author": [{"@type": "Person", "name": AUTHOR}],
             "publisher": {"@type": "Organization", "name": SOURCE}},
            {"@type": "Person", "name": AUTHOR, "description": "Ada writes about the town and its buildings."}]},
        "@graph[]",
    ),
    "UCI News Aggregator": Shape(
        [{"ID": 1, "TITLE": HEADLINE, "URL": URL, "PUBLISHER": SOURCE, "CATEGORY": "b",
          "STORY": "ddUyU0VZz0BRneMioxUPQV", "HOSTNAME": "paper.example", "TIMESTAMP": EPOCH * 1000}],
        "",
        NO_BODY | expected(id=1, publication_date=OF_EPOCH, author=None),
    ),
    "MIND": Shape(
        [{"news_id": "N1", "category": "news", "subcategory": "local", "title": HEADLINE, "abstract": TEASER,
          "url": URL, "title_entities": json.dumps([{"Label": "Library", "Type": "O"}]), "abstract_entities": "[]"}],
        "",
        expected(id="N1", content=TEASER, publication_date=None, author=None, source=None),
    ),
    "HuffPost": Shape(
        [{"link": URL, "headline": HEADLINE, "category": "CULTURE", "short_description": TEASER, "authors": AUTHOR,
          "date": "2024-10-01"}],
        "",
        expected(content=TEASER, publication_date="2024-10-01", source=None),
        lines=True,
    ),
    "AG News": Shape(
        [{"Class Index": 3, "Title": HEADLINE, "Description": TEASER}],
        "",
        expected(content=TEASER, url="", publication_date=None, author=None, source=None),
    ),
    "XSum": Shape(
        [{"document": BODY, "summary": TEASER, "id": "35232142"}],
        "",
        expected(id="35232142", headline="", url="", publication_date=None, author=None, source=None),
    ),
    "CNN/DailyMail": Shape(
        [{"article": BODY, "highlights": TEASER, "id": "0001d1"}],
        "",
        expected(id="0001d1", headline="", url="", publication_date=None, author=None, source=None),
    ),
    "Reuters-21578": Shape(
        [{"attrs": {"NEWID": "1"}, "title": HEADLINE, "body": BODY, "topics": {"d": ["cocoa"]},
          "dateline": "TOWN, Oct 1", "date": "1-OCT-1987 15:01:01.79", "places": ["el-salvador"]}],
        "",
        expected(url="", publication_date="1987-10-01T15:01:01", author=None, source=None),
    ),
    "articles by id": Shape(
        {"a1": {"title": HEADLINE, "text": BODY, "url": URL, "date": DATE, "author": AUTHOR, "source": SOURCE},
         "a2": {"title": HEADLINE, "text": BODY, "url": URL, "date": DATE, "author": AUTHOR, "source": SOURCE}},
        "*",
        expected(id="a1"),
        count=2,
    ),
    "pandas, records": Shape(
        [{"title": HEADLINE, "text": BODY}],
        "",
        expected(url="", publication_date=None, author=None, source=None),
    ),
    "pandas, columns": Shape(
        {"title": {"0": HEADLINE, "1": "x"}, "text": {"0": BODY, "1": "y"}, "url": {"0": URL, "1": None}},
        "the top level (columns)",
        expected(publication_date=None, author=None, source=None),
        count=2,
    ),
    "pandas, split": Shape(
        {"columns": ["title", "text", "url"], "index": [0], "data": [[HEADLINE, BODY, URL]]},
        "data[] (rows)",
        expected(publication_date=None, author=None, source=None),
    ),
    "pandas, index": Shape(
        {"0": {"title": HEADLINE, "text": BODY}, "1": {"title": HEADLINE, "text": BODY}},
        "*",
        expected(id="0", url="", publication_date=None, author=None, source=None),
        count=2,
    ),
    "pandas, table": Shape(
        {"schema": {"fields": [{"name": "title", "type": "string"}], "pandas_version": "1.4.0"},
         "data": [{"index": 0, "title": HEADLINE, "text": BODY}]},
        "",
        expected(url="", publication_date=None, author=None, source=None),
    ),
}  # fmt: skip


def content_key(document: Any, content: str) -> str:
    """Return the key under which the content stands in a document."""
    if isinstance(document, list):
        return next(filter(None, (content_key(value, content) for value in document)), "")
    if not isinstance(document, dict):
        return ""
    keys = [path[0] for path, _ in FieldFinder().shape(document).contents]
    inner = content_key(list(document.values()), content)
    return inner or next((key for key in keys if clean_text(text_in(document[key]) or "")[0] == content), "")


def table() -> str:
    """Return the table of `docs/inputs.md`."""
    rows = ["| source | articles | content |", "| --- | --- | --- |"]
    for name, shape in SHAPES.items():
        content = shape.expected.get("content", BODY)
        cells = shape.place, content_key(shape.document, content) if content else ""
        rows.append(f"| {name} | {' | '.join(f'`{cell}`' if cell else '' for cell in cells)} |")
    return "\n".join(rows)
