"""The format of an input without a name: detected from the content, or set by an option."""

import gzip
import io
import json
import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsmoe.errors import InputError
from newsmoe.ingest.source import open_source
from newsmoe.settings.model import Settings

ROWS = [{"id": "1", "headline": "One é"}, {"id": "2", "headline": "Two, three"}]
CSV = 'id,headline\n1,One é\n2,"Two, three"\n'


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    return sink.getvalue()


CONTENTS = {
    "array": (json.dumps(ROWS).encode(), "json"),
    "object": (b"\r\n " + json.dumps({"articles": ROWS}).encode(), "json"),
    "lines": ("\n".join(map(json.dumps, ROWS)).encode(), "json"),
    "csv": (CSV.encode(), "csv"),
    "csv after empty lines": (("\n\n" + CSV).encode(), "csv"),
    "csv of Windows": (CSV.replace("\n", "\r\n").encode("utf-8-sig"), "csv"),
    "csv of Excel": (CSV.encode("utf-16"), "csv"),
    "csv of one column": (b'headline\nOne \xc3\xa9\n"Two, three"\n', "csv"),
    "csv with spaces": (CSV.replace(",h", ", h").encode(), "csv"),
    "tsv": ("id\theadline\n1\tOne é\n2\tTwo, three\n".encode(), "csv"),
    "tsv with commas": ("headline\tid, or number\nOne é\t1\nTwo, three\t2\n".encode(), "csv"),
    "parquet": (parquet(), "parquet"),
}


def put(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="ascii"))


ZIPPED = {
    f"{name}, gzipped": (gzip.compress(content, mtime=0), format)
    for name, (content, format) in CONTENTS.items()
    if format != "parquet"
}


@pytest.mark.parametrize(("content", "format"), (CONTENTS | ZIPPED).values(), ids=CONTENTS | ZIPPED)
def test_the_format_of_standard_input_is_detected_from_the_content(
    content: bytes, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, content)
    with open_source("-") as source:
        assert (source.name, source.format, source.count) == ("standard input", format, 2)
        assert [item.headline for item in source.articles()] == ["One é", "Two, three"]
        assert len(list(source.elements())) == 2


def test_the_format_of_a_pipe_is_detected_from_the_content(tmp_path: Path) -> None:
    ends = os.pipe()
    with os.fdopen(ends[0]), os.fdopen(ends[1], "wb") as file:
        file.write(parquet())
        file.close()
        with open_source(f"/dev/fd/{ends[0]}") as source:
            assert (source.format, source.count) == ("parquet", 2)


def test_the_suffix_takes_precedence_over_the_content(tmp_path: Path) -> None:
    path = tmp_path / "news.tsv"
    path.write_text("headline\nOne, two\n")
    with open_source(str(path)) as source:
        assert (source.format, source.count) == ("tsv", 1)


@pytest.mark.parametrize("content", [CSV.replace(",", "#"), '1,Bridge,"The bridge opened."\n', json.dumps(ROWS)])
def test_a_table_without_a_column_to_read_is_refused(content: str, tmp_path: Path) -> None:
    """Its rows would all fail, and a single row would be taken for the header."""
    path = tmp_path / "news.csv"
    path.write_text(content)
    with (
        pytest.raises(InputError, match=r"no column of the first row is a headline or content \(found: "),
        open_source(str(path)),
    ):
        pass


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("first", ["", "sep=DELIMITER\r\n"])
def test_a_table_with_another_delimiter_is_read(first: str, delimiter: str, tmp_path: Path) -> None:
    path = tmp_path / "news.csv"
    path.write_text(first.replace("DELIMITER", delimiter) + CSV.replace(",", delimiter))
    with open_source(str(path)) as source:
        assert (source.format, source.count) == ("csv", CSV.count("\n") - 1)


@pytest.mark.parametrize("name", ["-", "news.json"])
def test_the_requested_format_takes_precedence(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = b"kicker,headline\n[1],One\n"
    (tmp_path / "news.json").write_bytes(table)
    monkeypatch.chdir(tmp_path)
    put(monkeypatch, table)
    with open_source(name, Settings(input_format="csv")) as source:
        assert [item.headline for item in source.articles()] == ["One"]


def test_the_users_names_of_columns_make_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, b"nr;kicker,lede\n1,Storm\n")
    with open_source("-", Settings(fields={"content": ["lede"]})) as source:
        assert source.format == "csv"


@pytest.mark.parametrize(
    "content",
    [
        b"hello", b"nr,kicker\n1,Storm\n", b"PAR", b"\x00" * 9, b"\xff\xfe\x00", b'"', b",,\n",
        gzip.compress(b"hello", mtime=0),
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_a_hint(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, content)
    with pytest.raises(InputError, match="^standard input: not valid JSON, nor .*--input-format"), open_source("-"):
        pass


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not valid JSON: the file is empty"),
        (b"PAR1 and no more", "not valid Parquet: "),
        (gzip.compress(CSV.encode(), mtime=0)[:-9], "the compressed file is damaged: "),
        (b'[{"headline": "One"}', "not valid JSON: found the end of the file"),
    ],
)
def test_what_is_broken_is_refused_as_a_file_would_be(
    content: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, content)
    with pytest.raises(InputError, match=f"^standard input: {message}"), open_source("-"):
        pass


def test_without_pyarrow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    put(monkeypatch, parquet())
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"pip install 'newsmoe\[parquet\]'"), open_source("-"):
        pass
