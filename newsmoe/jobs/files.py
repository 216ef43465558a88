"""The whole way from files to a file, in one call."""

from collections.abc import Iterable
from os import PathLike, fspath
from pathlib import Path

from newsmoe.gating.gate import Gate
from newsmoe.jobs.job import ErrorLimit, open_session, run_job
from newsmoe.jobs.plan import check_inputs, plan_jobs
from newsmoe.jobs.recorder import reporting_lost_inputs
from newsmoe.output.partitions import parse_partition_by
from newsmoe.output.run_report import RunReport
from newsmoe.registry.registry import Registry
from newsmoe.settings.model import Settings

Name = str | PathLike[str]


def analyze_files(
    inputs: Name | Iterable[Name],
    output: Name,
    settings: Settings | None = None,
    *,
    append: bool = False,
    partition_by: str | None = None,
    max_errors: str | None = None,
    wait: bool = False,
    strict: bool = False,
    registry: Registry | None = None,
    gate: Gate | None = None,
) -> RunReport:
    """Analyze the articles of files into one output, and return what `newsmoe runs` will show of the run.

    It is what `newsmoe analyze` does: output and report appear whole or not at all, finished work is stored in
    the journal that the settings name, what goes wrong with one article stands in its record.

    Args:
        inputs: files, folders, patterns; one or several.
        output: where to write; its suffix, or the settings, tell the format.
        settings: what to do; default: all tasks by the built-in gates on the CPU. No file and no
            environment variable is read; `load_settings` does that.
        append: whether to add to what the output holds; no article comes twice.
        partition_by: make the output a data set, a folder with a folder for each value of these fields and
            labels, such as `publication_date:day,topic`.
        max_errors: greatest number of records with errors, as `N` or `N%`.
        wait: wait where another run is writing the output.
        strict: end the run where one of several inputs cannot be read; else the report names it.
        registry: where experts come from.
        gate: decides which experts read what.

    Raises:
        NewsmoeError: it could not be done; nothing was written.
    """
    settings = settings or Settings()
    names = [inputs] if isinstance(inputs, str | PathLike) else inputs
    paths = [fspath(name) for name in names]
    keys = () if partition_by is None else parse_partition_by(partition_by)
    with reporting_lost_inputs(paths, Path(output), None, settings):
        jobs = plan_jobs(paths, Path(output), None, settings, append=append, strict=strict, partition_by=keys)
        check_inputs(jobs)
    limit = ErrorLimit.parse(max_errors) if max_errors is not None else None
    with open_session(settings, jobs, registry=registry, gate=gate) as session:
        return run_job(session, jobs[0], max_errors=limit, wait=wait)
