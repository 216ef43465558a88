"""What a command is to do: one output file from one or more input files, as often as is asked for."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from newsmoe.errors import ConfigError, InputError, OutputError
from newsmoe.ingest.discovery import discover
from newsmoe.ingest.remote import file_name, is_url
from newsmoe.jobs.inputs import needs_all, refuse_overwriting
from newsmoe.journal.journal import journal_place
from newsmoe.output.atomic import descriptor_of
from newsmoe.output.dataset import check_dataset
from newsmoe.output.dead_letters import default_errors
from newsmoe.output.formats import STDOUT, format_of
from newsmoe.output.partitions import PartitionKey
from newsmoe.output.run_report import default_report
from newsmoe.output.writers import check_format, default_output
from newsmoe.settings.model import Settings

STDOUT_DESCRIPTOR = 1
_LIKE_URL = re.compile("[A-Za-z][A-Za-z0-9+.-]+:/")  # a path has no two slashes


@dataclass(frozen=True)
class Job:
    """What to read and where to write.

    Attributes:
        inputs: paths and URLs, or `-` for standard input.
        output: a path, or `-` for standard output.
        format: of the output.
        report: where the run report goes; None for no report.
        errors: where the elements that something went wrong with go; None for nowhere.
        append: whether to add to what the output holds already.
        partition_by: what the folders of a data set are named by; empty: the output is a file.
        strict: whether an input that cannot be read ends the run, rather than being left out.
        left_out: files that are no input, by folder or pattern and reason.
        unreadable: folders that cannot be read, with the reason.
    """

    inputs: tuple[str, ...]
    output: Path
    format: str
    report: Path | None
    errors: Path | None = None
    append: bool = False
    partition_by: tuple[PartitionKey, ...] = ()
    strict: bool = field(default=True, compare=False)
    left_out: Mapping[str, Mapping[str, int]] = field(default_factory=dict, compare=False)
    unreadable: Mapping[str, str] = field(default_factory=dict, compare=False)


def plan_jobs(
    inputs: Sequence[str],
    output: Path | None,
    report: Path | None,
    settings: Settings,
    *,
    append: bool = False,
    strict: bool = False,
    partition_by: tuple[PartitionKey, ...] = (),
) -> list[Job]:
    """Return one job for all inputs where an output is named, else one for each input.

    A folder or a pattern among the inputs stands for the files in it. An input that cannot be read is left
    out where it is not the only one that is named, unless `strict`.
    """
    if partition_by and output is None:
        raise ConfigError("--partition-by writes a folder; name it with -o")
    discovery = discover(inputs, [path for path in (output, report) if path is not None])
    is_strict = needs_all(discovery, strict=strict)
    inputs = discovery.files
    if output is not None:
        groups = [(tuple(inputs), output)]
    else:
        groups = [((name,), _default_output(name, settings.format or "json")) for name in inputs]
    if report is not None and len(groups) > 1:
        raise ConfigError("one run report for several outputs: name one output with -o, or no report")
    jobs = [
        replace(
            _job(names, path, report, settings.format or format_of(path), append, partition_by),
            strict=is_strict,
            left_out=discovery.left_out,
            unreadable=discovery.unreadable if number == 0 else {},
        )
        for number, (names, path) in enumerate(groups)
    ]
    _check_outputs(inputs, jobs, journal_place(settings))
    return jobs


def check_inputs(jobs: Sequence[Job]) -> None:
    """Look for all inputs of all jobs, so that a missing one is told before the first job runs."""
    for name in (name for job in jobs for name in job.inputs):
        if name != "-" and not is_url(name) and not Path(name).exists():
            raise InputError(f"{name}: cannot be read: No such file or directory")


def _job(
    inputs: tuple[str, ...],
    output: Path,
    report: Path | None,
    format: str,
    append: bool,
    partition_by: tuple[PartitionKey, ...],
) -> Job:
    if _LIKE_URL.match(str(output)) and not output.parent.exists():
        raise OutputError(f"{output}: outputs are written to a file system, not to a URL; name a path, and copy it")
    check = check_dataset if partition_by else check_format
    check(output, format, append=append)
    if descriptor_of(output) == STDOUT_DESCRIPTOR:
        output = STDOUT
    if is_stream(output):
        return Job(inputs, output, format, report, None, append)
    report = report or default_report(output)
    return Job(inputs, output, format, report, default_errors(output), append, partition_by)


def is_stream(output: Path) -> bool:
    """Tell whether an output is no file, so that none can stand beside it."""
    return output == STDOUT or descriptor_of(output) is not None or output.is_char_device() or output.is_fifo()


def _check_outputs(inputs: Sequence[str], jobs: Sequence[Job], journal: str | None) -> None:
    """Refuse jobs that would write one file twice, or over an input."""
    outputs = [path for job in jobs for path in (job.output, job.report, job.errors) if path]
    refuse_overwriting(inputs, outputs)
    written: set[str] = set()
    for path in outputs:
        real = str(path) if path == STDOUT else os.path.realpath(path)
        if real in written:
            what = "several inputs" if len(jobs) > 1 else "output and report"
            raise ConfigError(f"{what} would be written to {path}; name one output with -o")
        written.add(real)
    if journal and os.path.realpath(journal) in {*map(os.path.realpath, inputs), *written}:
        raise OutputError(f"{journal}: is an input or an output, and no journal; name another --journal")


def _default_output(name: str, format: str) -> Path:
    """Return the output beside the input, in the working directory where that is a URL or cannot be written.

    What comes from a pipe goes to standard output.
    """
    if is_url(name):
        return default_output(Path(file_name(name)), format)
    if name == "-" or (os.path.exists(name) and not os.path.isfile(name)):
        return STDOUT
    beside = default_output(Path(name), format)
    return beside if os.access(beside.parent, os.W_OK) or not beside.parent.is_dir() else Path(beside.name)
