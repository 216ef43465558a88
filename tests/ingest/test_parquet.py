import datetime
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsmoe.errors import ConfigError, InputError
from newsmoe.ingest.json_stream import BadElement
from newsmoe.ingest.source import open_source, read_elements
from newsmoe.output.writers import open_writer
from tests.output.test_writers import record


def put(folder: Path, columns: dict[str, Any]) -> Path:
    path = folder / "a.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=2)
    return path


def test_rows_are_read_as_json_would_hold_them(tmp_path: Path) -> None:
    path = put(
        tmp_path,
        {
            "id": [1, 2, 3],
            "headline": ["a", "é", None],
            "date": [datetime.datetime(2024, 5, 1, 12), None, None],
            "day": [datetime.date(2024, 5, 1), None, None],
            "tags": [["x", "y"], [], None],
            "source": [{"name": "Gazette", "at": datetime.time(1, 2)}, None, None],
            "raw": [b"caf\xc3\xa9 \xff", None, None],
            "price": [Decimal("1.50"), None, None],
        },
    )
    first, second, third = read_elements("a", path)
    assert first == {
        "id": 1,
        "headline": "a",
        "date": "2024-05-01T12:00:00",
        "day": "2024-05-01",
        "tags": ["x", "y"],
        "source": {"name": "Gazette", "at": "01:02:00"},
        "raw": "café \ufffd",
        "price": 1.5,
    }
    assert (second["headline"], third["headline"], third["tags"]) == ("é", None, None)


def test_rows_become_articles(tmp_path: Path) -> None:
    path = put(tmp_path, {"title": ["Storm", "Sun", "Snow"], "text": ["It rained."] * 3})
    with open_source(str(path)) as source:
        assert [item.headline for item in source.articles()] == ["Storm", "Sun", "Snow"]
        assert source.count == 3


def test_a_row_that_cannot_be_decoded_costs_no_other(tmp_path: Path) -> None:
    texts = pa.array([b"one", b"caf\xe9", b"three"]).view(pa.string())
    first, bad, third = read_elements("a", put(tmp_path, {"text": texts}))
    assert (first, third) == ({"text": "one"}, {"text": "three"})
    assert isinstance(bad, BadElement)


@pytest.mark.parametrize(
    "kind",
    [pa.timestamp("ms"), pa.timestamp("us", "UTC"), pa.date32(), pa.duration("ms")],
)
def test_a_time_that_cannot_be_held_costs_no_text(tmp_path: Path, kind: pa.DataType) -> None:
    small = kind.bit_width == 32
    times = pa.array([10**9 if small else 10**18, 0], pa.int32() if small else pa.int64()).view(kind)
    first, _ = read_elements("a", put(tmp_path, {"text": ["one", "two"], "date": times}))
    assert first == {"text": "one", "date": None}


def test_numbers_keep_every_digit_that_json_has_for_them(tmp_path: Path) -> None:
    table = {"id": [Decimal("12345678901234567890"), Decimal("2")], "score": [float("nan"), float("inf")]}
    assert list(read_elements("a", put(tmp_path, table))) == [
        {"id": 12345678901234567890, "score": None},
        {"id": 2, "score": None},
    ]


@pytest.mark.parametrize("content", [b"", b"PAR1", b"hello", b"PAR1" + b"\0" * 50 + b"PAR1"])
def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"^a: not valid Parquet: "):
        list(read_elements("a", tmp_path / "a.parquet"))


def test_a_file_with_damaged_rows_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, {"text": ["word " * 1000, "b", "c"]})
    content = bytearray(path.read_bytes())
    content[4:60] = b"\xff" * 56
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"^a: not valid Parquet: [^\n]*$"):
        list(read_elements("a", path))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^a: cannot be read: "):
        list(read_elements("a", tmp_path / "a.parquet"))


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, {"text": ["one"]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match=r"pip install 'newsmoe\[parquet\]'"):
        list(read_elements("a", path))
    with (
        pytest.raises(ConfigError, match=r"pip install 'newsmoe\[parquet\]'"),
        open_writer(tmp_path / "out.parquet", "parquet"),
    ):
        pass
    assert list(tmp_path.iterdir()) == [path]


ANSWERS = {"mood": ("label", "score"), "mine": ()}


def test_records_are_rows_with_the_columns_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    one = record(7, mood={"label": "=calm", "score": 1}, mine={"a": [1]})
    with open_writer(path, "parquet", ANSWERS) as writer:
        writer.write(one, "abc")
        writer.write(record(None), "def")
    first, second = pq.read_table(path).to_pylist()
    assert json.loads(first.pop("record")) == one.model_dump(mode="json")
    assert first == {
        "key": "abc", "id": "7", "headline": "Storm hits – now", "url": None, "status": "ok",
        "mood.label": "=calm", "mood.score": 1.0, "mine.json": '{"a":[1]}', "errors": "", "experts": "",
    }  # fmt: skip
    assert (second["id"], second["mood.score"], second["mine.json"]) == (None, None, None)


def test_the_schema_does_not_depend_on_the_records(tmp_path: Path) -> None:
    schemas = []
    for name, records in (("none", []), ("bare", [record(None)]), ("full", [record(1, mine={"a": 1})])):
        with open_writer(tmp_path / name, "parquet", ANSWERS) as writer:
            for one in records:
                writer.write(one, "key")
        schemas.append(pq.read_schema(tmp_path / name))
    assert schemas[0] == schemas[1] == schemas[2]


def test_rows_are_written_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsmoe.ingest.parquet.ROW_GROUP", 3)
    with open_writer(tmp_path / "out", "parquet") as writer:
        for number in range(7):
            writer.write(record(number), "key")
    assert pq.ParquetFile(tmp_path / "out").num_row_groups == 3
    assert pq.read_table(tmp_path / "out").column("id").to_pylist() == list("0123456")
