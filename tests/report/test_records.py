import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from newsmoe import Record
from newsmoe.errors import InputError
from newsmoe.report.records import as_record, read_records
from tests.report.support import failed, record, records, write_records

WHOLE = ("r.json", "r.jsonl", "r.jsonl.gz", "r.parquet", "r.db", "r.sqlite3")
TABLES = ("r.csv", "r.xlsx")


def some() -> list[Record]:
    plugin = record(7, analyses={"facts": {"words": 3, "deep": [1, {"a": None}]}})
    return [*records(3), failed(3), plugin, record(5, headline="=1+1", author="'t Hart")]


@pytest.mark.parametrize("name", WHOLE)
def test_whole_records_come_back_as_they_were_written(name: str, tmp_path: Path) -> None:
    if name.endswith(".gz"):
        text = write_records(tmp_path / "r.jsonl", some()).read_bytes()
        (tmp_path / name).write_bytes(gzip.compress(text))
    else:
        write_records(tmp_path / name, some())
    assert list(read_records(tmp_path / name)) == some()


@pytest.mark.parametrize(("name", "format"), [*((name, None) for name in TABLES), ("r.csv", "csv-excel")])
def test_tables_come_back_with_what_their_columns_hold(name: str, format: str | None, tmp_path: Path) -> None:
    back = list(read_records(write_records(tmp_path / name, some(), format)))
    assert len(back) == len(some())
    for written, read in zip(some(), back, strict=True):
        same = {"id", "headline", "url", "source", "author", "language", "status"}
        assert read.model_dump(include=same) == written.model_dump(include=same)
        topic, expected = read.analyses.get("topic", {}), written.analyses.get("topic", {})
        assert topic == {key: value for key, value in expected.items() if key != "scores"}
        assert [entry.expert for entry in read.route] == [entry.expert for entry in written.route]
        assert [(error.stage, error.type, error.message) for error in read.errors] == [
            (error.stage, error.type, error.message) for error in written.errors
        ]
    assert back[4].analyses["facts"] == {"words": 3, "deep": [1, {"a": None}]}


def test_a_folder_of_parquet_files_is_read_in_the_order_of_its_files(tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    for part in (2, 1):
        write_records(folder / f"part-0000{part}.parquet", [record(part)])
    assert [item.id for item in read_records(folder)] == ["a1", "a2"]


def test_the_content_decides_where_the_suffix_says_nothing(tmp_path: Path) -> None:
    for suffix in ("parquet", "xlsx", "db", "json", "jsonl"):
        path = write_records(tmp_path / f"r.{suffix}", [record(1)]).rename(tmp_path / f"of-{suffix}.out")
        assert [item.id for item in read_records(path)] == ["a1"]


HOSTILE: list[dict[str, Any]] = [
    {"id": [1], "headline": 5, "analyses": [1], "route": "x", "errors": {"a": 1}, "status": "fine", "input": []},
    {"id": True, "headline": "\ud800 x", "analyses": {"topic": 5, "sentiment": {"label": ["x"]}}, "route": [1, None]},
    {"status": None, "errors": [{"stage": "nowhere", "type": None, "message": 3}], "input": {"tokens": "many"}},
    {"route": [{"task": 1, "expert": 2, "weight": 7, "reason": None}, {"weight": float("nan")}], "predictions": [1]},
    {"analyses": {"topic": {"label": "x", "scores": {"x": "high"}, "deep": float("inf")}}, "extra": 1},
]


@pytest.mark.parametrize("element", HOSTILE)
def test_a_value_of_another_shape_costs_that_value_only(element: dict[str, Any]) -> None:
    read = as_record({"url": "https://a.example", **element})
    assert read.url == "https://a.example"
    read.model_dump_json()


def test_what_is_nested_too_deep_is_left_out() -> None:
    deep: Any = []
    for _ in range(10_000):
        deep = [deep]
    as_record({"headline": "x", "analyses": {"topic": {"label": deep}}}).model_dump_json()


def test_an_element_that_is_no_object_is_a_record_with_an_error(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_text(json.dumps([5, {"status": "ok", "headline": "x"}, None]))
    read = list(read_records(path))
    assert [item.status for item in read] == ["failed", "ok", "failed"]
    assert read[0].errors[0].message == "5"


def test_a_stored_record_that_is_broken_is_read_from_the_columns(tmp_path: Path) -> None:
    path = write_records(tmp_path / "r.db", records(2))
    with closing(sqlite3.connect(path)) as base, base:
        base.execute("UPDATE analyses SET record = '{' WHERE id = 'a0'")
    first, second = read_records(path)
    assert first.headline == records(2)[0].headline
    assert first.analyses["sentiment"].keys() == {"label", "score", "unsure"}
    assert second == records(2)[1]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("r.json", '[{"headline": "x", "content": "y"}]', "holds no records of newsmoe; 'newsmoe analyze"),
        ("r.csv", "headline,content\nx,y\n", "holds no records of newsmoe"),
        ("r.run.json", '{"output": "r.json", "exit_code": 0, "statuses": {}}', "report of a run, .* are in r.json"),
        ("r.json", "[1,", "not valid JSON"),
        ("r.db", "SQLite format 3\0", "no records of newsmoe can be read from it"),
        ("r.rss", "<rss>", "records are read from json"),
        ("r.parquet", "PAR1", "not valid Parquet"),
        ("r.json", None, "No such file"),
    ],
)
def test_what_holds_no_records_is_refused(name: str, content: str | None, message: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=message) as error:
        list(read_records(tmp_path / name))
    assert name in str(error.value)


def test_a_database_with_a_view_in_the_place_of_the_table_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "r.db")) as base, base:
        base.execute("CREATE VIEW analyses AS SELECT 'ok' AS status")
    with pytest.raises(InputError, match="has a view in the place of the table"):
        list(read_records(tmp_path / "r.db"))


def test_a_database_is_not_written_to(tmp_path: Path) -> None:
    path = write_records(tmp_path / "r.db", records(1))
    before = path.read_bytes()
    assert len(list(read_records(path))) == 1
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["r.db"]
