import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given

from newsmoe.errors import ConfigError, OutputError
from tests.output.support import record, write_all
from tests.strategies import CELLS, FEW


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("xlsx")


def written(folder: Path, *records: Any, **columns: Sequence[str]) -> list[list[Any]]:
    write_all(folder / "out.xlsx", "xlsx", list(records), columns)
    book = openpyxl.load_workbook(folder / "out.xlsx")
    assert book.sheetnames == ["records"]
    rows = list(book["records"].iter_rows())
    assert not [cell for row in rows for cell in row if cell.data_type == "f"]
    return [[cell.value for cell in row] for row in rows]


TEXTS = CELLS.map(lambda text: "".join(character for character in text if character >= " "))


@FEW
@given(identifier=TEXTS, summary=TEXTS | TEXTS.map("={}".format))
@example(identifier="\tx", summary="\x00=1\x1f")
def test_no_text_is_a_formula(folder: Path, identifier: str, summary: str) -> None:
    _, cells = written(folder, record(identifier, gist={"summary": summary}), gist=("summary",))
    for text, cell in ((identifier, cells[0]), (summary, cells[8])):
        assert (cell or "") == text.replace("\x00", "\ufffd").replace("\x1f", "\ufffd")


def test_numbers_and_dates_are_numbers_and_dates(folder: Path) -> None:
    dated = record(7, mood={"label": "positive", "score": 0.5})
    dated = dated.model_copy(update={"publication_date": "2026-03-03T10:00:00+01:00"})
    vague = record(8).model_copy(update={"publication_date": "last week"})
    header, first, second = written(folder, dated, vague, mood=("label", "score"))
    assert header[8:10] == ["mood_label", "mood_score"]
    assert (first[3], first[8], first[9]) == (datetime(2026, 3, 3, 9), "positive", 0.5)
    assert second[3] == "last week"


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "1899-12-31"])
def test_a_date_that_excel_does_not_have_is_text(folder: Path, date: str) -> None:
    _, cells = written(folder, record(7).model_copy(update={"publication_date": date}))
    assert cells[3] == date


def test_a_long_text_is_cut_at_what_a_cell_holds(folder: Path) -> None:
    _, cells = written(folder, record(1, gist={"summary": "x" * 40_000}), gist=("summary",))
    assert len(cells[8]) == 32_767


def test_more_rows_than_a_sheet_holds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newsmoe.output.formats.xlsx.MAX_ROWS", 2)
    with pytest.raises(OutputError, match="at most 2 rows"):
        write_all(tmp_path / "out.xlsx", "xlsx", [record(1), record(2)])
    assert list(tmp_path.iterdir()) == []


def test_without_openpyxl_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ConfigError, match=r"XLSX needs openpyxl; pip install 'newsmoe\[xlsx\]'"):
        write_all(tmp_path / "out.xlsx", "xlsx", [record(1)])
