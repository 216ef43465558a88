"""Strings that have broken programs before change the number of records of no format."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newsmoe.ingest.source import open_source
from tests.cli.support import GIST, newsmoe
from tests.support import read

STRINGS = [
    # words and numbers that programs take for something else
    "", " ", "undefined", "null", "None", "nil", "NaN", "-Infinity", "true", "False", "0", "-1", "1e309", "0x1F",
    "1/0", "1,000.5",
    "1.000,5", "١٢٣", "00012", "1_000", "2026-13-45", "()", "[]", "{}", "[[[[", '{"title":', "\\", "\\\\",
    "\\u0000", "/dev/null",
    "CON", "../../etc/hosts", "C:\\temp\\", "%s%n%x", "%00", "$HOME", "$(id)", "`id`", "{{7*7}}", "${7*7}",
    "<%= 7 %>",
    # punctuation, quotes and delimiters
    "'", '"', "''", '""', "'\"'", '"a', 'a"b"c', '"a" b', '"",""', ",", ";", "\t", "|", "a,b;c\td|e", "sep=;",
    "#", "--", "/*", "*/",
    "a\nb", "a\r\nb", "a\rb", "\n\n\n", '"\n"', "a\x0bb\x0cc", "\x85", "\u2028\u2029", "=1+1", "+1", "-1+1",
    "@SUM(A1)", "\x00",
    # letters beyond ASCII
    "éÀßøłşığİ", "Ǆǅǆ", "ﬁ ﬃ", "ﷺ", "ﷲ", "田中さん", "和製漢語", "울란바토르", "שלום", "مرحبا", "ไทย", "༄༅", "ᚠᛇᚻ",
    "𝕿𝖍𝖊 𝒇𝒆𝒓𝒓𝒚", "ⓕⓔⓡⓡⓨ", "ʎɹɹǝɟ",
    "Z͑ͫa̴l͠g̷o̶", "e" + "\u0301" * 200, "\u00ad", "\u200b", "\ufeff", "\ufffe", "\u202egnp.exe",
    "\u2066a\u2069", "\ue000",
    "\U0010ffff", "\u180e", "\u3000", "\u00a0", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "👍🏿", "(╯°□°）╯︵ ┻━┻", "😀" * 50,
    # markup and code
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<b", "</b>", "<!--", "-->", "<![CDATA[", "]]>",
    "<?xml", "<?php",
    "&", "&amp;", "&#0;", "&#xD800;", "&lt;p&gt;", "&nonsense;", "<plaintext>", "<title>", "<svg",
    "javascript:alert(1)",
    "<!DOCTYPE x [<!ENTITY a 'b'>]>&a;", "1'; DROP TABLE news--", "' OR 1=1 --", "PAR1", "PK\x03\x04",
    "%PDF-1.7", "\x1b[31mred",
    "\x1b]0;title\x07", "\x07\x08\x7f", "{0}", "%(a)s", "../x\x00.json", "file:///etc/hosts", "http://a:80:80/",
    "[+12 chars]", "…",
    # long
    "x" * 20_000, "word " * 5_000, "<div>" * 3_000, '"' * 999, "," * 999, "&amp;" * 3_000,
]  # fmt: skip

ELEMENTS = [
    {"id": number, "title": title, "text": text}
    for number, (title, text) in enumerate(
        pair for string in STRINGS for pair in ((string, "It rained."), ("Rain", string), (string, string))
    )
]


def as_csv(delimiter: str) -> bytes:
    table = io.StringIO()
    writer = csv.DictWriter(table, ("id", "title", "text"), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ELEMENTS)
    return table.getvalue().encode()


def as_xlsx() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["id", "title", "text"])
    for element in ELEMENTS:
        texts = ("".join(c for c in str(element[key]) if c >= " " or c in "\t\n") for key in ("title", "text"))
        book.active.append([element["id"], *(text.replace("\ufffe", "") for text in texts)])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ELEMENTS), sink)
    return sink.getvalue()


FORMATS: dict[str, Callable[[], bytes]] = {
    "json": lambda: json.dumps(ELEMENTS).encode(),
    "jsonl": lambda: "\n".join(json.dumps(element, ensure_ascii=False) for element in ELEMENTS).encode(),
    "csv": lambda: as_csv(","),
    "tsv": lambda: as_csv("\t"),
    "xlsx": as_xlsx,
    "parquet": as_parquet,
}


@pytest.mark.parametrize("format", FORMATS)
def test_no_string_changes_the_number_of_articles(tmp_path: Path, format: str) -> None:
    path = tmp_path / f"news.{format}"
    path.write_bytes(FORMATS[format]())
    with open_source(str(path)) as source:
        identifiers = [getattr(item, "id", None) for item in source.articles()]
    assert [str(identifier) for identifier in identifiers] == [str(element["id"]) for element in ELEMENTS]


def test_no_string_changes_the_number_of_records(workdir: Path) -> None:
    elements = ELEMENTS[:: len(ELEMENTS) // 150]
    (workdir / "a.json").write_text(json.dumps(elements), encoding="utf-8")
    assert newsmoe("analyze", "a.json", *GIST, "--gate", "rules", "--no-journal").exit_code in (0, 4)
    assert [record["id"] for record in read(workdir / "analyzed_a.json")] == [element["id"] for element in elements]
