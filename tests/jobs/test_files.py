import json
from pathlib import Path

import pytest

import newsmoe
from newsmoe.testing import FakeExpert
from tests.orchestrator.support import TASK, echo, failing_on
from tests.support import registry_of

SETTINGS = newsmoe.Settings(tasks=(TASK,), journal="journal")


def put(path: Path, *ids: int) -> Path:
    path.write_text(json.dumps([{"id": number, "headline": f"headline {number}"} for number in ids]))
    return path


def test_files_become_a_file_with_a_report_and_a_run_in_the_journal(workdir: Path) -> None:
    (workdir / "inbox").mkdir()
    put(workdir / "inbox" / "a.json", 0, 1)
    put(workdir / "inbox" / "b.json", 2)
    expert = FakeExpert("a", TASK, echo)
    for names in ("inbox", Path("inbox"), ["inbox/a.json", Path("inbox") / "b.json"], "inbox/*.json"):
        report = newsmoe.analyze_files(names, "all.jsonl", SETTINGS, registry=registry_of(expert))
        assert (report.items, report.statuses, report.inputs) == (3, {"ok": 3}, ["inbox/a.json", "inbox/b.json"])
    lines = (workdir / "all.jsonl").read_text().splitlines()
    assert [json.loads(line)["analyses"] for line in lines] == [{TASK: {"id": number}} for number in range(3)]
    assert newsmoe.RunReport.model_validate_json((workdir / "all.run.json").read_text()) == report
    from newsmoe.journal.journal import existing_journal

    with existing_journal(str(workdir / "journal")) as journal:
        assert len(journal.runs()) == 4


def test_new_articles_of_a_growing_inbox_are_appended(workdir: Path) -> None:
    registry = registry_of(FakeExpert("a", TASK, echo))
    for ids in ((0, 1), (1, 2)):
        put(workdir / "a.json", *ids)
        report = newsmoe.analyze_files("a.json", "all.db", SETTINGS, append=True, registry=registry)
    assert report.items == 2


def test_errors_of_articles_are_in_the_report_and_too_many_end_the_run(workdir: Path) -> None:
    put(workdir / "a.json", 0, 1)
    registry = registry_of(FakeExpert("a", TASK, failing_on(1)))
    report = newsmoe.analyze_files("a.json", "all.json", SETTINGS, registry=registry)
    assert (report.statuses, report.errors) == ({"ok": 1, "failed": 1}, {"ValueError": 1})
    (workdir / "all.json").unlink()
    with pytest.raises(newsmoe.NewsmoeError, match="more than --max-errors 0"):
        newsmoe.analyze_files("a.json", "all.json", SETTINGS, registry=registry, max_errors="0")
    assert not (workdir / "all.json").exists()


@pytest.mark.parametrize("name", ["nowhere.json", "nowhere/*.json"])
def test_a_missing_file_is_an_error_that_names_it(name: str, workdir: Path) -> None:
    with pytest.raises(newsmoe.NewsmoeError, match="^nowhere"):
        newsmoe.analyze_files(name, "all.json", SETTINGS)
