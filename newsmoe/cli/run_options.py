"""Options of every command that analyzes, beside those of settings."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.options import JOBS_PANEL, LimitOption, StrictOption, contradiction

if TYPE_CHECKING:
    from newsmoe.jobs.job import ErrorLimit
    from newsmoe.settings.model import Settings


@dataclass
class ScreenOptions:
    """What is shown of a run."""

    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Print warnings and errors only: no progress, no tables.")
    ] = False
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Print each error as it happens, and what each expert did.")
    ] = False

    def __post_init__(self) -> None:
        if self.quiet and self.verbose:
            raise contradiction("--quiet", "--verbose")


@dataclass
class RunOptions:
    """How inputs are analyzed, and when that is given up."""

    append: Annotated[
        bool,
        typer.Option("--append", help="Add to the output (jsonl, sqlite, parquet folder) only articles that it lacks."),
    ] = False
    limit: LimitOption = None
    max_errors: Annotated[
        str | None,
        typer.Option(
            help="Stop once more records than this have errors: 10, or 5%.", metavar="N|N%", rich_help_panel=JOBS_PANEL
        ),
    ] = None
    no_journal: Annotated[
        bool, typer.Option("--no-journal", help="Neither reuse nor store predictions.", rich_help_panel=JOBS_PANEL)
    ] = False
    strict: StrictOption = False

    @property
    def error_limit(self) -> "ErrorLimit | None":
        """The most records that may have errors."""
        from newsmoe.jobs.job import ErrorLimit

        return None if self.max_errors is None else ErrorLimit.parse(self.max_errors)

    def applied_to(self, settings: "Settings") -> "Settings":
        """Return the settings with what these options change in them."""
        return settings.model_copy(update={"journal": "none"}) if self.no_journal else settings
