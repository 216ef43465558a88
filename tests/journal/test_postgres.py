import logging
import socket
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from newsmoe.errors import JournalError
from newsmoe.journal.journal import existing_journal, open_journal
from newsmoe.journal.store import JOURNALS
from tests.journal.support import STORM, keep, stored
from tests.support import LogCapture

if TYPE_CHECKING:
    from tests.postgres_server import Server

slow = pytest.mark.slow


@pytest.fixture
def place(postgres: "Server") -> str:
    return postgres.place()


def failing(postgres: "Server", place: str, times: int, state: str) -> None:
    """Have the server refuse to store predictions the next `times` times."""
    keep(place, article="before")
    postgres.sql(
        place,
        f"""
        create sequence refusals;
        create function refuse() returns trigger language plpgsql as $$ begin
            if nextval('refusals') > {times} then return new; end if;
            raise exception 'refused' using errcode = '{state}';
        end $$;
        create trigger refusing before insert on newsmoe_answers for each row execute function refuse();
        """,
    )


@slow
@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_transient_errors_are_retried(
    postgres: "Server", place: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsmoe.journal.postgres.RETRY_DELAYS", (0, 0, 0))
    failing(postgres, place, 3, state)
    keep(place)
    assert stored(place, "e", "a", "before") == {"a": STORM, "before": STORM}


@slow
@pytest.mark.parametrize(("times", "state", "tries"), [(9, "40001", 4), (9, "23514", 1)])
def test_the_number_of_attempts_is_limited(
    postgres: "Server", place: str, times: int, state: str, tries: int, monkeypatch: pytest.MonkeyPatch, log: LogCapture
) -> None:
    monkeypatch.setattr("newsmoe.journal.postgres.RETRY_DELAYS", (0, 0, 0))
    failing(postgres, place, times, state)
    with open_journal(place) as journal:
        assert journal is not None
        journal.keep("e", {"a": STORM})
        journal.keep("e", {"b": STORM})
        assert journal.predictions("e", ["before"]) == {}
    assert log.text.count("refused; predictions are no longer stored") == 1
    assert "storm" not in log.text
    assert postgres.sql(place, "select last_value from refusals") == [(tries,)]


@slow
def test_a_lost_connection_is_reopened(
    postgres: "Server", place: str, monkeypatch: pytest.MonkeyPatch, log: LogCapture
) -> None:
    others = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'newsmoe'"
    monkeypatch.setattr("newsmoe.journal.postgres.RETRY_DELAYS", (0.01,))
    with open_journal(place) as journal:
        assert journal is not None
        journal.keep("e", {"a": STORM})
        assert postgres.sql(place, others) == [(True,)]
        journal.keep("e", {"b": STORM})
        assert postgres.sql(place, others) == [(True,)]
        journal.keep_run("monday", "{}")
        assert journal.predictions("e", ["a", "b"]) == {"a": STORM, "b": STORM}
        assert len(journal.runs()) == 1
    assert log.text == ""


@slow
def test_a_run_is_stored_once_though_it_was_retried(place: str) -> None:
    with open_journal(place) as journal:
        assert journal is not None
        journal.keep_run("monday", "{}")
        journal.keep_run("monday", "{}")
        assert journal.runs() == [(1, "{}")]


@slow
def test_a_prediction_repaired_by_another_machine_is_not_deleted(postgres: "Server", place: str) -> None:
    keep(place)
    with existing_journal(place) as journal:
        (sound,) = journal.store.rows()
        journal.store.delete([sound._replace(checksum=0)])
        assert journal.predictions("e", ["a"]) == {"a": STORM}


@slow
@pytest.mark.parametrize(
    "statement",
    ["create table newsmoe_answers (x int)", "comment on table newsmoe_answers is 'journal of newsmoe, version 99'"],
)
def test_tables_of_somebody_else_are_left_alone(postgres: "Server", place: str, statement: str) -> None:
    if statement.startswith("comment"):
        keep(place)
    postgres.sql(place, statement)
    with pytest.raises(JournalError, match="its table newsmoe_answers is of another newsmoe"), open_journal(place):
        pass


@slow
def test_a_missing_database_is_reported_without_the_password(postgres: "Server") -> None:
    place = postgres.url().replace(":///", "://").replace("newsmoe@/postgres", "newsmoe:secret@/nowhere")
    with pytest.raises(JournalError) as caught, open_journal(place):
        pass
    assert str(caught.value).count("\n") == 0
    assert 'database "nowhere" does not exist' in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("postgresql://me:secret@127.0.0.1:1/db", "postgresql://me@127.0.0.1:1/db: cannot be used: .*refused"),
        ("postgres:///db?host=/nowhere&password=secret", "cannot be used: .*No such file"),
        ("postgresql://me:secret@127.0.0.1:port/db", "cannot be used: .*invalid integer value"),
        ("postgresql://me:se@cret@host/db", "is no URL of a database; .* with %40 for an @"),
        ("postgresql://me:secret@127.0.0.1:1/db?sslmod=require", 'invalid connection option "sslmod"'),
        ("mysql://me:secret@host/db", "mysql://...: a journal is a file, or postgresql://"),
    ],
)
def test_an_unreachable_server_ends_the_run_with_one_line(place: str, said: str, log: LogCapture) -> None:
    log.set_level(logging.DEBUG)
    for opening in (lambda: open_journal(place).__enter__(), lambda: existing_journal(place)):
        with pytest.raises(JournalError, match=said) as caught:
            opening()
        assert "cret" not in str(caught.value) + log.text
        assert "\n" not in str(caught.value)


def test_the_extra_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "newsmoe.journal.postgres", raising=False)
    monkeypatch.setattr(JOURNALS, "_loaded", {})
    with pytest.raises(JournalError, match=r"pip install 'newsmoe\[postgres\]'"):
        existing_journal("postgresql:///db")


PASSWORD_REQUEST = b"R" + bytes.fromhex("00000008 00000003")  # in clear text


class _ServerWithoutTls(threading.Thread):
    """Asks for the password, and keeps what a client sends it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.received = b""
        self.listening = socket.create_server(("0.0.0.0", 0))  # noqa: S104  # not loopback, for the client
        self.port: int = self.listening.getsockname()[1]

    def run(self) -> None:
        connection, _ = self.listening.accept()
        with connection, self.listening:
            self.received = connection.recv(1000)
            connection.sendall(b"N")  # no TLS
            while more := connection.recv(1000):
                self.received += more
                connection.sendall(PASSWORD_REQUEST)


def test_a_server_elsewhere_gets_nothing_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "secret")
    server = _ServerWithoutTls()
    server.start()
    with pytest.raises(JournalError) as caught:
        existing_journal(f"postgresql://user@0.0.0.0:{server.port}/news")
    server.join(10)
    assert server.received == bytes.fromhex("00000008 04d2162f")  # a request for TLS, and no more
    assert caught.match(r"SSL.*; \?sslmode=disable at the end of the URL")
