import os
from collections.abc import Callable
from pathlib import Path

import pytest

from newsmoe.errors import OutputError
from newsmoe.output.atomic import remove_leftovers, write_bytes, write_text
from tests.output.support import record, write_all


def put_text(path: Path) -> None:
    write_text(path, "new")


def put_json(path: Path) -> None:
    write_all(path, "json", [record()])


def put_lines(path: Path) -> None:
    write_all(path, "jsonl", [record()])


Put = Callable[[Path], None]


puts = pytest.mark.parametrize("put", [put_text, put_json, put_lines])


def test_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_text_is_written_whole(tmp_path: Path) -> None:
    write_text(tmp_path / "out", "one – two\n")
    assert (tmp_path / "out").read_bytes() == "one – two\n".encode()


@puts
def test_a_missing_folder_is_an_output_error(tmp_path: Path, put: Put) -> None:
    path = tmp_path / "missing" / "out.json"
    with pytest.raises(OutputError) as error:
        put(path)
    assert str(error.value) == f"{path}: cannot be written: No such file or directory; make the folder first"
    assert not path.parent.exists()


@puts
def test_a_folder_is_an_output_error(tmp_path: Path, put: Put) -> None:
    with pytest.raises(OutputError, match="is a folder"):
        put(tmp_path)
    assert list(tmp_path.iterdir()) == []


@puts
def test_a_file_in_place_of_the_folder_is_an_output_error(tmp_path: Path, put: Put) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(OutputError, match="cannot be written: Not a directory"):
        put(tmp_path / "file" / "out.json")
    assert (tmp_path / "file").read_text() == "old"


@puts
def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path, put: Put) -> None:
    (tmp_path / "there").mkdir()
    target, link = tmp_path / "there" / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    put(link)
    assert link.is_symlink()
    assert link.resolve() == target
    assert target.read_text(encoding="utf-8") != "old"
    assert sorted(tmp_path.iterdir()) == [link, target.parent]
    assert list(target.parent.iterdir()) == [target]


@puts
def test_a_symbolic_link_to_nothing_makes_its_target(tmp_path: Path, put: Put) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    put(link)
    assert link.is_symlink()
    assert (tmp_path / "target").is_file()


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_text(path, "new")
        assert path.is_fifo()
        assert os.read(reader, 100) == b"new"
    finally:
        os.close(reader)
    assert list(tmp_path.iterdir()) == [path]


def test_a_circle_of_links_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(OutputError):
        write_text(tmp_path / "a", "new")


def test_a_private_file_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")
    path.chmod(0o600)
    write_text(path, "new")
    assert path.stat().st_mode & 0o777 == 0o600


def test_bytes_are_written_whole(tmp_path: Path) -> None:
    write_bytes(tmp_path / "out", b"\x00\xff")
    assert (tmp_path / "out").read_bytes() == b"\x00\xff"
    with pytest.raises(OutputError, match="make the folder first"):
        write_bytes(tmp_path / "missing" / "out", b"")


def test_temporary_files_of_killed_runs_are_removed(tmp_path: Path) -> None:
    others = ".a1.json.7.tmp", ".b.json.7.tmp", ".a[1].json.x.7.tmp", "a[1].json"
    for name in (*others, ".a[1].json.7.tmp", ".a[1].json.0badcafe.tmp", ".a[1].json.0badcafe.tmp-journal"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "a[1].json")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_temporary_files_are_removed_where_a_link_leads(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / ".b.7.tmp").touch()
    (tmp_path / "a").symlink_to("there/b")
    remove_leftovers(tmp_path / "a")
    assert list((tmp_path / "there").iterdir()) == []


def test_temporary_files_of_parts_are_removed_from_their_folder(tmp_path: Path) -> None:
    for name in (".part-00001.parquet.7.tmp", "part-00001.parquet"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["part-00001.parquet"]


def test_no_link_is_followed_in_place_of_a_temporary_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["trap", "free"])
    monkeypatch.setattr("newsmoe.output.atomic.token_hex", lambda _: next(names))
    (tmp_path / "victim").write_text("old")
    (tmp_path / ".out.trap.tmp").symlink_to("victim")
    write_text(tmp_path / "out", "new")
    assert (tmp_path / "victim").read_text() == "old"
    assert (tmp_path / "out").read_text() == "new"


def test_the_name_of_a_temporary_file_cannot_be_guessed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("old")
    for guess in (f".out.{os.getpid()}.tmp", ".out.tmp", "out.tmp", "out~"):
        (tmp_path / guess).symlink_to("victim")
    write_text(tmp_path / "out", "new")
    assert (tmp_path / "victim").read_text() == "old"
    assert (tmp_path / "out").read_text() == "new"


def test_text_is_added_to_an_open_descriptor(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old ")
    descriptor = os.open(tmp_path / "out", os.O_WRONLY | os.O_APPEND)
    try:
        write_text(Path(f"/dev/fd/{descriptor}"), "new")
        (tmp_path / "link").symlink_to(f"/dev/fd/{descriptor}")
        write_text(tmp_path / "link", "er")
        with pytest.raises(OutputError, match="cannot go to an open descriptor"):
            write_bytes(Path(f"/dev/fd/{descriptor}"), b"")
    finally:
        os.close(descriptor)
    assert (tmp_path / "out").read_text() == "old newer"
