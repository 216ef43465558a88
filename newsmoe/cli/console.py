"""What all commands say, and how: results to standard output, messages to standard error."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import get_terminal_size
from typing import TextIO

import typer
from rich.cells import cell_len
from rich.console import Console, ConsoleDimensions, ConsoleOptions, RenderResult
from rich.table import Column, Table
from rich.text import Text

from newsmoe.text.cleaning import escape_control_codes, one_line

WIDTH_OF_A_FILE = 160  # columns of a table that goes to a file or a pipe
MIN_WIDTH = 8  # of a column whose cells may be continued below

_with_bar: list[Console] = []


def results() -> Console:
    """Return the console for results."""
    return _console(sys.stdout)


def messages() -> Console:
    """Return the console for messages and progress: that of a bar that is shown, so that they stand above it.

    Else it is a new one: a console says again what a signal has kept it from forgetting.
    """
    if _with_bar:
        return _with_bar[-1]
    return _console(sys.stderr, stderr=True)


def _console(stream: TextIO, *, stderr: bool = False) -> Console:
    console = Console(stderr=stderr, width=None if stream.isatty() else WIDTH_OF_A_FILE, highlight=False)
    if console.is_dumb_terminal:  # for which rich takes 80 columns, whatever it has
        console.size = ConsoleDimensions(*get_terminal_size())
    return console


@contextmanager
def console_with_bar() -> Iterator[Console]:
    """Give the console for a bar, which messages go to while the block runs."""
    _with_bar.append(messages())
    try:
        yield _with_bar[-1]
    finally:
        _with_bar.pop()


def plain(text: object, style: str = "") -> Text:
    """Return text from outside as one line for the terminal: no markup, no control codes."""
    return Text(one_line(str(text)), style=style)


def print_json(text: str) -> None:
    """Print JSON as a result, with no control codes that a terminal would heed."""
    typer.echo(escape_control_codes(text))


class _FittingTable(Table):
    """A table that has a line for each cell where its columns are too many for the terminal.

    Its heading may be wider than the columns; rich would break the title of a table to their width.
    """

    heading: str | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield what the console prints."""
        names = [str(column.header) for column in self.columns]
        min_width = sum(map(_min_width, self.columns)) + 2 * (len(names) - 1)
        if self.heading:
            yield Text(self.heading, style="table.title")
        if min_width <= options.max_width or len(names) < 3:
            yield from super().__rich_console__(console, options)
            return
        for number, cells in enumerate(zip(*(column.cells for column in self.columns), strict=True)):
            rows = Table.grid(padding=(0, 2, 0, 0))
            rows.add_column(no_wrap=True, style="bold")
            rows.add_column(overflow="fold")
            for name, cell in zip(names, cells, strict=True):
                if str(cell):
                    rows.add_row(name, cell)
            if number:
                yield Text()
            yield rows


def _min_width(column: Column) -> int:
    width = max(cell_len(str(cell)) for cell in (column.header, *column.cells))
    return width if column.no_wrap else min(width, MIN_WIDTH)


def table(*columns: str, title: str | None = None) -> Table:
    """Return an empty table.

    Columns whose name starts with `>` are set to the right, and those that start with `!` hold names, which are
    never cut; what does not fit elsewhere is continued below. Where that leaves no room, each cell has its line.
    """
    made = _FittingTable(box=None, pad_edge=False, header_style="bold")
    made.heading = title
    for column in columns:
        made.add_column(
            plain(column.lstrip(">!")),  # not as markup: it may be a label
            justify="right" if column.startswith(">") else "left",
            no_wrap=column.startswith((">", "!")),
            overflow="fold",
        )
    return made
