import csv
import io
import json
import sqlite3
import sys
import unicodedata
from contextlib import closing
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.errors import OutputError
from newsmoe.output.formats import STDOUT
from newsmoe.output.writers import default_output, open_writer
from newsmoe.prediction import InputStats
from newsmoe.record import ItemError, Record, RouteEntry
from tests.output.support import record, write_all
from tests.strategies import FEW

TEXT = st.text(max_size=8) | st.sampled_from(["\u2028", '"\\', "\r\n", "\x00", "é😀", "</script>"])
FINITE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ANALYSES = st.builds(
    Record,
    id=st.none() | st.integers() | TEXT,
    headline=st.none() | TEXT,
    url=st.none() | TEXT,
    status=st.sampled_from(["ok", "partial", "failed"]),
    analyses=st.dictionaries(TEXT, st.dictionaries(TEXT, FINITE, max_size=2), max_size=2),
    route=st.lists(
        st.builds(RouteEntry, task=TEXT, expert=st.none() | TEXT, weight=st.floats(0, 1), reason=TEXT), max_size=2
    ),
    errors=st.lists(
        st.builds(ItemError, type=TEXT, message=TEXT, stage=st.sampled_from(["read", "predict"])), max_size=2
    ),
    input=st.builds(InputStats, tokens=st.integers(0), truncated=st.booleans()),
)


def loaded(path: Path, format: str) -> list[Any]:
    text = path.read_text(encoding="utf-8")
    if format == "jsonl":
        assert text.endswith("\n") or not text
        return [json.loads(line) for line in text.split("\n")[:-1]]
    records: list[Any] = json.loads(text)
    return records


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


formats = pytest.mark.parametrize("format", ["json", "jsonl"])


@formats
@FEW
@given(records=st.lists(ANALYSES, max_size=3))
def test_records_load_back_equal(folder: Path, format: str, records: list[Record]) -> None:
    path = folder / f"out.{format}"
    write_all(path, format, records)
    elements = loaded(path, format)
    assert json.dumps(elements) == json.dumps([record.model_dump(mode="json") for record in records])
    assert [Record.model_validate(element) for element in elements] == records


@pytest.mark.parametrize(("format", "text"), [("json", "[]\n"), ("jsonl", "")])
def test_no_records_make_a_whole_file(tmp_path: Path, format: str, text: str) -> None:
    write_all(tmp_path / "out", format, [])
    assert (tmp_path / "out").read_text(encoding="utf-8") == text


@formats
def test_nan_and_infinite_values_are_null(tmp_path: Path, format: str) -> None:
    write_all(tmp_path / "out", format, [record(a={"x": float("nan"), "y": float("inf")})])
    assert loaded(tmp_path / "out", format)[0]["analyses"] == {"a": {"x": None, "y": None}}


@formats
def test_good_and_bad_records_have_the_same_keys_in_the_same_order(tmp_path: Path, format: str) -> None:
    bad = record(None).model_copy(update={"status": "failed", "headline": None})
    write_all(tmp_path / "out", format, [record(), bad])
    good_keys, bad_keys = [list(element) for element in loaded(tmp_path / "out", format)]
    assert good_keys == bad_keys == list(record().model_dump())


@pytest.mark.parametrize(("format", "ends"), [("json", "\n]\n"), ("jsonl", "}\n")])
def test_text_is_utf8_with_plain_line_ends(tmp_path: Path, format: str, ends: str) -> None:
    write_all(tmp_path / "out", format, [record()])
    content = (tmp_path / "out").read_bytes()
    assert "hits – now".encode() in content
    assert b"\r" not in content
    assert content.endswith(ends.encode())


def test_a_record_takes_one_line(tmp_path: Path) -> None:
    write_all(tmp_path / "out", "jsonl", [record(a={"x": "one\ntwo\r\nthree"})] * 3)
    assert (tmp_path / "out").read_bytes().count(b"\n") == 3


def test_an_array_is_indented_for_people(tmp_path: Path) -> None:
    write_all(tmp_path / "out", "json", [record()])
    assert '{\n  "id": 1,\n' in (tmp_path / "out").read_text(encoding="utf-8")


@formats
def test_equal_records_make_equal_bytes(tmp_path: Path, format: str) -> None:
    records = [record(1, b={"y": 0.1}, a={"x": [1, "é"]}), record("2")]
    write_all(tmp_path / "one", format, records)
    write_all(tmp_path / "two", format, records)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@formats
@pytest.mark.parametrize("failure", [ValueError, KeyboardInterrupt, SystemExit])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, format: str, failure: type[BaseException]
) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(failure), open_writer(path, format) as writer:
        writer.write(record(), "key")
        raise failure
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@formats
def test_a_failure_leaves_no_file_where_there_was_none(tmp_path: Path, format: str) -> None:
    with pytest.raises(ValueError, match="stop"), open_writer(tmp_path / "out", format) as writer:
        writer.write(record(), "key")
        raise ValueError("stop")
    assert list(tmp_path.iterdir()) == []


def test_a_record_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(ValueError, match="surrogates"):
        write_all(path, "json", [record(), record(a={"x": "\ud800"})])
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@formats
def test_the_old_file_stands_until_the_block_ends(tmp_path: Path, format: str) -> None:
    path = tmp_path / "out"
    path.write_text("old, and much longer than what comes" * 1000)
    with open_writer(path, format) as writer:
        writer.write(record(), "key")
        assert path.read_text().startswith("old")
    assert len(loaded(path, format)) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_runs_where_the_output_cannot_be_written(tmp_path: Path) -> None:
    ran = False
    with pytest.raises(OutputError), open_writer(tmp_path / "missing" / "out", "json"):
        ran = True
    assert not ran


@formats
def test_records_hold_no_raw_control_codes(tmp_path: Path, format: str) -> None:
    bad = "".join(map(chr, (*range(32), *range(0x7F, 0xA0))))
    write_all(tmp_path / "out", format, [record(bad)])
    text = (tmp_path / "out").read_text(encoding="utf-8")
    assert all(character == "\n" or unicodedata.category(character) != "Cc" for character in text)
    assert loaded(tmp_path / "out", format)[0]["id"] == bad


@formats
def test_standard_output_is_utf8_whatever_the_locale(monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding="ascii", newline="\r\n"))
    write_all(STDOUT, format, [record()])
    assert "hits – now".encode() in out.getvalue()
    assert b"\r" not in out.getvalue()


@formats
def test_standard_output_gets_the_same_text(tmp_path: Path, format: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_all(tmp_path / "out", format, [record(), record("2")])
    write_all(STDOUT, format, [record(), record("2")])
    assert capsys.readouterr().out == (tmp_path / "out").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("source", "format", "output"),
    [
        ("news-data.json", "json", "analyzed_news_data.json"),
        ("news-data.json", "jsonl", "analyzed_news_data.jsonl"),
        ("news-data.jsonl", "json", "analyzed_news_data.json"),
        ("news-data.json.gz", "json", "analyzed_news_data.json"),
        ("news-data.jsonl.gz", "jsonl", "analyzed_news_data.jsonl"),
        ("news.2024-05.json", "json", "analyzed_news.2024_05.json"),
        ("news", "json", "analyzed_news.json"),
        (".news", "json", "analyzed_.news.json"),
        ("my-inbox/news-data.json", "json", "my-inbox/analyzed_news_data.json"),
        ("/in-box/a-b-c.json", "json", "/in-box/analyzed_a_b_c.json"),
    ],
)
def test_the_default_output_lies_beside_the_input(source: str, format: str, output: str) -> None:
    assert default_output(Path(source), format) == Path(output)


def test_an_os_error_of_the_caller_is_no_output_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_writer(tmp_path / "out", "json"):
        raise FileNotFoundError(2, "No such file or directory", "model.safetensors")


def test_whether_a_label_is_unsure_is_a_boolean_where_a_format_has_some(tmp_path: Path) -> None:
    records = [record(number, mood={"unsure": unsure}) for number, unsure in enumerate([True, False, None, "x"])]
    for format in ("xlsx", "parquet", "sqlite", "csv"):
        write_all(tmp_path / f"out.{format}", format, records, {"mood": ("unsure",)})
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["records"]
    assert [row[8] for row in sheet.iter_rows(min_row=2, values_only=True)] == [True, False, None, None]
    column = pq.read_table(tmp_path / "out.parquet").column("mood_unsure")
    assert column.to_pylist() == [True, False, None, None]
    with closing(sqlite3.connect(tmp_path / "out.sqlite")) as base:
        assert base.execute("SELECT mood_unsure FROM analyses ORDER BY id").fetchall() == [(1,), (0,), (None,), (None,)]
    with (tmp_path / "out.csv").open(newline="") as file:
        assert [row["mood_unsure"] for row in csv.DictReader(file)] == ["true", "false", "", ""]
