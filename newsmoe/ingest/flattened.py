"""Rows and objects that hold several articles, as converters of JSON flatten its lists: `articles.0.title`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from newsmoe.ingest.evidence import is_missing
from newsmoe.ingest.fields import CACHED_SHAPES, FieldFinder, keys_of
from newsmoe.ingest.files import remark
from newsmoe.ingest.names import NOT_AN_ARTICLE, folded
from newsmoe.ingest.surroundings import of_object, with_surroundings

_COLUMN = re.compile(r"(?:(?P<list>.*?)[._/\[]+)?(?P<number>\d{1,4})\]?[._/]+(?P<name>.*\D.*)")

Columns = Mapping[int, Mapping[str, str]]
"""The columns of each of the articles in a row, by the names that they have for a single one."""


def inner_names(columns: Sequence[str]) -> Sequence[str]:
    """Return the names of the columns, of those of several articles those that they have for the first."""
    articles = _articles_in(tuple(columns))
    return [*next(iter(articles.values()))] if articles else columns


def hold_several(keys: Iterable[str]) -> bool:
    """Tell whether an object with some keys holds several articles."""
    return bool(_articles_in(tuple(keys)))


def single_articles(rows: Iterable[Any], columns: Sequence[str], path: Path) -> Iterator[Any]:
    """Yield the rows of a table, instead of a row of several articles each of these; say so.

    Without `columns` they are objects, of which each has keys of its own.
    """
    what = "rows hold several articles (in columns" if columns else "objects hold several articles (under keys"
    in_table = _articles_in(tuple(columns))
    first, count = "", 0
    for row in rows:
        articles = in_table if columns or not isinstance(row, Mapping) else _articles_in(keys_of(row))
        if not articles or not isinstance(row, Mapping):
            yield row
            continue
        inside = {column for names in articles.values() for column in names.values()}
        around = of_object({name: value for name, value in row.items() if name not in inside})
        first = first or next(iter(articles[min(articles)].values()))
        for names in articles.values():
            article = {name: row.get(column) for name, column in names.items()}
            if not all(map(is_missing, article.values())):
                count += 1
                yield with_surroundings(article, around)
    if count:
        remark(path, f"{what} such as {first!r}); {count} articles were read from them")


@lru_cache(CACHED_SHAPES)
def _articles_in(columns: tuple[str, ...]) -> Columns:
    """Return the columns by article, if there are several in a row, and the other columns are no article's."""
    lists: dict[str, dict[int, dict[str, str]]] = {}
    others = []
    for column in columns:
        if isinstance(column, str) and (match := _COLUMN.fullmatch(column)):
            articles = lists.setdefault(match["list"] or "", {})
            articles.setdefault(int(match["number"]), {})[match["name"].replace("/", ".")] = column
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
