"""Finished predictions, stored batch by batch, so that a later run need not compute them again.

A prediction is found by the expert's fingerprint and the hash of what the expert read: never by a position in
a file. A run goes on without a journal that is damaged, foreign or locked, or whose server stops responding.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import RLock
from time import time
from typing import Self, TypeVar

from newsmoe.errors import ConfigError, JournalError
from newsmoe.ingest.formats import READERS
from newsmoe.journal.sqlite import open_sqlite
from newsmoe.journal.store import JOURNALS, JournalStats, Row, Store, short_key
from newsmoe.plugins import naming_plugin
from newsmoe.prediction import Prediction
from newsmoe.settings.model import Settings

DAY = 86_400
MAX_ARTICLES = 500  # in one query: databases limit its parameters

T = TypeVar("T")
_logger = logging.getLogger(__name__)


class Journal:
    """Predictions of experts and reports of runs; threads may share it.

    Where the store fails in `predictions`, `keep` or `keep_run`, that is logged once, and nothing is stored
    from then on: the run does not end. The other methods raise `JournalError`.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self._lock = RLock()
        self._failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.store.close()

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        return self.store.place

    def predictions(self, cache_key: str, articles: Sequence[str]) -> dict[str, Prediction]:
        """Return the stored predictions, by article."""

        def find() -> dict[str, Prediction]:
            keys = list(dict.fromkeys(articles))
            parts = [keys[start : start + MAX_ARTICLES] for start in range(0, len(keys), MAX_ARTICLES)]
            rows = [row for part in parts for row in self.store.find(short_key(cache_key), part)]
            return {row.article: prediction for row in rows if (prediction := row.prediction())}

        return self._attempt(find, {})

    def keep(self, cache_key: str, predictions: Mapping[str, Prediction]) -> None:
        """Store predictions by article; when this returns, they survive the process."""
        key = short_key(cache_key)
        rows = [Row.of(key, article, prediction) for article, prediction in predictions.items()]
        self._attempt(lambda: self.store.put(rows, int(time())), None)

    def keep_run(self, started: str, report: str) -> None:
        """Store the report of a run."""
        self._attempt(lambda: self.store.put_run(started, report), None)

    def runs(self) -> list[tuple[int, str]]:
        """Return number and report of every run, the last one first."""
        with self._lock:
            return self.store.runs()

    def stats(self) -> JournalStats:
        """Return how much there is."""
        with self._lock:
            return self.store.stats()

    def prune(self, days: float) -> int:
        """Delete what was stored more than `days` ago; return how many predictions that were."""
        with self._lock:
            return self.store.delete_until(int(time() - days * DAY))

    def verify(self) -> int:
        """Check the store and every prediction in it; delete the damaged ones, and return how many."""
        with self._lock:
            damaged = [row for row in self.store.rows() if row.prediction() is None]
            self.store.delete(damaged)
            return len(damaged)

    def _attempt(self, work: Callable[[], T], otherwise: T) -> T:
        with self._lock:
            if self._failed:
                return otherwise
            try:
                return work()
            except JournalError as error:
                self._failed = True
                _logger.warning("%s; predictions are no longer stored", error)
                self.store.close()
                return otherwise


def journal_place(settings: Settings) -> str | None:
    """Return the file or URL of the journal that the settings name, else the user's own; None for none."""
    from platformdirs import user_data_path

    place = settings.journal
    if place == "none":
        return None
    if place and "://" not in place and READERS.of(Path(place)):
        raise ConfigError(f"{place}: is not the name of a journal; call it {Path(place).stem}.sqlite")
    return place or str(user_data_path("newsmoe") / "journal.sqlite")


@contextmanager
def open_journal(place: str | None) -> Iterator[Journal | None]:
    """Open the journal at `place`, created if it is missing; give None where there is to be none.

    A file that cannot be used only costs a warning, and None is given too.
    """
    journal = None
    try:
        journal = Journal(_open_store(place, create=True)) if place else None
    except JournalError as error:
        if "://" in str(place):
            raise
        _logger.warning("%s; predictions are not stored", error)
    with journal or nullcontext():
        yield journal


def existing_journal(place: str | None) -> Journal:
    """Open the journal at `place`, which must exist."""
    if place is None:
        raise JournalError("there is no journal: the settings say 'none'; name one with --journal")
    return Journal(_open_store(place, create=False))


def _open_store(place: str, *, create: bool) -> Store:
    scheme, separator, _ = place.partition("://")
    if not separator:
        return open_sqlite(Path(place), create=create)
    if scheme not in JOURNALS:
        raise JournalError(
            f"{scheme}://...: a journal is a file, or postgresql://USER@HOST/DATABASE;"
            f" the schemes of URLs are {', '.join(JOURNALS)}"
        )
    open_store = JOURNALS.load(scheme)
    with naming_plugin("journal", open_store):
        store = open_store(place, create=create)
        if absent := [name for name in vars(Store) if not name.startswith("_") and not hasattr(store, name)]:
            raise TypeError(f"it has no {' and no '.join(absent)}")
    return store
