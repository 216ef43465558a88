import io
import json
import os
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.errors import OutputError
from newsmoe.output.atomic import remove_leftovers, write_bytes, write_text
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


def put_text(path: Path) -> None:
    write_text(path, "new")


def put_json(path: Path) -> None:
    write_all(path, "json", [record()])


def put_lines(path: Path) -> None:
    write_all(path, "jsonl", [record()])


Put = Callable[[Path], None]
puts = pytest.mark.parametrize("put", [put_text, put_json, put_lines])
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
    assert good_keys == bad_keys == list(Record.model_fields)


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


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_text_is_written_whole(tmp_path: Path) -> None:
    write_text(tmp_path / "out", "one – two\n")
    assert (tmp_path / "out").read_bytes() == "one – two\n".encode()


@puts
def test_a_missing_folder_is_an_output_error(tmp_path: Path, put: Put) -> None:
    path = tmp_path / "missing" / "out.json"
    with pytest.raises(OutputError) as error:
        put(path)
    assert str(error.value) == f"{path}: cannot be written: No such file or directory; make the folder first"
    assert not path.parent.exists()


@puts
def test_a_folder_is_an_output_error(tmp_path: Path, put: Put) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        put(tmp_path)
    assert list(tmp_path.iterdir()) == []


@puts
def test_a_file_in_place_of_the_folder_is_an_output_error(tmp_path: Path, put: Put) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(OutputError, match="cannot be written: Not a directory"):
        put(tmp_path / "file" / "out.json")
    assert (tmp_path / "file").read_text() == "old"


def test_nothing_runs_where_the_output_cannot_be_written(tmp_path: Path) -> None:
    ran = False
    with pytest.raises(OutputError), open_writer(tmp_path / "missing" / "out", "json"):
        ran = True
    assert not ran


@puts
def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path, put: Put) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    put(link)
    assert link.is_symlink()
    assert link.resolve() == target
    assert target.read_text(encoding="utf-8") != "old"
    assert sorted(tmp_path.iterdir()) == [link, target.parent]
    assert list(target.parent.iterdir()) == [target]


@puts
def test_a_symbolic_link_to_nothing_makes_its_target(tmp_path: Path, put: Put) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    put(link)
    assert link.is_symlink()
    assert (tmp_path / "target").is_file()


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text(path, "new")
        assert path.is_fifo()
        assert os.read(reader, 100) == b"new"
    finally:
        os.close(reader)
    assert list(tmp_path.iterdir()) == [path]


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


def test_a_circle_of_links_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OutputError):
        write_text(tmp_path / "a", "new")


def test_an_os_error_of_the_caller_is_no_output_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_writer(tmp_path / "out", "json"):
        raise FileNotFoundError(2, "No such file or directory", "model.safetensors")


def test_a_private_file_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(0o600)
    write_text(path, "new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_bytes_are_written_whole(tmp_path: Path) -> None:
    write_bytes(tmp_path / "out", b"\x00\xff")
    assert (tmp_path / "out").read_bytes() == b"\x00\xff"
    with pytest.raises(OutputError, match="make the folder first"):
        write_bytes(tmp_path / "missing" / "out", b"")


def test_temporary_files_of_killed_runs_are_removed(tmp_path: Path) -> None:
    for name in ("a[1].json", ".a[1].json.7.tmp", ".a[1].json.12.tmp", ".a1.json.7.tmp", ".b.json.7.tmp"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "a[1].json")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a1.json.7.tmp", ".b.json.7.tmp", "a[1].json"]
