"""What a journal is made of: rows with a checksum, and a store that they lie in."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol, Self
from zlib import crc32

from newsmoe.journal.serialization import deserialize_prediction, serialize_prediction
from newsmoe.prediction import Prediction

WAIT_SECONDS = 10.0
"""How long somebody else may hold a store, or a server be silent, before it is done without."""

LONGEST_KEY = 500


class JournalStats(NamedTuple):
    """How much a journal holds."""

    predictions: int
    experts: int
    articles: int
    runs: int
    bytes: int


class Row(NamedTuple):
    """An answer as it is stored; `mark` is a checksum of the rest."""

    expert: str
    article: str
    answer: str  # the column's name
    mark: int

    @classmethod
    def of(cls, expert: str, article: str, prediction: Prediction) -> Self:
        """Return the row of an answer."""
        text = serialize_prediction(prediction)
        return cls(expert, article, text, _mark(expert, article, text))

    def prediction(self) -> Prediction | None:
        """Return the answer; None where the row is damaged."""
        if self.mark != _mark(self.expert, self.article, self.answer):
            return None
        try:
            return deserialize_prediction(self.answer)
        except (ValueError, TypeError, KeyError):
            return None


class Store(Protocol):
    """Where the rows of a journal lie; every method raises `JournalError` where it cannot be used."""

    @property
    def place(self) -> str:
        """Where it is, as a person may read it: without a password."""

    def find(self, expert: str, articles: Sequence[str]) -> Iterable[Row]:
        """Return the rows of an expert about some articles, a few hundred at the most."""

    def put(self, rows: Sequence[Row], kept: int) -> None:
        """Store rows in the place of those with the same keys; when this returns, they are safe.

        Args:
            rows: what to store, all or nothing.
            kept: the time, in seconds since 1970.
        """

    def rows(self) -> Iterator[Row]:
        """Yield every row, after the store itself was found sound."""

    def forget(self, rows: Sequence[Row]) -> None:
        """Remove rows."""

    def forget_until(self, kept: int) -> int:
        """Remove what was stored at that time or before; return how many rows that were."""

    def put_run(self, started: str, report: str) -> None:
        """Store the report of a run."""

    def runs(self) -> list[tuple[int, str]]:
        """Return number and report of every run, the last one first."""

    def stats(self) -> JournalStats:
        """Return how much there is."""

    def close(self) -> None:
        """Let go of it; it may be broken already."""


def key_of(expert: str) -> str:
    """Return a key for an expert that every database takes: a plug-in may call itself anything."""
    if expert.isprintable() and len(expert) <= LONGEST_KEY:
        return expert
    return sha256(expert.encode(errors="surrogatepass")).hexdigest()


def _mark(expert: str, article: str, prediction: str) -> int:
    """Return a checksum of a row: not every database has one of its own."""
    return crc32("\0".join((expert, article, prediction)).encode())
