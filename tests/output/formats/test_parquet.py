import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from newsmoe.errors import ConfigError
from newsmoe.output.writers import open_writer
from tests.output.support import record

COLUMNS = {"mood": ("label", "score"), "mine": ()}


def test_records_are_rows_with_the_columns_of_csv(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    full = record(7, mood={"label": "=calm", "score": 1}, mine={"a": [1]})
    with open_writer(path, "parquet", COLUMNS) as writer:
        writer.write(full, "abc")
        writer.write(record(None), "def")
    first, second = pq.read_table(path).to_pylist()
    assert json.loads(first.pop("record")) == full.model_dump(mode="json")
    assert first == {
        "key": "abc", "id": "7", "headline": "Storm hits – now", "url": None, "status": "ok",
        "publication_date": None, "source": None, "author": None, "language": None,
        "mood_label": "=calm", "mood_score": 1.0, "mine_json": '{"a":[1]}', "errors": "", "experts": "",
    }  # fmt: skip
    assert (second["id"], second["mood_score"], second["mine_json"]) == (None, None, None)


def test_the_schema_does_not_depend_on_the_records(tmp_path: Path) -> None:
    schemas = []
    for name, records in (("none", []), ("bare", [record(None)]), ("full", [record(1, mine={"a": 1})])):
        with open_writer(tmp_path / name, "parquet", COLUMNS) as writer:
            for row in records:
                writer.write(row, "key")
        schemas.append(pq.read_schema(tmp_path / name))
    assert schemas[0] == schemas[1] == schemas[2]


def test_rows_are_written_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsmoe.output.formats.parquet.ROW_GROUP", 3)
    with open_writer(tmp_path / "out", "parquet") as writer:
        for number in range(7):
            writer.write(record(number), "key")
    assert pq.ParquetFile(tmp_path / "out").num_row_groups == 3
    assert pq.read_table(tmp_path / "out").column("id").to_pylist() == list("0123456")


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with (
        pytest.raises(ConfigError, match=r"pip install 'newsmoe\[parquet\]'"),
        open_writer(tmp_path / "out.parquet", "parquet"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []
