"""Input formats, one module each; other packages add theirs under the entry points `newsmoe.readers`."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from newsmoe.paths import unpacked_name
from newsmoe.plugins import Formats

NOT_READ = {
    ".db": "sqlite", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".tar": "tar archives", ".pdf": "PDF",
    ".docx": "Word", ".doc": "Word", ".epub": "EPUB", ".sql": "SQL", ".warc": "WARC", ".mbox": "mail",
    ".eml": "mail", ".mhtml": "MHTML", ".bib": "BibTeX", ".ris": "RIS", ".opml": "OPML", ".enex": "Evernote's exports",
    ".yaml": "YAML", ".yml": "YAML",
}  # fmt: skip
"""Formats that are only written, or that a user might think are read, by suffix."""


@dataclass(frozen=True)
class BadElement:
    """An element that cannot be decoded while its neighbours can."""

    message: str

    def __str__(self) -> str:
        return self.message


class Reader(Protocol):
    """An input format: a module, or an object, with `read`.

    It may also have any of these:

        suffixes: tuple[str, ...]     of file names, in lower case, such as (".xml", ".rss"), besides `.NAME`
        magic: tuple[str, ...]        how the content begins, which tells the format of standard input
        matches(start) -> bool        the same for text, where that takes more than to compare the beginning
        growing: bool                 whether elements may be appended to a file while it is read
        header(path) -> (names, note) for a table: its column names, and how they were read, for messages,
                                      such as "the delimiter is ','"
        look_through(name, path, finder) -> Survey, find_place(name, path, finder) -> Location
                                      for a tree of values: what is where, and where the articles are; then
                                      `read` takes that `place`
        find_place_in_code(name, path, finder) -> Location
                                      the same for a document that `read` refused: where they are in a script
    """

    def read(self, name: str, path: Path) -> Iterator[Any]:
        """Yield the elements of a file in order, in memory for one at a time.

        Args:
            name: what messages call the input.
            path: where it lies; `newsmoe.ingest.files.open_text` unpacks and decodes it.

        Yields:
            What JSON would hold for an article, mostly a dict; a `BadElement` where one cannot be decoded.

        Raises:
            InputError: the file is not of this format; says where.
            OSError: the file cannot be read; callers turn it into an `InputError`.
        """


READERS = Formats[Reader](
    "newsmoe.readers",
    "input format",
    {
        name: f"newsmoe.ingest.formats.{name}"
        for name in ("json", "jsonl", "csv", "tsv", "xlsx", "parquet", "feed", "html")
    },
    ("read",),
)


def format_of(path: Path) -> str:
    """Return the format that the suffix stands for, packed or not; `json` where it stands for none."""
    return READERS.of(path) or NOT_READ.get(Path(unpacked_name(path).lower()).suffix, "json")
