import sys
from pathlib import Path

import pytest

from newsmoe import Article
from newsmoe.article import InvalidItem
from newsmoe.errors import InputError
from newsmoe.ingest.source import open_source

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="CHARSET"><title>Ferry late again - Bay News</title>
<meta property="og:title" content="Ferry late again"><meta property="og:site_name" content="Bay News">
<meta property="article:published_time" content="2026-03-03T10:00:00Z"><meta name="author" content="Ann Lee">
<link rel="canonical" href="https://bay.example/ferry"></head>
<body><nav><a href="/">Home</a> <a href="/sport">Sport</a></nav>
<article><h1>Ferry late again</h1>
<p>The bay ferry was late again on Tuesday, and commuters complained to the town hall about the “new” timetable.</p>
<p>The mayor promised a second boat for the summer season, and the council a café on board.</p>
</article><footer><p>Copyright. All rights reserved.</p></footer></body></html>"""


def items(path: Path, content: bytes) -> list[Article | InvalidItem]:
    path.write_bytes(content)
    with open_source(str(path)) as source:
        assert source.format == "html"
        return list(source.articles())


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a", "a.aspx"])
@pytest.mark.parametrize("charset", ["utf-8", "windows-1252"])
def test_a_page_is_an_article(tmp_path: Path, name: str, charset: str) -> None:
    (article,) = items(tmp_path / name, PAGE.replace("CHARSET", charset).encode(charset))
    assert isinstance(article, Article)
    assert article.headline == "Ferry late again"
    assert "“new” timetable.\n\nThe mayor promised" in article.content
    assert article.content.endswith("café on board.")
    assert "Home" not in article.content
    assert (article.url, article.author, article.source) == ("https://bay.example/ferry", "Ann Lee", "Bay News")
    assert str(article.publication_date).startswith("2026-03-03")
    assert article.language == "en"


@pytest.mark.parametrize(
    "content", [b"<html></html>", b"<html><body><nav><a href='/'>Home</a></nav></body></html>", b""]
)
def test_a_page_without_an_article_is_an_invalid_item(tmp_path: Path, content: bytes) -> None:
    (item,) = items(tmp_path / "a.html", content)
    assert isinstance(item, InvalidItem)
    assert item.message == "there is no article in this page"


def test_without_trafilatura_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(InputError, match=r"an HTML page needs trafilatura; pip install 'newsmoe\[html\]'"):
        items(tmp_path / "a.html", PAGE.encode())
