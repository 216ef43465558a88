"""Files that are made to exhaust memory or time cost themselves, and no other input of the run."""

import gzip
import json
import lzma
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsmoe.ingest.formats.html import MAX_TAGS
from newsmoe.ingest.source import open_source
from newsmoe.settings.model import Settings
from tests.cli.support import GIST, MAIN, SHORT, newsmoe, process
from tests.support import write

MAX_MEMORY = 600_000  # KiB
MAX_FILE = 10_000_000  # bytes
MEGABYTE = "x" * 1_000_000


def packed(path: Path, start: str, middle: str, times: int, end: str) -> None:
    with gzip.open(path, "wt", compresslevel=1) as file:
        file.write(start)
        for _ in range(times):
            file.write(middle)
        file.write(end)


def one_text_of_a_gigabyte(folder: Path) -> Path:
    path = folder / "bad.json.gz"
    packed(path, '[{"content":"', MEGABYTE, 1_000, '"}]')
    return path


def many_long_texts(folder: Path) -> Path:
    path = folder / "bad.jsonl.gz"
    line = json.dumps({"headline": "Storm", "content": "A storm came. " * 700_000, "other": "x" * 4_000_000})
    packed(path, "", line + "\n", 70, "")
    return path


def one_line_of_a_gigabyte(folder: Path) -> Path:
    path = folder / "bad.csv.gz"
    packed(path, "headline,content\na,", MEGABYTE, 1_000, "\n")
    return path


def a_text_that_all_rows_share(folder: Path) -> Path:
    path = folder / "bad.parquet"
    text = "A storm came. " * 700_000
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 250, pa.int32()), pa.array([text]))
    pq.write_table(pa.table({"content": column}), path, compression="zstd")
    return path


def a_page_of_half_a_gigabyte(folder: Path) -> Path:
    path = folder / "bad.parquet"
    texts = pa.array(["A storm came. " * 100_000] * 380)
    pq.write_table(pa.table({"content": texts}), path, compression="zstd", use_dictionary=False, data_page_size=1 << 30)
    return path


def a_long_text_on_each_page(folder: Path) -> Path:
    path = folder / "bad.parquet"
    texts = pa.array([f"{number} " + "A storm came. " * 700_000 for number in range(60)])
    pages = {"use_dictionary": False, "data_page_size": 1, "write_batch_size": 1}
    pq.write_table(pa.table({"content": texts}), path, compression="zstd", **pages)
    return path


def a_list_of_one_value(folder: Path) -> Path:
    path, count = folder / "bad.parquet", 20_000_000
    values = pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, "int8")), pa.array(["storm"]))
    table = pa.table({"content": [SHORT], "tags": pa.ListArray.from_arrays(pa.array([0, count], pa.int32()), values)})
    pq.write_table(table, path)
    return path


def articles_of_many_keys(folder: Path) -> Path:
    path = folder / "bad.jsonl.xz"
    article = {"headline": "Storm", "content": SHORT, **{f"k{key:06}": 1 for key in range(100_000)}}
    with lzma.open(path, "wt", preset=0) as file:
        for _ in range(100):
            file.write(json.dumps(article) + "\n")
    return path


def nested_brackets(folder: Path) -> Path:
    path = folder / "bad.json"
    path.write_text("[" * 9_000_000)
    return path


def nothing_but_tags(folder: Path) -> Path:
    path = folder / "bad.html"
    path.write_text("<html><body>" + "<p><b>" * 1_600_000)
    return path


def a_feed_of_a_million_entries(folder: Path) -> Path:
    path = folder / "bad.rss"
    path.write_text('<rss version="2.0"><channel>' + "<item/>" * 1_300_000 + "</channel></rss>")
    return path


SHARED_TEXTS = (
    b'<Override PartName="/xl/sharedStrings.xml"'
    b' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>'
)
"""What names the part with the texts of all cells, which openpyxl does not write but reads."""


def a_sheet_of_long_texts(folder: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.append(["headline", "content"])
    book.save(folder / "good.xlsx")
    path = folder / "bad.xlsx"
    with (
        zipfile.ZipFile(folder / "good.xlsx") as good,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bad,
    ):
        for part in good.infolist():
            bad.writestr(part, good.read(part).replace(b"</Types>", SHARED_TEXTS))
        with bad.open("xl/sharedStrings.xml", "w", force_zip64=True) as file:
            file.write(b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">')
            for _ in range(1_000):
                file.write(b"<si><t>" + MEGABYTE.encode() + b"</t></si>")
            file.write(b"</sst>")
    (folder / "good.xlsx").unlink()
    return path


def holes(folder: Path) -> Path:
    path = folder / "bad.jsonl"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    return path


def quotes_that_do_not_close(folder: Path) -> Path:
    path = folder / "bad.csv"
    path.write_text("headline,content\n" + f'a"b,"c {"x" * 200}\n' * 20_000)
    return path


def braces_that_do_not_close(folder: Path) -> Path:
    path = folder / "bad.jsonl"
    path.write_text(json.dumps({"content": SHORT}) + "\n" + ('{"a":' * 200 + "\n") * 5_000)
    return path


def tags_that_do_not_open(folder: Path) -> Path:
    return write(folder / "bad.json", [{"headline": "Storm", "content": "</i>" * 500_000 + "<div>" * 500_000}])


MEASURE = """
import os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
child.returncode = os.waitstatus_to_exitcode(status)
print(child.returncode, usage.ru_maxrss)
"""
"""Runs a command; a process of its own, since a child's peak of memory begins with that of its parent."""


def peak_memory(*arguments: str) -> tuple[int, int]:
    """Run the command line; return its exit code, and its peak of memory in KiB."""
    measured = subprocess.run([sys.executable, "-c", MEASURE, *MAIN, *arguments], stdout=subprocess.PIPE, check=True)
    code, memory = map(int, measured.stdout.split())
    return code, memory


@pytest.mark.slow
@pytest.mark.parametrize(
    "make",
    [
        one_text_of_a_gigabyte,
        many_long_texts,
        one_line_of_a_gigabyte,
        a_text_that_all_rows_share,
        a_page_of_half_a_gigabyte,
        a_long_text_on_each_page,
        a_list_of_one_value,
        articles_of_many_keys,
        nested_brackets,
        nothing_but_tags,
        a_feed_of_a_million_entries,
        a_sheet_of_long_texts,
        holes,
    ],
)
def test_a_small_file_takes_no_large_memory(here: Path, make: Callable[[Path], Path]) -> None:
    bad = make(here)
    assert bad.stat().st_blocks * 512 <= MAX_FILE
    write(here / "good.json", [{"headline": "Storm", "content": SHORT}])
    code, memory = peak_memory("analyze", bad.name, "good.json", "-o", "out.json", *GIST)
    assert code in (0, 4)
    records: list[dict[str, Any]] = json.loads((here / "out.json").read_text())
    assert records[-1]["analyses"]["summarization"]["summary"] == SHORT
    assert memory < MAX_MEMORY


@pytest.mark.slow
@pytest.mark.parametrize("make", [quotes_that_do_not_close, braces_that_do_not_close, tags_that_do_not_open])
def test_a_small_file_takes_no_quadratic_time(here: Path, make: Callable[[Path], Path]) -> None:
    """Quadratic time is longer than `process` waits by far, and linear time is seconds."""
    bad = make(here)
    assert bad.stat().st_size <= MAX_FILE
    write(here / "good.json", [{"headline": "Storm", "content": SHORT}])
    assert process("analyze", bad.name, "good.json", "-o", "out.json", *GIST).returncode in (0, 4)
    assert json.loads((here / "out.json").read_text())[-1]["analyses"]["summarization"]["summary"] == SHORT


def test_what_is_too_long_is_named_with_the_setting_that_allows_it(here: Path) -> None:
    write(here / "a.json", [{"headline": "Storm", "content": "A storm came. " * 30_000}])
    (here / "newsmoe.toml").write_text("max_characters = 300_000")
    result = newsmoe("analyze", "a.json", *GIST)
    assert result.exit_code == 1
    assert "longer than 300,000 characters" in result.stderr
    assert "max_characters in settings" in result.stderr


def test_a_line_that_is_too_long_costs_itself(here: Path) -> None:
    lines = [{"content": SHORT}, {"content": "A storm came. " * 30_000}, {"content": SHORT}]
    (here / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    with open_source("a.jsonl", Settings(max_characters=300_000)) as source:
        items = list(source.articles())
    assert [type(item).__name__ for item in items] == ["Article", "InvalidItem", "Article"]


def test_a_page_of_too_many_tags_is_no_article(here: Path) -> None:
    (here / "a.html").write_text("<html>" + "<p>" * MAX_TAGS)
    with open_source("a.html") as source:
        (item,) = source.articles()
    assert "tags" in getattr(item, "message", "")


def test_the_content_of_a_book_is_cut_and_said(here: Path) -> None:
    write(here / "a.json", [{"headline": "Storm", "content": "A storm came. " * 100_000, "other": "x" * 200_000}])
    with open_source("a.json") as source:
        (item,) = source.articles()
    assert (len(item.content), item.truncated, dict(item.extra)) == (500_000, True, {})  # type: ignore[union-attr]


def test_control_codes_in_the_name_of_a_file_do_not_reach_the_terminal(here: Path) -> None:
    write(here / "a\x9b31m.json", [{"headline": "Storm", "content": "It rained."}])
    assert newsmoe("analyze", "a\x9b31m.json", "-o", "out.json", *GIST).exit_code == 0
    shown = newsmoe("runs", "show", "out.run.json").stdout
    assert "\x9b" not in shown
    assert json.loads(shown)["inputs"] == ["a\x9b31m.json"]
