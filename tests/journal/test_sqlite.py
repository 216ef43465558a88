import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path

import pytest

from newsmoe.errors import JournalError
from newsmoe.journal.journal import existing_journal, open_journal
from newsmoe.prediction import Prediction, Summary
from tests.journal.support import STORM, keep, stored
from tests.support import LogCapture


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


def with_a_trigger(path: Path) -> None:
    keep(str(path))
    with sqlite3.connect(path) as database:
        database.execute("create trigger t after insert on answers begin delete from answers; end")
    database.close()


def with_a_view(path: Path) -> None:
    keep(str(path))
    with sqlite3.connect(path) as database:
        database.execute("drop table runs")
        database.execute(
            "create view runs as with recursive n(x) as (select 1 union all select x from n)"
            " select x as id, x as started, x as report from n"
        )
    database.close()


def an_earlier_version(path: Path) -> None:
    keep(str(path))
    with sqlite3.connect(path) as database:
        database.execute("pragma user_version = 0")
        database.execute("alter table answers drop column mark")
    database.close()


def torn(path: Path) -> None:
    keep(str(path))
    path.write_bytes(path.read_bytes()[:700])


@pytest.mark.parametrize("spoil", [a_later_version, an_earlier_version, torn, with_a_trigger, with_a_view])
def test_a_journal_that_cannot_be_trusted_is_set_aside(
    path: Path, spoil: Callable[[Path], None], log: LogCapture
) -> None:
    path.parent.mkdir()
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(JournalError, match=str(path)):
        existing_journal(str(path))
    keep(str(path))
    assert stored(str(path)) == {"a": STORM}
    assert path.with_name("journal.sqlite.1.aside").read_bytes() == before
    assert "set aside" in log.text
    spoil_again = path.with_name("journal.sqlite.2.aside")
    torn(path)
    keep(str(path))
    assert spoil_again.exists()


@pytest.mark.parametrize("make", [not_a_database, another_database])
def test_what_is_no_journal_is_left_as_it_is(path: Path, make: Callable[[Path], None], log: LogCapture) -> None:
    path.parent.mkdir()
    make(path)
    before = path.read_bytes()
    with open_journal(str(path)) as journal:
        assert journal is None
    assert f"{path}: is no journal of newsmoe, and is left as it is; name another with --journal" in log.text
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_new_journal_can_be_read_by_its_user_only(path: Path) -> None:
    with open_journal(str(path)) as journal:
        assert journal is not None
        journal.keep("e", {"a": STORM})
        assert {file.stat().st_mode & 0o077 for file in path.parent.iterdir()} == {0}


def test_recent_writes_of_another_program_stay(path: Path) -> None:
    """SQLite keeps them in the WAL file until a checkpoint or until the last connection is closed."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path, isolation_level=None)) as theirs:
        theirs.execute("pragma journal_mode = wal")
        theirs.execute("create table theirs (x)")
        theirs.execute("insert into theirs values (7)")
        with open_journal(str(path)) as journal:
            assert journal is None
        with closing(sqlite3.connect(path)) as again:
            assert again.execute("select x from theirs").fetchall() == [(7,)]


@pytest.mark.slow
def test_processes_that_create_a_journal_at_once_share_it(path: Path) -> None:
    """A process must not set aside a journal that another has half created."""
    with ProcessPoolExecutor(2, get_context("spawn")) as processes:
        for number in range(10):
            place = path.with_name(f"{number}.sqlite")
            assert list(processes.map(begin, [place] * 2)) == [True] * 2
    assert not list(path.parent.glob("*.aside"))


def begin(path: Path) -> bool:
    with open_journal(str(path)) as journal:
        return journal is not None


def test_a_journal_found_damaged_is_set_aside_for_the_next_run(path: Path, log: LogCapture) -> None:
    predictions: dict[str, Prediction] = {
        str(number): Summary(f"Storm {number} hit the coast.") for number in range(500)
    }
    with open_journal(str(path)) as journal:
        assert journal is not None
        journal.keep("e", predictions)
    content = path.read_bytes()
    path.write_bytes(content[:16384] + b"x" * (len(content) - 16384))
    with (
        existing_journal(str(path)) as journal,
        pytest.raises(JournalError, match=f"{path}: is damaged: .*; remove it, and a new journal is created"),
    ):
        journal.verify()
    with open_journal(str(path)) as journal:
        assert journal is not None
        assert journal.predictions("e", list(predictions)) == {}
        journal.keep("e", {"a": STORM})
    assert log.text.count("predictions are no longer stored") == 1
    assert path.with_name("journal.sqlite.1.aside").read_bytes()[16384:] == b"x" * (len(content) - 16384)
    keep(str(path))
    assert stored(str(path)) == {"a": STORM}


def test_a_journal_that_another_process_writes_is_not_called_damaged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsmoe.journal.sqlite.WAIT_SECONDS", 0.05)
    keep(str(path))
    keep(str(path), Summary("Another."), article="b")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("update answers set mark = 0 where article = 'b'")
    with closing(sqlite3.connect(path, isolation_level=None)) as other, existing_journal(str(path)) as journal:
        other.execute("begin immediate")
        for work in (lambda: journal.prune(0), journal.verify):
            with pytest.raises(JournalError, match="cannot be used now: database is locked; try again later"):
                work()
        other.execute("rollback")
        assert (journal.verify(), journal.prune(0)) == (1, 1)


def test_a_clock_that_was_changed_loses_no_prediction(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for year, article in ((1990, "a"), (2090, "b")):
        monkeypatch.setattr("newsmoe.journal.journal.time", lambda year=year: (year - 1970) * 31_556_952.0)
        keep(str(path), article=article)
        assert stored(str(path), "e", "a", article) == {"a": STORM, article: STORM}
    monkeypatch.setattr("newsmoe.journal.journal.time", lambda: 40 * 31_556_952.0)
    with existing_journal(str(path)) as journal:
        assert journal.prune(days=90) == 1
        assert journal.predictions("e", ["a", "b"]) == {"b": STORM}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_run_continues_where_the_folder_cannot_be_written(path: Path) -> None:
    path.parent.mkdir(mode=0o500)
    with open_journal(str(path)) as journal:
        assert journal is None
