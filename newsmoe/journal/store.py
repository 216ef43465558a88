"""What a journal needs of a database: rows with a checksum, and a store for them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol, Self
from zlib import crc32

from newsmoe.journal.serialization import deserialize_prediction, serialize_prediction
from newsmoe.plugins import Plugins
from newsmoe.prediction import Prediction

WAIT_SECONDS = 10.0
"""How long to wait for a lock of another process, or for a server that is silent."""

MAX_KEY = 500


class JournalStats(NamedTuple):
    """How much a journal holds."""

    predictions: int
    experts: int
    articles: int
    runs: int
    bytes: int


class Row(NamedTuple):
    """A prediction as it is stored; the checksum is over the other fields."""

    cache_key: str
    article: str
    text: str
    checksum: int

    @classmethod
    def of(cls, cache_key: str, article: str, prediction: Prediction) -> Self:
        """Return the row of a prediction."""
        text = serialize_prediction(prediction)
        return cls(cache_key, article, text, _checksum(cache_key, article, text))

    def prediction(self) -> Prediction | None:
        """Return the prediction; None where the row is damaged."""
        if self.checksum != _checksum(*self[:3]):
            return None
        try:
            return deserialize_prediction(self.text)
        except (ValueError, TypeError, KeyError):
            return None


class PredictionStore(Protocol):
    """What stores predictions between runs; `newsmoe.journal.journal.Journal` is one."""

    def predictions(self, cache_key: str, articles: Sequence[str]) -> Mapping[str, Prediction]:
        """Return the stored predictions, by article.

        Args:
            cache_key: all that determines a prediction besides the article: an expert's fingerprint, or a
                learned gate's, whose scores are stored like predictions.
            articles: their keys.
        """

    def keep(self, cache_key: str, predictions: Mapping[str, Prediction]) -> None:
        """Store predictions by article."""


class Store(Protocol):
    """A journal's database; `Journal` calls one method at a time, from any thread.

    Another package adds one for URLs as an entry point of `newsmoe.journals` that has the scheme's name and
    leads to a class or function which is called with the URL and `create`: whether to create what is missing.
    That, and every method but `close`, raises `JournalError` where the database cannot be used.
    """

    @property
    def place(self) -> str:
        """Where it is, for messages: without a password; see `without_password`."""

    def find(self, cache_key: str, articles: Sequence[str]) -> Iterable[Row]:
        """Return the rows with this cache key, of at most some hundred articles."""

    def put(self, rows: Sequence[Row], time: int) -> None:
        """Store rows, all or none, in place of those with the same cache key and article.

        When this returns they survive the process. `time` is now, in seconds since 1970.
        """

    def rows(self) -> Iterator[Row]:
        """Check the database itself, then yield every row."""

    def delete(self, rows: Sequence[Row]) -> None:
        """Delete rows."""

    def delete_until(self, time: int) -> int:
        """Delete the rows that were stored at that time or before; return how many."""

    def put_run(self, started: str, report: str) -> None:
        """Store the report of a run, as JSON; `started` is in ISO 8601."""

    def runs(self) -> list[tuple[int, str]]:
        """Return number and report of every run, the last one first."""

    def stats(self) -> JournalStats:
        """Return how much there is."""

    def close(self) -> None:
        """Close it; it may be broken already."""


JOURNALS = Plugins[Callable[..., Store]](
    "newsmoe.journals",
    "journal",
    dict.fromkeys(("postgresql", "postgres", "postgresql+psycopg"), "newsmoe.journal.postgres:PostgresStore"),
)
"""By the scheme of a URL; a journal without one is a file of SQLite."""
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)


def short_key(cache_key: str) -> str:
    """Return a key that every database takes: a plug-in's expert may have any name and fingerprint."""
    if cache_key.isprintable() and len(cache_key) <= MAX_KEY:
        return cache_key
    return sha256(cache_key.encode(errors="surrogatepass")).hexdigest()


def without_password(text: str) -> str:
    """Return `text` with no password in the URL that it is, or ends with.

    That of a database may have any character in it; elsewhere an `@` after a slash is part of the path.
    """
    scheme = _SCHEME.search(text)
    password = ".*" if scheme and scheme[1].lower() in JOURNALS else "[^/@]*"
    text = re.sub(rf"(://[^:/?@]*):{password}@", r"\1@", text)
    return re.sub(r"([?&]\w*password=)[^&]*", r"\1", text) if "://" in text else text


def _checksum(*texts: str) -> int:
    return crc32("\0".join(texts).encode())
