"""`newsmoe journal`: what is kept of finished work. `newsmoe runs`: what was run."""

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.options import ConfigOption, JournalOption, JsonOption, settings_of

if TYPE_CHECKING:
    from newsmoe.journal.journal import Journal
    from newsmoe.output.run_report import RunReport

RunArgument = Annotated[
    str, typer.Argument(help="Number of a run, as 'newsmoe runs list' has it, or its *.run.json.")
]


def stats(journal: JournalOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show how much of finished work is kept, and where."""
    with _journal(journal, config) as kept:
        found = {"journal": kept.place, **kept.stats()._asdict()}
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    for key, value in found.items():
        typer.echo(f"{key:10} {value}")


def prune(
    days: Annotated[
        float, typer.Option("--days", min=0, max=36_500, help="Forget what is older than that.")
    ] = 90,
    journal: JournalOption = None,
    config: ConfigOption = None,
) -> None:
    """Forget old answers."""
    with _journal(journal, config) as kept:
        typer.echo(f"{kept.prune(days)} answers forgotten")


def verify(journal: JournalOption = None, config: ConfigOption = None) -> None:
    """Check the journal and every answer in it; damaged answers are forgotten."""
    with _journal(journal, config) as kept:
        damaged = kept.verify()
        typer.echo(f"{kept.stats().predictions} answers are sound, {damaged} were damaged and are forgotten")


def list_runs(
    journal: JournalOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """List the runs that the journal knows, the last one first."""
    from newsmoe.cli.console import plain, results, table

    with _journal(journal, config) as kept:
        runs = _reports(kept)
    if as_json:
        records = [{"run": number, **report.model_dump(mode="json")} for number, report in runs.items()]
        typer.echo(json.dumps(records, indent=2))
        return
    rows = table("run", "started", ">articles", ">with errors", ">seconds", "output")
    for number, report in runs.items():
        rows.add_row(
            str(number),
            f"{report.started:%Y-%m-%d %H:%M}",
            str(report.items),
            str(report.items - report.statuses.get("ok", 0)),
            f"{report.seconds:.1f}",
            plain(report.output),
        )
    results().print(rows)


def show_run(run: RunArgument, journal: JournalOption = None, config: ConfigOption = None) -> None:
    """Print the report of a run."""
    typer.echo(_report(run, journal, config).model_dump_json(indent=2))


def retry(
    context: typer.Context, run: RunArgument, journal: JournalOption = None, config: ConfigOption = None
) -> None:
    """Do again what failed in a run, and put it into the run's output.

    It is the run's command once more: what went well is taken from the journal.
    """
    import os

    from newsmoe.errors import ConfigError
    from newsmoe.journal.store import without_password
    from newsmoe.output.dead_letters import default_errors

    report = _report(run, journal, config)
    if not report.command:
        raise ConfigError(
            "that run was a watch's or a program's, so there is no command of its own to repeat"
        )
    output = Path(report.folder) / report.output
    if output.is_dir():
        raise ConfigError(
            f"{output}: a folder of Parquet files is only added to, and keeps what failed in it; analyze the"
            f" elements in {default_errors(output).name} into another output"
        )
    known = settings_of(config, None, journal=journal).journal or ""
    try:
        os.chdir(report.folder)
    except OSError as error:
        raise ConfigError(
            f"{report.folder}: the run was there, on this machine or another: {error.strerror}"
        ) from None
    # a report has no password; the next one is to name this command, and not "retry"
    sys.argv[1:] = [argument.replace(without_password(known), known) for argument in report.command]
    context.find_root().command.main(sys.argv[1:])


def _report(run: str, journal: str | None, config: Path | None) -> "RunReport":
    """Return the report of a run by its number or by its file."""
    from pydantic import ValidationError

    from newsmoe.errors import ConfigError
    from newsmoe.output.run_report import RunReport

    if not run.isdecimal():
        try:
            return RunReport.model_validate_json(Path(run).read_bytes())
        except (OSError, ValidationError):
            raise ConfigError(f"{run}: is no report of a run; see 'newsmoe runs list'") from None
    with _journal(journal, config) as kept:
        reports = _reports(kept)
    if int(run) not in reports:
        raise ConfigError(f"there is no run {run}; see 'newsmoe runs list'")
    return reports[int(run)]


def _reports(journal: "Journal") -> "dict[int, RunReport]":
    """Return the reports of runs by number; those that another newsmoe wrote are left out if they differ."""
    from pydantic import ValidationError

    from newsmoe.output.run_report import RunReport

    reports = {}
    for number, report in journal.runs():
        with suppress(ValidationError):
            reports[number] = RunReport.model_validate_json(report)
    return reports


def _journal(journal: str | None, config: Path | None) -> "Journal":
    """Open the journal that is there."""
    from newsmoe.journal.journal import existing_journal, journal_place

    return existing_journal(journal_place(settings_of(config, None, journal=journal)))
