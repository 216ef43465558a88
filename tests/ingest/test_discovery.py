import logging
import os
from pathlib import Path

import pytest

from newsmoe.errors import InputError
from newsmoe.ingest.discovery import discover, find_inputs
from newsmoe.ingest.source import open_source
from tests.support import LogCapture

RECORDS = '[{"id": 1, "status": "ok", "analyses": {}, "route": [], "errors": []}]'


@pytest.fixture
def inbox(workdir: Path) -> Path:
    folder = workdir / "inbox"
    for name in (
        "b.json", "a.jsonl.gz", "c.csv", "d.TSV", "e.parquet", "f.ndjson", "notes.txt", "g.db", ".h.json",
        "analyzed_b.json", "deep/x.json", "deep/er/y.json", ".hidden/z.json", "half.json.part",
    ):  # fmt: skip
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("[]")
    (folder / "folder.json").mkdir()
    (folder / "empty.json").touch()
    for name in ("result.json", "deep/any.name.json"):
        (folder / name).write_text(RECORDS)
    return folder


def test_a_folder_stands_for_the_files_below_it_by_name(inbox: Path) -> None:
    assert find_inputs(["inbox"]) == [
        f"inbox/{name}"
        for name in (
            *("a.jsonl.gz", "analyzed_b.json", "b.json", "c.csv", "d.TSV", "deep/er/y.json", "deep/x.json"),
            *("e.parquet", "f.ndjson"),
        )
    ]


def test_what_is_left_out_is_said_in_one_line(inbox: Path, log: LogCapture) -> None:
    log.set_level(logging.INFO)
    discovery = discover(["inbox", "inbox/deep/x.json"])
    assert log.messages == [
        "inbox: 9 files to read; left out: 2 hidden, 2 with an unknown suffix (.db, .txt),"
        " 2 written by newsmoe, 1 empty, 1 temporary"
    ]
    assert discovery.left_out["inbox"]["written by newsmoe"] == 2


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("inbox/[b-z]*.json", ["inbox/b.json"]),
        ("inbox/*.txt", ["inbox/notes.txt"]),
        ("inbox/[ac].*", ["inbox/a.jsonl.gz", "inbox/c.csv"]),
        ("inbox/**/[!a]*.json", ["inbox/b.json", "inbox/deep/er/y.json", "inbox/deep/x.json"]),
    ],
)
def test_a_pattern_stands_for_the_files_that_it_matches(pattern: str, paths: list[str], inbox: Path) -> None:
    assert find_inputs([pattern]) == paths


def test_names_folders_and_patterns_keep_their_order(inbox: Path) -> None:
    names = ["-", "inbox/deep/er", "missing.json", "inbox/c*"]
    assert find_inputs(names) == ["-", "inbox/deep/er/y.json", "missing.json", "inbox/c.csv"]


def test_a_file_that_is_named_is_taken_whatever_it_is_called(inbox: Path) -> None:
    (inbox / "what [1]?.json").touch()
    names = ["inbox/what [1]?.json", "inbox/result.json", "inbox/.h.json"]
    assert find_inputs(names) == names


def test_the_output_of_the_run_is_left_out(inbox: Path) -> None:
    outputs = [inbox / "b.json", inbox / "deep", inbox / "analyzed_b.json"]
    with pytest.raises(InputError, match="no file matches; left out: 5 output of this run, 1 "):
        find_inputs(["inbox/**/*.json"], outputs)


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("**/y.json", ["inbox/deep/er/y.json"]),
        ("inb*/**/er/*", ["inbox/deep/er/y.json"]),
        ("./inbox/**/deep/**/[xy].json", ["inbox/deep/er/y.json", "inbox/deep/x.json"]),
        ("inbox/deep/**", ["inbox/deep/er/y.json", "inbox/deep/x.json"]),
        ("inbox/**/**/z*.json", []),
    ],
)
def test_two_stars_stand_for_any_folders(pattern: str, paths: list[str], inbox: Path) -> None:
    if paths:
        assert find_inputs([pattern]) == paths
        assert find_inputs([str(inbox.parent / pattern)]) == [str(inbox.parent / path) for path in paths]
    else:
        with pytest.raises(InputError, match="no file matches$"):
            find_inputs([pattern])


@pytest.mark.parametrize("name", [".", "**/*.json"])
def test_links_that_lead_upwards_take_no_time(name: str, workdir: Path) -> None:
    (workdir / "a" / "b").mkdir(parents=True)
    (workdir / "a" / "x.json").write_text("[]")
    for link, target in (("alias", "a"), ("a/b/up", "../.."), ("a/b/again", "../..")):  # 2 to the 40 paths
        (workdir / link).symlink_to(target)
    assert find_inputs([name]) == ["a/x.json"]


@pytest.mark.parametrize("name", ["inbox", "inbox/**"])
def test_links_in_a_circle_and_to_the_same_file_are_followed_once(name: str, workdir: Path) -> None:
    (workdir / "inbox" / "deep").mkdir(parents=True)
    (workdir / "inbox" / "deep" / "a.json").write_text("[]")
    (workdir / "inbox" / "deep" / "up").symlink_to("..")
    (workdir / "inbox" / "b.json").symlink_to("deep/a.json")
    (workdir / "inbox" / "broken.json").symlink_to("nowhere")
    (workdir / "inbox" / "self.json").symlink_to("self.json")
    assert find_inputs([name]) == ["inbox/b.json"]


def test_what_is_no_file_is_left_out(workdir: Path, log: LogCapture) -> None:
    (workdir / "inbox").mkdir()
    (workdir / "inbox" / "a.json").write_text("[]")
    os.mkfifo(workdir / "inbox" / "b.json")
    log.set_level(logging.INFO)
    assert find_inputs(["inbox"]) == ["inbox/a.json"]
    assert log.messages == ["inbox: 1 file to read; left out: 1 not regular files"]


def test_a_folder_in_a_folder_that_cannot_be_read_is_reported(inbox: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def listdir(path: str | Path) -> list[str]:
        if Path(path).name == "deep":  # a mode would not keep root out
            raise PermissionError(13, "Permission denied")
        return real(path)

    real = os.listdir
    monkeypatch.setattr(os, "listdir", listdir)
    discovery = discover(["inbox"])
    assert discovery.unreadable == {"inbox/deep": "inbox/deep: cannot be read: Permission denied"}
    assert "inbox/b.json" in discovery.files
    with pytest.raises(InputError, match="inbox/deep: cannot be read: Permission denied"):
        discover(["inbox/deep"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("inbox/folder.json", "no input files in this folder"),
        ("inbox/*.xml", "no file matches"),
        ("inbox/result*", "no file matches; left out: 1 written by newsmoe"),
        ("nowhere/**/*.json", "no file matches"),
    ],
)
def test_a_name_that_stands_for_nothing_is_refused(name: str, message: str, inbox: Path) -> None:
    with pytest.raises(InputError) as error:
        find_inputs(["inbox/b.json", name])
    assert str(error.value) == f"{name}: {message}"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give links to other users")
def test_links_of_other_users_are_left_out(inbox: Path, log: LogCapture) -> None:
    private = inbox.parent / "private"
    private.mkdir()
    for name in ("mine.json", "theirs.json"):
        (private / name).write_text("[]")
        (inbox / name).symlink_to(private / name)
    (inbox / "folder").symlink_to(private)
    for name in ("theirs.json", "folder"):
        os.lchown(inbox / name, 12_345, 12_345)
    log.set_level(logging.INFO)
    names = find_inputs(["inbox"])
    assert "inbox/mine.json" in names
    assert not {"inbox/theirs.json", "inbox/folder/mine.json"} & {*names}
    assert "2 links of other users" in log.text


def test_files_of_holes_are_left_out(inbox: Path, log: LogCapture) -> None:
    with (inbox / "holes.json").open("wb") as file:
        file.truncate(1 << 40)
    log.set_level(logging.INFO)
    assert "inbox/holes.json" not in find_inputs(["inbox"])
    assert "1 files of holes" in log.text
    with pytest.raises(InputError, match="is a file of holes"), open_source("inbox/holes.json"):
        pass
