import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from newsmoe.article import Article
from newsmoe.errors import InputError, OutputError, TooManyErrorsError
from newsmoe.jobs.job import ErrorLimit, Observer, run_job
from newsmoe.jobs.plan import Job
from newsmoe.journal.journal import open_journal
from newsmoe.orchestrator.session import Session
from newsmoe.output.formats import STDOUT
from newsmoe.output.lock import output_lock
from newsmoe.output.run_report import RunReport, RunStats
from newsmoe.prediction import Fields, InputStats, Prediction, Summary
from newsmoe.record import Record
from newsmoe.settings.model import Settings
from newsmoe.testing import FakeExpert
from tests.jobs.support import plan
from tests.orchestrator.support import echo, failing_on
from tests.support import LoadCounting, LogCapture, numbered, read, registry_of, write

JSON = Settings()


class Watcher(Observer):
    """Records every event of a run."""

    def __init__(self) -> None:
        self.opened_inputs: list[tuple[str, int]] = []
        self.totals: list[int] = []
        self.numbers: list[int] = []
        self.reports: list[RunReport] = []
        self.finished_ids: list[str | int | None] = []
        self.counts: list[int] = []

    def opened(self, name: str, count: int) -> None:
        self.opened_inputs.append((name, count))

    def started(self, total: int, stats: RunStats) -> None:
        self.totals.append(total)
        self.stats = stats

    def finished(self, number: int, record: Record) -> None:
        self.numbers.append(number)
        self.finished_ids.append(record.id)
        self.counts.append(self.stats.items)

    def ended(self, report: RunReport) -> None:
        self.reports.append(report)


def session_of(*experts: FakeExpert, **settings: Any) -> Session:
    return Session(Settings(tasks=("task",), **settings), registry=registry_of(*experts))


def test_the_time_of_a_run_begins_when_it_has_its_output(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []

    @contextmanager
    def noting(output: Path, *, wait: bool) -> Iterator[None]:
        with output_lock(output, wait=wait):
            held.append(datetime.now(UTC))
            yield

    monkeypatch.setattr("newsmoe.jobs.job.output_lock", noting)
    job = Job((numbered(workdir / "a.json", 0, 3),), workdir / "out.json", "json", None)
    with session_of(FakeExpert("a", "task", echo)) as session:
        assert run_job(session, job, wait=True).started >= held[0]


def test_a_run_writes_a_record_for_each_element_of_all_inputs_in_order(workdir: Path) -> None:
    inputs = numbered(workdir / "a.json", 0, 3), numbered(workdir / "b.json", 3, 2)
    job = Job(inputs, workdir / "out.json", "json", None)
    run_job(session_of(FakeExpert("a", "task", echo)), job, Watcher())
    assert [record["analyses"] for record in read(workdir / "out.json")] == [
        {"task": {"id": number}} for number in range(5)
    ]


def test_json_lines_hold_one_record_a_line(workdir: Path) -> None:
    job = Job((numbered(workdir / "a.json", 0, 3),), workdir / "out", "jsonl", None)
    run_job(session_of(FakeExpert("a", "task", echo)), job, Watcher())
    lines = (workdir / "out").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [0, 1, 2]


def test_an_empty_array_gives_an_empty_array(workdir: Path) -> None:
    job = Job((str(write(workdir / "a.json", [])),), workdir / "out.json", "json", workdir / "r.json")
    report = run_job(session_of(FakeExpert("a", "task", echo)), job, Watcher())
    assert read(workdir / "out.json") == []
    assert (report.items, report.experts) == (0, {})


def test_the_observer_gets_the_inputs_the_total_every_record_and_the_report(workdir: Path) -> None:
    watcher = Watcher()
    inputs = numbered(workdir / "a.json", 0, 3), numbered(workdir / "b.json", 3, 2)
    report = run_job(
        session_of(FakeExpert("a", "task", echo)), Job(inputs, workdir / "out.json", "json", None), watcher
    )
    assert watcher.opened_inputs == [(inputs[0], 3), (inputs[1], 2)]
    assert watcher.totals == [5]
    assert watcher.finished_ids == watcher.numbers == [0, 1, 2, 3, 4]
    assert watcher.reports == [report]
    assert watcher.counts[-1] == 5


@pytest.mark.parametrize(("limit", "expected"), [(0, 0), (2, 2), (4, 4), (99, 5)])
def test_a_limit_counts_over_all_inputs(limit: int, expected: int, workdir: Path) -> None:
    watcher = Watcher()
    inputs = numbered(workdir / "a.json", 0, 3), numbered(workdir / "b.json", 3, 2)
    job = Job(inputs, workdir / "out.json", "json", None)
    run_job(session_of(FakeExpert("a", "task", echo)), job, watcher, limit=limit)
    assert [record["id"] for record in read(workdir / "out.json")] == list(range(expected))
    assert watcher.totals == [expected]


def test_the_report_holds_the_figures_of_the_run(workdir: Path) -> None:
    def prediction(article: Article) -> Prediction:
        return Summary("read", InputStats(tokens=10))

    path = str(write(workdir / "in.json", [*({"id": number, "headline": "x"} for number in range(8)), 7, "x"]))
    session = session_of(
        FakeExpert("a", "task", failing_on(3, otherwise=prediction)),
        FakeExpert("b", "task", prediction),
        rule=[{"use": {"task": ["a", "b"]}}],
    )
    returned = run_job(session, Job((path,), workdir / "out.json", "json", workdir / "stats.json"), Watcher())
    report = RunReport.model_validate_json((workdir / "stats.json").read_text(encoding="utf-8"))
    assert report == returned
    assert (report.inputs, report.output) == ([path], str(workdir / "out.json"))
    assert report.items == 10
    assert report.statuses == {"ok": 7, "partial": 1, "failed": 2}
    assert report.errors == {"ValueError": 1, "NotAnArticle": 2}
    assert report.tokens == 80
    assert (report.device, report.gate, report.tasks) == ("cpu", "auto", ["task"])
    assert {"newsmoe", "numpy"} <= report.versions.keys()
    a, b = report.experts["a"], report.experts["b"]
    assert (a.task, a.items, a.errors, a.tokens, a.share) == ("task", 7, 1, 70, 0.7)
    assert (b.items, b.errors, b.batches, b.share) == (1, 0, 1, 0.1)
    assert report.started.utcoffset() is not None
    assert report.seconds >= a.seconds
    assert 0 <= report.gate_seconds <= report.seconds


def test_the_report_names_the_fingerprint_of_a_card(workdir: Path) -> None:
    folder = workdir / "mine" / "shorter"
    folder.mkdir(parents=True)
    (folder / "expert.toml").write_text(
        'name = "shorter"\ntask = "gist"\nkind = "lead"\ndescription = "x"\n'
        "settings = { sentences = 1, min_tokens = 1 }"
    )
    path = str(write(workdir / "in.json", [{"headline": "x", "content": "One here. Two here."}]))

    def fingerprint(**changes: Any) -> str:
        session = Session(Settings(tasks=("gist",), experts_dir=(workdir / "mine",), experts={"shorter": changes}))
        report = run_job(session, Job((path,), workdir / "out.json", "json", None), Watcher())
        return report.experts["shorter"].fingerprint

    first = fingerprint()
    assert read(workdir / "out.json")[0]["analyses"] == {"gist": {"summary": "One here."}}
    assert len(first) == 16
    assert fingerprint() == first
    assert fingerprint(sentences=2) != first


def test_a_broken_input_is_reported_before_anything_is_written(workdir: Path) -> None:
    (workdir / "b.json").write_text('[{"id": 1, "headline": "x"}, {"id":', encoding="utf-8")
    expert = FakeExpert("a", "task", echo)
    job = Job(
        (numbered(workdir / "a.json", 0, 3), str(workdir / "b.json")), workdir / "out.json", "json", workdir / "r.json"
    )
    with pytest.raises(InputError, match=r"b\.json: not valid JSON: .*line 1, column 36"):
        run_job(session_of(expert), job, Watcher())
    assert sorted(os.listdir(workdir)) == ["a.json", "b.json", "r.json"]
    assert expert.batches == []
    failed = RunReport.model_validate_json((workdir / "r.json").read_text(encoding="utf-8"))
    assert (failed.exit_code, failed.failure.type, failed.items) == (1, "InputError", 0)
    assert failed.failure.message.startswith(f"{workdir / 'b.json'}: not valid JSON")


def test_of_several_inputs_one_that_cannot_be_read_is_left_out(workdir: Path) -> None:
    (workdir / "b.json").write_text("oops", encoding="utf-8")
    inputs = [numbered(workdir / "a.json", 0, 2), "b.json", numbered(workdir / "c.json", 2, 2), "missing.json"]
    session = session_of(FakeExpert("a", "task", echo))
    [job] = plan(inputs, "out.json")
    report = run_job(session, job, Watcher())
    assert [record["id"] for record in read(workdir / "out.json")] == [0, 1, 2, 3]
    assert (report.exit_code, report.failure, report.items) == (4, None, 4)
    assert list(report.unreadable) == ["b.json", "missing.json"]
    assert report.unreadable["b.json"].startswith("b.json: not valid JSON")
    with pytest.raises(InputError, match=r"none of the 2 inputs can be read, such as missing\.json: cannot be read"):
        run_job(session, plan(["b.json", "missing.json"], "out.json")[0], Watcher())


def test_the_report_of_a_bug_quotes_nothing(workdir: Path) -> None:
    class Broken(Watcher):
        def finished(self, number: int, record: Record) -> None:
            raise ZeroDivisionError("text of an article")

    [job] = plan([numbered(workdir / "a.json", 0, 2)], "out.json")
    with pytest.raises(ZeroDivisionError):
        run_job(session_of(FakeExpert("a", "task", echo)), job, Broken())
    failed = RunReport.model_validate_json((workdir / "out.run.json").read_text(encoding="utf-8"))
    assert (failed.exit_code, failed.failure.type, failed.failure.message) == (3, "ZeroDivisionError", "")


def test_an_unwritable_output_is_reported_before_an_article_is_analyzed(workdir: Path) -> None:
    expert = FakeExpert("a", "task", echo)
    job = Job((numbered(workdir / "a.json", 0, 3),), workdir / "no" / "out.json", "json", None)
    with pytest.raises(OutputError, match="cannot be written: there is no folder"):
        run_job(session_of(expert), job, Watcher())
    assert expert.batches == []


def test_an_unwritable_report_is_reported_before_an_article_is_analyzed(workdir: Path) -> None:
    expert = FakeExpert("a", "task", echo)
    job = Job((numbered(workdir / "a.json", 0, 3),), workdir / "out.json", "json", workdir / "no" / "r.json")
    with pytest.raises(OutputError):
        run_job(session_of(expert), job, Watcher())
    assert expert.batches == []


def test_an_interrupted_run_leaves_the_old_output_and_nothing_else(workdir: Path) -> None:
    expert = FakeExpert("a", "task", failing_on(3, error=KeyboardInterrupt()))
    path = numbered(workdir / "a.json", 0, 5)
    (workdir / "out.json").write_text("old")
    with pytest.raises(KeyboardInterrupt):
        run_job(
            session_of(expert, window_articles=2),
            Job((path,), workdir / "out.json", "json", workdir / "r.json"),
            Watcher(),
        )
    assert (workdir / "out.json").read_text() == "old"
    assert sorted(os.listdir(workdir)) == ["a.json", "out.json", "r.json"]
    assert read(workdir / "r.json")["exit_code"] == 130


def test_an_output_replaces_an_older_one_behind_a_link(workdir: Path) -> None:
    (workdir / "real.json").write_text("old")
    (workdir / "link.json").symlink_to("real.json")
    job = Job((numbered(workdir / "a.json", 0, 1),), workdir / "link.json", "json", None)
    run_job(session_of(FakeExpert("a", "task", echo)), job, Watcher())
    assert (workdir / "link.json").is_symlink()
    assert [record["id"] for record in read(workdir / "real.json")] == [0]


def test_input_from_a_pipe_goes_to_standard_output(workdir: Path) -> None:
    os.mkfifo(workdir / "pipe")
    assert plan(["pipe"]) == [Job(("pipe",), STDOUT, "json", None)]


def test_an_output_that_is_no_regular_file_is_not_replaced(workdir: Path) -> None:
    os.mkfifo(workdir / "pipe")
    reader = os.open(workdir / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        job = Job((numbered(workdir / "a.json", 0, 1),), workdir / "pipe", "json", None)
        run_job(session_of(FakeExpert("a", "task", echo)), job, Watcher())
        assert (workdir / "pipe").is_fifo()
    finally:
        os.close(reader)


def test_standard_output_gets_the_records_and_nothing_else(workdir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = Job((numbered(workdir / "a.json", 0, 2),), STDOUT, "json", None)
    run_job(session_of(FakeExpert("a", "task", echo)), job, Watcher())
    assert [record["id"] for record in json.loads(capsys.readouterr().out)] == [0, 1]
    assert os.listdir(workdir) == ["a.json"]


def test_the_number_of_an_element_counts_existing_records(workdir: Path) -> None:
    job = Job((numbered(workdir / "a.json", 0, 2),), workdir / "out.jsonl", "jsonl", None, append=True)
    session = session_of(FakeExpert("a", "task", echo))
    run_job(session, job)
    numbered(workdir / "a.json", 0, 3)
    watcher = Watcher()
    run_job(session, job, watcher)
    assert watcher.numbers == [2]


def test_the_session_s_journal_stores_the_report(workdir: Path) -> None:
    job = Job((numbered(workdir / "a.json", 0, 2),), workdir / "out.json", "json", None)
    with open_journal(str(workdir / "journal")) as journal:
        assert journal
        session = Session(Settings(tasks=("task",)), registry=registry_of(FakeExpert("a", "task")), journal=journal)
        report = run_job(session, job)
        assert [RunReport.model_validate_json(text) for _, text in journal.runs()] == [report]


def test_the_error_of_too_many_errors_quotes_no_article(workdir: Path) -> None:
    expert = FakeExpert("a", "task", failing_on(1, error=ValueError("the whole text of the article")))
    job = Job((numbered(workdir / "a.json", 0, 2),), workdir / "out.json", "json", None)
    with pytest.raises(TooManyErrorsError) as error:
        run_job(session_of(expert), job, max_errors=ErrorLimit.parse("0"))
    assert str(error.value) == (
        "1 of 2 records have errors, more than --max-errors 0; the first: index 1: predict a: ValueError"
    )


def test_experts_stay_loaded_from_one_job_to_the_next(workdir: Path) -> None:
    expert = LoadCounting("a", "task", lambda article: Fields({"n": 1}))
    session = session_of(expert)
    for name in ("a", "b"):
        run_job(
            session, Job((numbered(workdir / f"{name}.json", 0, 1),), workdir / f"{name}.out", "json", None), Watcher()
        )
    assert len(expert.loads) == 1


def test_an_input_that_is_rewritten_during_the_run_ends_it(workdir: Path) -> None:
    name = numbered(workdir / "in.json", 0, 300)  # more than are held at a time

    def rewrite(article: Article) -> Prediction:
        Path(name).write_bytes(Path(name).read_bytes())
        return echo(article)

    with pytest.raises(InputError, match=r"in\.json: was changed while it was read"):
        run_job(session_of(FakeExpert("a", "task", rewrite)), *plan([name]))
    assert sorted(os.listdir(workdir)) == ["analyzed_in.run.json", "in.json"]


def test_a_file_may_have_a_name_that_is_no_utf8(workdir: Path) -> None:
    source = numbered(Path(os.fsdecode(b"caf\xe9.json")), 0, 2)
    [job] = plan([source])
    report = run_job(session_of(FakeExpert(task="task")), job)
    assert len(read(job.output)) == 2
    assert report.inputs == ["caf\ufffd.json"]
    assert job.report is not None
    assert json.loads(job.report.read_bytes())["output"] == "analyzed_caf\ufffd.json"


@pytest.mark.parametrize("failing", [False, True])
def test_a_file_of_errors_that_cannot_be_written_loses_no_output(failing: bool, workdir: Path, log: LogCapture) -> None:
    """Its path is a folder, and then a file of another program."""
    source = numbered(workdir / "a.json", 0, 3)
    expert = FakeExpert(task="task", predict_one=failing_on(1) if failing else echo)
    (workdir / "b.errors.jsonl").mkdir()
    run_job(session_of(expert), *plan([source], "b.json"))
    assert len(read(workdir / "b.json")) == 3
    assert ("b.errors.jsonl" in log.text) == failing
    (workdir / "b.errors.jsonl").rmdir()
    (workdir / "b.errors.jsonl").write_text('{"input": "mine"}\n')
    run_job(session_of(FakeExpert(task="task")), *plan([source], "b.json"))
    assert (workdir / "b.errors.jsonl").read_text() == '{"input": "mine"}\n'
