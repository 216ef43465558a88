import ctypes
import gzip
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from newsmoe.output.run_report import RunReport
from tests.cli.support import (
    GIST,
    MAIN,
    SHORT,
    PlugIn,
    article,
    articles,
    card,
    names,
    newsmoe,
    one_line,
    process,
    with_plug_ins,
)
from tests.support import read, write

PLANTED = """
from newsmoe import Fields


class Planted:
    name = "planted"
    task = "planted"

    def load(self, device):
        pass

    def predict(self, articles):
        return [self.predict_article(article) for article in articles]

    def predict_article(self, article):
        if "poison" in article.headline:
            raise ValueError("cannot read \\n" + article.headline)
        return Fields({"id": article.id})
"""

SLEEPY = """
import pathlib
import time


class Sleepy:
    name = "sleepy"
    task = "sleepy"

    def load(self, device):
        pass

    def predict(self, articles):
        pathlib.Path("asleep").touch()
        time.sleep(60)
"""

HOSTILE = "Rowers [red]take[/red] gold \x1b[31m\x1b]0;owned\x07\x9b32m[/bold]"
"""A headline with rich's markup, and with escape sequences that colour text and set a window's title."""


def ids(path: Path) -> list[Any]:
    return [record["id"] for record in read(path)]


# where it goes


def test_records_lie_beside_the_input_with_a_report(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    result = newsmoe("analyze", write(tmp_path / "in" / "news-data.json", articles(3)), *GIST)
    assert result.exit_code == 0
    assert names(tmp_path / "in") == ["analyzed_news_data.json", "analyzed_news_data.run.json", "news-data.json"]
    records = read(tmp_path / "in" / "analyzed_news_data.json")
    assert [(record["id"], record["status"]) for record in records] == [(0, "ok"), (1, "ok"), (2, "ok")]
    assert records[0]["analyses"] == {"summarization": {"summary": SHORT}}
    report = (tmp_path / "in" / "analyzed_news_data.run.json").read_text(encoding="utf-8")
    assert RunReport.model_validate_json(report).statuses == {"ok": 3}


def test_the_figures_go_to_standard_error_and_nothing_to_standard_output(here: Path) -> None:
    result = newsmoe("analyze", write(here / "a.json", articles(3)), *GIST, "--verbose")
    assert result.stdout == ""
    assert "lead" in result.stderr
    assert "3 articles, 0 with errors" in result.stderr
    assert "analyzed_a.json" in result.stderr


def test_the_output_can_be_named(here: Path) -> None:
    assert newsmoe("analyze", write(here / "a.json", articles(2)), "-o", "out.json", *GIST).exit_code == 0
    assert names(here) == ["a.json", "out.json", "out.run.json"]
    assert ids(here / "out.json") == [0, 1]


def test_the_report_can_be_put_elsewhere(here: Path) -> None:
    newsmoe("analyze", write(here / "a.json", articles(2)), "--run-report", "figures.json", *GIST)
    assert names(here) == ["a.json", "analyzed_a.json", "figures.json"]


@pytest.mark.parametrize("arguments", [("-o", "out.jsonl"), ("-o", "out.json", "--format", "jsonl")])
def test_json_lines_by_suffix_or_by_option(arguments: tuple[str, ...], here: Path) -> None:
    newsmoe("analyze", write(here / "a.json", articles(3)), *arguments, *GIST)
    lines = (here / arguments[1]).read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [0, 1, 2]


def test_the_format_gives_a_default_output_its_suffix(here: Path) -> None:
    newsmoe("analyze", write(here / "a.json", articles(3)), "--format", "jsonl", *GIST)
    assert names(here) == ["a.json", "analyzed_a.jsonl", "analyzed_a.run.json"]


def test_a_dash_writes_the_records_to_standard_output_alone(here: Path) -> None:
    result = newsmoe("analyze", write(here / "a.json", articles(2)), "-o", "-", *GIST)
    assert [record["id"] for record in json.loads(result.stdout)] == [0, 1]
    assert "2 articles" in result.stderr
    assert names(here) == ["a.json"]
    assert result.stderr.endswith("-> standard output\n")


def test_standard_input_is_analyzed_to_standard_output(here: Path) -> None:
    result = newsmoe("analyze", "-", "--format", "jsonl", *GIST, stdin=json.dumps(articles(2)))
    assert [json.loads(line)["id"] for line in result.stdout.splitlines()] == [0, 1]
    assert names(here) == []


def test_gzipped_json_lines_are_read(here: Path) -> None:
    lines = "\n".join(json.dumps(element) for element in articles(2))
    (here / "a.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    assert newsmoe("analyze", "a.jsonl.gz", *GIST).exit_code == 0
    assert ids(here / "analyzed_a.json") == [0, 1]


def test_several_inputs_have_an_output_each(here: Path) -> None:
    inputs = write(here / "a.json", articles(2)), write(here / "b.json", articles(1))
    assert newsmoe("analyze", *inputs, *GIST).exit_code == 0
    assert (ids(here / "analyzed_a.json"), ids(here / "analyzed_b.json")) == ([0, 1], [0])


def test_several_inputs_go_one_after_the_other_into_a_named_output(here: Path) -> None:
    inputs = write(here / "b.json", articles(2)), write(here / "a.json", [article(7), 3])
    assert newsmoe("analyze", *inputs, "-o", "all.json", *GIST).exit_code == 4
    assert ids(here / "all.json") == [0, 1, 7, None]
    assert names(here) == ["a.json", "all.errors.jsonl", "all.json", "all.run.json", "b.json"]


def test_one_output_for_two_inputs_is_refused_unless_it_is_named(here: Path) -> None:
    inputs = write(here / "a-b.json", articles(1)), write(here / "a_b.json", articles(1))
    result = newsmoe("analyze", *inputs, *GIST)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "several inputs would be written to" in result.stderr
    assert names(here) == ["a-b.json", "a_b.json"]


def test_an_input_is_never_overwritten(here: Path) -> None:
    before = write(here / "a.json", articles(1)).read_bytes()
    result = newsmoe("analyze", "a.json", "-o", "a.json", *GIST)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "a.json: is an input too" in result.stderr
    assert (here / "a.json").read_bytes() == before
    assert names(here) == ["a.json"]


def test_a_second_run_over_a_whole_folder_overwrites_no_input(here: Path) -> None:
    write(here / "a.json", articles(1))
    before = write(here / "analyzed_a.json", articles(2)).read_bytes()
    assert newsmoe("analyze", "a.json", "analyzed_a.json", *GIST).exit_code == 1
    assert (here / "analyzed_a.json").read_bytes() == before


def test_a_limit_counts_over_all_inputs_of_an_output(here: Path) -> None:
    inputs = write(here / "a.json", articles(2)), write(here / "b.json", articles(4))
    newsmoe("analyze", *inputs, "-o", "out.json", "--limit", 3, *GIST)
    assert ids(here / "out.json") == [0, 1, 0]


def test_a_limit_may_be_larger_than_any_input(here: Path) -> None:
    assert newsmoe("analyze", write(here / "a.json", articles(2)), "--limit", 10**20, *GIST).exit_code == 0


def test_a_dry_run_prints_what_would_be_done_and_writes_nothing(here: Path) -> None:
    write(here / "a.json", articles(3))
    result = newsmoe("analyze", "a.json", "--dry-run", *GIST)
    assert result.exit_code == 0
    assert "a.json: 3 articles -> analyzed_a.json" in result.stdout
    assert [line.split() for line in result.stdout.splitlines()][-1] == ["summarization", "lead", "3"]
    assert names(here) == ["a.json"]
    assert "a.json: 1 article -> " in newsmoe("analyze", "a.json", "--dry-run", "--limit", 1, *GIST).stdout


def test_a_dry_run_of_a_broken_input_fails_as_the_run_would(here: Path) -> None:
    (here / "a.json").write_text("[1,")
    result = newsmoe("analyze", "a.json", "--dry-run", *GIST)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)


@pytest.mark.slow
def test_the_output_of_a_file_in_a_read_only_folder_is_in_the_working_folder(here: Path, tmp_path: Path) -> None:
    folder = read_only(tmp_path / "ro")
    result = process("analyze", folder / "a.json", *GIST, preexec_fn=without_rights)
    assert (result.returncode, ids(here / "analyzed_a.json")) == (0, [0])
    assert names(folder) == ["a.json"]


@pytest.mark.slow
def test_an_output_folder_that_cannot_be_written_is_reported(here: Path, tmp_path: Path) -> None:
    folder = read_only(tmp_path / "ro")
    result = process("analyze", folder / "a.json", "-o", folder / "o.json", *GIST, preexec_fn=without_rights)
    assert (result.returncode, result.stdout) == (1, "")
    why = "Permission denied; write to another folder"
    assert result.stderr == f"newsmoe: {folder / 'o.json'}: cannot be written: {why}\n"


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("missing/out.json", "missing/out.json: cannot be written: there is no folder missing; make it first"),
        ("a.json/out.json", "a.json/out.json: cannot be written: there is no folder a.json; make it first"),
        ("folder", "folder: is a folder; name a file in it with -o"),
    ],
)
def test_an_output_that_cannot_be_created_is_reported_in_one_line(output: str, message: str, here: Path) -> None:
    (here / "folder").mkdir()
    result = newsmoe("analyze", write(here / "a.json", articles(1)), "-o", output, *GIST)
    assert (result.exit_code, result.stderr) == (1, f"newsmoe: {message}\n")
    assert names(here) == ["a.json", "folder"]


def read_only(folder: Path) -> Path:
    folder.mkdir()
    write(folder / "a.json", articles(1))
    folder.chmod(0o555)
    return folder


def without_rights() -> None:
    """Drop root's right to write anywhere, should this be root."""
    drop_from_bounding_set, dac_override = 24, 1
    ctypes.CDLL(None).prctl(drop_from_bounding_set, dac_override, 0, 0, 0)


# what it says


def test_quiet_prints_nothing_and_still_sets_the_exit_code(here: Path) -> None:
    result = newsmoe("analyze", write(here / "a.json", [article(), 7]), "--quiet", *GIST)
    assert (result.exit_code, result.stdout, result.stderr) == (4, "", "")
    assert ids(here / "analyzed_a.json") == [0, None]


def test_quiet_still_reports_why_it_could_not_run() -> None:
    result = newsmoe("analyze", "missing.json", "--quiet", *GIST)
    assert (result.exit_code, result.stderr) == (
        1,
        "newsmoe: missing.json: cannot be read: No such file or directory\n",
    )


def test_verbose_names_each_error_and_its_article(here: Path, plug_in: PlugIn) -> None:
    plug_in(PLANTED, planted="Planted")
    path = write(here / "a.json", [article(), article(5, headline="poison one"), 7])
    result = newsmoe("analyze", path, "--tasks", "planted", "--verbose")
    assert result.exit_code == 4
    lines = result.stderr.splitlines()
    assert "5: predict planted: ValueError: cannot read poison one" in lines
    assert any(line.startswith("index 2: read: NotAnArticle: expected an object") for line in lines)


def test_without_verbose_errors_are_counted_by_type(here: Path, plug_in: PlugIn) -> None:
    plug_in(PLANTED, planted="Planted")
    path = write(here / "a.json", [article(), *(article(n, headline=f"poison {n}") for n in range(3)), 7])
    result = newsmoe("analyze", path, "--tasks", "planted")
    assert "3 errors of type ValueError, such as: cannot read poison 0 (expert 'planted')\n" in result.stderr
    assert "1 error of type NotAnArticle: expected an object" in result.stderr
    assert f"elements with errors: {here / 'analyzed_a.errors.jsonl'}\n" in result.stderr
    assert "5 articles, 4 with errors" in result.stderr


def test_several_inputs_have_a_line_each_and_one_for_all(here: Path) -> None:
    write(here / "a.json", articles(2))
    write(here / "b.json", [7, article(7)])
    (here / "c.json").write_text("oops")
    result = newsmoe("analyze", "a.json", "b.json", "c.json", *GIST)
    assert result.exit_code == 4
    assert names(here) == [
        "a.json", "analyzed_a.json", "analyzed_a.run.json", "analyzed_b.errors.jsonl", "analyzed_b.json",
        "analyzed_b.run.json", "analyzed_c.run.json", "b.json", "c.json",
    ]  # fmt: skip
    lines = [re.sub(r"[0-9.]+ s.*?->", "S ->", line) for line in result.stderr.splitlines()]
    assert lines[:3] == [
        "a.json: 2 articles, 0 with errors, S -> analyzed_a.json",
        "b.json: 2 articles, 1 with errors, S -> analyzed_b.json",
        lines[2],
    ]
    assert lines[2].startswith("c.json: not valid JSON") and lines[2].endswith("; it is left out")
    assert lines[3:] == [
        "1 error of type NotAnArticle: expected an object with a headline or content, found a number",
        "elements with errors: analyzed_b.errors.jsonl",
        "4 articles, 1 with errors, 1 input left out, S -> 2 outputs",
    ]


@pytest.mark.parametrize("output", [(), ("-o", "o.json")])
def test_an_input_that_cannot_be_read_ends_a_strict_run(output: tuple[str, ...], here: Path) -> None:
    (here / "a.json").write_text("oops")
    write(here / "b.json", articles(1))
    assert newsmoe("analyze", "a.json", "b.json", *output, *GIST).exit_code == 4
    result = newsmoe("analyze", "a.json", "b.json", "--strict", *output, *GIST)
    assert (result.exit_code, result.stderr.startswith("newsmoe: a.json: not valid JSON")) == (1, True)


def test_the_report_of_a_named_output_says_that_there_was_no_input(here: Path) -> None:
    assert newsmoe("analyze", "inbox/*.json", "-o", "o.json", *GIST).exit_code == 1
    report = read(here / "o.run.json")
    assert (report["exit_code"], report["failure"]["message"]) == (1, "inbox/*.json: no file matches")
    assert newsmoe("analyze", "missing.json", "-o", "-", *GIST).exit_code == 1
    assert newsmoe("analyze", "missing.json", *GIST).exit_code == 1  # a slip of the pen leaves nothing behind
    assert newsmoe("analyze", "o.run.json", "missing.json", "-o", "o.csv", "--dry-run", *GIST).exit_code == 1
    assert names(here) == ["o.run.json"]


def test_what_is_left_out_of_a_folder_is_said_and_reported(here: Path) -> None:
    write(here / "a.json", articles(1))
    assert newsmoe("analyze", "a.json", "-o", "in/old.json", *GIST).exit_code == 1  # there is no such folder
    (here / "in" / "deep").mkdir(parents=True)
    assert newsmoe("analyze", "a.json", "-o", "in/old.json", *GIST).exit_code == 0
    write(here / "in" / "deep" / "b.json", articles(2))
    (here / "in" / ".hidden.json").touch()
    result = newsmoe("analyze", "in", "-o", "o.json", *GIST)
    assert result.exit_code == 0
    assert "in: 1 file to read; left out: 2 written by newsmoe, 1 hidden\n" in result.stderr
    report = read(here / "o.run.json")
    assert report["left_out"] == {"in": {"written by newsmoe": 2, "hidden": 1}}
    assert report["inputs"] == ["in/deep/b.json"]


def test_a_file_whose_extra_is_not_installed_costs_only_itself(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "feedparser", None)
    (here / "in").mkdir()
    write(here / "in" / "a.json", articles(1))
    (here / "in" / "b.rss").write_text("<rss><channel/></rss>")
    result = newsmoe("analyze", "in", "-o", "o.json", *GIST)
    assert result.exit_code == 4
    assert "in/b.rss: a feed needs feedparser; pip install 'newsmoe[feeds]'; it is left out" in result.stderr
    assert len(read(here / "o.json")) == 1


def test_what_newsmoe_wrote_is_no_input_though_it_is_named(here: Path) -> None:
    write(here / "a.json", articles(1))
    assert newsmoe("analyze", "a.json", "-o", "news.json", *GIST).exit_code == 0
    result = newsmoe("analyze", "news.json", *GIST)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "news.json: newsmoe wrote it (records), and it holds no articles" in result.stderr
    piped = newsmoe("analyze", "-", *GIST, stdin=(here / "news.json").read_text())
    assert "standard input: newsmoe wrote it" in piped.stderr


@pytest.mark.slow
def test_an_expert_that_fails_on_one_of_300_articles_affects_no_other(here: Path, plug_in: PlugIn) -> None:
    folder = plug_in(PLANTED, planted="Planted")
    elements = [article(n, headline="poison" if n == 123 else f"Headline {n}") for n in range(300)]
    write(here / "a.json", elements)
    result = process("analyze", "a.json", "--tasks", "planted,summarization", env=with_plug_ins(folder))
    assert result.returncode == 4
    records = read(here / "analyzed_a.json")
    assert [record["id"] for record in records] == list(range(300))
    bad = records.pop(123)
    assert all(record["status"] == "ok" and record["errors"] == [] for record in records)
    assert [record["analyses"]["planted"] for record in records] == [{"id": n} for n in range(300) if n != 123]
    assert bad["analyses"] == {"summarization": {"summary": SHORT}}
    assert bad["errors"] == [
        {
            "task": "planted",
            "expert": "planted",
            "type": "ValueError",
            "message": "cannot read poison",
            "stage": "predict",
        }
    ]
    report = RunReport.model_validate_json((here / "analyzed_a.run.json").read_text(encoding="utf-8"))
    assert (report.statuses, report.errors) == ({"ok": 299, "partial": 1}, {"ValueError": 1})
    assert (report.experts["planted"].items, report.experts["planted"].errors) == (299, 1)


# what cannot be read

CANNOT_RUN: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"Dear editor,", "not valid JSON: found 'D' where a JSON array or object should start"),
    "truncated": (b'[{"headline": "x"}, {"headline":', "the file ends too early"),
    "truncated in a string": (b'[{"headline": "x"}, {"headline": "y', "Unterminated string"),
    "not closed": (b'[{"headline": "x"}', "the end of the file"),
    "an array and a number": (b"[] 7", "more text after the end"),
    "empty": (b"", "the file is empty"),
    "blank": (b" \n\t\n", "the file is empty"),
    "binary": (bytes(range(256)) * 4, "not valid JSON"),
    "a number": (b"7", "where a JSON array or object should start"),
    "null": (b"null", "where a JSON array or object should start"),
    "a NaN": (b"NaN", "where a JSON array or object should start"),
    "100,000 brackets": (b"[" * 100_000, "not valid JSON"),
    "no articles": (b'{"stories": []}', "an object with no articles in it (keys: 'stories')"),
    "damaged gzip": (gzip.compress(b'[{"headline": "x"}]' * 100)[:-30], "the compressed file is damaged"),
}


@pytest.mark.parametrize(("content", "message"), CANNOT_RUN.values(), ids=CANNOT_RUN.keys())
def test_a_file_that_cannot_be_read_ends_the_run_with_one_line(content: bytes, message: str, here: Path) -> None:
    (here / "bad.json").write_bytes(content)
    result = newsmoe("analyze", "bad.json", *GIST)
    assert result.exit_code == 1
    assert one_line(result.stderr)
    assert result.stderr.startswith("newsmoe: bad.json: ")
    assert message in result.stderr
    assert result.stdout == ""
    assert names(here) == ["analyzed_bad.run.json", "bad.json"]
    report = read(here / "analyzed_bad.run.json")
    assert (report["exit_code"], f"newsmoe: {report['failure']['message']}\n") == (1, result.stderr)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("folder", "no input files in this folder; left out: 1 with an unknown suffix (.pdf)"),
        ("*.json", "no file matches"),
        ("nowhere", "cannot be read: No such file or directory"),
    ],
)
def test_a_name_that_matches_no_file_ends_the_run_with_one_line(name: str, message: str, here: Path) -> None:
    (here / "folder").mkdir()
    (here / "folder" / "a.pdf").touch()
    result = newsmoe("analyze", name, *GIST)
    assert result.exit_code == 1
    assert one_line(result.stderr)
    assert f"{name}: {message}" in result.stderr
    assert names(here) == ["folder"]


def test_the_working_folder_itself_is_no_output(here: Path) -> None:
    result = newsmoe("analyze", write(here / "a.json", articles(1)), "-o", ".", *GIST)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)


def test_a_broken_file_ends_the_run_with_line_and_column(here: Path) -> None:
    (here / "bad.json").write_text('[\n  {"headline": "x"},\n  {"headline": oops}\n]')
    assert "(line 3, column 16)" in newsmoe("analyze", "bad.json", *GIST).stderr


@pytest.mark.slow
def test_a_process_that_cannot_run_leaves_no_traceback(here: Path) -> None:
    (here / "bad.json").write_bytes(b"[" * 100_000)
    result = process("analyze", "bad.json", *GIST)
    assert (result.returncode, result.stdout, one_line(result.stderr)) == (1, "", True)


# what can be read in part

ODD: dict[str, tuple[list[str], int]] = {
    "numbers": (["1", "2.5", "-3"], 3),
    "nulls": (["null", '{"headline": null, "content": null, "id": null, "topics": null, "author": null}'], 1),
    "wrong types": (['{"headline": {"a": 1}}', '{"content": true}', '{"url": "x", "content": [1]}'], 3),
    "lists": (["[]", '[["headline", "x"]]', '"headline"'], 3),
    "no text at all": (['{"id": 1, "url": "https://x.example"}'], 1),
    "lone surrogates": ([r'{"id": "\ud800", "headline": "\udfff", "content": "A\ud83d b. C d."}'], 0),
    "a NaN": (['{"id": NaN, "headline": NaN, "content": "A b. C d.", "date": -Infinity}'], 0),
    "100,000 brackets": (["[" * 100_000 + "]" * 100_000], 1),
    "10 MB in one string": (['{"headline": "x", "content": "' + "x" * 10_000_000 + '"}'], 0),
    "duplicate ids": (['{"id": 1, "headline": "x"}'] * 3, 0),
    "a huge number": (['{"headline": "x", "id": 1' + "0" * 5000 + ', "date": 1e999}'], 0),
}


@pytest.mark.parametrize(("odd", "bad"), ODD.values(), ids=ODD.keys())
def test_an_odd_element_keeps_its_place_and_affects_no_other_record(odd: list[str], bad: int, here: Path) -> None:
    (here / "a.json").write_text(f"[{', '.join([json.dumps(article(1)), *odd, json.dumps(article(2))])}]")
    (here / "lead.toml").write_text('[[rule]]\nuse = { summarization = "lead" }')
    result = newsmoe("analyze", "a.json", "--config", "lead.toml", *GIST)
    records = read(here / "analyzed_a.json")
    assert len(records) == len(odd) + 2
    assert [(record["id"], record["status"]) for record in (records[0], records[-1])] == [(1, "ok"), (2, "ok")]
    assert len({tuple(record) for record in records}) == 1
    assert [record["status"] for record in records].count("failed") == bad
    assert result.exit_code == (4 if bad else 0)
    assert "Traceback" not in result.stderr and "bug" not in result.stderr


def test_a_line_that_is_no_json_affects_no_other_record(here: Path) -> None:
    lines = [json.dumps(article(1)), '{"headline": "cut', json.dumps(article(3))]
    (here / "a.jsonl").write_text("\n".join(lines))
    assert newsmoe("analyze", "a.jsonl", *GIST).exit_code == 4
    assert ids(here / "analyzed_a.json") == [1, None, 3]


@pytest.mark.parametrize(
    "element", ['{"headline": "x", "date": 1' + "0" * 400 + "}", r'{"headline": "x", "_id": {"$oid": "\ud800"}}']
)
def test_a_field_that_cannot_be_converted_loses_no_record(element: str, here: Path) -> None:
    (here / "a.json").write_text(f"[{element}, {json.dumps(article(2))}]")
    assert newsmoe("analyze", "a.json", *GIST).exit_code == 0
    assert [(record["headline"], record["status"]) for record in read(here / "analyzed_a.json")] == [
        ("x", "ok"),
        ("Headline 2", "ok"),
    ]


def test_an_input_may_be_a_pipe(here: Path) -> None:
    reader, writer = os.pipe()
    try:
        os.write(writer, json.dumps(articles(2)).encode())
        os.close(writer)
        assert newsmoe("analyze", f"/dev/fd/{reader}", "-o", "out.json", *GIST).exit_code == 0
    finally:
        os.close(reader)
    assert ids(here / "out.json") == [0, 1]


# options


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--format", "xml"), "records are not written as xml; use json, jsonl, csv, csv-excel, xlsx, parquet, sqlite"),
        (("--gate", "rool"), "no gate is called 'rool'; use auto, rules, all, learned, a .toml file of rules"),
        (("--gate", "rool.toml"), "rool.toml: cannot be read"),
        (("--device", "gpu"), "unknown device 'gpu'; use auto, cpu, cuda, mps or cuda:N"),
        (("--batch-tokens", "0"), "command line: batch_tokens: must be greater than or equal to 1"),
        (("--tasks", "sumarization"), "no expert predicts the task 'sumarization'; did you mean 'summarization'?"),
        (("--config", "no.toml"), "no.toml: cannot be read: No such file or directory"),
        (("--experts-dir", "nowhere"), "nowhere: no such folder of experts"),
    ],
)
def test_an_unknown_value_is_reported_in_one_line(arguments: tuple[str, ...], message: str, here: Path) -> None:
    result = newsmoe("analyze", write(here / "a.json", articles(1)), *GIST, *arguments)
    assert result.exit_code == 1
    assert one_line(result.stderr)
    assert message in result.stderr
    assert names(here) == ["a.json"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("a.json", "--limit", "-1"),
        ("a.json", "--limit", "many"),
        ("a.json", "--batch-tokens", "x"),
        (),
        ("a.json", "--fast"),
    ],
)
def test_wrong_usage_has_an_exit_code_of_its_own(arguments: tuple[str, ...]) -> None:
    result = newsmoe("analyze", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage" in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [("analyze", "a.json"), ("watch", "in", "--out", "out", "--once")])
@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("-q", "-v"), "--quiet and --verbose"),
        (("--no-journal", "--journal", "j.sqlite3"), "--no-journal and --journal"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    command: tuple[str, ...], options: tuple[str, ...], named: str
) -> None:
    result = newsmoe(*command, *options)
    assert result.exit_code == 2
    assert f"{named} contradict each other" in result.stderr


def test_experts_of_a_folder_are_used(here: Path) -> None:
    card(here / "mine", "opening")
    newsmoe("analyze", write(here / "a.json", articles(1)), "--experts-dir", "mine", "--tasks", "opening")
    assert read(here / "analyzed_a.json")[0]["analyses"] == {"opening": {"summary": SHORT}}


def test_experts_in_the_working_folder_are_found_without_an_option(here: Path) -> None:
    card(here / "experts", "opening")
    newsmoe("analyze", write(here / "a.json", articles(1)), "--tasks", "opening")
    assert read(here / "analyzed_a.json")[0]["route"][0]["expert"] == "opening"


def test_a_rule_of_two_lines_sends_articles_to_an_expert_of_ones_own(here: Path) -> None:
    card(here / "experts", "opening", task="summarization")
    (here / "newsmoe.toml").write_text('[[rule]]\nuse = { summarization = "opening" }\n')
    newsmoe("analyze", write(here / "a.json", articles(1)), *GIST)
    assert [entry["expert"] for entry in read(here / "analyzed_a.json")[0]["route"]] == ["opening"]


def test_the_gate_all_runs_every_expert(here: Path) -> None:
    card(here / "experts", "one", task="gist")
    card(here / "experts", "two", task="gist")
    newsmoe("analyze", write(here / "a.json", articles(1)), "--gate", "all", "--tasks", "gist")
    entries = read(here / "analyzed_a.json")[0]["route"]
    assert [(entry["expert"], entry["weight"]) for entry in entries] == [("one", 0.5), ("two", 0.5)]


def test_a_wrong_setting_of_an_expert_ends_the_run(here: Path) -> None:
    (here / "newsmoe.toml").write_text("[experts.lead]\nsentencs = 3\n")
    assert newsmoe("analyze", write(here / "a.json", articles(1)), *GIST).exit_code == 1


# what must not reach the terminal


def hostile_plug_in() -> str:
    return PLANTED.replace('"cannot read \\n" + article.headline', repr(f"no {HOSTILE}"))


def clean(text: str) -> bool:
    return not any(char in text for char in "\x1b\x07\x9b\x00")


def test_codes_and_markup_in_articles_and_errors_do_not_reach_the_terminal(here: Path, plug_in: PlugIn) -> None:
    plug_in(hostile_plug_in(), planted="Planted")
    path = write(here / "a.json", [article(HOSTILE, headline=f"poison {HOSTILE}"), HOSTILE])
    result = newsmoe("analyze", path, "--tasks", "planted", "--verbose")
    assert result.exit_code == 4
    assert clean(result.stderr) and clean(result.stdout)
    assert "[red]take[/red] gold" in result.stderr.split("ValueError: no ")[1]
    assert result.stderr.startswith("Rowers [red]take[/red] gold")


def test_codes_in_a_headline_do_not_reach_standard_output(here: Path, plug_in: PlugIn) -> None:
    plug_in(PLANTED, planted="Planted")
    result = newsmoe("analyze", write(here / "a.json", [article(headline=HOSTILE)]), "--tasks", "planted", "-o", "-")
    assert clean(result.stdout)
    assert json.loads(result.stdout)[0]["headline"] == "Rowers [red]take[/red] gold 32m[/bold]"


def test_codes_in_the_message_of_an_expert_do_not_reach_standard_output(here: Path, plug_in: PlugIn) -> None:
    plug_in(hostile_plug_in(), planted="Planted")
    path = write(here / "a.json", [article(headline="poison")])
    assert clean(newsmoe("analyze", path, "--tasks", "planted", "-o", "-").stdout)


def test_markup_in_the_name_of_an_expert_is_shown_as_it_is(here: Path, plug_in: PlugIn) -> None:
    plug_in(PLANTED.replace('name = "planted"', 'name = "a[/red]b"'), **{"a[/red]b": "Planted"})
    result = newsmoe("analyze", write(here / "a.json", articles(1)), "--tasks", "planted", "--verbose")
    assert result.exit_code == 0
    assert "a[/red]b" in result.stderr


def test_a_message_is_shown_whole(here: Path, plug_in: PlugIn) -> None:
    plug_in(PLANTED.replace('"cannot read \\n" + article.headline', 'f"expected {str}"'), planted="Planted")
    path = write(here / "a.json", [article(headline="poison")])
    assert "expected <class 'str'>" in newsmoe("analyze", path, "--tasks", "planted", "--verbose").stderr


# terminals, pipes and signals


def on_a_terminal(*args: object, **options: Any) -> tuple[int, str]:
    """Run with standard error on a terminal; return the exit code and what it showed."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        [*MAIN, *map(str, args)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=theirs, **options
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 1 << 16):
            shown += chunk
    except OSError:  # how Linux tells that the other side was closed
        pass
    finally:
        os.close(ours)
    return child.wait(timeout=60), shown.decode()


def terminal(folder: Path | None = None) -> dict[str, str]:
    environment = with_plug_ins(folder) if folder else dict(os.environ)
    return {**environment, "TERM": "xterm-256color"}


def test_progress_is_shown_on_a_terminal(here: Path, plug_in: PlugIn) -> None:
    folder = plug_in(PLANTED, planted="Planted")
    write(here / "a.json", articles(40))
    code, shown = on_a_terminal("analyze", "a.json", "--tasks", "planted", env=terminal(folder))
    assert code == 0
    assert "analyzing" in shown and "40/40" in shown and "planted 40" in shown
    assert "40 articles, 0 with errors" in shown


@pytest.mark.slow
def test_nothing_is_shown_on_a_terminal_when_quiet(here: Path) -> None:
    write(here / "a.json", articles(40))
    assert on_a_terminal("analyze", "a.json", "--quiet", *GIST, env=terminal()) == (0, "")


@pytest.mark.slow
def test_no_progress_is_shown_where_standard_error_is_no_terminal(here: Path) -> None:
    result = process("analyze", write(here / "a.json", articles(40)), *GIST, env=terminal())
    assert result.returncode == 0
    assert clean(result.stderr) and "analyzing" not in result.stderr and "40/40" not in result.stderr


@pytest.mark.slow
def test_markup_in_the_name_of_an_expert_does_not_end_the_progress(here: Path, plug_in: PlugIn) -> None:
    folder = plug_in(PLANTED.replace('name = "planted"', 'name = "a[/red]b"'), **{"a[/red]b": "Planted"})
    write(here / "a.json", articles(2))
    assert on_a_terminal("analyze", "a.json", "--tasks", "planted", env=terminal(folder))[0] == 0


def interrupted(here: Path, folder: Path, how: signal.Signals) -> tuple[int, str]:
    write(here / "a.json", articles(2))
    (here / "analyzed_a.json").write_text("old")
    with subprocess.Popen(
        [*MAIN, "analyze", "a.json", "--tasks", "sleepy"], stderr=subprocess.PIPE, text=True, env=with_plug_ins(folder)
    ) as child:
        deadline = time.monotonic() + 60
        while not (here / "asleep").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        child.send_signal(how)
        assert child.stderr is not None
        first = child.stderr.readline()
        child.send_signal(how)
        _, said = child.communicate(timeout=60)
    (here / "asleep").unlink()
    return child.returncode, first + said


@pytest.mark.slow
def test_an_interrupted_run_leaves_the_old_output_and_a_report(here: Path, plug_in: PlugIn) -> None:
    code, said = interrupted(here, plug_in(SLEEPY, sleepy="Sleepy"), signal.SIGINT)
    first, *rest = said.splitlines()
    stored = "what is finished is in the journal; the same command goes on from there"
    assert (code, rest) == (130, [stored, "newsmoe: interrupted"])
    assert "send the signal again to end at once" in first
    assert (here / "analyzed_a.json").read_text() == "old"
    assert names(here) == ["a.json", "analyzed_a.json", "analyzed_a.run.json"]


@pytest.mark.slow
def test_a_terminated_run_leaves_the_old_output_and_a_report(here: Path, plug_in: PlugIn) -> None:
    code, _ = interrupted(here, plug_in(SLEEPY, sleepy="Sleepy"), signal.SIGTERM)
    assert code == 143
    assert names(here) == ["a.json", "analyzed_a.json", "analyzed_a.run.json"]


@pytest.mark.slow
@pytest.mark.parametrize("then", ["pass", "raise ImportError('initialization failed') from None"])
@pytest.mark.parametrize("where", ["class Planted:", "def load(self, device):"])
def test_a_signal_that_other_code_swallows_ends_the_run(where: str, then: str, here: Path, plug_in: PlugIn) -> None:
    indent = "    " if where.startswith("class") else "        "
    lines = ["import signal", "try: signal.raise_signal(2)", f"except KeyboardInterrupt: {then}"]
    code = PLANTED.replace(where, "\n".join([where, *(indent + line for line in lines)]))
    folder = plug_in(code, planted="Planted")
    write(here / "a.json", articles(2))
    result = process("analyze", "a.json", "--tasks", "planted", env=with_plug_ins(folder))
    assert result.returncode == 130
    assert result.stderr.endswith("newsmoe: interrupted\n")


@pytest.mark.slow
def test_a_closed_pipe_on_standard_output_gives_no_message(here: Path) -> None:
    write(here / "a.json", articles(2000))
    with subprocess.Popen(
        [*MAIN, "analyze", "a.json", "-o", "-", "--quiet", *GIST],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr is not None
        assert child.stderr.read() == ""
    assert child.returncode == 1


@pytest.mark.slow
def test_records_on_standard_output_are_utf_8_whatever_the_locale(here: Path) -> None:
    path = write(here / "a.json", [article(headline="Café 新")])
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    result = process("analyze", path, "-o", "-", *GIST, env=env)
    assert json.loads(result.stdout)[0]["headline"] == "Café 新"
