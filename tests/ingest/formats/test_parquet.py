import datetime
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsmoe.errors import InputError
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.source import open_source, read_elements
from newsmoe.settings.model import Settings


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


def test_a_row_that_cannot_be_decoded_affects_no_other_row(tmp_path: Path) -> None:
    texts = pa.array([b"one", b"caf\xe9", b"three"]).view(pa.string())
    first, bad, third = read_elements("a", put(tmp_path, {"text": texts}))
    assert (first, third) == ({"text": "one"}, {"text": "three"})
    assert isinstance(bad, BadElement)


@pytest.mark.parametrize("kind", [pa.timestamp("ms"), pa.timestamp("us", "UTC"), pa.date32(), pa.duration("ms")])
def test_a_time_out_of_range_does_not_affect_the_text(tmp_path: Path, kind: pa.DataType) -> None:
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


@pytest.mark.parametrize("dictionary", [True, False])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_pages_that_unpack_to_too_much_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dictionary: bool, version: str
) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"headline": ["Storm"] * 50, "tags": [["x", "y"]] * 50, "content": ["It rained. " * 1000] * 50})
    pq.write_table(
        table, path, compression="zstd", use_dictionary=dictionary, data_page_version=version, row_group_size=20
    )
    assert path.stat().st_size < 10_000
    assert len(list(read_elements("a", path))) == 50
    monkeypatch.setattr("newsmoe.ingest.formats.parquet.MAX_UNPACKED", 10_000)
    with pytest.raises(InputError, match=r"^a: pages that unpack to (11|220),\d{3} bytes, and no more than 10,000"):
        list(read_elements("a", path))


COUNTS = (3, 0, 900, 1, 40, 8, 8, 8)
"""Of values in a list each, in some rows."""


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "lz4", "zstd"])
@pytest.mark.parametrize("pages", [{}, {"data_page_size": 20, "write_batch_size": 8}], ids=["one page", "many pages"])
@pytest.mark.parametrize("nest", [lambda count: ["x"] * count, lambda count: [["x", "y"]] * (count // 2)])
def test_a_row_whose_lists_take_too_much_memory_is_refused(
    tmp_path: Path, version: str, compression: str, pages: dict[str, int], nest: Callable[[int], Any]
) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"content": ["It rained."] * len(COUNTS), "tags": [nest(count) for count in COUNTS]})
    pq.write_table(table, path, compression=compression, data_page_version=version, **pages)
    with open_source(str(path), Settings(max_characters=40_000)) as source:
        assert [element["tags"] for element in source.elements()] == table["tags"].to_pylist()
    with (
        pytest.raises(InputError, match="a text longer than 5,000 characters, .*max_characters in settings"),
        open_source(str(path), Settings(max_characters=5_000)),
    ):
        pass


def test_many_short_lists_are_no_long_row(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"content": ["It rained."] * 5_000, "tags": [["x"] * 9] * 5_000}), path)
    with open_source(str(path), Settings(max_characters=1_000)) as source:
        assert source.count == 5_000


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^a: cannot be read: "):
        list(read_elements("a", tmp_path / "a.parquet"))


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, {"text": ["one"]})
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'newsmoe\[parquet\]'"):
        list(read_elements("a", path))
