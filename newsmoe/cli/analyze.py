"""`newsmoe analyze`: the main job."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.console import plain, results
from newsmoe.cli.exits import ITEMS_FAILED
from newsmoe.cli.logs import show_logs
from newsmoe.cli.options import JOBS_PANEL, RUN_SETTINGS, LimitOption, LoadSettings, LogOptions, takes

if TYPE_CHECKING:
    from newsmoe.jobs.plan import Job
    from newsmoe.settings.model import Settings

InputsArgument = Annotated[
    list[str],
    typer.Argument(
        help="Article files (JSON, JSON Lines, CSV, TSV, gzipped or not; Parquet), folders of them, or"
        " patterns such as 'inbox/*.json'; '-' is standard input."
    ),
]


@dataclass
class OutputOptions:
    """Where records and report go."""

    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Output; default: analyzed_NAME.json beside each input.", metavar="FILE"),
    ] = None
    append: Annotated[
        bool,
        typer.Option("--append", help="Add to the output (jsonl, sqlite, parquet folder); no article comes twice."),
    ] = False
    run_report: Annotated[
        Path | None,
        typer.Option(help="Where the run's figures go; default: *.run.json beside the output.", metavar="FILE"),
    ] = None


@dataclass
class ScreenOptions:
    """What is shown of a run."""

    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="No progress and no table; errors only.")] = False
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="Name every item error as it comes.")] = False


@dataclass
class RunOptions:
    """How much is done, and when it is given up."""

    limit: LimitOption = None
    max_errors: Annotated[
        str | None,
        typer.Option(help="Most records that may have errors: 10, or 5%.", metavar="N|N%", rich_help_panel=JOBS_PANEL),
    ] = None
    no_journal: Annotated[
        bool, typer.Option("--no-journal", help="Neither reuse nor store finished work.", rich_help_panel=JOBS_PANEL)
    ] = False
    wait: Annotated[
        bool,
        typer.Option("--wait", help="Wait where another run is writing the same output.", rich_help_panel=JOBS_PANEL),
    ] = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check inputs and show which experts would run; write nothing.")
    ] = False


@takes(*RUN_SETTINGS)
def analyze(
    inputs: InputsArgument,
    target: OutputOptions,
    load: LoadSettings,
    run: RunOptions,
    screen: ScreenOptions,
    logs: LogOptions,
) -> None:
    """Give every article a summary, a sentiment and a topic.

    What is finished is stored in a journal: a run that was broken off goes on where it was, and what was
    analyzed yesterday is not analyzed again.

    Exit codes: 0 all well, 1 could not run, 2 usage, 3 a bug, 4 some items failed, 5 another run writes the
    output, 130 interrupted, 143 terminated.
    """
    from newsmoe.cli.metrics import Metrics
    from newsmoe.cli.observers import observed
    from newsmoe.cli.signals import Stop
    from newsmoe.jobs.job import ErrorLimit, open_session, run_job
    from newsmoe.jobs.plan import check_inputs, plan_jobs

    show_logs(quiet=screen.quiet, as_json=logs.as_json)
    with Metrics(None if run.dry_run else logs.metrics) as metrics:
        settings = load()
        if run.no_journal:
            settings = settings.model_copy(update={"journal": "none"})
        jobs = plan_jobs(inputs, target.output, target.run_report, settings, append=target.append)
        check_inputs(jobs)
        error_limit = ErrorLimit.parse(run.max_errors) if run.max_errors is not None else None
        if run.dry_run:
            _show_plan(settings, jobs, run.limit)
            return
        with Stop() as stop, open_session(settings, on_batch=stop.on_batch) as session:
            for job in jobs:
                with observed(
                    job, metrics, as_json=logs.as_json, quiet=screen.quiet, verbose=screen.verbose, table=True
                ) as observer:
                    run_job(
                        session,
                        job,
                        observer,
                        limit=run.limit,
                        max_errors=error_limit,
                        wait=run.wait,
                        command=sys.argv[1:],
                    )
        if metrics.stats.errors:
            raise typer.Exit(ITEMS_FAILED)


def _show_plan(settings: "Settings", jobs: "list[Job]", limit: int | None) -> None:
    from newsmoe.cli.route import load_table
    from newsmoe.orchestrator.routing import read_routes
    from newsmoe.orchestrator.session import Session

    console = results()
    with Session(settings.model_copy(update={"journal": None})) as session:
        for job in jobs:
            routed = list(read_routes(session.gate, job.inputs, settings, limit))
            inputs = ", ".join(job.inputs)
            console.print(plain(f"{inputs}: {len(routed)} articles -> {job.output}"), soft_wrap=True)
            console.print(load_table(routed))
