"""`newsmoe analyze`: the main job."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.console import plain, results
from newsmoe.cli.logs import say, show_logs
from newsmoe.cli.options import RUN_SETTINGS, LoadSettings, LogOptions, WaitOption, takes
from newsmoe.cli.report import check_page_name, write_page
from newsmoe.cli.run_options import RunOptions, ScreenOptions
from newsmoe.cli.stories import StoriesOptions, write_stories
from newsmoe.errors import ITEMS_FAILED
from newsmoe.text.counts import plural

if TYPE_CHECKING:
    from newsmoe.jobs.plan import Job
    from newsmoe.orchestrator.session import Session
    from newsmoe.settings.model import Settings

CLUSTER_PANEL = "Cluster"

InputsArgument = Annotated[
    list[str],
    typer.Argument(
        help="Files of articles (JSON, JSON Lines, CSV, TSV, XLSX, Parquet, RSS, Atom, HTML; also compressed), folders,"
        " quoted patterns such as 'inbox/*.json', or URLs such as s3://bucket/folder; '-' is standard input."
    ),
]


@dataclass
class OutputOptions:
    """Where records and report go."""

    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="File to write; default: analyzed_NAME.json beside each input.", metavar="FILE"
        ),
    ] = None
    run_report: Annotated[
        Path | None,
        typer.Option(help="File for the figures of the run; default: *.run.json beside the output.", metavar="FILE"),
    ] = None
    page: Annotated[
        Path | None,
        typer.Option(help="Also write an HTML page of the results, as 'newsmoe report' does.", metavar="FILE"),
    ] = None
    partition_by: Annotated[
        str | None,
        typer.Option(
            help="Write a folder of files (--format parquet, jsonl or csv), with a subfolder for each value of these"
            " fields, such as publication_date:day,topic.",
            metavar="FIELDS",
        ),
    ] = None
    stories: Annotated[
        Path | None,
        typer.Option(help="Also write the stories of the articles, as 'newsmoe stories' does.", metavar="FILE"),
    ] = None
    wait: WaitOption = False
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the inputs and show which experts would run; write nothing.")
    ] = False


class Engine(StrEnum):
    """What runs the experts."""

    LOCAL = "local"
    RAY = "ray"


@dataclass
class EngineOptions:
    """Who computes."""

    engine: Annotated[
        Engine,
        typer.Option(help="What runs the experts: this process, or workers on Ray.", rich_help_panel=CLUSTER_PANEL),
    ] = Engine.LOCAL
    ray_address: Annotated[
        str,
        typer.Option(
            help="Address of a Ray cluster; default: Ray is started on this machine.",
            metavar="ADDRESS",
            rich_help_panel=CLUSTER_PANEL,
        ),
    ] = ""
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of workers; default: as many as fit.", metavar="N", rich_help_panel=CLUSTER_PANEL
        ),
    ] = None
    gpus_per_worker: Annotated[
        float,
        typer.Option(min=0, help="GPUs for each worker, such as 1 or 0.5.", metavar="N", rich_help_panel=CLUSTER_PANEL),
    ] = 0.0

    def session_maker(self) -> "Callable[..., Session]":
        """Return what makes the session."""
        from newsmoe.orchestrator.session import Session

        if self.engine is Engine.LOCAL:
            if self.ray_address or self.workers or self.gpus_per_worker:
                raise typer.BadParameter("--ray-address, --workers and --gpus-per-worker require --engine ray")
            return Session
        from newsmoe.cluster.session import ClusterSession, Workers

        return partial(ClusterSession, workers=Workers(self.ray_address, self.workers, self.gpus_per_worker))


@takes(*RUN_SETTINGS)
def analyze(
    inputs: InputsArgument,
    target: OutputOptions,
    load: LoadSettings,
    engine: EngineOptions,
    run: RunOptions,
    screen: ScreenOptions,
    logs: LogOptions,
) -> None:
    """Give every article a summary, a sentiment and a topic.

    Predictions are stored in a journal, so an interrupted run resumes where it stopped, and articles of earlier
    runs are not predicted again. If one of several inputs cannot be read, the run continues with the others.

    Exit codes: 0 success, 1 could not run, 2 wrong usage, 3 a bug, 4 some articles or inputs failed, 5 another run
    is writing the output, 130 interrupted, 143 terminated.
    """
    from newsmoe.cli.metrics import Metrics
    from newsmoe.cli.observers import Observers
    from newsmoe.cli.signals import Stop
    from newsmoe.jobs.job import open_session, run_job

    show_logs(quiet=screen.quiet, verbose=screen.verbose, as_json=logs.as_json)
    with Metrics(None if target.dry_run else logs.metrics) as metrics:
        settings = run.applied_to(load())
        error_limit, command = run.error_limit, sys.argv[1:]
        jobs = _planned(inputs, target, run, settings, command)
        if target.dry_run:
            _show_plan(settings, jobs, run.limit)
            return
        observers = Observers(metrics, as_json=logs.as_json, quiet=screen.quiet, verbose=screen.verbose)
        maker = engine.session_maker()
        with Stop() as stop, open_session(settings, jobs, command, maker, on_batch=stop.on_batch) as session:
            run_one = partial(
                run_job, session, limit=run.limit, max_errors=error_limit, wait=target.wait, command=command
            )
            with _saying_how_to_go_on(session):
                observers.run_all(jobs, run_one)
        is_quiet = screen.quiet or logs.as_json
        _write_page_and_stories(target, jobs, observers.outputs, settings, append=run.append, quiet=is_quiet)
        if observers.incomplete:
            raise typer.Exit(ITEMS_FAILED)


@contextmanager
def _saying_how_to_go_on(session: "Session") -> Iterator[None]:
    """Say after Ctrl-C or SIGTERM that what is done is not lost, where that is so."""
    try:
        yield
    except KeyboardInterrupt:
        if session.journal is not None:
            say("what is finished is in the journal; the same command goes on from there", logging.WARNING)
        raise


def _planned(
    inputs: list[str], target: OutputOptions, run: RunOptions, settings: "Settings", command: list[str]
) -> "list[Job]":
    """Return the jobs, after all that can be seen to be wrong with them."""
    from newsmoe.jobs.plan import check_inputs, plan_jobs
    from newsmoe.jobs.recorder import reporting_lost_inputs
    from newsmoe.output.partitions import parse_partition_by

    keys = () if target.partition_by is None else parse_partition_by(target.partition_by)
    named = (None, None) if target.dry_run else (target.output, target.run_report)
    with reporting_lost_inputs(inputs, *named, settings, command):
        jobs = plan_jobs(
            *(inputs, target.output, target.run_report, settings),
            append=run.append,
            strict=run.strict,
            partition_by=keys,
        )
        _check_page(target.page, jobs)
        _check_stories(target, jobs, run.limit)
        check_inputs(jobs)
    return jobs


def _write_page_and_stories(
    target: OutputOptions, jobs: "list[Job]", outputs: list[Path], settings: "Settings", *, append: bool, quiet: bool
) -> None:
    """Write what is to be made of the outputs, those that were written."""
    if target.stories and outputs:
        options = StoriesOptions(records=outputs, append=append, wait=target.wait)
        write_stories([name for job in jobs for name in job.inputs], target.stories, settings, options, quiet)
    if target.page and outputs:
        write_page(outputs, target.page, stories=target.stories)


def _check_page(page: Path | None, jobs: "list[Job]") -> None:
    """See that a page can be made of the outputs, before experts run for them."""
    from newsmoe.output.formats import STDOUT, WRITERS

    if page is None:
        return
    for job in jobs:
        is_stream = job.output == STDOUT or (job.output.exists() and not (job.output.is_file() or job.output.is_dir()))
        if is_stream or job.format not in WRITERS.builtin:
            raise typer.BadParameter(f"--page cannot read {job.output} again; name a file of a built-in format with -o")
        files = (job.output, job.report, job.errors, *map(Path, job.inputs))
        if page == STDOUT or page.resolve() in {path.resolve() for path in files if path}:
            raise typer.BadParameter(f"--page {page}: name a file that is neither an input nor an output")
    check_page_name(page)


def _check_stories(target: OutputOptions, jobs: "list[Job]", limit: int | None) -> None:
    """See that the inputs can be read again for stories, and are not written over, before experts run."""
    from newsmoe.output.formats import STDOUT

    stories = target.stories
    if stories is None:
        return
    if limit is not None:
        raise typer.BadParameter("--stories reads all articles; leave out --limit")
    names = [name for job in jobs for name in job.inputs]
    if unreadable := [name for name in names if name == "-" or (Path(name).exists() and not Path(name).is_file())]:
        raise typer.BadParameter(f"--stories cannot read {unreadable[0]} again; name a file of articles")
    written = [path for job in jobs for path in (job.output, job.report, job.errors) if path]
    if stories.resolve() in {path.resolve() for path in (*map(Path, names), *written)}:
        raise typer.BadParameter(f"--stories {stories}: name a file that is neither an input nor written by the run")
    if target.page and (stories == STDOUT or stories.resolve() == target.page.resolve()):
        raise typer.BadParameter(f"--page cannot read --stories {stories} again; name another file")


def _show_plan(settings: "Settings", jobs: "list[Job]", limit: int | None) -> None:
    from newsmoe.cli.route import load_table
    from newsmoe.orchestrator.routing import read_routes
    from newsmoe.orchestrator.session import Session

    console = results()
    with Session(settings.model_copy(update={"journal": None})) as session:
        for job in jobs:
            routed = list(read_routes(session.gate, job.inputs, settings, limit))
            inputs = ", ".join(job.inputs)
            console.print(plain(f"{inputs}: {plural(len(routed), 'article')} -> {job.output}"), soft_wrap=True)
            console.print(load_table(routed))
