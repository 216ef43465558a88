"""Standard output and error that are closed, full, or files of the user's."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.support import GIST, MAIN, articles, names, newsmoe
from tests.report.support import records, write_records
from tests.support import read, write

FULL = "standard output: cannot be written: No space left on device; free some space"
CLOSED = "standard output: cannot be written: standard output is closed"


def shell(arguments: str) -> subprocess.CompletedProcess[str]:
    command = f"{shlex.join(MAIN)} {arguments}"
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("config show > /dev/full", FULL),
        ("schema input >&-", CLOSED),
        pytest.param("--help > /dev/full", FULL, marks=pytest.mark.slow),
        pytest.param("experts list > /dev/full", FULL, marks=pytest.mark.slow),
        pytest.param("experts list >&-", CLOSED, marks=pytest.mark.slow),
    ],
)
def test_results_that_cannot_be_written_are_an_error_of_one_line(arguments: str, message: str, here: Path) -> None:
    done = shell(arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith(f"newsmoe: {message}")
    assert "bug" not in done.stderr and "Exception" not in done.stderr


@pytest.mark.parametrize(
    "arguments", ["show r.json", *(pytest.param(each, marks=pytest.mark.slow) for each in ("show r.json --json", "-h"))]
)
def test_a_reader_that_has_seen_enough_is_no_failure(arguments: str, here: Path) -> None:
    write_records(here / "r.json", records(2))
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([*MAIN, *arguments.split()], stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.slow
@pytest.mark.parametrize("redirection", ["2>&-", pytest.param("2> /dev/full", marks=pytest.mark.slow)])
def test_messages_that_cannot_be_written_cost_nothing(redirection: str, here: Path) -> None:
    write(here / "a.json", articles(2))
    done = shell(f"analyze a.json -o o.json {shlex.join(GIST)} {redirection}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(read(here / "o.json")) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    "redirection", ["-o /dev/fd/3 3>> all.jsonl", pytest.param("-o /dev/stdout >> all.jsonl", marks=pytest.mark.slow)]
)
def test_records_are_added_to_what_the_shell_has_opened(redirection: str, here: Path) -> None:
    (here / "all.jsonl").write_text("old\n")
    write(here / "a.json", articles(2))
    done = shell(f"analyze a.json --format jsonl -q {shlex.join(GIST)} {redirection}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = (here / "all.jsonl").read_text().splitlines()
    assert (lines[0], len(lines)) == ("old", 3)
    assert names(here) == ["a.json", "all.jsonl"]


def test_a_descriptor_that_is_not_open_is_an_output_error(here: Path) -> None:
    result = newsmoe("analyze", write(here / "a.json", articles(1)), "-o", "/dev/fd/999", *GIST)
    assert result.exit_code == 1
    assert "/dev/fd/999: cannot be written: Bad file descriptor" in result.stderr


@pytest.mark.parametrize("options", [("--format", "sqlite"), ("--format", "jsonl", "--append")])
def test_a_format_that_needs_a_file_is_refused_for_a_descriptor(options: tuple[str, ...], here: Path) -> None:
    descriptor = os.open(here / "o", os.O_CREAT | os.O_WRONLY)
    try:
        result = newsmoe("analyze", write(here / "a.json", []), "-o", f"/dev/fd/{descriptor}", *options)
    finally:
        os.close(descriptor)
    assert result.exit_code == 1
    assert "stream" in result.stderr


def test_the_next_run_removes_what_a_killed_one_has_left(here: Path) -> None:
    for name in (".o.json.0badcafe.tmp", ".o.run.json.77.tmp", ".o.errors.jsonl.1.tmp", ".other.json.0badcafe.tmp"):
        (here / name).touch()
    assert newsmoe("analyze", write(here / "a.json", articles(1)), "-o", "o.json", *GIST).exit_code == 0
    assert names(here) == [".other.json.0badcafe.tmp", "a.json", "o.json", "o.run.json"]
