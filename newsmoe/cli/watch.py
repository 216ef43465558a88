"""`newsmoe watch`: a folder into which files keep coming."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsmoe.cli.exits import exit_code
from newsmoe.cli.logs import show_logs
from newsmoe.cli.options import RUN_SETTINGS, LoadSettings, LogOptions, TimeOptions, takes
from newsmoe.cli.run_options import RunOptions, ScreenOptions
from newsmoe.errors import COULD_NOT_RUN, ITEMS_FAILED, InputError, NewsmoeError, OutputError
from newsmoe.text.counts import plural

if TYPE_CHECKING:
    from newsmoe.cli.observers import Observers
    from newsmoe.cli.signals import Stop
    from newsmoe.jobs.inbox import Inbox
    from newsmoe.jobs.job import ErrorLimit
    from newsmoe.jobs.plan import Job
    from newsmoe.orchestrator.session import Session
    from newsmoe.output.run_report import RunReport

_logger = logging.getLogger(__name__)

Analyze = Callable[["Job"], "RunReport"]


@takes(*RUN_SETTINGS)
def watch(
    inbox: Annotated[Path, typer.Argument(help="Folder to watch for files of articles.", metavar="INBOX")],
    out: Annotated[
        Path, typer.Option(help="Folder for the outputs, and for the list of analyzed files.", metavar="OUTBOX")
    ],
    times: TimeOptions,
    load: LoadSettings,
    run: RunOptions,
    screen: ScreenOptions,
    logs: LogOptions,
    once: Annotated[bool, typer.Option("--once", help="Scan once and end, for cron and systemd.")] = False,
    settle: Annotated[
        float, typer.Option(min=0, help="Skip files that were written less than SECONDS ago.", metavar="SECONDS")
    ] = 10,
) -> None:
    """Scan a folder again and again, and analyze each new or changed file to OUTBOX/analyzed_NAME.json.

    The scans are at the times of --every or --cron; --once scans once and ends. Hidden, temporary and empty files,
    files of other formats, files that newsmoe wrote, and files that are still being written are skipped. The
    output of a file in a subfolder is in a subfolder of the same name.

    Exit codes: 130 interrupted, 143 terminated, 1 could not run, 2 wrong usage, 5 another watch is writing to
    OUTBOX; with --once 0 success, 4 some articles or files failed.
    """
    from newsmoe.cli.metrics import Metrics
    from newsmoe.cli.observers import Observers
    from newsmoe.cli.signals import Stop
    from newsmoe.jobs.inbox import open_inbox
    from newsmoe.jobs.job import open_session

    show_logs(quiet=screen.quiet, as_json=logs.as_json)
    when = None if once and not times.named else times.times()
    if once and when:
        raise typer.BadParameter(f"--once scans once, and not {when}; leave out one of them")
    with Metrics(logs.metrics) as metrics:
        settings, stop = run.applied_to(load()), Stop()
        with (
            open_inbox(inbox, out, settle=settle, format=settings.format or "json", append=run.append) as opened,
            open_session(settings, on_batch=stop.on_batch) as session,
        ):
            observers = Observers(metrics, as_json=logs.as_json, quiet=screen.quiet, verbose=screen.verbose)
            analyze = partial(_analyze, session, observers, run, run.error_limit)
            if when is None:
                code = _scan(opened, analyze, stop)
                if code:
                    raise typer.Exit(code)
                return
            from newsmoe.jobs.scheduler import run_at

            _logger.info("watching %s, %s; output goes to %s", inbox, when, out)
            run_at(when, lambda: metrics.write(_scan_again(opened, analyze, stop)))


def _scan(inbox: "Inbox", analyze: Analyze, stop: "Stop") -> int:
    """Scan once; return the exit code that tells how that went."""
    with stop:
        result = inbox.scan(analyze)
    if result.files or result.unreadable or result.unwritten:
        _logger.info(
            "%s analyzed (%s, %d with errors), %d unreadable, %d still being written",
            *(plural(result.files, "file"), plural(result.articles, "article")),
            *(result.failed, result.unreadable, result.pending),
        )
    if result.unwritten:
        return COULD_NOT_RUN
    return ITEMS_FAILED if result.failed or result.unreadable else 0


def _scan_again(inbox: "Inbox", analyze: Analyze, stop: "Stop") -> int:
    """Scan; a folder that cannot be reached now may be there the next time."""
    try:
        return _scan(inbox, analyze, stop)
    except (InputError, OutputError) as error:
        _logger.warning("%s; the next scan tries again", error)
        return exit_code(error)


def _analyze(
    session: "Session", observers: "Observers", run: RunOptions, max_errors: "ErrorLimit | None", job: "Job"
) -> "RunReport":
    from newsmoe.jobs.job import run_job

    with observers.of(job) as observer:
        try:
            return run_job(session, job, observer, limit=run.limit, max_errors=max_errors)
        except InputError as error:
            if run.strict:  # else the file is left alone until it changes
                raise NewsmoeError(str(error)) from None
            raise
