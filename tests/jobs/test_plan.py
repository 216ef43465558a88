from pathlib import Path

import pytest

from newsmoe.errors import ConfigError, OutputError
from newsmoe.jobs.plan import Job
from newsmoe.output.formats import STDOUT
from tests.jobs.support import plan
from tests.support import write


def test_without_an_output_each_input_has_its_own_beside_it(workdir: Path) -> None:
    (workdir / "in").mkdir()
    assert plan(["in/news-data.json", "b.jsonl.gz"]) == [
        Job(
            ("in/news-data.json",),
            Path("in/analyzed_news_data.json"),
            "json",
            Path("in/analyzed_news_data.run.json"),
            Path("in/analyzed_news_data.errors.jsonl"),
        ),
        Job(
            ("b.jsonl.gz",),
            Path("analyzed_b.json"),
            "json",
            Path("analyzed_b.run.json"),
            Path("analyzed_b.errors.jsonl"),
        ),
    ]


def test_the_requested_format_is_the_suffix_of_a_default_output(workdir: Path) -> None:
    [job] = plan(["a.json"], format="jsonl")
    assert (job.output, job.format) == (Path("analyzed_a.jsonl"), "jsonl")


def test_a_named_output_takes_all_inputs(workdir: Path) -> None:
    assert plan(["a.json", "b.json"], "out/all.json") == [
        Job(("a.json", "b.json"), Path("out/all.json"), "json", Path("out/all.run.json"), Path("out/all.errors.jsonl"))
    ]


@pytest.mark.parametrize("output", ["x.txt", "x.html", "x.tsv", "x.json.tmp"])
def test_an_unknown_suffix_is_refused(output: str, workdir: Path) -> None:
    with pytest.raises(ConfigError, match=rf"{output}: records are not written as \w+; use json, jsonl, csv, "):
        plan(["a.json"], output)


@pytest.mark.parametrize(
    ("output", "requested", "format"),
    [
        ("x.json", None, "json"),
        ("x.jsonl", None, "jsonl"),
        ("x.ndjson", None, "jsonl"),
        ("x", None, "json"),
        ("x.xlsx", None, "xlsx"),
        ("x.txt", "json", "json"),
        ("x.csv", "csv-excel", "csv-excel"),
        ("x.json", "jsonl", "jsonl"),
        ("x.jsonl", "json", "json"),
        ("-", None, "json"),
        ("-", "jsonl", "jsonl"),
    ],
)
def test_the_format_is_the_requested_one_or_that_of_the_suffix(
    output: str, requested: str | None, format: str, workdir: Path
) -> None:
    [job] = plan(["a.json"], output, format=requested)
    assert job.format == format


def test_standard_input_goes_to_standard_output_with_no_report(workdir: Path) -> None:
    assert plan(["-"]) == [Job(("-",), STDOUT, "json", None)]


def test_a_report_can_be_requested_beside_standard_output(workdir: Path) -> None:
    [job] = plan(["a.json"], "-", "stats.json")
    assert (job.output, job.report) == (STDOUT, Path("stats.json"))


@pytest.mark.parametrize(
    "inputs", [["a.json", "a.json"], ["a-b.json", "a_b.json"], ["a.json", "a.json.gz"], ["-", "-"]]
)
def test_two_inputs_that_would_share_an_output_are_refused(inputs: list[str], workdir: Path) -> None:
    with pytest.raises(ConfigError, match="several inputs would be written to"):
        plan(inputs)


def test_two_inputs_of_one_name_in_two_folders_are_fine(workdir: Path) -> None:
    assert [job.output for job in plan(["a/x.json", "b/x.json"])] == [
        Path("a/analyzed_x.json"),
        Path("b/analyzed_x.json"),
    ]


def test_one_report_for_several_outputs_is_refused(workdir: Path) -> None:
    with pytest.raises(ConfigError, match="one run report for several outputs"):
        plan(["a.json", "b.json"], report="stats.json")


@pytest.mark.parametrize("spelling", ["a.json", "./a.json", "sub/../a.json", "link.json"])
def test_an_output_that_is_an_input_is_refused_however_it_is_spelled(spelling: str, workdir: Path) -> None:
    (workdir / "sub").mkdir()
    write(workdir / "a.json", [])
    (workdir / "link.json").symlink_to("a.json")
    with pytest.raises(OutputError, match="is an input too"):
        plan(["b.json", "a.json"], spelling)


def test_an_input_that_the_errors_would_be_written_over_is_refused(workdir: Path) -> None:
    with pytest.raises(OutputError, match=r"news.errors.jsonl: is an input too"):
        plan(["news.errors.jsonl"], "news.json")


@pytest.mark.parametrize("journal", ["a.db", "./b.db"])
def test_a_journal_that_is_an_input_or_an_output_is_refused(journal: str, workdir: Path) -> None:
    with pytest.raises(OutputError, match="is an input or an output, and no journal"):
        plan(["a.db"], "b.db", journal=journal)


def test_a_journal_with_the_name_of_a_file_of_articles_is_refused(workdir: Path) -> None:
    with pytest.raises(ConfigError, match=r"archive.json: is not the name of a journal; call it archive.sqlite"):
        plan(["a.json"], journal="archive.json")


def test_no_file_is_put_beside_an_output_that_is_no_regular_file(workdir: Path) -> None:
    [job] = plan(["a.json"], "/dev/null")
    assert (job.report, job.errors) == (None, None)


def test_a_gzipped_output_is_refused(workdir: Path) -> None:
    with pytest.raises(ConfigError, match=r"b.jsonl.gz: records are not written packed; name it b.jsonl"):
        plan(["a.json"], "b.jsonl.gz")


def test_an_output_that_is_the_input_of_another_job_is_refused(workdir: Path) -> None:
    with pytest.raises(OutputError, match="is an input too"):
        plan(["a.json", "analyzed_a.json"])


def test_two_spellings_of_one_input_are_refused(workdir: Path) -> None:
    (workdir / "sub").mkdir()
    with pytest.raises(ConfigError, match="several inputs would be written to"):
        plan(["a.json", "sub/../a.json"])


@pytest.mark.parametrize("report", ["a.json", "out.json"])
def test_a_report_that_is_an_input_or_the_output_is_refused(report: str, workdir: Path) -> None:
    with pytest.raises((ConfigError, OutputError)):
        plan(["a.json"], "out.json", report)
