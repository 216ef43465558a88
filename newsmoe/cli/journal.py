"""`newsmoe journal`: what is stored of finished work. `newsmoe runs`, `newsmoe retry`: what was run."""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.console import messages, plain, print_json, results, table
from newsmoe.cli.options import JsonOption, LoadSettings, takes
from newsmoe.errors import ConfigError

if TYPE_CHECKING:
    from newsmoe.journal.journal import Journal
    from newsmoe.output.run_report import RunReport

RunArgument = Annotated[str, typer.Argument(help="Number of the run in 'newsmoe runs list', or its *.run.json.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Run it without asking.")]


@takes("journal")
def stats(load: LoadSettings, as_json: JsonOption = False) -> None:
    """Show where the journal is, and how much it stores."""
    with _journal(load) as journal:
        figures = {"journal": journal.place, **journal.stats()._asdict()}
    if as_json:
        typer.echo(json.dumps(figures, indent=2))
        return
    for key, value in figures.items():
        typer.echo(f"{key:11} {value}")


@takes("journal")
def prune(
    load: LoadSettings,
    days: Annotated[float, typer.Option(min=0, max=36_500, help="Delete predictions that are older than this.")] = 90,
) -> None:
    """Delete old predictions from the journal."""
    with _journal(load) as journal:
        typer.echo(f"{journal.prune(days)} predictions deleted")


@takes("journal")
def verify(load: LoadSettings) -> None:
    """Check every prediction in the journal, and delete damaged ones."""
    with _journal(load) as journal:
        damaged = journal.verify()
        sound = journal.stats().predictions
    deleted = f"{damaged} were damaged and have been deleted" if damaged else "none is damaged"
    typer.echo(f"{sound} predictions are sound, {deleted}")


@takes("journal")
def list_runs(load: LoadSettings, as_json: JsonOption = False) -> None:
    """List the runs in the journal, the newest first."""
    with _journal(load) as journal:
        runs = _reports(journal)
    if as_json:
        records = [{"run": number, **report.model_dump(mode="json")} for number, report in runs.items()]
        typer.echo(json.dumps(records, indent=2))
        return
    rows = table("!run", "!started", ">articles", ">with errors", ">seconds", "output")
    for number, report in runs.items():
        started, seconds = f"{report.started.astimezone():%Y-%m-%d %H:%M}", f"{report.seconds:.1f}"
        figures = str(report.items), str(report.failed), seconds
        rows.add_row(str(number), started, *figures, plain(report.output))
    results().print(rows)


@takes("journal")
def show_run(run: RunArgument, load: LoadSettings) -> None:
    """Print the report of a run."""
    print_json(_report(run, load).model_dump_json(indent=2))


@takes("journal")
def retry(run: RunArgument, load: LoadSettings, yes: YesOption = False) -> None:
    """Run the command of an earlier run again, to repeat what failed.

    The command is shown first, and asks before it runs. What succeeded is taken from the journal.
    """
    from newsmoe.jobs.retry import Retry

    again = Retry.of(_report(run, load))
    messages().print(plain(again), soft_wrap=True)
    messages().print(plain(f"according to its report, the run wrote {again.folder / again.output}"), soft_wrap=True)
    if not yes:
        if not is_terminal():
            raise ConfigError("standard input is no terminal, so nobody can confirm this; add --yes to run it")
        typer.confirm("Run it?", abort=True, err=True)
    if code := again.run(load().journal):
        raise typer.Exit(code)


def is_terminal() -> bool:
    """Tell whether somebody can be asked."""
    return sys.stdin.isatty()


def _report(run: str, load: LoadSettings) -> "RunReport":
    """Return the report of a run by its number or by its file."""
    from pydantic import ValidationError

    from newsmoe.output.run_report import RunReport
    from newsmoe.settings.trust import require_trusted

    if not run.isdecimal():
        require_trusted(Path(run), "copy it, check the copy, and retry that")
        try:
            return RunReport.model_validate_json(Path(run).read_bytes())
        except (OSError, ValidationError):
            raise ConfigError(f"{run}: is no report of a run; see 'newsmoe runs list'") from None
    with _journal(load) as journal:
        reports = _reports(journal)
    if int(run) not in reports:
        raise ConfigError(f"there is no run {run}; see 'newsmoe runs list'")
    return reports[int(run)]


def _reports(journal: "Journal") -> "dict[int, RunReport]":
    """Return the reports of runs by number; those of another newsmoe are left out if they differ."""
    from pydantic import ValidationError

    from newsmoe.output.run_report import RunReport

    reports = {}
    for number, report in journal.runs():
        with suppress(ValidationError):
            reports[number] = RunReport.model_validate_json(report)
    return reports


def _journal(load: LoadSettings) -> "Journal":
    """Open the journal, which must exist."""
    from newsmoe.journal.journal import existing_journal, journal_place

    return existing_journal(journal_place(load()))
