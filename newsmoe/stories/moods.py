"""The mood of articles, from the records that `newsmoe analyze` wrote of them."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from newsmoe.article import Article, InvalidItem
from newsmoe.ingest.own_output import RECORDS, own_output
from newsmoe.output.writers import default_output
from newsmoe.record import Record
from newsmoe.report.records import read_records
from newsmoe.report.rows import SENTIMENT, SUMMARY, row_of
from newsmoe.story import Identifier

Moods = Mapping[tuple[str, str], str]
"""Verdicts on the sentiment of articles, by id and URL."""


def read_moods(paths: Iterable[Path]) -> Moods:
    """Return the moods in some files of records."""
    records = (record for path in paths for record in read_records(path))
    return {mood_key(record.id, record.url): mood for record in records if (mood := mood_of(record))}


def mood_key(id: Identifier, url: str | None) -> tuple[str, str]:
    """Return what the mood of an article is found by."""
    return "" if id is None else str(id), url or ""


def mood_of(record: Record) -> str | None:
    """Return the verdict on an article's sentiment."""
    return row_of(record).verdict(SENTIMENT)


def records_beside(names: Iterable[str]) -> list[Path]:
    """Return the files of records, in JSON, that `newsmoe analyze` wrote beside its inputs."""
    paths = (default_output(Path(name), "json") for name in names if name != "-")
    return [path for path in paths if path.is_file() and own_output(path) == RECORDS]


def articles_of(path: Path) -> Iterator[tuple[Article | InvalidItem, str | None]]:
    """Yield the articles of a file of records with their moods; a summary stands for the content."""
    for record in read_records(path):
        yield _item_of(record), mood_of(record)


def _item_of(record: Record) -> Article | InvalidItem:
    for error in record.errors:
        if error.stage == "read":
            return InvalidItem(error.message, error.type, record.id, record.headline, record.url)
    summary = record.fields(SUMMARY).get("summary")
    return Article(
        id="" if record.id is None else record.id,
        url=record.url or "",
        headline=record.headline or "",
        content=summary if isinstance(summary, str) else "",
        publication_date=record.publication_date,
        source=record.source,
        language=record.language,
    )
