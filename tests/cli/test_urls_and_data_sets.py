"""Inputs at URLs, and outputs that are folders, by the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from tests.cli.support import GIST, article, newsmoe, one_line
from tests.support import read, write


@pytest.fixture
def store() -> Iterator[Any]:
    system = fsspec.filesystem("memory")
    yield system
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def test_a_folder_at_a_url_is_read_like_one_here(here: Path, store: Any) -> None:
    for name in ("a", "b"):
        elements = [article(f"{name}{number}") for number in range(2)]
        store.pipe(f"/inbox/{name}.json", json.dumps(elements).encode())
        write(here / f"{name}.json", elements)
    assert newsmoe("analyze", "memory://inbox", "-o", "url.json", "--quiet", *GIST).exit_code == 0
    assert newsmoe("analyze", "a.json", "b.json", "-o", "here.json", "--quiet", *GIST).exit_code == 0
    assert (here / "url.json").read_bytes() == (here / "here.json").read_bytes()
    report = json.loads((here / "url.run.json").read_text())
    assert report["inputs"] == ["memory:///inbox/a.json", "memory:///inbox/b.json"]


def test_the_default_output_of_a_url_is_in_this_folder(here: Path, store: Any) -> None:
    store.pipe("/inbox/news-data.json", json.dumps([article(1)]).encode())
    assert newsmoe("analyze", "memory://inbox/news-data.json", "--quiet", *GIST).exit_code == 0
    assert [record["id"] for record in read(here / "analyzed_news_data.json")] == [1]


def test_elements_with_errors_of_a_url_are_in_the_dead_letters(here: Path, store: Any) -> None:
    store.pipe("/a.json", json.dumps([article(1), 7]).encode())
    assert newsmoe("analyze", "memory://a.json", "--quiet", *GIST).exit_code == 4
    letter = json.loads((here / "analyzed_a.errors.jsonl").read_text())
    assert (letter["input"], letter["index"], letter["element"]) == ("memory://a.json", 1, 7)


def test_an_output_at_a_url_is_refused(here: Path) -> None:
    write(here / "a.json", [article(1)])
    result = newsmoe("analyze", "a.json", "-o", "s3://bucket/out.json")
    assert result.exit_code == 1
    assert one_line(result.stderr)
    assert "outputs are written to a file system, not to a URL" in result.stderr


def test_a_data_set_is_written_and_read_back(here: Path) -> None:
    dated = [article(number, publication_date=f"2026-11-0{number}T10:00:00Z", source="The Post") for number in (1, 2)]
    write(here / "a.json", [*dated, article(3, source="../../evil"), 7])
    options = ("--format", "parquet", "--partition-by", "publication_date:day,source")
    result = newsmoe("analyze", "a.json", "-o", "out/", *options, "--quiet", *GIST)
    assert result.exit_code == 4, result.stderr
    assert sorted(path.parent.relative_to(here / "out").as_posix() for path in here.rglob("part-*")) == [
        "publication_date_day=2026-11-01/by_source=The%20Post",
        "publication_date_day=2026-11-02/by_source=The%20Post",
        "publication_date_day=__HIVE_DEFAULT_PARTITION__/by_source=..%2F..%2Fevil",
        "publication_date_day=__HIVE_DEFAULT_PARTITION__/by_source=__HIVE_DEFAULT_PARTITION__",
    ]
    assert json.loads((here / "out" / "_manifest.json").read_text())["records"] == 4
    assert (here / "out.run.json").exists()
    assert "4 articles" in newsmoe("stats", "out").stdout
    assert newsmoe("analyze", "out", "-o", "again.json").exit_code == 1  # newsmoe wrote all that is in it
    result = newsmoe("analyze", "a.json", "-o", "out", *options, "--append")
    assert "leave out --append" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--partition-by", "topic"), "name it with -o"),
        (("--partition-by", "topic", "-o", "out"), "not json; name one with --format"),
        (("--partition-by", "topic", "-o", "-", "--format", "jsonl"), "is no folder"),
        (
            ("--partition-by", "summarization", "-o", "out", "--format", "jsonl"),
            "nor a task of this run that has labels",
        ),
        (("--partition-by", "publication_date", "-o", "out", "--format", "jsonl"), "such as publication_date:day"),
    ],
)
def test_a_data_set_that_cannot_be_had_is_refused(here: Path, options: tuple[str, ...], message: str) -> None:
    write(here / "a.json", [article(1)])
    result = newsmoe("analyze", "a.json", *options, *GIST)
    assert result.exit_code == 1
    assert message in result.stderr
    assert not (here / "out").exists()


def test_data_sets_of_several_months_have_a_report_and_errors_each(here: Path) -> None:
    write(here / "a.json", [article(), 7])
    write(here / "b.json", [article()])
    options = ("--format", "jsonl", "--partition-by", "source", "--quiet", *GIST)
    assert newsmoe("analyze", "a.json", "-o", "news.2026-01", *options).exit_code == 4
    assert newsmoe("analyze", "b.json", "-o", "news.2026-02", *options).exit_code == 0
    assert [read(here / f"news.2026-0{month}.run.json")["items"] for month in (1, 2)] == [2, 1]
    assert (here / "news.2026-01.errors.jsonl").exists()
