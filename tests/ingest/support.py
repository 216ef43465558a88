"""What the tests of the input share."""

POEMS = """
from newsmoe.errors import InputError
from newsmoe.ingest.files import open_text
from newsmoe.ingest.formats import BadElement

suffixes = (".poem",)
magic = ("POEM",)


def read(name, path):
    with open_text(path) as stream:
        if next(stream, "").strip() != "POEM":
            raise InputError(f"{name}: line 1: not a poem")
        for line in stream:
            title, colon, text = line.partition(":")
            yield {"headline": title, "content": text} if colon else BadElement(f"no title: {line!r}")
"""
"""A plug-in's reader: lines of titles and texts after a first line `POEM`."""
