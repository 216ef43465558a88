"""A run done again by its report."""

import subprocess
import sys
from pathlib import Path

from newsmoe.errors import ConfigError
from newsmoe.journal.store import without_password
from newsmoe.output.dead_letters import default_errors
from newsmoe.output.run_report import RunReport


def retry(report: RunReport, journal: str | None = None) -> int:
    """Run a report's command again, in its folder, as a process of its own; return the exit code.

    What went well is taken from the journal, what failed is done again. A report holds no password: where the
    command names `journal` without its password, it is run with it.
    """
    folder = Path(report.folder)
    output = folder / report.output
    if output.is_dir():
        raise ConfigError(
            f"{output}: a folder of Parquet files is only added to, and keeps what failed in it; analyze the"
            f" elements in {default_errors(output).name} into another output"
        )
    if not report.command:
        raise ConfigError("that run was a watch's or a program's, so there is no command of its own to repeat")
    command = report.command
    if journal:
        command = [argument.replace(without_password(journal), journal) for argument in command]
    try:
        child = subprocess.Popen([sys.executable, "-m", "newsmoe", *command], cwd=folder)
    except OSError as error:
        raise ConfigError(f"{folder}: the run was there, on this machine or another: {error.strerror}") from None
    with child:
        try:
            return child.wait()
        except KeyboardInterrupt:  # the child ends as it is told to, so that its output is whole or as before
            child.terminate()
            child.wait()
            raise
