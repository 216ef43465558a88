"""A journal in PostgreSQL, which several machines share; the packages come with the extra `postgres`.

Its two tables lie in the first schema of the connection's search path.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import sleep
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from newsmoe.errors import JournalError
from newsmoe.journal.store import WAIT_SECONDS, JournalStats, Row

MARK = "journal of newsmoe, version 1"
"""Comment on the table of answers, by which it is known as ours."""

METADATA = sa.MetaData()
ANSWERS = sa.Table(
    "newsmoe_answers",
    METADATA,
    sa.Column("expert", sa.Text, primary_key=True),
    sa.Column("article", sa.Text, primary_key=True),
    sa.Column("answer", sa.Text, nullable=False),
    sa.Column("mark", sa.BigInteger, nullable=False),
    sa.Column("kept", sa.BigInteger, nullable=False),
    comment=MARK,
)
RUNS = sa.Table(
    "newsmoe_runs",
    METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("started", sa.Text, nullable=False),
    sa.Column("report", sa.Text, nullable=False),
)
ROW = [ANSWERS.c[name] for name in Row._fields]

BEGINNING = 0x6E6D6F65
"""Key of the advisory lock under which the tables are made: "nmoe"."""

RETRY_DELAYS = (0.2, 1.0, 4.0)
"""Seconds before each further try; a server that is restarted is mostly back by then."""

PASSING = {"40001", "40P01"}
"""States of errors that another try may mend: serialization failure, deadlock."""
LOST = ("08", "57P")
"""How the states begin that say that the connection is gone, or that the server is going or coming."""

PATIENCE = {
    "connect_timeout": f"{WAIT_SECONDS:.0f}",
    "keepalives_idle": f"{WAIT_SECONDS:.0f}",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": f"{WAIT_SECONDS * 1000:.0f}",
    "fallback_application_name": "newsmoe",
}
"""Without these a machine that vanished would be waited for for hours; the URL may say otherwise."""

ROWS_READ = 1000

T = TypeVar("T")


@dataclass(frozen=True)
class PostgresStore:
    """Rows on a server; see `Store`. A transaction that another try may mend is tried again, a few times."""

    place: str
    engine: sa.Engine

    def find(self, expert: str, articles: Sequence[str]) -> list[Row]:
        """Return the rows of an expert about some articles."""
        query = sa.select(*ROW).where(ANSWERS.c.expert == expert, ANSWERS.c.article.in_(articles))
        return self._do(lambda connection: [Row(*row) for row in connection.execute(query)])

    def put(self, rows: Sequence[Row], kept: int) -> None:
        """Store rows in one transaction.

        They come in the order of their keys, lest two machines wait for each other.
        """
        if not rows:
            return
        lists = zip(ROW, zip(*sorted(rows), strict=True), strict=True)
        new = sa.func.unnest(*(sa.literal(values, postgresql.ARRAY(column.type)) for column, values in lists))
        table = new.table_valued(*Row._fields).render_derived()
        names = [*Row._fields, "kept"]
        put = postgresql.insert(ANSWERS).from_select(names, sa.select(table, sa.literal(kept)))
        changed = {name: put.excluded[name] for name in ("answer", "mark", "kept")}
        self._change(put.on_conflict_do_update(index_elements=ANSWERS.primary_key, set_=changed))

    def rows(self) -> Iterator[Row]:
        """Yield every row; the server looks after its files itself."""
        try:
            with self.engine.connect() as connection:
                for row in connection.execution_options(yield_per=ROWS_READ).execute(sa.select(*ROW)):
                    yield Row(*row)
        except SQLAlchemyError as error:
            raise self._translate_errors(error) from None

    def forget(self, rows: Sequence[Row]) -> None:
        """Remove rows, unless another machine has stored sound ones in their place."""
        for start in range(0, len(rows), ROWS_READ):
            some = rows[start : start + ROWS_READ]
            self._change(sa.delete(ANSWERS).where(sa.tuple_(*ROW).in_(some)))

    def forget_until(self, kept: int) -> int:
        """Remove old rows."""
        return self._change(sa.delete(ANSWERS).where(ANSWERS.c.kept <= kept))

    def put_run(self, started: str, report: str) -> None:
        """Store the report of a run; once, even if a try came through and we did not hear of it."""
        known = sa.exists().where(RUNS.c.started == started, RUNS.c.report == report)
        run = sa.select(sa.literal(started), sa.literal(report)).where(~known)
        self._change(sa.insert(RUNS).from_select(["started", "report"], run))

    def runs(self) -> list[tuple[int, str]]:
        """Return number and report of every run, the last one first."""
        query = sa.select(RUNS.c.id, RUNS.c.report).order_by(RUNS.c.id.desc())
        return self._do(lambda connection: [(number, report) for number, report in connection.execute(query)])

    def stats(self) -> JournalStats:
        """Return how much there is."""
        different = [sa.func.count(ANSWERS.c[name].distinct()) for name in ("expert", "article")]
        sizes = [sa.func.pg_total_relation_size(table.name) for table in (ANSWERS, RUNS)]
        runs = sa.select(sa.func.count()).select_from(RUNS).scalar_subquery()
        query = sa.select(sa.func.count(), *different, runs, sizes[0] + sizes[1]).select_from(ANSWERS)
        return JournalStats._make(self._do(lambda connection: connection.execute(query).one()))

    def close(self) -> None:
        """Hang up."""
        with suppress(SQLAlchemyError):
            self.engine.dispose()

    def prepare(self, *, begin: bool) -> None:
        """See that the tables are there and ours; make them if they are to begin here."""
        try:
            with self.engine.begin() as connection:
                if begin:  # two that make a table at once get in each other's way, even with "if not exists"
                    connection.execute(sa.select(sa.func.pg_advisory_xact_lock(BEGINNING)))
                tables = sa.inspect(connection)
                if tables.has_table(ANSWERS.name):
                    if tables.get_table_comment(ANSWERS.name)["text"] != MARK:
                        raise JournalError(f"{self.place}: its table {ANSWERS.name} is of another newsmoe")
                elif begin:
                    METADATA.create_all(connection)
                else:
                    raise JournalError(f"{self.place}: there is no journal yet; 'newsmoe analyze' begins one")
        except SQLAlchemyError as error:
            raise self._translate_errors(error) from None

    def _change(self, statement: sa.Executable) -> int:
        """Do what changes rows; return how many it did."""
        return self._do(lambda connection: connection.execute(statement).rowcount)

    def _do(self, work: Callable[[sa.Connection], T]) -> T:
        """Do `work` in a transaction of its own."""
        pauses = iter(RETRY_DELAYS)
        while True:
            try:
                with self.engine.begin() as connection:
                    return work(connection)
            except SQLAlchemyError as error:
                pause = next(pauses, None) if _may_pass(error) else None
                if pause is None:
                    raise self._translate_errors(error) from None
            sleep(pause)

    def _translate_errors(self, error: SQLAlchemyError) -> JournalError:
        """Return an error of one line; details are left out, since they may hold a row."""
        said = str(error.orig if isinstance(error, DBAPIError) else error).strip().partition("\n")[0]
        return JournalError(f"{self.place}: cannot be used: {said}")


def open_postgres(url: str, place: str, *, begin: bool) -> PostgresStore:
    """Connect to the journal on a server."""
    try:
        parts = sa.make_url(url).set(drivername="postgresql+psycopg")
        if "@" in (parts.host or ""):
            raise ValueError
    except (SQLAlchemyError, ValueError):
        raise JournalError(
            f"{place}: is no URL of a database; it is postgresql://USER@HOST:PORT/DATABASE, with %40 for an @"
            " in a name or password"
        ) from None
    store = PostgresStore(place, _engine(parts))
    try:
        store.prepare(begin=begin)
    except BaseException:
        store.close()
        raise
    return store


def _engine(url: sa.URL) -> sa.Engine:
    engine = sa.create_engine(url.set(query={**PATIENCE, **url.query}), hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def wait_for_locks(connection: Any, _: object) -> None:
        connection.execute(f"set lock_timeout = '{WAIT_SECONDS * 1000:.0f}ms'")
        connection.commit()

    return engine


def _may_pass(error: SQLAlchemyError) -> bool:
    """Tell whether another try may mend an error; one without a state is that of a connection."""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    lost = state.startswith(LOST) if state else isinstance(error.orig, psycopg.OperationalError)
    return error.connection_invalidated or lost or state in PASSING
