import io
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from newsmoe import Article
from newsmoe.article import InvalidItem
from newsmoe.errors import InputError
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.source import open_source, read_elements
from newsmoe.settings.model import Settings


def workbook(sheets: Mapping[str, Sequence[Sequence[Any]]]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


NEWS = [
    ("id", "title", "text", "date", "words"),
    (1, "Ferry late", "The ferry was\nlate again.", datetime(2026, 3, 3, 10, 30), 5.5),
    (2, "Storm", None, date(2026, 3, 4), None),
    (),
    (3, "=1+1", "#N/A", None, True),
]


@pytest.mark.parametrize("name", ["a.xlsx", "a.xlsm", "a"])
def test_rows_of_the_first_sheet_with_a_text_become_articles(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(workbook({"Empty": [], "Notes": [("made by", "Ann")], "News": NEWS, "More": NEWS}))
    with open_source(str(path)) as source:
        assert (source.format, source.count) == ("xlsx", 3)
        first, second, _ = source.articles()
    assert isinstance(first, Article)
    assert (first.id, first.headline, first.content) == (1, "Ferry late", "The ferry was\nlate again.")
    assert first.publication_date == "2026-03-03T10:30:00"
    assert isinstance(second, Article)
    assert second.publication_date == "2026-03-04T00:00:00"


def test_sheets_that_are_not_read_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    alike = {"News": NEWS, "May": NEWS, "Bare": NEWS[:1], "Sums": [("month", "words"), ("May", 7)]}
    path.write_bytes(workbook(alike))
    with open_source(str(path)) as source:
        assert source.notices() == [
            f"{path}: of the sheets only 'News' was read; to read 'May', save it as its own file"
        ]


@pytest.mark.parametrize("title", ["Press review of March", "Article"])
def test_titles_above_the_header_are_left_out_and_that_is_said(tmp_path: Path, title: str) -> None:
    path = tmp_path / "a.xlsx"
    notes = [("This workbook has articles.", None), ("Text", "see the sheet News")]
    path.write_bytes(workbook({"Readme": notes, "News": [(title, None, None), (), *NEWS]}))
    with open_source(str(path)) as source:
        assert [item.headline for item in source.articles() if isinstance(item, Article)][:2] == ["Ferry late", "Storm"]
        (message,) = source.log_notices()
    assert message.endswith("rows above the header: 1; they were left out")


def test_a_row_longer_than_an_article_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({"a": [("title", "text"), ("x", "long " * 300), ("y", "short")]}))
    with open_source(str(path), Settings(max_characters=1_000)) as source:
        first, second = source.articles()
    assert isinstance(first, InvalidItem)
    assert first.message.startswith("longer than 1,000 characters")
    assert isinstance(second, Article)


def test_an_archive_that_is_no_workbook_is_called_one(tmp_path: Path) -> None:
    path = tmp_path / "news.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("news.json", "[]")
    message = r"zip archive, and no workbook \(it holds 'news.json'\); unpack it"
    with pytest.raises(InputError, match=message), open_source(str(path)):
        pass


def test_values_are_those_that_json_would_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({"a": [("title", "title", "", "n"), (None, "x", "y", 1), ("z", "x"), ("a", 1, 2, 3, 4)]}))
    assert list(read_elements("a", path)) == [
        {"title": "x", "column 3": "y", "n": 1},
        {"title": "z", "n": None},
        BadElement("5 cells, where the header names 4 columns"),
    ]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("Night shifts. _x000D_\nSome 400 stayed.", "Night shifts. \r\nSome 400 stayed."),
        ("a_x0009_b_x000d_", "a\tb\r"),
        ("_x005F_x000D_ is text", "_x000D_ is text"),
        ("_x000_ x000D_ _x00GG_ _xD83D_", "_x000_ x000D_ _x00GG_ _xD83D_"),
    ],
)
def test_escaped_characters_of_cells_are_decoded(tmp_path: Path, cell: str, text: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({"a": [("title", "te_x0078_t"), ("Storm", cell)]}))
    assert list(read_elements("a", path)) == [{"title": "Storm", "text": text}]


@pytest.mark.parametrize(
    ("value", "date"),
    [
        (46083, "2026-03-02"),
        (46083.3541666667, "2026-03-02T08:30:00"),
        (20260302, "2026-03-02"),
        (2026, "2026"),
        (1772440200, "2026-03-02T08:30:00+00:00"),
        ("March 2, 2026", "2026-03-02"),
    ],
)
def test_a_number_of_days_is_a_date_in_a_sheet(tmp_path: Path, value: object, date: str) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({"a": [("title", "text", "Published", "n"), ("Storm", "Roofs.", value, 46083)]}))
    with open_source(str(path)) as source:
        (article,) = source.articles()
    assert isinstance(article, Article)
    assert (article.publication_date, article.extra["n"]) == (date, 46083)


@pytest.mark.parametrize("content", [b"PK\x03\x04junk", b"", b"\xd0\xcf\x11\xe0", workbook({"a": NEWS})[:-200]])
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a.xlsx: not valid XLSX: "), open_source(str(path)):
        pass


def test_a_workbook_without_a_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({"Sheet of Ann": [("a", "b"), (1, 2)]}))
    with pytest.raises(InputError, match=r"no column .* \(found: 'a', 'b'\); the sheet is 'Sheet of Ann'"):  # noqa: SIM117
        with open_source(str(path)):
            pass


def test_without_openpyxl_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(workbook({"a": NEWS}))
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(InputError, match=r"XLSX needs openpyxl; pip install 'newsmoe\[xlsx\]'"), open_source(str(path)):
        pass
