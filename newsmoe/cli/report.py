"""`newsmoe report`: records as a page."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from newsmoe.cli.logs import show_logs

RECORDS = typer.Argument(
    help="Output of 'newsmoe analyze': a file in any of its formats, a data set, or a folder of Parquet files."
)
PAGE_SUFFIXES = ("", ".html", ".htm")

_logger = logging.getLogger(__name__)


def report(
    records: Annotated[list[Path], RECORDS],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="HTML file to write; default: NAME.html beside the first input.", metavar="FILE"
        ),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(help="Records of another run of the same articles, to show what changed.", metavar="RECORDS"),
    ] = None,
    stories: Annotated[
        Path | None, typer.Option(help="Stories of these articles, as written by 'newsmoe stories'.", metavar="FILE")
    ] = None,
) -> None:
    """Write an HTML page of records: charts, a list with search and filters, stories, and what each expert did.

    The page is one file that any browser opens, and that loads nothing from elsewhere.
    """
    from newsmoe.report.files import default_page

    show_logs(quiet=False)
    write_page(records, output or default_page(records[0]), compare, stories)


def check_page_name(page: Path) -> None:
    """See that nobody will take the page for something else."""
    if page.suffix.lower() not in PAGE_SUFFIXES:
        raise typer.BadParameter(f"{page}: a page is HTML; name a file that ends in .html")


def write_page(
    records: Sequence[Path], target: Path, compared_with: Path | None = None, stories: Path | None = None
) -> None:
    """Write the page of some files of records, and say how large it is; an input is never written over."""
    from newsmoe.errors import OutputError
    from newsmoe.output.formats import STDOUT, write_output
    from newsmoe.paths import ending_in_name
    from newsmoe.report.files import page_of

    records = list(map(ending_in_name, records))
    inputs = {path.resolve() for path in (*records, compared_with, stories) if path}
    if target != STDOUT and target.resolve() in inputs:
        raise OutputError(f"{target}: is an input; name another file with -o")
    check_page_name(target)
    page = page_of(records, compared_with, stories)
    write_output(target, page)
    if target != STDOUT:
        _logger.info("%s: %s kB", target, f"{len(page.encode()) / 1000:,.0f}")
