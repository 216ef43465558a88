"""What the beginning of an input says of its format, where no name does."""

from pathlib import Path

from newsmoe.errors import InputError
from newsmoe.ingest.csv_rows import START, detect_delimiter
from newsmoe.ingest.files import open_text
from newsmoe.ingest.normalise import Normaliser, some_keys

PARQUET_MAGIC = "PAR1"
DELIMITERS = {"csv": ",", "tsv": "\t"}


def sniffed_format(name: str, path: Path, normaliser: Normaliser) -> str:
    """Return the format that the first characters tell.

    A table is known by its first row: one cell in it is a name under which articles have their text.
    """
    with open_text(path) as stream:
        start = stream.read(START).lstrip("\r\n ")
    if start.startswith(PARQUET_MAGIC):
        return "parquet"
    if start[:1] in ("", "[", "{"):  # of nothing at all, the reader of JSON tells
        return "json"
    for format, delimiter in DELIMITERS.items():
        if normaliser.has_text(detect_delimiter(start, delimiter)[0]):
            return format
    raise InputError(
        f"{name}: not valid JSON, nor Parquet, nor a table with a headline or content in its first row;"
        " say what it is with --input-format, or name the columns under [fields] in newsmoe.toml"
    )


def check_header(name: str, path: Path, format: str, normaliser: Normaliser) -> None:
    """See whether a table has a column with a text to read; of what is no table nothing is said."""
    if format in DELIMITERS:
        with open_text(path) as stream:
            header, delimiter = detect_delimiter(stream.read(START), DELIMITERS[format])
        if header and not normaliser.has_text(header):
            raise InputError(
                f"{name}: no column of the first row is a headline or content (found: {some_keys(header)});"
                f" columns are parted by {delimiter!r}; name yours under [fields] in newsmoe.toml"
            )
