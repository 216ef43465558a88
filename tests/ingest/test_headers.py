"""Tables without a header are refused, and tables with one are not."""

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest

from newsmoe.article import Article
from newsmoe.errors import InputError
from newsmoe.ingest.source import open_source

PROSE = "The ferry to Garrow resumes on Monday, after a winter in the yard at Holm. " * 3
URLS = [f"https://garrow.example/{number}" for number in range(9)]
DATES = [f"2026-03-0{number}" for number in range(1, 9)]


def write(folder: Path, rows: Sequence[Sequence[object]]) -> str:
    path = folder / "a.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return str(path)


@pytest.mark.parametrize(
    ("rows", "sign"),
    [
        ([(number, "story", "Ferry resumes", f"{number} {PROSE}") for number in range(3)], "prose"),
        ([(number, "story", "Ferry resumes", f"{number} boats.") for number in range(3)], "'story' is in most rows"),
        ([(URLS[number], "Ferry", f"{number} boats.", "article") for number in range(2)], "is a URL"),
        ([(URLS[0], "Ferry", "A boat.", "article")], "is a URL"),
        ([(DATES[number], "Ferry", f"{number} boats.", "article") for number in range(2)], "'2026-03-01' is a date"),
        ([(n, "Ferry", f"{n} boats.", "review" if n == 2 else "article") for n in range(5)], "'article' is in most"),
    ],
)
def test_a_table_without_a_header_is_refused(tmp_path: Path, rows: Sequence[Sequence[object]], sign: str) -> None:
    path = write(tmp_path, rows)
    with pytest.raises(InputError, match=rf"a.csv: the header is missing: .*{sign}.*; add a first row"):
        open_source(path).__enter__()


@pytest.mark.parametrize(
    "rows",
    [
        [("id", "text"), (1, "a"), (2, "text")],
        [("id", "text"), (1, "text")],
        [("id", "text"), (1, "text"), (2, "text"), (3, "a"), (4, "b"), (5, "c")],
        [("title", *DATES), ("Ferry", *range(8)), ("Quay", *range(8))],
        [("title", f"How well does this text say what happened? {'Or not so much? ' * 9}".strip()), ("a", PROSE)],
        [("title", "text", "type"), ("Ferry", PROSE, "text"), ("Quay", PROSE, "title")],
        [("text",)],
        [("title", "20260301"), ("Ferry", "20260302")],
    ],
)
def test_a_table_with_a_header_is_read(tmp_path: Path, rows: Sequence[Sequence[object]]) -> None:
    with open_source(write(tmp_path, rows)) as source:
        articles = list(source.articles())
    assert len(articles) == len(rows) - 1
    assert all(isinstance(article, Article) for article in articles)
