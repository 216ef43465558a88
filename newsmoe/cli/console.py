"""What all commands say, and how: results to standard output, messages to standard error."""

import sys
from functools import lru_cache
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from newsmoe.text.cleaning import one_line

WIDTH_OF_A_FILE = 160  # columns of a table that goes to a file or a pipe


def results() -> Console:
    """Return the console for results."""
    return Console(width=None if sys.stdout.isatty() else WIDTH_OF_A_FILE, highlight=False)


def messages() -> Console:
    """Return the console for messages and progress: one for both, so that messages stand above a bar."""
    return _messages(getattr(sys.stderr, "rich_proxied_file", sys.stderr))


@lru_cache(maxsize=1)
def _messages(stream: TextIO) -> Console:
    return Console(stderr=True, width=None if stream.isatty() else WIDTH_OF_A_FILE, highlight=False)


def plain(text: object, style: str = "") -> Text:
    """Return text from outside as one line for the terminal: no markup, no control codes."""
    return Text(one_line(str(text)), style=style)


def table(*columns: str, title: str | None = None) -> Table:
    """Return an empty table.

    Columns whose name starts with `>` are set to the right, and those that start with `!` hold names, which are
    never cut; what does not fit elsewhere is continued below.
    """
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(
            column.lstrip(">!"),
            justify="right" if column.startswith(">") else "left",
            no_wrap=column.startswith((">", "!")),
            overflow="fold",
        )
    return made
