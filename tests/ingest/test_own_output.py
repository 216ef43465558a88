import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from newsmoe.ingest.own_output import own_output
from newsmoe.jobs.job import run_job
from newsmoe.orchestrator.session import Session
from newsmoe.output.formats import WRITERS
from newsmoe.settings.model import Settings
from newsmoe.testing import FakeExpert
from tests.jobs.support import plan
from tests.support import registry_of, write


def written(folder: Path, format: str) -> Path:
    """Analyze an article and an element that is none; return the output."""
    name = write(folder / "a.json", [{"headline": "Storm", "content": "It rained."}, 7])
    settings = Settings(tasks=["mood"], format=format)
    with Session(settings, registry=registry_of(FakeExpert("fake", "mood"))) as session:
        [job] = plan([str(name)], str(folder / "out"), format=format)
        run_job(session, job)
    return folder / "out"


@pytest.mark.parametrize("format", list(WRITERS.builtin))
def test_records_are_recognized_in_every_format_under_any_name(format: str, tmp_path: Path) -> None:
    assert own_output(written(tmp_path, format).rename(tmp_path / "news.json")) == "records"


def test_what_is_beside_records_is_recognized_too(tmp_path: Path) -> None:
    written(tmp_path, "json")
    assert own_output(tmp_path / "out.run.json") == "run report"
    assert own_output(tmp_path / "out.errors.jsonl") == "elements with errors"


def test_a_record_that_is_longer_than_what_is_looked_at_is_recognized(tmp_path: Path) -> None:
    text = written(tmp_path, "jsonl").read_text()
    (tmp_path / "long.jsonl").write_text(text.replace('"characters":', f'"text":"{"x" * 300_000}","characters":', 1))
    assert own_output(tmp_path / "long.jsonl") == "records"


def test_an_array_without_records_is_recognized_by_its_report(tmp_path: Path) -> None:
    written(tmp_path, "json")
    (tmp_path / "out.json").write_text("[]\n")
    (tmp_path / "other.json").write_text("[]\n")
    assert own_output(tmp_path / "out.json") == "records"
    assert own_output(tmp_path / "other.json") is None


@pytest.mark.parametrize("indent", [None, 4])
def test_records_that_were_changed_by_others_are_recognized(indent: int | None, tmp_path: Path) -> None:
    records = json.loads(written(tmp_path, "json").read_text())
    changed = [{"day": "2026-11-28", **{k: v for k, v in record.items() if k != "input"}} for record in records]
    text = "\ufeff " + json.dumps(changed, indent=indent)
    (tmp_path / "changed.json.gz").write_bytes(gzip.compress(text.encode()))
    assert own_output(tmp_path / "changed.json.gz") == "records"


ARTICLE = {"id": 1, "headline": "Storm", "url": "u", "status": "published", "errors": 0}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"oops",
        b"PAR1",
        b"PK\x03\x04",
        b"SQLite format 3\0",
        b"\x1f\x8b",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"a":' * 50_000,
        json.dumps([ARTICLE]).encode(),
        json.dumps({"articles": [{**ARTICLE, "analyses": [], "route": 66}]}).encode(),
        b"id,headline,url,status\n1,Storm,u,ok\n",
    ],
)
def test_what_others_wrote_is_not_taken_for_it(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(content)
    assert own_output(tmp_path / "a.json") is None


def test_a_file_that_is_not_there_is_not_of_newsmoe(tmp_path: Path) -> None:
    value: Any = own_output(tmp_path / "missing.json")
    assert value is None
