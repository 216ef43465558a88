"""What every journal guarantees, in SQLite and in PostgreSQL."""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.errors import JournalError
from newsmoe.journal.journal import existing_journal, open_journal
from newsmoe.journal.store import without_password
from newsmoe.prediction import Fields, InputStats, Labels, Prediction, Summary
from tests.journal.support import STORM, keep, stored
from tests.strategies import FEW
from tests.support import LogCapture

USES = st.none() | st.builds(InputStats, tokens=st.integers(0, 999), truncated=st.booleans())
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1)
HASHES = st.integers(0, 2**256).map("{:064x}".format)
SCORES = st.floats(0, 1)
PREDICTIONS = (
    st.builds(Summary, TEXTS, USES)
    | st.builds(Labels, st.dictionaries(TEXTS, SCORES, min_size=1), USES, st.none() | st.tuples(TEXTS, TEXTS))
    | st.builds(Fields, st.dictionaries(TEXTS, st.none() | SCORES | TEXTS | st.lists(TEXTS)), USES)
)

STORES = ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)]


@pytest.fixture(scope="module", params=STORES)
def new_place(request: pytest.FixtureRequest) -> Callable[[], str]:
    """Return a function that returns the place of a journal that does not exist yet."""
    if request.param == "postgres":
        place: Callable[[], str] = request.getfixturevalue("postgres").place
        return place
    folders: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    return lambda: str(folders.mktemp("journal") / "data" / "journal.sqlite")


@pytest.fixture
def place(new_place: Callable[[], str]) -> str:
    return new_place()


@contextmanager
def prediction_table(place: str) -> Iterator[tuple[Callable[[str], object], str]]:
    """Yield a function that executes statements in the journal's database, and the table's name."""
    if "://" in place:
        import psycopg

        with psycopg.connect(place) as connection:
            yield connection.execute, "newsmoe_answers"
        return
    with closing(sqlite3.connect(place)) as database, database:
        yield database.execute, "answers"


@FEW
@given(predictions=st.dictionaries(HASHES, PREDICTIONS, max_size=8))
def test_stored_predictions_are_read_back_unchanged(
    new_place: Callable[[], str], predictions: dict[str, Prediction]
) -> None:
    place = new_place()
    with open_journal(place) as journal:
        assert journal is not None
        journal.keep("expert", predictions)
    with existing_journal(place) as journal:
        assert journal.predictions("expert", [*predictions, "another"]) == predictions
        assert journal.predictions("another expert", [*predictions]) == {}


@pytest.mark.parametrize("expert", ["", "NUL \0", "lone \ud800", "long " * 2000, "é ' \" ? % :x"])
def test_an_expert_may_have_any_name(place: str, expert: str) -> None:
    keep(place, STORM, expert)
    assert stored(place, expert) == {"a": STORM}
    assert stored(place, expert + "!") == {}


def test_more_articles_than_a_query_takes_are_found(place: str) -> None:
    predictions = {str(number): Summary(f"Storm {number}.") for number in range(1234)}
    with open_journal(place) as journal:
        assert journal is not None
        journal.keep("e", predictions)
    assert stored(place, "e", *predictions) == predictions


def test_a_later_prediction_replaces_the_earlier_one(place: str) -> None:
    keep(place, Summary("Old."))
    keep(place, STORM)
    assert stored(place) == {"a": STORM}


@pytest.mark.parametrize("damage", ["answer = replace(answer, 'storm', 'flood')", "mark = mark + 1"])
def test_a_prediction_that_was_modified_is_ignored(place: str, damage: str) -> None:
    keep(place)
    keep(place, Summary("Another."), article="b")
    with prediction_table(place) as (execute, table):
        execute(f"update {table} set {damage} where article = 'a'")
    assert stored(place, "e", "a", "b") == {"b": Summary("Another.")}
    with existing_journal(place) as journal:
        assert journal.verify() == 1
        assert journal.verify() == 0
        assert journal.stats().predictions == 1


def test_old_predictions_can_be_pruned(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("newsmoe.journal.journal.time", lambda: time.time() - 10 * 86400)
        keep(place)
    keep(place, article="b")
    with existing_journal(place) as journal:
        assert journal.prune(days=9) == 1
        assert journal.predictions("e", ["a", "b"]) == {"b": STORM}


def test_runs_are_listed_by_number_newest_first(place: str) -> None:
    with open_journal(place) as journal:
        assert journal is not None
        journal.keep_run("monday", "one")
        journal.keep_run("tuesday", "two")
    with existing_journal(place) as journal:
        assert journal.runs() == [(2, "two"), (1, "one")]
        assert journal.stats().bytes > 1000


def test_a_run_continues_without_a_journal_that_another_process_locks(
    place: str, monkeypatch: pytest.MonkeyPatch, log: LogCapture
) -> None:
    for store in ("sqlite", "postgres"):
        monkeypatch.setattr(f"newsmoe.journal.{store}.WAIT_SECONDS", 0.05)
    keep(place)
    with prediction_table(place) as (execute, table):
        execute(f"lock table {table}" if "://" in place else "begin exclusive")
        with open_journal(place) as journal:
            if journal is not None:
                journal.keep("e", {"b": STORM})
                assert journal.predictions("e", ["a"]) == {}
    assert log.text.count("stored") == 1
    assert stored(place, "e", "a", "b") == {"a": STORM}


def test_there_is_nothing_to_show_before_the_first_run(place: str) -> None:
    with pytest.raises(JournalError, match="no journal yet"):
        existing_journal(place)


def test_there_is_nothing_to_show_of_no_journal() -> None:
    with pytest.raises(JournalError, match="there is no journal"):
        existing_journal(None)


WRITING = """
import sys
from newsmoe.prediction import Summary
from newsmoe.journal.journal import open_journal

place, expert = sys.argv[1:]
with open_journal(place) as journal:
    for number in range(40):
        journal.keep(expert, {str(number): Summary("A storm."), "all": Summary("Rain.")})
"""


@pytest.mark.slow
def test_several_processes_may_create_and_write_a_journal_at_once(place: str) -> None:
    command = [sys.executable, "-c", WRITING, place]
    children = [subprocess.Popen([*command, f"e{number % 2}"]) for number in range(3)]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    with existing_journal(place) as journal:
        assert journal.stats()[:3] == (82, 2, 41)
        assert journal.verify() == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://me:secret@host/db", "postgresql://me@host/db"),
        ("--journal=postgres://me:se@c/r?et@host:5432/db", "--journal=postgres://me@host:5432/db"),
        ("postgresql://host:5432/db?password=secret&sslmode=require", "postgresql://host:5432/db?password=&sslmode=require"),
        ("postgresql:///db?user=me&sslpassword=secret", "postgresql:///db?user=me&sslpassword="),
        ("postgresql://me@host:5432/db", "postgresql://me@host:5432/db"),
        ("data/a:b@c.sqlite", "data/a:b@c.sqlite"),
        ("https://news.example:8443/feeds/@team/news.json", "https://news.example:8443/feeds/@team/news.json"),
        ("https://me:secret@news.example:8443/@team/a.json", "https://me@news.example:8443/@team/a.json"),
    ],
)  # fmt: skip
def test_passwords_are_not_shown(text: str, shown: str) -> None:
    assert without_password(text) == shown


def test_threads_share_a_journal_and_lose_nothing(place: str, log: LogCapture) -> None:
    def work(expert: str) -> list[bool]:
        matches = []
        for number in range(50):
            prediction = Summary(f"{expert} {number}")
            journal.keep(expert, {str(number): prediction, "all": STORM})
            matches.append(journal.predictions(expert, [str(number)]) == {str(number): prediction})
        return matches

    with open_journal(place) as opened, ThreadPoolExecutor(4) as threads:
        assert opened is not None
        journal = opened
        results = list(threads.map(work, ["e0", "e1", "e2", "e0"]))
        assert all(map(all, results))
        assert journal.stats()[:3] == (153, 3, 51)
        assert journal.verify() == 0
    assert log.text == ""
