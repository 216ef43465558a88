"""The tables and statements that the journals in SQLite and in PostgreSQL share."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from newsmoe.journal.store import JournalStats, Row

COLUMNS = "expert, article, answer, mark"
"""The fields of `Row`. Tables and columns keep the names that the first version gave them."""

LAST_RUNS = 100  # that are looked at for the same one


class SqlStore(ABC):
    """A `Store` whose statements a subclass executes; `?` is where a value goes."""

    table: ClassVar[str]  # name of the table of predictions
    run_table: ClassVar[str]  # name of the table of runs
    identity: ClassVar[str]  # type of a key that is counted up
    options: ClassVar[str]  # what follows the definition of the table of predictions
    size: ClassVar[str]  # an expression for the bytes of both tables

    def schema(self) -> str:
        """Return the statements that create the tables."""
        return f"""
            create table if not exists {self.table} (
                expert text not null, article text not null, answer text not null,
                mark bigint not null, kept bigint not null, primary key (expert, article)
            ) {self.options};
            create table if not exists {self.run_table} (
                id {self.identity} primary key, started text not null, report text not null
            );
        """

    def find(self, cache_key: str, articles: Sequence[str]) -> list[Row]:
        """Return rows."""
        places = ", ".join("?" * len(articles))
        query = f"select {COLUMNS} from {self.table} where expert = ? and article in ({places})"
        return list(map(Row._make, self._query(query, cache_key, *articles, in_run=True)))

    def put(self, rows: Sequence[Row], time: int) -> None:
        """Store rows, sorted by their keys so that two processes cannot wait for each other."""
        statement = (
            f"insert into {self.table} ({COLUMNS}, kept) values (?, ?, ?, ?, ?)"
            " on conflict (expert, article)"
            " do update set answer = excluded.answer, mark = excluded.mark, kept = excluded.kept"
        )
        self._change(statement, [(*row, time) for row in sorted(rows)], in_run=True)

    def delete(self, rows: Sequence[Row]) -> None:
        """Delete rows, unless another process has stored sound ones in their place."""
        self._change(f"delete from {self.table} where ({COLUMNS}) = (?, ?, ?, ?)", rows)

    def delete_until(self, time: int) -> int:
        """Delete old rows."""
        return self._change(f"delete from {self.table} where kept <= ?", [(time,)])

    def put_run(self, started: str, report: str) -> None:
        """Store the report of a run; once, even if an earlier try succeeded without our knowing."""
        statement = (
            f"insert into {self.run_table} (started, report) select ?, ?"
            " where not exists (select * from"
            f" (select started, report from {self.run_table} order by id desc limit {LAST_RUNS}) as last"
            " where started = ? and report = ?)"
        )
        self._change(statement, [(started, report) * 2], in_run=True)

    def runs(self) -> list[tuple[int, str]]:
        """Return number and report of every run, the last one first."""
        return self._query(f"select id, report from {self.run_table} order by id desc")

    def stats(self) -> JournalStats:
        """Return how much there is."""
        query = (
            "select count(*), count(distinct expert), count(distinct article),"
            f" (select count(*) from {self.run_table}), {self.size} from {self.table}"
        )
        return JournalStats._make(*self._query(query))

    @abstractmethod
    def _query(self, statement: str, *values: Any, in_run: bool = False) -> list[Any]:
        """Return the rows of a query; `in_run`: a damaged journal is set aside, for the run does not end."""

    @abstractmethod
    def _change(self, statement: str, rows: Sequence[Sequence[Any]], *, in_run: bool = False) -> int:
        """Execute a statement for all rows in one transaction; return how many rows it changed."""
