"""`newsmoe stories`: which articles are copies, and which report the same event."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.console import messages, plain, table
from newsmoe.cli.logs import show_logs
from newsmoe.cli.options import LoadSettings, StrictOption, WaitOption, takes
from newsmoe.errors import ITEMS_FAILED
from newsmoe.text.counts import plural

if TYPE_CHECKING:
    from rich.console import Console

    from newsmoe.settings.model import Settings
    from newsmoe.stories.files import MadeStories

MAX_STORIES = 10
MAX_HEADLINE = 80  # characters

_logger = logging.getLogger(__name__)


@dataclass
class StoriesOptions:
    """What becomes of the stories."""

    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="File to write; default: stories_NAME.json beside the first input.", metavar="FILE"
        ),
    ] = None
    records: Annotated[
        list[Path] | None,
        typer.Option(
            help="Records with the sentiment of the articles; default: analyzed_NAME.json beside each input.",
            metavar="FILE",
        ),
    ] = None
    append: Annotated[
        bool, typer.Option("--append", help="Add to the stories of earlier runs; these keep their ids.")
    ] = False
    wait: WaitOption = False
    strict: StrictOption = False


@takes("input_format", "items", "encoding", "device")
def stories(
    inputs: Annotated[
        list[str], typer.Argument(help="Inputs as for 'newsmoe analyze', or records; '-' is standard input.")
    ],
    load: LoadSettings,
    target: StoriesOptions,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Print warnings and errors only: no progress, no tables.")
    ] = False,
) -> None:
    """Find near-copies of articles, and the stories: articles that report the same event.

    Exit codes: 0 success, 1 could not run, 2 wrong usage, 3 a bug, 4 some articles or inputs failed, 5 another run
    is writing the output.
    """
    from newsmoe.stories.files import default_stories

    show_logs(quiet=quiet)
    output = target.output or default_stories(inputs[0])
    if write_stories(inputs, output, load(), target, quiet):
        raise typer.Exit(ITEMS_FAILED)


def write_stories(
    inputs: Sequence[str], output: Path, settings: "Settings", target: StoriesOptions, quiet: bool
) -> bool:
    """Write the stories of some inputs, and show the biggest; return whether an element or an input failed."""
    from newsmoe.cli.progress import reporting
    from newsmoe.output.formats import STDOUT
    from newsmoe.stories.files import make_stories

    with reporting(messages()) as report:
        made = make_stories(
            inputs,
            output,
            settings,
            records=target.records or (),
            append=target.append,
            wait=target.wait,
            strict=target.strict,
            report=(lambda what, done, of: None) if quiet else report,
        )
    if not quiet and output != STDOUT:
        _show_biggest(messages(), made)
    _logger.info("%s -> %s", _summary(made), output)
    return bool(made.failed or made.unreadable)


def _show_biggest(console: "Console", made: "MadeStories") -> None:
    """Print a table of the stories with the most articles."""
    several = [story for story in made.stories.stories if story.articles > 1]
    if not several:
        return
    rows = table(">articles", ">copies", ">outlets", "!from", "!to", "!sentiment", "headline")
    for story in several[:MAX_STORIES]:
        mood = max(story.mood, key=lambda label: story.mood[label], default="")
        counts = (str(count) for count in (story.articles, story.copies, len(story.outlets)))
        days = plain(story.first or ""), plain(story.last or "")
        rows.add_row(*counts, *days, plain(mood), plain(story.headline[:MAX_HEADLINE]))
    console.print(rows)
    if len(several) > MAX_STORIES:
        console.print(plain(f"and {len(several) - MAX_STORIES:,} more with several articles"))
    console.print()


def _summary(made: "MadeStories") -> str:
    stories, articles = made.stories.stories, made.stories.articles
    several = sum(story.articles > 1 for story in stories)
    parts = [
        plural(len(articles), "article"),
        *([f"{made.new:,} new"] if made.new < len(articles) else []),
        f"{made.failed:,} with errors",
        plural(sum(article.copy_of is not None for article in articles), "copy", "copies"),
        f"{plural(len(stories), 'story', 'stories')}, {several:,} with several articles",
    ]
    return ", ".join(parts)
