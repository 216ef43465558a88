"""Which articles an output already holds."""

import json
import sqlite3
from hashlib import sha256


class Seen:
    """A set of identities on disk, so that memory does not grow with the output; to be closed."""

    def __init__(self) -> None:
        self._base = sqlite3.connect("", isolation_level=None)  # a temporary file of SQLite's own
        self._base.execute("CREATE TABLE seen (digest BLOB PRIMARY KEY) WITHOUT ROWID")

    def add(self, *identity: str | int | None) -> bool:
        """Add an article, and return whether it is a new one."""
        added = self._base.execute("INSERT OR IGNORE INTO seen VALUES (?)", [_digest(identity)])
        return added.rowcount > 0

    def has(self, *identity: str | int | None) -> bool:
        """Tell whether an article was added."""
        rows = self._base.execute("SELECT 1 FROM seen WHERE digest = ?", [_digest(identity)])
        return rows.fetchone() is not None

    def close(self) -> None:
        """Close and remove the file."""
        self._base.close()


def _digest(identity: tuple[str | int | None, ...]) -> bytes:
    return sha256(json.dumps(identity).encode()).digest()[:16]
