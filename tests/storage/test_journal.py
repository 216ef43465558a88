import multiprocessing
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.analysis import Fields, InputUse, Labels, Prediction, Summary
from newsmoe.errors import JournalError
from newsmoe.storage.journal import Journal, existing_journal, open_journal

USES = st.none() | st.builds(InputUse, tokens=st.integers(0, 999), truncated=st.booleans())
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)
SCORES = st.floats(0, 1)
ANSWERS = (
    st.builds(Summary, TEXTS, USES)
    | st.builds(Labels, st.dictionaries(TEXTS, SCORES, min_size=1), USES)
    | st.builds(Fields, st.dictionaries(TEXTS, st.none() | SCORES | TEXTS | st.lists(TEXTS)), USES)
)
STORM = Summary("A storm hit the coast.", InputUse(tokens=7, windows=1))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite"


def kept(path: Path, expert: str = "e", *articles: str) -> dict[str, Prediction]:
    with open_journal(path) as journal:
        assert journal is not None
        return journal.answers(expert, articles or ["a"])


def keep(path: Path, answer: Prediction = STORM, expert: str = "e", article: str = "a") -> None:
    with open_journal(path) as journal:
        assert journal is not None
        journal.keep(expert, {article: answer})


@given(answers=st.dictionaries(TEXTS, ANSWERS, max_size=5))
def test_what_is_kept_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, answers: dict[str, Prediction]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "journal.sqlite"
    with open_journal(path) as journal:
        assert journal is not None
        journal.keep("expert", answers)
    assert kept(path, "expert", *answers, "another") == answers
    assert kept(path, "another expert", *answers, "a") == {}


def test_more_articles_than_a_query_takes_are_found(path: Path) -> None:
    answers = {str(number): Summary(f"Storm {number}.") for number in range(1234)}
    with open_journal(path) as journal:
        assert journal is not None
        journal.keep("e", answers)
    assert kept(path, "e", *answers) == answers


def test_a_later_answer_takes_the_place_of_the_one_before(path: Path) -> None:
    keep(path, Summary("Old."))
    keep(path, STORM)
    assert kept(path) == {"a": STORM}


def not_a_database(path: Path) -> None:
    path.write_bytes(b"[1, 2, 3]" * 500)


def another_database(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table answers (x)")
    database.close()


def a_later_version(path: Path) -> None:
    keep(path)
    with sqlite3.connect(path) as database:
        database.execute("pragma user_version = 99")
    database.close()


def an_earlier_version(path: Path) -> None:
    keep(path)
    with sqlite3.connect(path) as database:
        database.execute("pragma user_version = 0")
        database.execute("alter table answers drop column mark")
    database.close()


def torn(path: Path) -> None:
    keep(path)
    path.write_bytes(path.read_bytes()[:700])


@pytest.mark.parametrize(
    "spoil", [not_a_database, another_database, a_later_version, an_earlier_version, torn]
)
def test_a_journal_that_cannot_be_trusted_is_set_aside(
    path: Path, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(JournalError, match=str(path)):
        existing_journal(path)
    keep(path)
    assert kept(path) == {"a": STORM}
    assert path.with_name("journal.sqlite.1.aside").read_bytes() == before
    assert "set aside" in caplog.text
    spoil_again = path.with_name("journal.sqlite.2.aside")
    not_a_database(path)
    keep(path)
    assert spoil_again.exists()


def test_a_journal_that_proves_to_be_damaged_is_set_aside_for_the_next_run(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    answers = {str(number): Summary(f"Storm {number} hit the coast.") for number in range(500)}
    with open_journal(path) as journal:
        assert journal is not None
        journal.keep("e", answers)
    content = path.read_bytes()
    path.write_bytes(content[:16384] + b"x" * (len(content) - 16384))
    with existing_journal(path) as journal, pytest.raises(JournalError, match="is damaged"):
        journal.verify()
    with open_journal(path) as journal:
        assert journal is not None
        assert journal.answers("e", list(answers)) == {}
        journal.keep("e", {"a": STORM})
    assert caplog.text.count("cannot be used any more") == 1
    assert path.with_name("journal.sqlite.1.aside").read_bytes()[16384:] == b"x" * (len(content) - 16384)
    keep(path)
    assert kept(path) == {"a": STORM}


def test_a_journal_that_another_process_writes_is_not_called_damaged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsmoe.storage.journal.WAIT_SECONDS", 0.05)
    keep(path)
    keep(path, Summary("Another."), article="b")
    with sqlite3.connect(path) as database:
        database.execute("update answers set mark = 0 where article = 'b'")
    database.close()
    other = sqlite3.connect(path, isolation_level=None)
    with existing_journal(path) as journal:
        other.execute("begin immediate")
        for work in (lambda: journal.prune(0), journal.verify):
            with pytest.raises(JournalError, match="cannot be used now: database is locked; try again later"):
                work()
        other.execute("rollback")
        assert (journal.verify(), journal.prune(0)) == (1, 1)
    other.close()


def test_a_clock_that_was_put_back_or_on_costs_no_answer(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for year, article in ((1990, "a"), (2090, "b")):
        monkeypatch.setattr("newsmoe.storage.journal.time", lambda year=year: (year - 1970) * 31_556_952.0)
        keep(path, article=article)
        assert kept(path, "e", "a", article) == {"a": STORM, article: STORM}
    monkeypatch.setattr("newsmoe.storage.journal.time", lambda: 40 * 31_556_952.0)
    with existing_journal(path) as journal:
        assert journal.prune(days=90) == 1
        assert journal.answers("e", ["a", "b"]) == {"b": STORM}


def test_an_answer_that_was_changed_on_disk_is_not_believed(path: Path) -> None:
    keep(path)
    keep(path, Summary("Another."), article="b")
    with sqlite3.connect(path) as database:
        database.execute("update answers set answer = replace(answer, 'storm', 'flood') where article = 'a'")
    database.close()
    assert kept(path, "e", "a", "b") == {"b": Summary("Another.")}
    with existing_journal(path) as journal:
        assert journal.verify() == 1
        assert journal.verify() == 0
        assert journal.stats().answers == 1


def test_old_answers_are_forgotten_when_asked(path: Path) -> None:
    keep(path)
    with existing_journal(path) as journal:
        journal.database.execute("update answers set kept = kept - 10 * 86400")
        journal.database.commit()
        journal.keep("e", {"b": STORM})
        assert journal.prune(days=9) == 1
        assert journal.answers("e", ["a", "b"]) == {"b": STORM}


def test_a_journal_that_another_process_holds_is_done_without(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("newsmoe.storage.journal.WAIT_SECONDS", 0.05)
    keep(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin exclusive")
    with open_journal(path) as journal:
        if journal is not None:
            journal.keep("e", {"b": STORM})
            assert journal.answers("e", ["a"]) == {}
    other.close()
    assert "kept" in caplog.text
    assert kept(path, "e", "a", "b") == {"a": STORM}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_done_without(path: Path) -> None:
    path.parent.mkdir(mode=0o500)
    with open_journal(path) as journal:
        assert journal is None


def test_there_is_nothing_to_show_before_the_first_run(path: Path) -> None:
    with pytest.raises(JournalError, match="no journal yet"):
        existing_journal(path)


def _write_many(path: Path, expert: str) -> None:
    with open_journal(path) as journal:
        assert isinstance(journal, Journal)
        for number in range(40):
            journal.keep(expert, {str(number): STORM})


def test_several_processes_may_write_at_once(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    children = [context.Process(target=_write_many, args=(path, f"e{number}")) for number in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)
        assert child.exitcode == 0
    with existing_journal(path) as journal:
        assert journal.stats()[:3] == (120, 3, 40)
