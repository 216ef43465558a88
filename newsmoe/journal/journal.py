"""What experts have answered, kept as it is finished, so that it is not done again.

An answer is known by the expert's fingerprint and the hash of what the expert read: never by a position in a
file. A journal is a help and no more: one that is damaged, foreign or locked, or whose server is gone in the
middle of a run, is done without.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import time
from types import TracebackType
from typing import Self, TypeVar

from newsmoe.errors import ConfigError, JournalError
from newsmoe.ingest.formats_by_suffix import READABLE, known_format
from newsmoe.journal.sqlite import existing_sqlite, open_sqlite
from newsmoe.journal.store import JournalStats, Row, Store, key_of
from newsmoe.prediction import Prediction
from newsmoe.settings.model import Settings

DAY = 86_400
MAX_ARTICLES = 500  # in one look: databases limit the parameters of a query

T = TypeVar("T")
_logger = logging.getLogger(__name__)


class Journal:
    """Answers of experts; every `keep` is safe when it returns.

    Where the store fails in `answers`, `keep` or `keep_run`, that is logged once, and nothing is kept from
    then on: a run does not end for it. The other methods raise `JournalError`.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lost = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.close()

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        return self.store.place

    def predictions(self, expert: str, articles: Sequence[str]) -> dict[str, Prediction]:
        """Return the answers that are kept, by article."""

        def look() -> dict[str, Prediction]:
            wanted = list(dict.fromkeys(articles))
            parts = [wanted[start : start + MAX_ARTICLES] for start in range(0, len(wanted), MAX_ARTICLES)]
            rows = [row for part in parts for row in self.store.find(key_of(expert), part)]
            return {row.article: prediction for row in rows if (prediction := row.prediction())}

        return self._try(look, {})

    def keep(self, expert: str, predictions: Mapping[str, Prediction]) -> None:
        """Keep answers by article; when this returns, they outlive the process."""
        rows = [Row.of(key_of(expert), article, prediction) for article, prediction in predictions.items()]
        self._try(lambda: self.store.put(rows, int(time())), None)

    def keep_run(self, started: str, report: str) -> None:
        """Keep the report of a run."""
        self._try(lambda: self.store.put_run(started, report), None)

    def runs(self) -> list[tuple[int, str]]:
        """Return number and report of every run, the last one first."""
        return self.store.runs()

    def stats(self) -> JournalStats:
        """Return how much there is."""
        return self.store.stats()

    def prune(self, days: float) -> int:
        """Forget what was kept more than `days` ago; return how many answers that were."""
        return self.store.forget_until(int(time() - days * DAY))

    def verify(self) -> int:
        """Check the store and every prediction in it; delete those that are damaged, and return how many."""
        bad = [row for row in self.store.rows() if row.prediction() is None]
        self.store.forget(bad)
        return len(bad)

    def _try(self, work: Callable[[], T], otherwise: T) -> T:
        if self._lost:
            return otherwise
        try:
            return work()
        except JournalError as error:
            self._lost = True
            _logger.warning("%s; what follows is not kept", error)
            self.store.close()
            return otherwise


def journal_place(settings: Settings) -> str | None:
    """Return where the settings have the journal, a file or a URL, else the user's own; None for nowhere."""
    from platformdirs import user_data_path

    place = settings.journal
    if place == "none":
        return None
    if place and "://" not in place and known_format(Path(place)) in READABLE:
        raise ConfigError(f"{place}: is not the name of a journal; call it {Path(place).stem}.sqlite")
    return place or str(user_data_path("newsmoe") / "journal.sqlite")


@contextmanager
def open_journal(place: str | None) -> Iterator[Journal | None]:
    """Open the journal at `place`; give None where there is to be none.

    A file that cannot be had is done without too, with a warning.
    """
    store: Store | None = None
    if place is not None:
        store = _server(place, begin=True) if "://" in place else open_sqlite(Path(place))
    if store is None:
        yield None
        return
    with Journal(store) as journal:
        yield journal


def existing_journal(place: str | None) -> Journal:
    """Open the journal at `place`, which is there."""
    if place is None:
        raise JournalError("there is no journal: the settings say 'none'; name one with --journal")
    return Journal(_server(place, begin=False) if "://" in place else existing_sqlite(Path(place)))


def without_password(text: str) -> str:
    """Return `text` with no password in the URL that it is, or ends with."""
    text = re.sub(r"(://[^:/?@]*):.*@", r"\1@", text)
    return re.sub(r"([?&]\w*password=)[^&]*", r"\1", text) if "://" in text else text


def _server(url: str, *, begin: bool) -> Store:
    """Connect to the journal on a server; SQLAlchemy is imported for this only, as it takes long."""
    scheme = url.partition("://")[0]
    if scheme not in ("postgres", "postgresql", "postgresql+psycopg"):
        raise JournalError(
            f"{without_password(url)}: a journal is a file, or postgresql://USER@HOST/DATABASE"
        )
    try:
        from newsmoe.journal.postgres import open_postgres
    except ImportError:
        raise JournalError(
            "a journal in PostgreSQL needs sqlalchemy and psycopg; pip install 'newsmoe[postgres]'"
        ) from None
    return open_postgres(url, without_password(url), begin=begin)
