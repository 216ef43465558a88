"""From files of records to a page."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from newsmoe.paths import ending_in_name, stem_of
from newsmoe.record import Record
from newsmoe.report.comparison import compare
from newsmoe.report.page import PageContext, make_page
from newsmoe.report.records import read_records
from newsmoe.report.rows import Row, row_of
from newsmoe.report.run import reports_beside
from newsmoe.report.stories import read_stories, stories_on_page


def default_page(path: Path) -> Path:
    """Return where the page of a file of records goes: `analyzed_news_data.html` beside `analyzed_news_data.json`."""
    path = ending_in_name(path)
    return path.with_name(f"{stem_of(path)}.html")


def page_of(paths: Sequence[Path], compared_with: Path | None = None, stories: Path | None = None) -> str:
    """Return the page for the records of some files, with what changed since those of another one, and their stories.

    Raises:
        InputError: a file cannot be read, or holds no records or no stories.
    """
    rows = _rows(paths)
    comparison = compare(rows, _rows([compared_with])) if compared_with else None
    other = compared_with.name if compared_with else ""
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    on_page = stories_on_page(stories.name, read_stories(stories), rows) if stories else None
    return make_page(f"{paths[0].name}{more}", rows, PageContext(reports_beside(paths), comparison, other, on_page))


def page_of_records(name: str, records: Iterable[Record]) -> str:
    """Return the page for records that are in memory."""
    return make_page(name, list(map(row_of, records)))


def _rows(paths: Sequence[Path]) -> list[Row]:
    return [row_of(record) for path in paths for record in read_records(path)]
