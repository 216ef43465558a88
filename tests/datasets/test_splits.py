from newsmoe.article import Article
from newsmoe.datasets.splits import split_of


def test_a_fifth_of_all_texts_is_dev() -> None:
    splits = [split_of(Article(content=f"Text number {number}.", language="en")) for number in range(1000)]
    assert 150 <= splits.count("dev") <= 250


def test_only_the_text_decides() -> None:
    article = Article(headline="Storm", content="Rain fell.", language="en")
    other = Article(id=7, url="https://a.example", source="A", headline="Storm", content="Rain fell.", language="en")
    assert split_of(article) == split_of(other)
