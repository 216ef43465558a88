import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.cli.support import GIST, article, newsmoe
from tests.support import SAMPLE, read, write

SIDES = ("input", "output", "report", "stories")


def schema(side: str) -> dict[str, Any]:
    result = newsmoe("schema", side)
    assert (result.exit_code, result.stderr) == (0, "")
    loaded: dict[str, Any] = json.loads(result.stdout)
    return loaded


def valid(value: object, side: str) -> bool:
    return bool(jsonschema.Draft202012Validator(schema(side)).is_valid(value))


@pytest.mark.parametrize("side", SIDES)
def test_each_side_is_a_json_schema(side: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(side))


def test_without_a_side_all_are_printed() -> None:
    result = newsmoe("schema")
    assert json.loads(result.stdout) == {side: schema(side) for side in SIDES} == schema("all")


def test_an_unknown_side_is_wrong_usage() -> None:
    result = newsmoe("schema", "outptu")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "input, output, report, stories, all" in result.stderr


def test_good_and_bad_records_are_valid_outputs(here: Path) -> None:
    path = write(here / "a.json", [article(), article("x", content=""), 7, {"url": "u"}])
    newsmoe("analyze", path, *GIST)
    records = read(here / "analyzed_a.json")
    assert [record["status"] for record in records] == ["ok", "ok", "failed", "failed"]
    assert all(valid(record, "output") for record in records)


@pytest.mark.parametrize(
    "change",
    [{"more": 1}, {"status": "fine"}, {"id": [1]}, {"errors": [{}]}, {"route": None}, {"analyses": {"topic": 1}}],
)
def test_what_is_no_record_is_no_valid_output(change: dict[str, Any], here: Path) -> None:
    newsmoe("analyze", write(here / "a.json", [article()]), *GIST)
    [record] = read(here / "analyzed_a.json")
    assert not valid(record | change, "output")


def test_every_key_of_a_record_is_required(here: Path) -> None:
    newsmoe("analyze", write(here / "a.json", [article()]), *GIST)
    [record] = read(here / "analyzed_a.json")
    for key in record:
        assert not valid({other: record[other] for other in record if other != key}, "output")


def test_a_run_report_is_valid(here: Path) -> None:
    newsmoe("analyze", write(here / "a.json", [article(), 7]), *GIST)
    report = json.loads((here / "analyzed_a.run.json").read_text(encoding="utf-8"))
    assert valid(report, "report")
    assert not valid(report | {"items": "many"}, "report")


def test_the_sample_is_valid_input() -> None:
    assert all(valid(element, "input") for element in json.loads(SAMPLE.read_text(encoding="utf-8")))


@pytest.mark.parametrize("element", [7, "text", None, [], {}, {"url": "u"}])
def test_what_is_no_article_is_no_valid_input(element: object) -> None:
    assert not valid(element, "input")
