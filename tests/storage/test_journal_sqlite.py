import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from newsmoe.errors import JournalError
from newsmoe.storage.journal import existing_journal, open_journal

from .support import STORM, keep, kept


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite"


def not_a_database(path: Path) -> None:
    path.write_bytes(b"[1, 2, 3]" * 500)


def another_database(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table answers (x)")
    database.close()


def a_later_version(path: Path) -> None:
    keep(str(path))
    with sqlite3.connect(path) as database:
        database.execute("pragma user_version = 99")
    database.close()


def torn(path: Path) -> None:
    keep(str(path))
    path.write_bytes(path.read_bytes()[:700])


@pytest.mark.parametrize("spoil", [not_a_database, another_database, a_later_version, torn])
def test_a_journal_that_cannot_be_trusted_is_set_aside(
    path: Path, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(JournalError, match=str(path)):
        existing_journal(str(path))
    keep(str(path))
    assert kept(str(path)) == {"a": STORM}
    assert path.with_name("journal.sqlite.1.aside").read_bytes() == before
    assert "set aside" in caplog.text
    spoil_again = path.with_name("journal.sqlite.2.aside")
    not_a_database(path)
    keep(str(path))
    assert spoil_again.exists()


def test_damage_within_the_file_is_told(path: Path) -> None:
    keep(str(path))
    with existing_journal(str(path)) as journal:
        journal.keep("e", {str(number): STORM for number in range(5000)})
    data = bytearray(path.read_bytes())
    middle = len(data) // 8192 * 4096
    data[middle : middle + 4096] = b"x" * 4096
    path.write_bytes(data)
    with (
        existing_journal(str(path)) as journal,
        pytest.raises(JournalError, match=f"{path}: is damaged: .*; remove it, and it is begun anew"),
    ):
        journal.verify()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_done_without(path: Path) -> None:
    path.parent.mkdir(mode=0o500)
    with open_journal(str(path)) as journal:
        assert journal is None
