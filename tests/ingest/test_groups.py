"""Lists of articles in which some elements are groups of articles."""

import json
from pathlib import Path
from typing import Any

import pytest

from newsmoe.article import Article, InvalidItem
from newsmoe.ingest.source import open_source

BODY = "The tram to Fenwick runs on Sundays again. Riders had asked the town for it since the spring of last year."


def article(number: int, **more: Any) -> dict[str, Any]:
    outlet = {"name": f"Outlet {number}", "icon": "https://icons.example/x.png"}
    url, day = f"https://outlet{number}.example/news/{number}", f"2026-03-{number:02d}"
    title = f"The tram returns to town {number}"
    return {"position": number, "title": title, "link": url, "source": outlet, "date": day, **more}


def articles(*numbers: int) -> list[dict[str, Any]]:
    return [article(number) for number in numbers]


def read(folder: Path, text: str, name: str = "news.json") -> tuple[list[Article | InvalidItem], list[str]]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    with open_source(str(path)) as source:
        items = list(source.articles())
        assert len(items) == source.count
        return items, [notice.removeprefix(f"{path}: ") for notice in source.notices()]


def numbers_of(items: list[Article | InvalidItem]) -> list[int]:
    numbers = []
    for item in items:
        assert isinstance(item, Article)
        number = int(item.headline.split()[-1])
        assert (item.url, item.source) == (f"https://outlet{number}.example/news/{number}", f"Outlet {number}")
        assert item.publication_date == f"2026-03-{number:02d}"
        numbers.append(number)
    return numbers


CLUSTER = {"position": 1, "highlight": article(1), "stories": articles(2, 3), "serpapi_link": "https://serp.example/x"}
MIXED: dict[str, tuple[list[dict[str, Any]], int, int]] = {
    "a cluster beside an article": ([CLUSTER, article(4)], 1, 3),
    "more articles than clusters": ([*articles(1, 2, 3, 4), {"stories": articles(5, 6)}], 1, 2),
    "more clusters": ([CLUSTER, {"stories": articles(4, 5, 6)}, article(7)], 2, 6),
    "only clusters, with highlights": ([CLUSTER, {"highlight": article(4), "stories": articles(5, 6)}], 2, 6),
    "a highlight among the stories": ([{"highlight": article(1), "stories": articles(1, 2)}, article(3)], 1, 2),
    "under titles": ([{"title": "Trams", "stories": articles(1, 2)}, *articles(3, 4)], 1, 2),
    "under another name": ([article(1), {"lead": article(2), "coverage": articles(3, 4)}], 1, 3),
    "with the day of a group": ([article(1), {"date": "2026-03-09", "items": articles(2, 3)}], 1, 2),
}


@pytest.mark.parametrize("name", MIXED)
def test_articles_in_groups_are_read_where_they_stand(name: str, tmp_path: Path) -> None:
    elements, groups, count = MIXED[name]
    key = next(key for element in elements for key, value in element.items() if isinstance(value, list))
    said = f"groups of articles (under keys such as {key!r}): {groups}; {count} articles were read from them"
    lines = "".join(json.dumps(element) + "\n" for element in elements)
    results = {"search_metadata": {"status": "Success"}, "news_results": elements}
    for text, file in ((json.dumps(results), "a.json"), (json.dumps(elements), "b.json"), (lines, "c.jsonl")):
        items, notices = read(tmp_path, text, file)
        assert numbers_of(items) == [*range(1, count + len(elements) - groups + 1)]
        assert notices == [said]


def test_an_article_of_a_group_has_what_the_group_says_and_it_lacks(tmp_path: Path) -> None:
    bare = [{"title": f"Tram {number}", "url": f"https://post.example/{number}"} for number in (1, 2)]
    elements = [{"source": "Fenwick Post", "date": "2026-03-02", "items": bare}, article(4)]
    items, _ = read(tmp_path, json.dumps({"results": elements}))
    assert [(item.headline, item.source, item.publication_date) for item in items if isinstance(item, Article)] == [
        ("Tram 1", "Fenwick Post", "2026-03-02"),
        ("Tram 2", "Fenwick Post", "2026-03-02"),
        ("The tram returns to town 4", "Outlet 4", "2026-03-04"),
    ]


@pytest.mark.parametrize("key", ["stories", "related", "items"])
def test_an_article_with_others_beside_it_is_no_group(key: str, tmp_path: Path) -> None:
    elements = [article(1, text=BODY, **{key: articles(5, 6)}), article(2, text=BODY), article(3, text=BODY)]
    items, _ = read(tmp_path, json.dumps(elements))
    assert numbers_of(items) == [1, 2, 3]


def test_sites_around_their_articles_are_no_articles(tmp_path: Path) -> None:
    for key in ("site", "feed", "channel"):
        site = {"title": "Fenwick Post", "link": "https://post.example"}
        elements = [{key: site, "articles": articles(number, number + 1)} for number in (1, 3)]
        assert numbers_of(read(tmp_path, json.dumps(elements))[0]) == [1, 2, 3, 4]


def test_groups_in_xml_are_read(tmp_path: Path) -> None:
    def item(number: int) -> str:
        fields = article(number)
        return f"<item><title>{fields['title']}</title><link>{fields['link']}</link><text>{BODY}</text></item>"

    group = f"<entry><story>{item(1)[6:-7]}</story><story>{item(2)[6:-7]}</story></entry>"
    text = f"<news>{group}{''.join(f'<entry>{item(number)[6:-7]}</entry>' for number in (3, 4))}</news>"
    items, _ = read(tmp_path, text, "news.xml")
    assert [item.headline for item in items if isinstance(item, Article)] == [article(n)["title"] for n in (1, 2, 3, 4)]
