"""`newsmoe report`: records as a page."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

RECORDS = typer.Argument(
    help="What 'newsmoe analyze' wrote: a file in any of its formats, a data set, or a folder of Parquet files."
)
PAGE_SUFFIXES = ("", ".html", ".htm")


def report(
    records: Annotated[list[Path], RECORDS],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="The page; default: NAME.html beside the first input.", metavar="FILE"),
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(help="Records of another run of the same articles.", metavar="RECORDS")
    ] = None,
    stories: Annotated[
        Path | None, typer.Option(help="Stories of the articles, which 'newsmoe stories' wrote.", metavar="FILE")
    ] = None,
) -> None:
    """Make a page of records: charts, all articles with search and filters, their stories, and what the run did.

    It is one HTML file that loads nothing and that any browser opens; an editor needs no more to look at a run.
    """
    from newsmoe.report.files import default_page

    write_page(records, output or default_page(records[0]), compare, stories)


def check_page_name(page: Path) -> None:
    """See that nobody will take the page for something else."""
    if page.suffix.lower() not in PAGE_SUFFIXES:
        raise typer.BadParameter(f"{page}: a page is HTML; name a file that ends in .html")


def write_page(
    records: Sequence[Path], target: Path, compared_with: Path | None = None, stories: Path | None = None
) -> None:
    """Write the page of some files of records, and say how large it is; an input is never written over."""
    from newsmoe.cli.console import messages, plain
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
        size = f"{target}: {len(page.encode()) / 1000:,.0f} kB"
        messages().print(plain(size), soft_wrap=True)
