import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from newsmoe.output.formats.csv import FORMULA_SIGNS, unescape_formula
from newsmoe.output.writers import default_output
from tests.output.support import record, write_all
from tests.strategies import CELLS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv")


def written(folder: Path, *records: Any, **columns: Sequence[str]) -> list[list[str]]:
    write_all(folder / "out.csv", "csv", list(records), columns)
    with (folder / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@given(identifier=CELLS, label=CELLS, summary=CELLS)
def test_texts_come_back_and_no_cell_starts_a_formula(folder: Path, identifier: str, label: str, summary: str) -> None:
    analysis = record(identifier, mood={"label": label, "score": 0.5}, gist={"summary": summary})
    header, cells = written(folder, analysis, mood=("label", "score"), gist=("summary",))
    assert header == [
        "id", "headline", "url", "publication_date", "source", "author", "language", "status",
        "mood_label", "mood_score", "gist_summary", "errors", "experts"
    ]  # fmt: skip
    assert not any(cell.startswith(FORMULA_SIGNS) for cell in cells)
    for text, cell in ((identifier, cells[0]), (label, cells[8]), (summary, cells[10])):
        assert cell in (text, f"'{text}")
        assert unescape_formula(cell) == text
    assert cells[9] == "0.5"


def test_a_prediction_without_columns_is_json(folder: Path) -> None:
    header, cells = written(folder, record(1, mine={"a": [1, "é"], "b": "\x9b"}), mine=(), other=("label", "score"))
    assert header[8:11] == ["mine_json", "other_label", "other_score"]
    assert cells[8:11] == ['{"a":[1,"é"],"b":"\\u009b"}', "", ""]


def test_a_text_that_begins_like_an_escaped_one_comes_back(folder: Path) -> None:
    text = "'=Equal pay' row goes to court"
    _, cells = written(folder, record(1, gist={"summary": text}), gist=("summary",))
    assert unescape_formula(cells[8]) == text


def test_several_labels_share_a_cell(folder: Path) -> None:
    assert written(folder, record(1, mood={"labels": ["glad", "=sad"]}), mood=("labels",))[1][8] == "glad; =sad"


def test_a_number_below_zero_stays_a_number(folder: Path) -> None:
    assert written(folder, record(1, mood={"score": -0.5}), mood=("score",))[1][8] == "-0.5"


def test_csv_for_excel_begins_with_a_byte_order_mark(folder: Path) -> None:
    write_all(folder / "a.csv", "csv", [record(1)])
    write_all(folder / "b.csv", "csv-excel", [record(1)])
    assert (folder / "b.csv").read_bytes() == b"\xef\xbb\xbf" + (folder / "a.csv").read_bytes()


def test_the_output_that_newsmoe_names_has_the_suffix_of_csv() -> None:
    assert default_output(Path("news-data.json"), "csv-excel") == Path("analyzed_news_data.csv")
