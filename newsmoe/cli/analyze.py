"""`newsmoe analyze`: the main job."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.exits import ITEMS_FAILED
from newsmoe.cli.options import (
    EXPERTS_PANEL,
    JOBS_PANEL,
    BudgetOption,
    ConfigOption,
    DeviceOption,
    ExpertsDirOption,
    GateOption,
    InputFormatOption,
    JournalOption,
    LimitOption,
    LogFormat,
    LogFormatOption,
    MaxMemoryOption,
    MetricsOption,
    ProfileOption,
    TasksOption,
    settings_of,
)

if TYPE_CHECKING:
    from newsmoe.jobs.plan import Job
    from newsmoe.orchestrator.session import Session


def analyze(
    inputs: Annotated[
        list[str],
        typer.Argument(
            help="Article files (JSON, JSON Lines, CSV, TSV, gzipped or not; Parquet), folders of them, or"
            " patterns such as 'inbox/*.json'; '-' is standard input."
        ),
    ],
    input_format: InputFormatOption = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="Where to write; default: analyzed_NAME.json beside each input.",
            metavar="FILE",
        ),
    ] = None,
    format: Annotated[  # noqa: A002  # the option's name
        str | None,
        typer.Option(
            "--format",
            help="json, jsonl, csv, parquet or sqlite; default: by the output's suffix.",
            metavar="FORMAT",
        ),
    ] = None,
    append: Annotated[
        bool,
        typer.Option(
            "--append",
            help="Add to the output (jsonl, sqlite, a folder of parquet files); no article comes twice.",
        ),
    ] = False,
    run_report: Annotated[
        Path | None,
        typer.Option(
            "--run-report",
            help="Where the run's stats go; default: *.run.json beside the output.",
            metavar="FILE",
        ),
    ] = None,
    tasks: TasksOption = None,
    gate: GateOption = None,
    budget: BudgetOption = None,
    experts_dir: ExpertsDirOption = None,
    config: ConfigOption = None,
    profile: ProfileOption = None,
    device: DeviceOption = None,
    max_memory: MaxMemoryOption = None,
    batch_tokens: Annotated[
        int | None,
        typer.Option(
            "--batch-tokens",
            help="Most tokens in a batch, padding included.",
            metavar="N",
            rich_help_panel=EXPERTS_PANEL,
        ),
    ] = None,
    limit: LimitOption = None,
    max_errors: Annotated[
        str | None,
        typer.Option(
            "--max-errors",
            help="Stop when more records than this have errors: 10, or 5%.",
            metavar="N|N%",
            rich_help_panel=JOBS_PANEL,
        ),
    ] = None,
    journal: JournalOption = None,
    no_journal: Annotated[
        bool,
        typer.Option(
            "--no-journal", help="Neither reuse nor keep finished work.", rich_help_panel=JOBS_PANEL
        ),
    ] = False,
    wait: Annotated[
        bool,
        typer.Option(
            "--wait", help="Wait where another run is writing the same output.", rich_help_panel=JOBS_PANEL
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check inputs and show who would run; write nothing.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="No progress and no table; errors only.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Name every item error as it comes.")
    ] = False,
    log_format: LogFormatOption = LogFormat.TEXT,
    metrics: MetricsOption = None,
) -> None:
    """Give every article a summary, a sentiment and a topic.

    What is finished is kept in a journal: a run that was broken off goes on where it was, and what was
    analyzed yesterday is not analyzed again.

    Exit codes: 0 all well, 1 could not run, 2 usage, 4 some items failed, 5 another run writes the output.
    """
    from newsmoe.cli.logs import show_logs
    from newsmoe.cli.metrics import Metrics
    from newsmoe.cli.observers import observed
    from newsmoe.cli.signals import Stop
    from newsmoe.jobs.job import max_error_count, run_job
    from newsmoe.jobs.plan import check_inputs, plan_jobs
    from newsmoe.orchestrator.session import Session, open_session

    as_json = log_format is LogFormat.JSON
    show_logs(quiet=quiet, as_json=as_json)
    with Metrics(None if dry_run else metrics) as measured:
        settings = settings_of(
            config,
            experts_dir,
            profile=profile,
            tasks=tasks,
            gate=gate,
            device=device,
            max_memory=max_memory,
            batch_tokens=batch_tokens,
            input_format=input_format,
            format=format,
            journal="none" if no_journal else journal,
            budget=budget,
        )
        jobs = plan_jobs(inputs, output, run_report, settings, append=append)
        check_inputs(jobs)
        max_error_count(max_errors, 0)
        if dry_run:
            _show_plan(Session(settings), jobs, limit)
            return
        with Stop() as stop, open_session(settings, on_batch=stop.on_batch) as session:
            for job in jobs:
                with observed(
                    job, measured, as_json=as_json, quiet=quiet, verbose=verbose, table=True
                ) as observer:
                    run_job(session, job, observer, limit, max_errors, wait=wait, command=sys.argv[1:])
        if measured.stats.errors:
            raise typer.Exit(ITEMS_FAILED)


def _show_plan(session: "Session", jobs: list["Job"], limit: int | None) -> None:
    from newsmoe.cli.console import plain, results
    from newsmoe.cli.route import load_table
    from newsmoe.orchestrator.routing import read_routes

    console = results()
    for job in jobs:
        routed = list(read_routes(session.gate, job.inputs, session.settings, limit))
        console.print(
            plain(f"{', '.join(job.inputs)}: {len(routed)} articles -> {job.output}"), soft_wrap=True
        )
        console.print(load_table(routed))
