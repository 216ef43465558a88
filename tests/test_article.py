from dataclasses import FrozenInstanceError, replace
from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from newsmoe.article import Article, InvalidItem, estimate_tokens
from newsmoe.registry.backbone.files import BackboneFiles

STORM = Article(id=7, headline="Storm hits", content="Roofs were lost.", language="en")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"content": None}, "Article: content must be str, not NoneType; pass a dict to have it read as a scraper"),
        ({"publication_date": date(2026, 1, 1)}, "Article: publication_date must be str or None, not date"),
        ({"id": 1.5}, "Article: id must be str or int, not float"),
        ({"topics": "Sport"}, "Article: topics must be tuple, not str"),
    ],
)
def test_a_field_of_another_type_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=f"^{message}"):
        Article(headline="Storm hits", **fields)


def test_topics_may_be_a_list() -> None:
    assert Article(topics=["Sport"]) == Article(topics=("Sport",))  # type: ignore[arg-type]


def test_the_key_depends_on_what_an_expert_reads() -> None:
    read = [
        STORM,
        replace(STORM, headline="Storm misses"),
        replace(STORM, content="No roof was lost."),
        replace(STORM, language="de"),
        replace(STORM, language=None),
    ]
    assert all(article.key != other.key for article, other in combinations(read, 2))


def test_the_key_does_not_depend_on_the_rest() -> None:
    other = replace(STORM, id=8, url="https://a.example", topics=("Weather",), author="A", extra={"x": 1})
    assert other.key == STORM.key
    assert replace(STORM, truncated=True).key != STORM.key  # the record says so


def test_the_key_distinguishes_headline_from_content() -> None:
    assert Article(headline="one two").key != Article(headline="one", content="two").key
    assert Article(headline="one").key != Article(content="one").key


def test_any_white_space_is_a_delimiter_of_words() -> None:
    assert Article(content="one  two\n\nthree\tfour\u00a0five").words == 5
    assert Article(content=" \n ").words == 0
    assert Article(headline="not counted").words == 0


def test_words_of_scripts_without_spaces_are_two_characters_each() -> None:
    japanese = Article(content="\u96e8\u304c\u964d\u3063\u305f\u3002" * 40)  # "It rained.", forty times
    assert japanese.words == 101
    assert japanese.has_words(101)
    assert not japanese.has_words(102)


@given(st.text(alphabet="ab \n\t\u00a0\u2028"), st.integers(-1, 12))
def test_whether_there_are_enough_words_is_found_without_counting_them_all(content: str, least: int) -> None:
    article = Article(content=content)
    assert article.has_words(least) is (article.words >= least)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://www.BBC.co.uk/news/1", "www.bbc.co.uk"),
        ("http://user@news.example:8080/x?y#z", "news.example"),
        ("//news.example/x", "news.example"),
        ("news.example/x", ""),
        ("", ""),
        ("http://[::1", ""),
    ],
)
def test_the_host_is_the_urls_in_lower_case_or_empty(url: str, host: str) -> None:
    assert Article(url=url).url_host == host


def test_an_article_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        STORM.content = "other"  # type: ignore[misc]


def test_other_fields_of_the_scraper_are_stored_but_not_compared() -> None:
    extra = {"images": ["a.jpg"]}
    article = replace(STORM, extra=extra)
    assert article.extra is extra
    assert article == STORM
    assert "a.jpg" not in repr(article)


def test_an_invalid_item_has_the_fields_that_could_be_read() -> None:
    element = InvalidItem("no object", id=3, headline="h")
    assert (element.message, element.type, element.id, element.headline, element.url) == (
        "no object",
        "NotAnArticle",
        3,
        "h",
        None,
    )


def test_the_estimate_of_tokens_is_near_the_real_count(files: BackboneFiles, sample: list[Article]) -> None:
    tokenizer = Tokenizer.from_file(str(files.tokenizer))
    tokenizer.no_truncation()
    for article in sample:
        real = len(tokenizer.encode(article.content, add_special_tokens=False).ids)
        assert 0.65 < estimate_tokens(article.content) / real < 1.35, article.headline


def test_the_estimate_counts_each_character_of_scripts_without_spaces() -> None:
    assert estimate_tokens("新闻" * 50) == 101
    assert estimate_tokens("") == 1
