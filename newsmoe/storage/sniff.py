"""What the beginning of an input says of its format, where no name does."""

from pathlib import Path

from newsmoe.errors import InputError
from newsmoe.storage.csv_rows import START, parted
from newsmoe.storage.files import open_text
from newsmoe.storage.normalise import Normaliser, some_keys

__all__ = ["check_header", "sniffed_format"]

PARQUET_MAGIC = "PAR1"
DELIMITERS = {"csv": ",", "tsv": "\t"}


def sniffed_format(name: str, path: Path, normaliser: Normaliser) -> str:
    """Return the format that the first characters tell.

    A table is known by its first row: one cell in it is a name under which articles have their text.

    Args:
        name: what to call the input in messages.
        path: where it lies, gzipped or not.
        normaliser: knows those names.

    Raises:
        InputError: it is nothing that articles are read from.
    """
    with open_text(path) as stream:
        start = stream.read(START).lstrip("\r\n ")
    if start.startswith(PARQUET_MAGIC):
        return "parquet"
    if start[:1] in ("", "[", "{"):  # of nothing at all, the reader of JSON tells
        return "json"
    for format, delimiter in DELIMITERS.items():
        if normaliser.has_text(parted(start, delimiter)[0]):
            return format
    raise InputError(
        f"{name}: not valid JSON, nor Parquet, nor a table with a headline or content in its first row;"
        " say what it is with --input-format, or name the columns under [fields] in newsmoe.toml"
    )


def check_header(name: str, path: Path, format: str, normaliser: Normaliser) -> None:
    """See whether a table has a column with a text to read; of what is no table nothing is said.

    Raises:
        InputError: it has none; so it may be no table at all, or one whose first row is no header.
    """
    if format in DELIMITERS:
        with open_text(path) as stream:
            header, delimiter = parted(stream.read(START), DELIMITERS[format])
        if header and not normaliser.has_text(header):
            raise InputError(
                f"{name}: no column of the first row is a headline or content (found: {some_keys(header)});"
                f" columns are parted by {delimiter!r}; name yours under [fields] in newsmoe.toml"
            )
