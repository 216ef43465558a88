from pathlib import Path

import pytest

from newsmoe.errors import InputError
from newsmoe.ingest.discovery import find_inputs


@pytest.fixture
def inbox(workdir: Path) -> Path:
    folder = workdir / "inbox"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "folder.json").mkdir()
    for name in (
        "b.json", "a.jsonl.gz", "c.csv", "d.TSV", "e.parquet", "f.ndjson", "notes.txt", "g.db", ".h.json",
        "analyzed_b.json", "b.run.json", "b.errors.jsonl", "deep/x.json", "deep/er/y.json",
        "deep/er/analyzed_y.json",
    ):  # fmt: skip
        (folder / name).touch()
    return folder


def test_a_folder_stands_for_the_files_in_it_by_name(inbox: Path) -> None:
    assert find_inputs(["inbox"]) == [
        f"inbox/{name}" for name in ("a.jsonl.gz", "b.json", "c.csv", "d.TSV", "e.parquet", "f.ndjson")
    ]


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("inbox/*.json", ["inbox/b.json"]),
        ("inbox/*.txt", ["inbox/notes.txt"]),
        ("inbox/[ac].*", ["inbox/a.jsonl.gz", "inbox/c.csv"]),
        ("inbox/**/*.json", ["inbox/b.json", "inbox/deep/er/y.json", "inbox/deep/x.json"]),
    ],
)
def test_a_pattern_stands_for_the_files_that_it_matches(pattern: str, paths: list[str], inbox: Path) -> None:
    assert find_inputs([pattern]) == paths


def test_names_folders_and_patterns_keep_their_order(inbox: Path) -> None:
    names = ["-", "inbox/deep", "missing.json", "inbox/c*"]
    assert find_inputs(names) == ["-", "inbox/deep/x.json", "missing.json", "inbox/c.csv"]


def test_a_file_that_is_named_is_taken_whatever_it_is_called(inbox: Path) -> None:
    (inbox / "what [1]?.json").touch()
    names = ["inbox/what [1]?.json", "inbox/analyzed_b.json", "inbox/.h.json"]
    assert find_inputs(names) == names


def test_the_output_of_the_run_is_left_out(inbox: Path) -> None:
    outputs = [inbox / "b.json", inbox / "deep"]
    with pytest.raises(InputError, match="no file matches"):
        find_inputs(["inbox/**/*.json"], outputs)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("inbox/folder.json", "no input files in this folder"),
        ("inbox/*.xml", "no file matches"),
        ("inbox/analyzed_*", "no file matches; newsmoe's own files are skipped"),
        ("nowhere/**/*.json", "no file matches"),
    ],
)
def test_a_name_that_stands_for_nothing_is_refused(name: str, message: str, inbox: Path) -> None:
    with pytest.raises(InputError) as error:
        find_inputs(["inbox/b.json", name])
    assert str(error.value).startswith(f"{name}: {message}")
