from pathlib import Path

import pytest

from newsmoe.ingest.formats import READERS, format_of


@pytest.mark.parametrize(
    ("suffix", "format"),
    [
        (".json", "json"),
        (".jsonl", "jsonl"),
        (".ndjson", "jsonl"),
        (".jsonlines", "jsonl"),
        (".csv", "csv"),
        (".CSV", "csv"),
        (".tsv", "tsv"),
        (".parquet", "parquet"),
        (".db", "sqlite"),
        (".sqlite", "sqlite"),
        (".sqlite3", "sqlite"),
        (".pdf", "PDF"),
        (".warc", "WARC"),
    ],
)
@pytest.mark.parametrize("name", ["news{}", "news{}.gz", "a.json{}", "folder.json/news{}"])
def test_the_suffix_determines_the_format(name: str, suffix: str, format: str) -> None:
    assert format_of(Path(name.format(suffix))) == format


@pytest.mark.parametrize("name", ["news", "-", "jsonl", "out.txt", "a.jsonl.json", "a.jsonl/news.gz", "a.csv/63"])
def test_other_names_stand_for_json(name: str) -> None:
    assert format_of(Path(name)) == "json"


@pytest.mark.parametrize("name", ["a.json", "a.ndjson.gz", "a.csv", "a.tsv.gz", "a.parquet"])
def test_articles_are_read_from(name: str) -> None:
    assert READERS.of(Path(name))


@pytest.mark.parametrize("name", ["a.db", "a.txt", "a", "a.md", "a.json.tmp"])
def test_articles_are_not_read_from(name: str) -> None:
    assert not READERS.of(Path(name))
