"""Folders, patterns and tables in; tables out; outputs that are appended to: by the command line."""

import csv
import gzip
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsmoe.output.run_report import RunReport
from tests.cli.support import GIST, SHORT, PlugIn, article, articles, card, names, newsmoe, one_line
from tests.support import read, write

FLAT = [
    "id",
    "headline",
    "url",
    "publication_date",
    "source",
    "author",
    "language",
    "status",
    "summarization_summary",
    "errors",
    "experts",
]

FACTS = """
from newsmoe import Fields


class Facts:
    name = "facts"
    task = "facts"

    def load(self, device):
        pass

    def predict(self, articles):
        return [Fields({"words": len(article.content.split()), "said": "=x"}) for article in articles]
"""


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def table(path: Path, *names: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as base:
        return base.execute(f"SELECT {', '.join(names)} FROM analyses ORDER BY rowid").fetchall()


# in


def as_json(path: Path, elements: list[dict[str, Any]]) -> None:
    write(path, elements)


def as_lines(path: Path, elements: list[dict[str, Any]]) -> None:
    path.write_text("\n".join(map(json.dumps, elements)))


def as_csv(path: Path, elements: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, elements[0].keys(), delimiter="\t" if path.suffix == ".tsv" else ",")
        writer.writeheader()
        writer.writerows(elements)


def as_parquet(path: Path, elements: list[dict[str, Any]]) -> None:
    pq.write_table(pa.Table.from_pylist(elements), path)


@pytest.mark.parametrize(
    ("name", "put"),
    [("a.json", as_json), ("a.ndjson", as_lines), ("a.csv", as_csv), ("a.tsv", as_csv), ("a.parquet", as_parquet)],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_the_same_articles_come_out_whatever_the_format_that_they_came_in(
    name: str, put: Callable[[Path, list[dict[str, Any]]], None], zipped: bool, here: Path
) -> None:
    put(here / name, [article(f"n{number}", tags="['x', 'y']") for number in range(3)])
    if zipped and name != "a.parquet":
        (here / f"{name}.gz").write_bytes(gzip.compress((here / name).read_bytes()))
        name = f"{name}.gz"
    assert newsmoe("analyze", name, *GIST).exit_code == 0
    assert [(record["id"], record["headline"], record["analyses"]) for record in read(here / "analyzed_a.json")] == [
        (f"n{number}", f"Headline n{number}", {"summarization": {"summary": SHORT}}) for number in range(3)
    ]


def test_a_row_with_too_many_cells_affects_no_other_record(here: Path) -> None:
    (here / "a.csv").write_text(f"id,headline,content\n1,a,{SHORT}\n2,b,c,d\n3,e,{SHORT}\n")
    assert newsmoe("analyze", "a.csv", *GIST).exit_code == 4
    first, bad, last = read(here / "analyzed_a.json")
    assert [first["status"], bad["status"], last["status"]] == ["ok", "failed", "ok"]
    assert bad["errors"][0]["message"] == "line 3: 4 cells, where the header names 3 columns"


def test_a_folder_is_analyzed_again_and_again(here: Path) -> None:
    (here / "inbox").mkdir()
    write(here / "inbox" / "b.json", articles(2))
    as_csv(here / "inbox" / "a.csv", articles(1))
    (here / "inbox" / "README.txt").write_text("no articles")
    for _ in range(2):
        assert newsmoe("analyze", "inbox", *GIST).exit_code == 0
    assert names(here / "inbox") == [
        "README.txt", "a.csv", "analyzed_a.json", "analyzed_a.run.json", "analyzed_b.json",
        "analyzed_b.run.json", "b.json",
    ]  # fmt: skip


def test_a_folder_and_a_pattern_go_into_one_output_by_name(here: Path) -> None:
    (here / "inbox" / "deep").mkdir(parents=True)
    for number, name in enumerate(("b.json", "a.json", "deep/c.json")):
        write(here / "inbox" / name, [article(number)])
    for _ in range(2):
        assert newsmoe("analyze", "inbox", "-o", "inbox/all.json", *GIST).exit_code == 0
        assert [record["id"] for record in read(here / "inbox" / "all.json")] == [1, 0, 2]
    os.remove("inbox/all.json")
    assert newsmoe("analyze", "inbox/**/*.json", "-o", "all.json", *GIST).exit_code == 0
    assert [record["id"] for record in read(here / "all.json")] == [1, 0, 2]


def test_a_dry_run_and_the_gate_read_folders_too(here: Path) -> None:
    (here / "inbox").mkdir()
    as_csv(here / "inbox" / "a.csv", articles(3))
    assert "inbox/a.csv: 3 articles -> inbox/analyzed_a.json" in newsmoe("analyze", "inbox", "--dry-run", *GIST).stdout
    routed = json.loads(newsmoe("route", "inbox/*.csv", "--json", *GIST).stdout)
    assert [entry["id"] for entry in routed] == ["0", "1", "2"]


def test_a_database_is_no_input(here: Path) -> None:
    (here / "a.db").touch()
    result = newsmoe("analyze", "a.db", *GIST)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert (
        "a.db: articles are not read from sqlite, but from json, jsonl, csv, tsv, xlsx, parquet, feed, html"
        in result.stderr
    )


# out


@pytest.mark.parametrize("arguments", [("-o", "analyzed_a.csv"), ("--format", "csv")])
def test_csv_has_a_row_for_each_record(arguments: tuple[str, ...], here: Path) -> None:
    first_article = article("=1+1", url="u", headline="@x", date="2026-11-02", source="=S", author="+A", language="en")
    path = write(here / "a.json", [first_article, article(-2), 7])
    assert newsmoe("analyze", path, *arguments, *GIST).exit_code == 4
    header, first, second, bad = rows(here / "analyzed_a.csv")
    assert header == FLAT
    assert first == ["'=1+1", "'@x", "u", "2026-11-02", "'=S", "'+A", "en", "ok", SHORT, "", "lead"]
    assert second == ["-2", "Headline -2", "", "", "", "", "en", "ok", SHORT, "", "lead"]
    assert bad[:9] == [*[""] * 7, "failed", ""]
    assert bad[9].startswith("read NotAnArticle: expected an object")
    assert names(here) == ["a.json", "analyzed_a.csv", "analyzed_a.errors.jsonl", "analyzed_a.run.json"]


def test_csv_can_go_to_standard_output(here: Path) -> None:
    result = newsmoe("analyze", "-", "--format", "csv", *GIST, stdin=json.dumps(articles(2)))
    assert result.exit_code == 0
    assert [row[0] for row in csv.reader(result.stdout.splitlines())] == ["id", "0", "1"]


def test_columns_follow_from_the_tasks_of_the_run(here: Path, plug_in: PlugIn) -> None:
    plug_in(FACTS, facts="Facts")
    card(here / "experts", "opening")
    path = write(here / "a.json", articles(1))
    tasks = "facts,opening"
    assert newsmoe("analyze", path, "-o", "out.csv", "--tasks", tasks).exit_code == 0
    header, row = rows(here / "out.csv")
    assert header[8:-2] == ["facts_json", "opening_summary"]
    assert row[8:-2] == ['{"words":7,"said":"=x"}', SHORT]


def test_the_three_tasks_have_their_main_columns(here: Path) -> None:
    write(here / "a.json", [])
    assert newsmoe("analyze", "a.json", "-o", "out.csv").exit_code == 0
    assert rows(here / "out.csv") == [
        [
            "id", "headline", "url", "publication_date", "source", "author", "language", "status",
            "summarization_summary", "sentiment_label", "sentiment_score", "sentiment_unsure",
            "topic_label", "topic_score", "topic_unsure", "topic_labels", "errors", "experts",
        ]
    ]  # fmt: skip


def test_parquet_holds_the_columns_of_csv_and_the_record(here: Path) -> None:
    assert newsmoe("analyze", write(here / "a.json", articles(2)), "-o", "o.parquet", *GIST).exit_code == 0
    output = pq.read_table(here / "o.parquet")
    assert output.column_names == ["key", *FLAT, "record"]
    assert output.column("summarization_summary").to_pylist() == [SHORT, SHORT]
    assert [json.loads(text)["id"] for text in output.column("record").to_pylist()] == [0, 1]


@pytest.mark.parametrize("output", ["o.db", "o.sqlite", "o.sqlite3"])
def test_sqlite_holds_the_columns_of_csv_and_the_record(output: str, here: Path) -> None:
    assert newsmoe("analyze", write(here / "a.json", articles(2)), "-o", output, *GIST).exit_code == 0
    assert table(here / output, "id", '"summarization_summary"', "experts") == [
        ("0", SHORT, "lead"),
        ("1", SHORT, "lead"),
    ]
    assert [json.loads(text)["id"] for (text,) in table(here / output, "record")] == [0, 1]
    assert names(here) == sorted(["a.json", output, "o.run.json"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-o", "-", "--format", "sqlite"), "sqlite cannot go to standard output; name a file with -o"),
        (("-o", "-", "--format", "parquet"), "parquet cannot go to standard output; name a file with -o"),
        (
            ("-o", "o.tsv"),
            "o.tsv: records are not written as tsv; use json, jsonl, csv, csv-excel, xlsx, parquet, sqlite",
        ),
        (("-o", "o.csv", "--append"), "o.csv: --append cannot add to a csv file"),
        (("--append",), "analyzed_a.json: --append cannot add to a json file; it adds to these formats: jsonl"),
        (("-o", "folder", "--format", "sqlite", "--append"), "folder: is a folder; name a file in it"),
        (("-o", "folder", "--format", "parquet"), "folder: is a folder; name a file in it"),
    ],
)
def test_an_output_that_cannot_be_written_is_reported_in_one_line(
    arguments: tuple[str, ...], message: str, here: Path
) -> None:
    (here / "folder").mkdir()
    result = newsmoe("analyze", write(here / "a.json", articles(1)), *arguments, *GIST)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert message in result.stderr
    assert names(here) == ["a.json", "folder"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "parquet", "sqlite"])
def test_a_full_disk_is_reported_in_one_line(format: str, here: Path) -> None:
    path = write(here / "a.json", articles(2))
    result = newsmoe("analyze", path, "-o", "/dev/full", "--format", format, "--run-report", "r.json", *GIST)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "/dev/full: cannot be written: " in result.stderr
    assert read(here / "r.json")["exit_code"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("analyze", "a.json", "--format", "xml"),
            "analyzed_a.xml: records are not written as xml; use json, jsonl, csv, csv-excel, xlsx, parquet, sqlite",
        ),
        (
            ("analyze", "a.json", "--input-format", "xml"),
            "no input format is called 'xml'; available: csv, feed, html, json, jsonl, parquet, tsv, xlsx",
        ),
        (("route", "a.json", "--input-format", "jsnol"), "no input format is called 'jsnol'; did you mean 'jsonl'?"),
        (("watch", ".", "--out", "out", "--once"), "records are not written as xml; use json, jsonl"),
    ],
)
def test_an_unknown_format_is_reported_with_those_that_exist(
    arguments: tuple[str, ...], message: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if arguments[0] == "watch":
        monkeypatch.setenv("NEWSMOE_FORMAT", "xml")
    write(here / "a.json", articles(1))
    result = newsmoe(*arguments)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert message in result.stderr


# added to


def test_a_growing_inbox_is_appended_to_json_lines(here: Path) -> None:
    (here / "inbox").mkdir()
    write(here / "inbox" / "a.json", articles(2))
    newsmoe("analyze", "inbox", "-o", "all.jsonl", "--append", *GIST)
    write(here / "inbox" / "b.json", [article(1), article(7), 5])
    result = newsmoe("analyze", "inbox", "-o", "all.jsonl", "--append", *GIST)
    assert result.exit_code == 4
    assert "2 articles, 1 with errors, 3 already in the output, " in result.stderr
    lines = (here / "all.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [0, 1, 7, None]
    report = RunReport.model_validate_json((here / "all.run.json").read_text(encoding="utf-8"))
    assert (report.items, report.skipped) == (2, 3)
    (letter,) = map(json.loads, (here / "all.errors.jsonl").read_text(encoding="utf-8").splitlines())
    assert (letter["input"], letter["index"], letter["element"]) == ("inbox/b.json", 2, 5)
    assert newsmoe("analyze", "inbox", "-o", "all.jsonl", "--append", *GIST).exit_code == 0
    assert (here / "all.jsonl").read_text(encoding="utf-8").splitlines() == lines
    write(here / "c.json", ["another"])  # errors of records already in the output are still reported
    assert newsmoe("analyze", "c.json", "-o", "all.jsonl", "--append", *GIST).exit_code == 4
    letters = map(json.loads, (here / "all.errors.jsonl").read_text(encoding="utf-8").splitlines())
    assert [letter["element"] for letter in letters] == [5, "another"]


def test_an_element_that_fails_again_has_one_line_of_errors(here: Path) -> None:
    write(here / "a.json", [article(1), 5])
    for _ in range(3):  # a database has every element again, JSON Lines those that are new
        newsmoe("analyze", "a.json", "-o", "all.db", "--append", *GIST)
        newsmoe("analyze", "a.json", "-o", "all.jsonl", "--append", *GIST, "--run-report", "lines.run.json")
        assert len((here / "all.errors.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_a_run_into_a_folder_of_parquet_files_is_not_retried(here: Path) -> None:
    path = write(here / "a.json", [article(1), 5])
    assert newsmoe("analyze", path, "-o", "all", "--format", "parquet", "--append", *GIST).exit_code == 4
    result = newsmoe("retry", "all.run.json", "--yes")
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "is only added to" in result.stderr


def test_a_growing_inbox_is_appended_to_a_database(here: Path) -> None:
    path = here / "a.json"
    newsmoe("analyze", write(path, articles(2)), "-o", "all.db", "--append", *GIST)
    changed = [article(1), article(2, content="Another text. It is short.")]
    newsmoe("analyze", write(path, changed), "-o", "all.db", "--append", *GIST)
    assert sorted(table(here / "all.db", "id", '"summarization_summary"')) == [
        ("0", SHORT),
        ("1", SHORT),
        ("2", "Another text. It is short."),
    ]


def test_a_growing_inbox_is_appended_to_a_folder_of_parquet_files(here: Path) -> None:
    path = here / "a.json"
    for count in (2, 2, 3):
        write(path, articles(count))
        newsmoe("analyze", path, "-o", "all", "--format", "parquet", "--append", *GIST)
    assert names(here / "all") == ["part-00001.parquet", "part-00002.parquet"]
    assert pq.read_table(here / "all").column("id").to_pylist() == ["0", "1", "2"]
    assert names(here) == ["a.json", "all", "all.run.json"]


def test_details_have_a_column_in_tables(here: Path) -> None:
    assert newsmoe("analyze", write(here / "a.json", articles(1)), "-o", "o.csv", "--details", *GIST).exit_code == 0
    header, row = rows(here / "o.csv")
    assert dict(zip(header, row, strict=True))["predictions_json"] == json.dumps(
        {"summarization": {"lead": {"summary": SHORT}}}, separators=(",", ":")
    )
