import json
from pathlib import Path

import pytest

from tests.cli.support import GIST, articles, newsmoe, one_line
from tests.report.support import records, stories_of, story_article, write_records
from tests.support import write


def test_a_run_becomes_a_page_beside_its_records(here: Path) -> None:
    newsmoe("analyze", write(here / "a.json", articles(3)), "--quiet", *GIST)
    result = newsmoe("report", "analyzed_a.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("analyzed_a.html: ")
    page = (here / "analyzed_a.html").read_text(encoding="utf-8")
    assert "Headline 2" in page
    assert "<dt>Gate</dt>" in page  # of the run report
    assert "There is no run report" not in page


def test_the_report_of_another_output_is_not_on_the_page(here: Path) -> None:
    write(here / "a.json", articles(3))
    newsmoe("analyze", "a.json", "-o", "out.json", *GIST)
    newsmoe("analyze", "a.json", "-o", "out.csv", *GIST)
    for output, without in (("out.json", True), ("out.csv", False)):
        newsmoe("report", output, "-o", "page.html")
        assert ("There is no run report" in (here / "page.html").read_text(encoding="utf-8")) is without


@pytest.mark.parametrize("name", ["r.jsonl", "r.csv", "r.xlsx", "r.parquet", "r.db"])
def test_every_format_becomes_a_page(name: str, here: Path) -> None:
    result = newsmoe("report", write_records(here / name, records(3)), "-o", "page.html")
    assert result.exit_code == 0, result.stderr
    page = (here / "page.html").read_text(encoding="utf-8")
    assert "3 articles" in page
    assert "There is no run report beside the records" in page


def test_several_files_become_one_page(here: Path) -> None:
    for name in ("b.json", "a.json"):
        write_records(here / name, records(2))
    assert newsmoe("report", "b.json", "a.json").exit_code == 0
    page = (here / "b.html").read_text(encoding="utf-8")
    assert "b.json and 1 more" in page
    assert "4 articles" in page


def test_two_runs_are_compared(here: Path) -> None:
    write_records(here / "new.json", records(3))
    write_records(here / "old.csv", records(2))
    assert newsmoe("report", "new.json", "--compare", "old.csv").exit_code == 0
    page = (here / "new.html").read_text(encoding="utf-8")
    assert "Compared with old.csv" in page
    assert "2 articles in both, 1 only here." in page


def test_stories_are_on_the_page(here: Path) -> None:
    some = records(3)
    write_records(here / "r.csv", some)
    articles = [story_article(item, "s", copy_of) for item, copy_of in zip(some, (None, "a0", None), strict=True)]
    write(here / "s.json", stories_of(articles).model_dump(mode="json"))
    assert newsmoe("report", "r.csv", "--stories", "s.json").exit_code == 0
    page = (here / "r.html").read_text(encoding="utf-8")
    assert "3 articles, 1 copy" in page
    assert 'href="#story=s"' in page
    assert "Of these articles" not in page


@pytest.mark.parametrize("name", ["r.json", "no.json"], ids=["records", "nothing"])
def test_what_holds_no_stories_is_refused(name: str, here: Path) -> None:
    write_records(here / "r.json", records(1))
    result = newsmoe("report", "r.json", "--stories", name)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    reasons = {"r.json": "r.json: holds no stories: ", "no.json": "no.json: cannot be read: No such file"}
    assert reasons[name] in result.stderr
    assert not (here / "r.html").exists()


def test_a_page_is_not_written_as_something_else(here: Path) -> None:
    write_records(here / "r.json", records(1))
    write(here / "a.json", articles(1))
    for command in (("report", "r.json", "-o", "r.pdf"), ("analyze", "a.json", "--page", "r.pdf", *GIST)):
        result = newsmoe(*command)
        assert result.exit_code == 2
        assert "r.pdf: a page is HTML" in result.stderr
        assert {path.name for path in here.iterdir()} == {"r.json", "a.json"}


def test_a_page_goes_to_standard_output(here: Path) -> None:
    result = newsmoe("report", write_records(here / "r.json", records(1)), "-o", "-")
    assert result.stdout.startswith("<!doctype html>")
    assert result.stderr == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ("r.json", "-o", "r.json"),
        ("r.json", "--compare", "o.json", "-o", "./o.json"),
        ("r.json", "--stories", "o.json", "-o", "./o.json"),
    ],
)
def test_an_input_is_never_written_over(arguments: tuple[str, ...], here: Path) -> None:
    for name in ("r.json", "o.json"):
        write_records(here / name, records(1))
    before = (here / "r.json").read_bytes(), (here / "o.json").read_bytes()
    result = newsmoe("report", *arguments)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "is an input; name another file with -o" in result.stderr
    assert before == ((here / "r.json").read_bytes(), (here / "o.json").read_bytes())


@pytest.mark.parametrize("report", ["{", "[]", '{"command": 5}', '{"inputs": []}', ""])
def test_a_broken_run_report_costs_only_itself(report: str, here: Path) -> None:
    write_records(here / "r.json", records(1))
    (here / "r.run.json").write_text(report)
    assert newsmoe("report", "r.json").exit_code == 0
    assert "There is no run report" in (here / "r.html").read_text(encoding="utf-8")


def test_articles_are_no_records(here: Path) -> None:
    result = newsmoe("report", write(here / "a.json", articles(1)))
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "holds no records of newsmoe; 'newsmoe analyze" in result.stderr
    assert json.loads((here / "a.json").read_text())
    assert not (here / "a.html").exists()


def test_analyze_makes_the_page_too(here: Path) -> None:
    write(here / "a.json", articles(2))
    write(here / "b.json", [*articles(1), 5])
    result = newsmoe("analyze", "a.json", "b.json", "--page", "page.html", "--quiet", *GIST)
    assert result.exit_code == 4
    page = (here / "page.html").read_text(encoding="utf-8")
    assert "analyzed_a.json and 1 more" in page
    assert "4 articles" in page


def test_what_an_earlier_run_wrote_is_not_on_the_page(here: Path) -> None:
    for name in ("a.json", "b.json"):
        write(here / name, articles(2))
    run = ("analyze", "a.json", "b.json", "--page", "page.html", "--stories", "s.json", "--quiet", *GIST)
    assert newsmoe(*run).exit_code == 0
    (here / "b.json").write_text('[{"headline": "St')
    assert newsmoe(*run).exit_code == 4
    assert "2 articles" in (here / "page.html").read_text(encoding="utf-8")


def test_the_working_directory_may_be_the_data_set(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(here / "a.json", articles(2))
    newsmoe("analyze", "a.json", "-o", "all", "--format", "jsonl", "--partition-by", "source", "--quiet", *GIST)
    monkeypatch.chdir(here / "all")
    assert newsmoe("report", ".").exit_code == 0
    assert "2 articles" in (here / "all.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "arguments",
    [
        ("-o", "-"),
        ("-o", "page.html", "--format", "json"),
        ("-o", "out.json", "--page", "a.json"),
        ("--run-report", "page.html"),
    ],
)
def test_a_page_that_cannot_be_made_is_refused_before_the_run(arguments: tuple[str, ...], here: Path) -> None:
    before = write(here / "a.json", articles(1)).read_bytes()
    result = newsmoe("analyze", "a.json", "--page", "page.html", *arguments, *GIST)
    assert result.exit_code == 2
    assert [path.name for path in here.iterdir()] == ["a.json"]
    assert (here / "a.json").read_bytes() == before
