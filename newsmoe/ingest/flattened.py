"""Rows that hold several articles, as converters of JSON to tables write its lists: `articles.0.title`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from newsmoe.ingest.evidence import is_missing
from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.files import remark
from newsmoe.ingest.names import NOT_AN_ARTICLE, folded
from newsmoe.ingest.surroundings import of_object, with_surroundings

_COLUMN = re.compile(r"(?:(?P<list>.*?)[._/\[]+)?(?P<number>\d{1,4})\]?[._/]+(?P<name>.*\D.*)")

Columns = Mapping[int, Mapping[str, str]]
"""The columns of each of the articles in a row, by the names that they have for a single one."""


def inner_names(columns: Sequence[str]) -> Sequence[str]:
    """Return the names of the columns, of those of several articles those that they have for the first."""
    articles = _articles_in(columns)
    return [*next(iter(articles.values()))] if articles else columns


def single_articles(rows: Iterable[Any], columns: Sequence[str], path: Path) -> Iterator[Any]:
    """Yield the rows of a table, instead of a row of several articles each of these; say so."""
    articles = _articles_in(columns)
    inside = {column for names in articles.values() for column in names.values()}
    count = 0
    for row in rows:
        if not articles or not isinstance(row, Mapping):
            yield row
            continue
        around = of_object({name: value for name, value in row.items() if name not in inside})
        for names in articles.values():
            article = {name: row.get(column) for name, column in names.items()}
            if not all(map(is_missing, article.values())):
                count += 1
                yield with_surroundings(article, around)
    if count:
        first = next(iter(articles[min(articles)].values()))
        remark(path, f"rows hold several articles (in columns such as {first!r}); {count} articles were read from them")


def _articles_in(columns: Sequence[str]) -> Columns:
    """Return the columns by article, if there are several in a row, and the other columns are no article's."""
    lists: dict[str, dict[int, dict[str, str]]] = {}
    others = []
    for column in columns:
        if match := _COLUMN.fullmatch(column):
            articles = lists.setdefault(match["list"] or "", {})
            articles.setdefault(int(match["number"]), {})[match["name"]] = column
        else:
            others.append(column)
    finder = FieldFinder()
    if finder.holds_article(dict.fromkeys(others)):
        return {}
    for name, articles in lists.items():
        numbers = sorted(articles)
        are_numbered = len(numbers) > 1 and numbers == [*range(numbers[0], numbers[0] + len(numbers))]
        is_about_others = NOT_AN_ARTICLE.search(str(folded(name)))
        if are_numbered and numbers[0] < 2 and not is_about_others and finder.may_be_article(articles[numbers[0]]):
            return {number: articles[number] for number in numbers}
    return {}
